//! Examples of how pushes reach subscribers. They must not depend on how those came to their topic.

use super::*;

const LATER: Epoch = Epoch::Began(NOW);

fn without_history() -> RelayLimits {
    RelayLimits { keeps_history: false, ..limits() }
}

/// What a room without a past answers that is at `seq`.
fn nothing_held(since: u64, seq: u64) -> Answer {
    let gap = Some((Some(Seq::new(since + 1)), Seq::new(seq)));
    Answer { gap, items: vec![], ..after(seq, seq) }
}

#[test]
fn a_push_that_came_before_changes_nothing() {
    let mut example = Example::at_five(1..=2);
    assert_eq!(example.push("A", 6, items(6..=7)), ["1 2 gets A 6,7 as Native", "push 0: handed"]);
    assert_eq!(example.push("A", 6, items(6..=7)), ["push 1: handed before, 2 have it"]);
    assert_eq!(example.push("A", 8, vec![]), ["push 2: handed before, 2 have it"], "nothing is missing");
    let more = example.push("A", 7, items(7..=8));
    assert_eq!(more, ["1 2 gets A 8 as Native", "push 3: handed"], "the rest of it is new");
}

#[test]
fn a_push_after_a_hole_waits_for_what_is_missing() {
    let mut example = Example::at_five(1..=1);
    assert_eq!(example.push("A", 7, items(7..=7)), ["ask A since 5"]);
    assert!(example.push("A", 8, items(8..=9)).is_empty(), "it waits behind the first");
    assert!(example.push("A", 6, items(6..=6)).is_empty(), "so does a late one");
    assert_eq!(
        example.answer(Ok(after(5, 7))),
        [
            "1 gets A 6,7 as Native",
            "push 0: handed before, 1 have it",
            "1 gets A 8,9 as Native",
            "push 1: handed",
            "push 2: handed before, 1 have it"
        ]
    );
}

#[test]
fn what_an_early_answer_does_not_have_is_asked_for_again() {
    let mut example = Example::at_five(1..=1);
    example.push("A", 8, items(8..=8));
    assert_eq!(example.answer(Ok(after(5, 6))), ["1 gets A 6 as Native", "ask A since 6"]);
    let answered = example.answer(Ok(after(6, 8)));
    assert_eq!(answered, ["1 gets A 7,8 as Native", "push 0: handed before, 1 have it"]);
}

#[test]
fn a_room_that_asks_how_it_stands_is_asked_for_what_is_missing() {
    let mut example = Example::at_five(1..=1);
    assert_eq!(example.push("A", 8, vec![]), ["ask A since 5"]);
    let answered = example.answer(Ok(after(5, 7)));
    assert_eq!(answered, ["1 gets A 6,7 as Native", "push 0: handed before, 1 have it"]);
}

#[test]
fn a_push_fails_where_what_is_missing_can_not_be_had() {
    let mut example = Example::at_five(1..=1);
    example.push("A", 7, items(7..=7));
    example.push("A", 8, items(8..=8));
    assert_eq!(example.answer(Err(AskFailure::Unreachable)), ["push 0: failed", "push 1: failed"]);
    assert_eq!(example.push("A", 7, items(7..=7)), ["ask A since 5"], "it may come again");
    example.answer(Ok(after(5, 7)));
    assert_eq!(example.push("A", 8, items(8..=8)), ["1 gets A 8 as Native", "push 3: handed"]);
}

#[test]
fn what_is_held_no_longer_is_a_gap() {
    let mut example = Example::at_five(1..=2);
    example.push("A", 9, items(9..=9));
    let answer = Answer { gap: Some((Some(Seq::new(6)), Seq::new(7))), ..after(7, 9) };
    assert_eq!(
        example.answer(Ok(answer)),
        ["1 2 misses A 6..7", "1 2 gets A 8,9 as Native", "push 0: handed before, 2 have it"]
    );
}

#[test]
fn without_a_history_a_hole_is_a_gap_and_what_was_pushed_arrives() {
    let mut example = Example::at_five_with(without_history(), 1..=1);
    assert_eq!(example.push("A", 8, items(8..=8)), ["ask A since 5"]);
    example.push("A", 9, items(9..=9));
    assert_eq!(
        example.answer(Ok(nothing_held(5, 9))),
        [
            "1 misses A 6..7",
            "1 gets A 8 as Native",
            "push 0: handed",
            "1 gets A 9 as Native",
            "push 1: handed"
        ]
    );
}

#[test]
fn without_a_history_a_newcomer_gets_what_is_on_its_way() {
    let mut example = Example::at_five_with(without_history(), 1..=1);
    example.open(2);
    assert_eq!(example.subscribe(2, "A", Past::Latest), ["2 has A at 5"], "there is nothing to show");
    example.open(3);
    assert_eq!(example.subscribe(3, "A", since(3)), ["ask A since 3"]);
    let answered = example.answer(Ok(nothing_held(3, 7)));
    assert_eq!(answered, ["3 has A at 5", "3 misses A 4..5"], "6 and 7 have yet to come");
    assert_eq!(example.push("A", 6, items(6..=7)), ["1 2 3 gets A 6,7 as Native", "push 0: handed"]);
}

#[test]
fn another_order_is_a_gap_of_all_that_was_before() {
    let mut example = Example::at_five(1..=1);
    assert_eq!(
        example.push_in(LATER, "A", 3, items(3..=4)),
        ["1 misses A ..2", "1 gets A 3,4 as Native", "push 0: handed"]
    );
    example.sleep();
    let pushed = example.push_in(LATER, "A", 5, items(5..=5));
    assert_eq!(pushed, ["1 gets A 5 as Native", "push 1: handed"], "it goes on in the new order");
}

#[test]
fn a_push_of_an_order_that_is_over_is_shown_to_nobody() {
    let mut example = Example::at_five(1..=1);
    example.push_in(LATER, "A", 1, items(1..=1));
    assert_eq!(example.push("A", 6, items(6..=6)), ["ask A since 1"], "the room knows which one is over");
    let answer = Answer { epoch: LATER, ..after(1, 1) };
    assert_eq!(example.answer(Ok(answer)), ["push 1: handed before, 1 have it"]);
    let pushed = example.push_in(LATER, "A", 2, items(2..=2));
    assert_eq!(pushed, ["1 gets A 2 as Native", "push 2: handed"]);
}

#[test]
fn an_order_that_is_named_by_an_earlier_time_is_believed_when_the_room_says_so() {
    let earlier = Epoch::Began(UnixMillis(1_500_000_000_000));
    let mut example = Example::at_five_with(without_history(), 1..=1);
    assert_eq!(example.push_in(earlier, "A", 2, items(2..=2)), ["ask A since 5"]);
    let answer = Answer { epoch: earlier, gap: Some((None, Seq::new(3))), items: vec![], ..latest(3) };
    assert_eq!(example.answer(Ok(answer)), ["1 misses A ..1", "1 gets A 2 as Native", "push 0: handed"]);
}

#[test]
fn an_answer_from_before_the_first_publication_changes_nothing_after_it() {
    let unborn = Answer { epoch: Epoch::Unborn(NOW), ..latest(0) };
    let mut example = Example::new();
    example.open(1);
    example.subscribe(1, "A", Past::Latest);
    example.answer(Ok(unborn.clone()));
    example.open(2);
    assert_eq!(example.subscribe(2, "A", Past::Recent), ["ask A Recent"]);
    let pushed = example.push_in(LATER, "A", 1, items(1..=1));
    assert_eq!(pushed, ["1 gets A 1 as Native", "push 0: handed"], "it overtakes the answer");
    assert_eq!(example.answer(Ok(unborn)), ["2 has A at 1", "2 is shown A 1 as Native"]);
    let pushed = example.push_in(LATER, "A", 2, items(2..=2));
    assert_eq!(pushed, ["1 2 gets A 2 as Native", "push 1: handed"]);
}

#[test]
fn what_overtakes_the_first_answer_is_not_lost() {
    let mut example = Example::new();
    example.open(1);
    example.subscribe(1, "A", since(3));
    assert_eq!(example.push("A", 6, items(6..=6)), ["push 0: handed"]);
    assert_eq!(example.answer(Ok(after(3, 5))), ["1 has A at 6", "1 gets A 4,5,6 as Native"]);
}

#[test]
fn a_topic_that_nobody_has_is_not_wanted() {
    let mut example = Example::at_five(1..=1);
    assert_eq!(example.push("B", 1, items(1..=1)), ["push 0: unwanted"]);
    example.unsubscribe(1, "A");
    assert_eq!(example.push("A", 6, items(6..=6)), ["push 1: unwanted"]);
    assert_eq!(example.relay.topics.len(), 0, "nothing is kept of it");
}

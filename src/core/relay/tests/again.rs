//! Examples of subscribers who ask for what they have or wait for, and give up what they do not have: each request has its
//! answer. They must not depend on how a topic came to be had.

use super::*;

#[test]
fn who_asks_for_what_it_has_is_told_so_and_gets_nothing_twice() {
    let mut example = Example::at_five(1..=1);
    assert_eq!(example.subscribe(1, "A", Past::Latest), ["1 has A at 5"]);
    let batch = example.subscribe_as(1, View::NativeBatch, &[("A", Past::Latest)]);
    assert_eq!(batch, ["1 has A as NativeBatch at 5"]);
    assert_eq!(example.push("A", 6, items(6..=6))[0], "1 gets A 6 as NativeBatch", "as it was said last");
    example.open(2);
    assert_eq!(example.subscribe(2, "B", Past::Latest), ["ask B Latest"]);
    assert!(example.subscribe(2, "B", Past::Latest).is_empty(), "it will be told when it has it");
    let answered = example.answer(Ok(latest(7)));
    assert_eq!(answered, ["2 has B at 7", "2 is shown B 7 as Native", "2 has B at 7"], "each is answered");
}

#[test]
fn who_names_a_place_of_what_it_has_gets_what_came_after_it() {
    let mut example = Example::at_five(1..=1);
    example.push("A", 6, items(6..=8));
    assert_eq!(example.subscribe(1, "A", since(6)), ["1 has A at 8", "1 gets A 7,8 as Native"]);
    assert_eq!(example.subscribe(1, "A", since(2)), ["ask A since 2"], "what is not at hand the room has");
    example.push("A", 9, items(9..=9));
    let missed = Answer { gap: Some((Some(Seq::new(3)), Seq::new(3))), ..after(3, 8) };
    let given = ["1 has A at 9", "1 misses A 3..3", "1 gets A 4,5,6,7,8,9 as Native"];
    assert_eq!(example.answer(Ok(missed)), given);
    let foreign = Past::Since(Resume { since: Seq::new(2), epoch: Epoch::Foreign });
    let given = ["1 has A at 9", "1 misses A ..9", "1 is shown A 9 as Native"];
    assert_eq!(example.subscribe(1, "A", foreign), given, "nobody knows");
    assert_eq!(example.subscribe(1, "A", since(12)), ["ask A since 9"]);
    assert_eq!(example.answer(Ok(after(9, 9))), ["1 does not get A: FromTheFuture"]);
    let pushed = example.push("A", 10, items(10..=10));
    assert_eq!(pushed, ["1 gets A 10 as Native", "push 2: handed"], "it has it as before, and once");
    assert_eq!(example.subscribe(1, "A", Past::Recent), ["ask A Recent"]);
    let recent = Answer { is_continuation: false, ..after(7, 10) };
    assert_eq!(example.answer(Ok(recent)), ["1 has A at 10", "1 is shown A 8,9,10 as Native"]);
}

#[test]
fn a_place_is_served_also_where_the_topic_is_still_asked_for() {
    let mut example = Example::new();
    example.open(1);
    assert_eq!(example.subscribe(1, "A", Past::Latest), ["ask A Latest"]);
    assert_eq!(example.subscribe(1, "A", since(2)), ["ask A since 2"]);
    assert_eq!(example.answer(Ok(latest(5))), ["1 has A at 5", "1 is shown A 5 as Native"]);
    assert_eq!(example.answer(Ok(after(2, 5))), ["1 has A at 5", "1 gets A 3,4,5 as Native"]);
    assert_eq!(example.push("A", 6, items(6..=6))[0], "1 gets A 6 as Native", "it has it once");
}

#[test]
fn who_gives_up_what_it_does_not_have_is_answered() {
    let mut example = Example::new();
    example.open(1);
    assert_eq!(example.unsubscribe(1, "A"), ["1 has A no longer"]);
    let all = Unsubscribe { topics: None, view: View::Prices };
    assert_eq!(example.request(1, SocketRequest::Unsubscribe(all)), ["1 has nothing as Prices"]);
}

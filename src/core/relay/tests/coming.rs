//! Examples of how subscribers come to a topic, leave it and come back. They must not depend on who owns a topic.

use super::*;

#[test]
fn a_full_relay_turns_the_next_one_away() {
    let mut example = Example::new();
    for socket in 0..4 {
        assert_eq!(example.open(socket), [format!("{socket} is welcome")]);
    }
    assert_eq!(example.open(4), ["4 is turned away: Full"]);
    example.seen(Event::Leave { socket: SocketId(0) });
    assert_eq!(example.open(5), ["5 is welcome"]);
}

#[test]
fn an_address_holds_no_more_sockets_than_it_may() {
    let opening = |open_from_address| Opening { open_from_address, ..opening(0, None) };
    assert_eq!(Example::new().seen(Event::Open(opening(1))), ["0 is welcome"]);
    assert_eq!(Example::new().seen(Event::Open(opening(2))), ["0 is turned away: TooManyFromAddress"]);
    let unlimited = RelayLimits { connections_per_address: None, ..limits() };
    assert_eq!(Example::with(unlimited).seen(Event::Open(opening(2))), ["0 is welcome"]);
}

#[test]
fn many_who_want_the_same_ask_the_room_once_and_the_next_one_not_at_all() {
    let mut example = Example::new();
    (0..4).for_each(|socket| drop(example.open(socket)));
    assert_eq!(example.subscribe(0, "A", Past::Latest), ["ask A Latest"]);
    assert!(example.subscribe(1, "A", Past::Latest).is_empty(), "it waits for the same answer");
    assert_eq!(example.subscribe(2, "A", Past::Recent), ["ask A Recent"], "another question");
    let answered = example.answer(Ok(latest(5)));
    assert_eq!(
        answered,
        ["0 has A at 5", "0 is shown A 5 as Native", "1 has A at 5", "1 is shown A 5 as Native"]
    );
    assert_eq!(example.answer(Ok(Answer { is_continuation: false, ..after(3, 5) })).len(), 2);
    assert_eq!(example.subscribe(3, "A", Past::Latest), ["3 has A at 5", "3 is shown A 5 as Native"]);
}

#[test]
fn who_was_away_for_a_moment_is_served_from_what_is_at_hand() {
    let mut example = Example::at_five(1..=1);
    example.push("A", 6, items(6..=8));
    example.open(2);
    assert_eq!(example.subscribe(2, "A", since(6)), ["2 has A at 8", "2 gets A 7,8 as Native"]);
    example.open(3);
    assert_eq!(example.subscribe(3, "A", since(5)), ["3 has A at 8", "3 gets A 6,7,8 as Native"]);
    example.unsubscribe(3, "A");
    assert_eq!(example.subscribe(3, "A", since(8)), ["3 has A at 8"], "it has everything");
    assert_eq!(example.push("A", 9, items(9..=9)), ["1 2 3 gets A 9 as Native", "push 1: handed"]);
}

#[test]
fn who_was_away_for_longer_is_served_by_the_room() {
    let mut example = Example::at_five(1..=1);
    example.open(2);
    assert_eq!(example.subscribe(2, "A", since(2)), ["ask A since 2"]);
    let pushed = example.push("A", 6, items(6..=6));
    assert_eq!(pushed, ["1 gets A 6 as Native", "push 0: handed"], "nobody waits for it");
    let missed = Answer { gap: Some((Some(Seq::new(3)), Seq::new(3))), ..after(3, 5) };
    assert_eq!(
        example.answer(Ok(missed)),
        ["2 has A at 6", "2 misses A 3..3", "2 gets A 4,5,6 as Native"],
        "what has come since is not left out"
    );
    example.open(3);
    assert_eq!(example.subscribe(3, "A", since(1)), ["ask A since 1"]);
    assert_eq!(example.answer(Err(AskFailure::Unreachable)), ["3 does not get A: Unreachable"]);
}

#[test]
fn all_that_comes_while_the_room_is_asked_waits_for_the_answer() {
    let mut example = Example::at_five(1..=1);
    example.open(2);
    example.subscribe(2, "A", since(4));
    (6..=25).for_each(|place| drop(example.push("A", place, items(place..=place))));
    let answered = example.answer(Ok(after(4, 5)));
    assert_eq!(answered[0], "2 has A at 25");
    assert!(answered[1].starts_with("2 gets A 5,6,7,8,") && answered[1].ends_with(",25 as Native"));
    example.open(3);
    assert_eq!(example.subscribe(3, "A", since(5)), ["ask A since 5"], "then only the last ones are kept");
}

#[test]
fn who_comes_from_an_order_that_is_over_misses_all_of_it() {
    let mut example = Example::at_five(1..=1);
    example.push("A", 6, items(6..=6));
    let past = |epoch| Past::Since(Resume { since: Seq::new(3), epoch });
    example.open(2);
    let old = past(Epoch::Began(UnixMillis(1)));
    assert_eq!(
        example.subscribe(2, "A", old),
        ["2 has A at 6", "2 misses A ..6", "2 is shown A 6 as Native"]
    );
    let mut asking = Example::new();
    asking.open(2);
    assert_eq!(asking.subscribe(2, "A", past(Epoch::Foreign)), ["ask A since 3"]);
    asking.push("A", 6, items(6..=7));
    let answer = Answer { gap: Some((None, Seq::new(5))), ..latest(5) };
    assert_eq!(
        asking.answer(Ok(answer)),
        ["2 has A at 7", "2 misses A ..7", "2 is shown A 7 as Native"],
        "also what has come since"
    );
}

#[test]
fn who_comes_from_an_order_that_began_later_has_the_relay_ask() {
    let mut example = Example::at_five(1..=1);
    let later = Epoch::Began(NOW);
    let past = Past::Since(Resume { since: Seq::new(1), epoch: later });
    example.open(2);
    assert_eq!(example.subscribe(2, "A", past), ["ask A since 5"]);
    let answer = Answer { epoch: later, gap: Some((None, Seq::new(1))), ..latest(1) };
    assert_eq!(example.answer(Ok(answer)), ["1 misses A ..0", "1 gets A 1 as Native", "2 has A at 1"]);
}

#[test]
fn who_is_ahead_of_the_relay_has_it_catch_up_and_who_is_ahead_of_the_room_is_refused() {
    let mut example = Example::at_five(1..=1);
    example.open(2);
    assert_eq!(example.subscribe(2, "A", since(7)), ["ask A since 5"]);
    assert_eq!(
        example.answer(Ok(after(5, 8))),
        ["1 gets A 6,7,8 as Native", "2 has A at 8", "2 gets A 8 as Native"]
    );
    example.open(3);
    assert_eq!(example.subscribe(3, "A", since(9)), ["ask A since 8"]);
    assert_eq!(example.answer(Ok(after(8, 8))), ["3 does not get A: FromTheFuture"]);
}

#[test]
fn an_answer_to_an_earlier_question_refuses_nobody() {
    let mut example = Example::at_five(1..=1);
    example.open(2);
    example.open(3);
    assert_eq!(example.subscribe(2, "A", since(7)), ["ask A since 5"]);
    assert!(example.subscribe(3, "A", since(8)).is_empty(), "it waits for the same answer");
    let answered = example.answer(Ok(after(5, 7)));
    assert_eq!(answered, ["1 gets A 6,7 as Native", "2 has A at 7", "ask A since 7"]);
    assert_eq!(example.answer(Ok(after(7, 8))), ["1 2 gets A 8 as Native", "3 has A at 8"]);
}

#[test]
fn who_no_longer_wants_what_was_asked_for_does_not_get_it() {
    let mut example = Example::new();
    example.open(1);
    example.subscribe(1, "A", Past::Latest);
    assert_eq!(example.unsubscribe(1, "A"), ["1 has A no longer"]);
    assert!(example.answer(Ok(latest(5))).is_empty());
    assert_eq!(example.push("A", 6, items(6..=6)), ["push 0: unwanted"]);
    example.subscribe(1, "A", Past::Latest);
    example.unsubscribe(1, "A");
    assert!(example.subscribe(1, "A", Past::Latest).is_empty(), "the question is the same");
    assert_eq!(example.answer(Ok(latest(6))), ["1 has A at 6", "1 is shown A 6 as Native"], "once");
}

#[test]
fn one_topic_can_be_had_in_several_shapes() {
    let mut example = Example::at_five(1..=2);
    let trades = example.subscribe_as(1, View::Trades, &[("A", Past::Nothing)]);
    assert_eq!(trades, ["1 has A as Trades at 5"]);
    let pushed = example.push("A", 6, items(6..=6));
    assert_eq!(pushed, ["2 gets A 6 as Native", "1 gets A 6 as Native+Trades", "push 0: handed"]);
    assert_eq!(example.unsubscribe(1, "A"), ["1 has A no longer"]);
    let pushed = example.push("A", 8, items(8..=8));
    assert_eq!(pushed, ["ask A since 6"]);
    let missed = Answer { gap: Some((Some(Seq::new(7)), Seq::new(7))), ..after(7, 8) };
    assert_eq!(
        example.answer(Ok(missed)),
        [
            "2 misses A 7..7",
            "2 gets A 8 as Native",
            "1 gets A 8 as Trades",
            "push 1: handed before, 2 have it"
        ],
        "a channel knows no places, and so no gaps"
    );
}

#[test]
fn a_socket_has_no_more_topics_than_it_may() {
    let mut example = Example::new();
    example.open(1);
    let three = [("A", Past::Latest), ("B", Past::Latest), ("C", Past::Latest)];
    assert_eq!(example.subscribe_as(1, View::Native, &three).len(), 3);
    assert_eq!(example.subscribe(1, "D", Past::Latest), ["1 does not get D: TooMany { limit: 3 }"]);
    assert_eq!(example.subscribe_as(1, View::Trades, &[("A", Past::Nothing)]), ["ask A Nothing"]);
    example.unsubscribe(1, "B");
    assert_eq!(example.subscribe(1, "D", Past::Latest), ["ask D Latest"]);
}

#[test]
fn a_socket_for_one_topic_is_greeted_when_the_room_has_answered() {
    let open = |past: Option<u64>| Event::OpenTopic {
        opening: opening(1, None),
        topic: topic("A"),
        view: View::Native,
        resume: past.map(|since| Resume { since: Seq::new(since), epoch: EPOCH }),
    };
    let mut example = Example::new();
    assert_eq!(example.seen(open(None)), ["ask A Latest"]);
    assert_eq!(example.answer(Ok(latest(5))), ["1 is welcome to A at 5", "1 is shown A 5 as Native"]);
    let mut ahead = Example::new();
    assert_eq!(ahead.seen(open(Some(7))), ["ask A since 7"]);
    assert_eq!(ahead.answer(Err(AskFailure::FromTheFuture)), ["1 is turned away: FromTheFuture"]);
    assert_eq!(ahead.open(1), ["1 is welcome"], "its place is free again");
}

#[test]
fn who_sends_too_much_is_warned_once_and_then_closed() {
    let limits = RelayLimits { client_frames_per_minute: NonZeroU32::new(1).unwrap(), ..limits() };
    let mut example = Example::with(limits);
    example.open(1);
    let ping = || SocketRequest::Ping { id: Some("7".into()) };
    assert_eq!(example.request(1, ping()), [r#"1 hears Pong { id: Some("7") }"#]);
    assert_eq!(example.request(1, ping()), ["1 hears SlowDown { per_minute: 1 }"]);
    assert_eq!(example.request(1, ping()), ["1 is closed: TooManyFrames"]);
    example.open(2);
    assert_eq!(example.request(2, SocketRequest::Oversized), ["2 is closed: FrameTooBig { limit: 4096 }"]);
}

#[test]
fn the_last_one_to_leave_closes_the_relay() {
    let mut example = Example::at_five(1..=2);
    let leave = |socket| Event::Leave { socket: SocketId(socket) };
    assert_eq!(example.step(leave(1)), [Effect::Forget { connection: "c1".into() }]);
    assert_eq!(example.step(leave(2)), [Effect::Forget { connection: "c2".into() }, Effect::Close]);
    assert_eq!(example.step(leave(2)), [], "it is gone");
    assert_eq!(example.push("A", 6, items(6..=6)), ["push 0: unwanted"]);
}

#[test]
fn a_new_stay_on_the_list_has_a_new_lease() {
    let mut example = Example::new();
    example.open(1);
    let lease = |example: &mut Example| {
        example.subscribe(1, "A", Past::Latest);
        let (_, _, lease) = example.asked[0].clone();
        example.answer(Ok(latest(5)));
        lease
    };
    let first = lease(&mut example);
    example.subscribe_as(1, View::Trades, &[("A", Past::Recent)]);
    assert_eq!(example.asked.remove(0).2, first, "the same stay");
    let mut again = Example::new();
    again.open(1);
    let first = lease(&mut again);
    again.unsubscribe(1, "A");
    assert_eq!(
        again.push("A", 6, items(6..=6)),
        ["push 0: unwanted"],
        "the room takes it off for that lease"
    );
    assert!(lease(&mut again) > first, "also in the same millisecond");
}

//! Examples of what a relay knows after a sleep. They must not depend on how it is written down.

use super::*;

fn positions(example: &Example) -> Vec<(u32, u64)> {
    let mut ids: Vec<SocketId> = example.relay.sockets.keys().copied().collect();
    ids.sort_unstable();
    let noted = |id: SocketId| {
        let topics = example.relay.stored(id).unwrap().topics;
        topics.into_iter().filter_map(move |one| Some((id.0, one.position?.seq.get())))
    };
    ids.into_iter().flat_map(noted).collect()
}

#[test]
fn how_far_a_topic_is_is_noted_with_one_socket() {
    let mut example = Example::at_five(1..=3);
    assert_eq!(positions(&example), [(1, 5)]);
    example.step(Event::Settle);
    assert_eq!(example.step(Event::Settle), [], "it is noted");
    example.push("A", 6, items(6..=6));
    assert_eq!(example.step(Event::Settle), [Effect::Remember(SocketId(1))]);
    assert_eq!(positions(&example), [(1, 6)]);
}

#[test]
fn who_leaves_hands_the_note_on() {
    let mut example = Example::at_five(1..=2);
    example.step(Event::Settle);
    example.step(Event::Leave { socket: SocketId(1) });
    assert_eq!(example.step(Event::Settle), [Effect::Remember(SocketId(2))]);
    assert_eq!(positions(&example), [(2, 5)]);
    example.open(3);
    example.subscribe(3, "A", Past::Nothing);
    example.unsubscribe(2, "A");
    assert_eq!(example.step(Event::Settle), [Effect::Remember(SocketId(3))]);
    example.sleep();
    assert_eq!(example.push("A", 6, items(6..=6)), ["3 gets A 6 as Native", "push 0: handed"]);
}

#[test]
fn a_sleep_keeps_everything() {
    let mut example = Example::at_five(1..=2);
    example.subscribe_as(1, View::Trades, &[("A", Past::Nothing), ("B", Past::Nothing)]);
    example.answer(Ok(latest(2)));
    let identity = Identity { subject: Subject::Account("ana".into()), expires: NOW.later_by(1_000) };
    example.step(Event::Verified { socket: SocketId(2), identity: Some(identity) });
    let before: Vec<_> = [1, 2].map(|id| example.relay.stored(SocketId(id)).unwrap()).into();
    example.sleep();
    let after: Vec<_> = [1, 2].map(|id| example.relay.stored(SocketId(id)).unwrap()).into();
    assert_eq!(before, after);
    assert_eq!(before[0].budget.frames, 2);
    assert_eq!(example.push("A", 6, items(6..=6)).len(), 3, "two shapes and an answer");
    assert_eq!(example.push("B", 3, items(3..=3)), ["1 gets B 3 as Trades", "push 1: handed"]);
}

#[test]
fn what_was_pushed_while_nobody_was_told_is_asked_for_after_a_sleep() {
    let mut example = Example::at_five(1..=1);
    example.sleep();
    assert_eq!(example.push("A", 7, items(7..=7)), ["ask A since 5"]);
    assert_eq!(example.answer(Ok(after(5, 7)))[0], "1 gets A 6,7 as Native");
}

#[test]
fn who_is_left_without_a_note_is_asked_to_come_back() {
    let example = Example::at_five(1..=2);
    let note = |id| {
        let mut stored = example.relay.stored(SocketId(id)).unwrap();
        stored.topics.iter_mut().for_each(|topic| topic.position = None);
        (SocketId(id), stored)
    };
    let woken = || Example::of(Relay::wake(limits(), vec![note(1), note(2)]));
    let pushed = woken().push("A", 9, items(9..=9));
    assert_eq!(pushed, ["1 is closed: Interrupted", "2 is closed: Interrupted", "push 0: handed"]);
    assert_eq!(woken().subscribe(1, "A", Past::Latest), ["1 is closed: Interrupted"], "before it has waited");
    let mut joined = woken();
    joined.open(3);
    assert_eq!(joined.subscribe(3, "A", Past::Latest), ["ask A Latest"]);
    assert_eq!(
        joined.answer(Ok(latest(9))),
        ["1 is closed: Interrupted", "2 is closed: Interrupted", "3 has A at 9", "3 is shown A 9 as Native"]
    );
    joined.sleep();
    let pushed = joined.push("A", 10, items(10..=10));
    assert_eq!(pushed[1], "push 0: handed", "it is noted from then on: {pushed:?}");
}

#[test]
fn an_old_note_shows_something_again_rather_than_nothing() {
    let mut example = Example::at_five(1..=1);
    let old = example.relay.stored(SocketId(1)).unwrap();
    example.push("A", 6, items(6..=6));
    let mut woken = Example::of(Relay::wake(limits(), vec![(SocketId(1), old)]));
    assert_eq!(woken.push("A", 7, items(7..=7)), ["ask A since 5"], "6 is not taken for seen");
}

#[test]
fn an_order_that_began_anew_is_noted_at_once() {
    let mut example = Example::at_five(1..=1);
    let later = Epoch::Began(NOW);
    assert_eq!(example.push_in(later, "A", 3, vec![]), ["1 misses A ..2", "push 0: handed"]);
    assert_eq!(example.step(Event::Settle), [Effect::Remember(SocketId(1))]);
    example.sleep();
    let pushed = example.push_in(later, "A", 3, items(3..=3));
    assert_eq!(pushed, ["1 gets A 3 as Native", "push 1: handed"], "and told once");
}

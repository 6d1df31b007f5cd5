//! Examples of what strangers may have of a relay, and what is told to those who want more. They must not depend on how
//! publications reach anybody.

use super::*;
use crate::core::address::Address;
use crate::core::answer_budget::{BYTES_PER_ADDRESS, bytes_per_socket};
use crate::core::relay::held::{FOLLOWED_BYTES, Held, MOST_BYTES, MOST_BYTES_OF_ADDRESS};

fn open_from(example: &mut Example, socket: u32, address: u64) {
    let opening = Opening { address: Some(Address(address)), ..opening(socket, None) };
    assert_eq!(example.seen(Event::Open(opening)), [format!("{socket} is welcome")]);
}

/// What a room at `seq` has held since `since`, in publications of so many bytes.
fn heavy(since: u64, seq: u64, bytes: usize) -> Answer {
    let text = format!("{{\"n\":\"{}\"}}", "x".repeat(bytes));
    let item = Item { publication: Publication::from_checked_object(text), kind: Kind::Trade, origin: None };
    Answer { items: vec![item; usize::try_from(seq - since).unwrap()], ..after(since, seq) }
}

fn budget() -> usize {
    usize::try_from(bytes_per_socket(limits().client_frames_per_minute)).unwrap()
}

#[test]
fn what_a_frame_is_answered_with_counts_and_who_had_enough_comes_back_and_resumes() {
    let mut example = Example::new();
    open_from(&mut example, 0, 1);
    example.subscribe(0, "A", since(2));
    assert_eq!(example.answer(Ok(heavy(2, 5, budget())))[..2], ["0 has A at 5", "0 gets A 3,4,5 as Native"]);
    example.unsubscribe(0, "A");
    assert_eq!(example.subscribe(0, "A", since(2)), ["0 does not get A: TooMuchGiven"], "no room is asked");
    assert_eq!(
        example.subscribe(0, "B", Past::Nothing),
        ["ask B Nothing"],
        "who wants nothing of the past is let in"
    );
    example.now = example.now.later_by(60_000);
    example.answer(Ok(latest(0)));
    example.subscribe(0, "A", since(2));
    assert_eq!(example.answer(Ok(heavy(2, 5, 1)))[..2], ["0 has A at 5", "0 gets A 3,4,5 as Native"]);
}

#[test]
fn answers_that_come_together_are_given_as_far_as_the_budget_goes() {
    let mut example = Example::new();
    open_from(&mut example, 0, 1);
    example.subscribe_as(0, View::Native, &[("A", since(2)), ("B", since(2)), ("C", since(2))]);
    assert_eq!(example.answer(Ok(heavy(2, 5, budget())))[0], "0 has A at 5");
    assert_eq!(example.answer(Ok(heavy(2, 5, budget()))), ["0 does not get B: TooMuchGiven"]);
    assert_eq!(example.answer(Ok(heavy(2, 5, 1))), ["0 does not get C: TooMuchGiven"]);
}

/// Limits where two whole histories are all that a socket may be given in a minute.
fn two_histories() -> RelayLimits {
    let history_bytes = bytes_per_socket(limits().client_frames_per_minute) / 2;
    RelayLimits { history_bytes, topics_per_socket: 100, ..limits() }
}

/// Topics that somebody comes back to in one frame.
fn five() -> [(&'static str, Past); 5] {
    ["A", "B", "C", "D", "E"].map(|name| (name, since(2)))
}

#[test]
fn rooms_are_asked_for_no_more_at_once_than_a_socket_may_be_given() {
    let mut example = Example::with(two_histories());
    open_from(&mut example, 0, 1);
    assert_eq!(example.subscribe_as(0, View::Native, &five()), ["ask A since 2", "ask B since 2"]);
    let answered = example.answer(Ok(heavy(2, 3, 1)));
    assert_eq!(answered, ["0 has A at 3", "0 gets A 3 as Native"], "two may still come to more than is left");
    let answered = example.answer(Ok(heavy(2, 3, 1)));
    assert_eq!(answered, ["0 has B at 3", "0 gets B 3 as Native", "ask C since 2"]);
    assert_eq!(example.answer(Ok(heavy(2, 3, budget())))[0], "0 has C at 3");
    assert!(example.asked.is_empty(), "nobody is asked for what would not be given");
    assert!(!example.relay.is_asking());
    example.now = example.now.later_by(60_000);
    assert_eq!(example.subscribe(0, "D", since(2)), ["ask D since 2"]);
}

#[test]
fn what_is_not_asked_for_any_more_is_refused_and_no_topic_is_followed_for_it() {
    let mut example = Example::with(two_histories());
    open_from(&mut example, 0, 1);
    example.subscribe_as(0, View::Native, &five());
    let refused = |topic| format!("0 does not get {topic}: TooMuchGiven");
    let answered = example.answer(Ok(heavy(2, 3, budget())));
    assert_eq!(answered[2..], [refused("C"), refused("D"), refused("E")]);
    assert_eq!(example.answer(Ok(heavy(2, 3, 1))), [refused("B")]);
    assert_eq!(example.relay.topics.keys().map(Topic::as_str).collect::<Vec<_>>(), ["A"]);
}

#[test]
fn what_nobody_waits_for_any_more_is_not_asked() {
    let mut example = Example::with(two_histories());
    open_from(&mut example, 0, 1);
    example.subscribe_as(0, View::Native, &five());
    example.unsubscribe(0, "C");
    example.answer(Ok(after(2, 3)));
    assert_eq!(example.answer(Ok(after(2, 3))).last().unwrap(), "ask D since 2");
    example.seen(Event::Leave { socket: SocketId(0) });
    example.answer(Ok(after(2, 3)));
    assert!(example.asked.is_empty() && !example.relay.is_asking());
    assert!(example.relay.topics.is_empty());
}

#[test]
fn what_waits_is_asked_where_somebody_else_wants_it_who_may_be_given_it() {
    let mut example = Example::with(two_histories());
    (0..2).for_each(|socket| open_from(&mut example, socket, 1));
    example.subscribe_as(0, View::Native, &five());
    assert_eq!(example.subscribe(1, "E", since(2)), ["ask E since 2"]);
    let (ask, ..) = example.asked.remove(2);
    let answered = example.seen(Event::Answered { ask, answer: Ok(after(2, 3)) });
    assert_eq!(answered[..2], ["0 has E at 3", "0 gets E 3 as Native"]);
    assert_eq!(answered[2..], ["1 has E at 3", "1 gets E 3 as Native"]);
}

#[test]
fn a_wake_gives_no_new_budget() {
    let mut example = Example::new();
    open_from(&mut example, 0, 1);
    example.subscribe(0, "A", since(2));
    example.answer(Ok(heavy(2, 5, budget())));
    example.sleep();
    assert_eq!(example.subscribe(0, "B", since(2)), ["0 does not get B: TooMuchGiven"]);
}

#[test]
fn the_sockets_of_one_address_share_a_budget_and_take_none_from_others() {
    let mut example = Example::new();
    (0..2).for_each(|socket| open_from(&mut example, socket, 1));
    open_from(&mut example, 2, 2);
    example.subscribe(0, "A", since(4));
    example.answer(Ok(heavy(4, 5, usize::try_from(BYTES_PER_ADDRESS).unwrap())));
    assert_eq!(example.subscribe(1, "B", Past::Latest), ["1 does not get B: TooMuchGiven"]);
    assert_eq!(example.subscribe(2, "B", Past::Latest), ["ask B Latest"]);
    let unlimited = RelayLimits { connections_per_address: None, ..limits() };
    let mut example = Example::with(unlimited);
    (0..2).for_each(|socket| open_from(&mut example, socket, 1));
    example.subscribe(0, "A", since(4));
    example.answer(Ok(heavy(4, 5, usize::try_from(BYTES_PER_ADDRESS).unwrap())));
    assert_eq!(example.subscribe(1, "B", Past::Latest), ["ask B Latest"], "no address is counted");
}

#[test]
fn a_topic_without_a_publication_is_asked_for_on_its_subscribers_account_and_one_that_is_there_on_nobodys() {
    let mut example = Example::new();
    open_from(&mut example, 0, 1);
    open_from(&mut example, 1, 2);
    let account = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Ask { address, .. } => Some(address),
            _ => None,
        })
    };
    let wants = |name, past| {
        let subscribe = Subscribe { topics: vec![Wanted { topic: topic(name), past }], view: View::Native };
        Event::Request { socket: SocketId(0), request: SocketRequest::Subscribe(subscribe) }
    };
    assert_eq!(account(example.step(wants("A", Past::Latest))), Some(Some(Address(1))));
    example.subscribe(1, "A", Past::Latest);
    example.answer(Ok(latest(5)));
    example.unsubscribe(0, "A");
    assert_eq!(account(example.step(wants("A", Past::Recent))), Some(None), "the relay is on its list");
}

#[test]
fn who_has_asked_for_too_many_new_topics_is_refused_and_who_waited_with_it_asks_anew() {
    let mut example = Example::new();
    (0..2).for_each(|socket| open_from(&mut example, socket, 1));
    open_from(&mut example, 2, 2);
    (0..3).for_each(|socket| drop(example.subscribe(socket, "NEW", Past::Latest)));
    assert_eq!(
        example.answer(Err(AskFailure::TooManyNew)),
        ["0 does not get NEW: TooManyNew", "1 does not get NEW: TooManyNew", "ask NEW Latest"]
    );
    let unborn = Answer { epoch: Epoch::Unborn(NOW), ..latest(0) };
    assert_eq!(example.answer(Ok(unborn)), ["2 has NEW at 0"]);
    assert_eq!(example.unsubscribe(2, "NEW"), ["2 has NEW no longer", "let NEW go"]);
}

#[test]
fn a_topic_with_publications_is_let_go_by_the_next_push_alone() {
    let mut example = Example::at_five(0..=0);
    assert_eq!(example.unsubscribe(0, "A"), ["0 has A no longer"]);
    assert_eq!(example.push("A", 6, items(6..=6)), ["push 0: unwanted"]);
}

#[test]
fn the_topics_of_an_address_take_so_much_memory_and_not_more() {
    let mut example = Example::at_five(0..=0);
    open_from(&mut example, 1, 1);
    let long = topic(&"x".repeat(128));
    while example.relay.held.of(Address(1)) < MOST_BYTES_OF_ADDRESS {
        example.relay.held.add(Some(Address(1)), &long);
    }
    assert_eq!(example.subscribe(1, "B", Past::Latest), ["1 does not get B: TooManyFromAddress"]);
    assert_eq!(example.subscribe(0, "B", Past::Latest), ["ask B Latest"], "another address");
    while example.relay.held.all() + FOLLOWED_BYTES * 2 < MOST_BYTES {
        example.relay.held.add(None, &long);
    }
    assert_eq!(example.subscribe(0, "C", Past::Latest), ["0 does not get C: NoMemory"]);
    assert_eq!(example.open(2), ["2 is turned away: Full"], "the next relay has memory");
}

#[test]
fn memory_is_counted_as_long_as_somebody_has_a_topic() {
    let mut example = Example::new();
    (0..3).for_each(|socket| open_from(&mut example, socket, u64::from(socket % 2)));
    for socket in 0..3 {
        example.subscribe(socket, "A", Past::Latest);
        example.subscribe_as(socket, View::Prices, &[("A", Past::Latest), ("B", Past::Latest)]);
    }
    while !example.asked.is_empty() {
        example.answer(Ok(latest(5)));
    }
    let held = example.relay.held.clone();
    assert_eq!(held.all(), 6 * 151);
    example.sleep();
    assert_eq!(example.relay.held, held);
    example.unsubscribe(0, "A");
    assert_eq!(example.relay.held, held, "it has it in another shape");
    for socket in 0..3 {
        example.seen(Event::Leave { socket: SocketId(socket) });
    }
    assert_eq!(example.relay.held, Held::default());
}

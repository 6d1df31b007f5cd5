//! Examples of topics that belong to somebody. They must not depend on how somebody proves who it is.

use super::*;

const PRIVATE: &str = "user:ana";

fn identity(name: &str, seconds: u64) -> Identity {
    Identity { subject: Subject::Account(name.into()), expires: NOW.later_by(seconds * 1_000) }
}

fn verified(example: &mut Example, socket: u32, identity: Option<Identity>) -> Vec<String> {
    example.seen(Event::Verified { socket: SocketId(socket), identity })
}

/// Socket 1 is Ana's for a minute, and has her topic and `A`.
fn example() -> Example {
    let mut example = Example::at_five(1..=1);
    assert_eq!(verified(&mut example, 1, Some(identity("ana", 60))), ["1 is ana"]);
    assert_eq!(example.subscribe(1, PRIVATE, Past::Nothing), ["ask user:ana Nothing"]);
    let answered = example.answer(Ok(Answer { items: vec![], ..latest(5) }));
    assert_eq!(answered, ["1 has user:ana at 5", "wake in 60000"]);
    example
}

#[test]
fn a_private_topic_is_its_owners() {
    let mut example = example();
    example.open(2);
    assert_eq!(
        example.subscribe(2, PRIVATE, Past::Latest),
        ["2 does not get user:ana: NotTheirs(NotSignedIn)"]
    );
    verified(&mut example, 2, Some(identity("ben", 60)));
    assert_eq!(
        example.subscribe(2, PRIVATE, Past::Latest),
        ["2 does not get user:ana: NotTheirs(SomebodyElse)"]
    );
    let open = |identity| Event::OpenTopic {
        opening: opening(3, identity),
        topic: topic(PRIVATE),
        view: View::Native,
        resume: None,
    };
    assert_eq!(example.seen(open(None)), ["3 is turned away: NotTheirs(NotSignedIn)"]);
    let over = Some(identity("ana", 0));
    assert_eq!(example.seen(open(over)), ["3 is turned away: NotTheirs(NotSignedIn)"]);
    assert_eq!(example.seen(open(Some(identity("ana", 90)))), ["ask user:ana Latest"]);
}

#[test]
fn a_token_is_looked_at_before_it_counts() {
    let mut example = Example::new();
    example.open(1);
    let authenticate = SocketRequest::Authenticate { token: "t".into() };
    assert_eq!(example.request(1, authenticate), ["verify t of 1"]);
    assert_eq!(verified(&mut example, 1, None), ["1 hears NotAuthenticated"]);
    assert_eq!(verified(&mut example, 1, Some(identity("ana", 0))), ["1 hears NotAuthenticated"], "too late");
    assert!(verified(&mut example, 9, Some(identity("ana", 60))).is_empty(), "it has left");
}

#[test]
fn when_a_proof_ends_private_topics_end_and_the_socket_stays() {
    let mut example = example();
    example.now = NOW.later_by(59_999);
    assert_eq!(example.seen(Event::Tick { rows: vec![] }), ["wake in 60000"], "too early");
    example.now = NOW.later_by(60_000);
    assert_eq!(example.seen(Event::Tick { rows: vec![] }), ["1 is ana no longer: user:ana"]);
    assert_eq!(example.push(PRIVATE, 6, items(6..=6)), ["push 0: unwanted"]);
    assert_eq!(example.push("A", 6, items(6..=6))[0], "1 gets A 6 as Native");
}

#[test]
fn when_a_proof_ends_a_socket_for_one_topic_ends_with_it_as_it_can_show_no_other() {
    let mut example = Example::new();
    let open = Event::OpenTopic {
        opening: opening(1, Some(identity("ana", 60))),
        topic: topic(PRIVATE),
        view: View::Native,
        resume: None,
    };
    example.seen(open);
    example.answer(Ok(Answer { items: vec![], ..latest(5) }));
    example.now = NOW.later_by(60_000);
    let mut asleep =
        Example { relay: example.relay.clone(), asked: vec![], kept: example.kept.clone(), ..example };
    asleep.sleep();
    assert_eq!(asleep.seen(Event::Tick { rows: vec![] }), ["1 is closed: SignInEnded"]);
    assert_eq!(example.push(PRIVATE, 6, items(6..=6))[0], "1 is closed: SignInEnded");
    assert_eq!(example.push(PRIVATE, 7, items(7..=7)), ["push 1: unwanted"], "nothing goes to it meanwhile");
}

#[test]
fn nothing_private_is_pushed_after_a_proof_has_ended() {
    let mut example = example();
    example.now = NOW.later_by(60_000);
    assert_eq!(example.push(PRIVATE, 6, items(6..=6))[0], "1 is ana no longer: user:ana");
    let gets = |seen: &String| seen.contains("gets");
    assert!(!example.push(PRIVATE, 7, items(7..=7)).iter().any(gets));
}

#[test]
fn nothing_private_is_caught_up_on_after_a_proof_has_ended() {
    let mut example = example();
    assert_eq!(example.push(PRIVATE, 7, items(7..=7)), ["ask user:ana since 5"]);
    example.now = NOW.later_by(60_000);
    let answered = example.answer(Ok(after(5, 7)));
    assert_eq!(answered, ["1 is ana no longer: user:ana", "push 0: handed before, 0 have it"]);
}

#[test]
fn who_waits_for_a_private_topic_when_its_proof_ends_does_not_get_it() {
    let mut example = Example::new();
    example.open(1);
    verified(&mut example, 1, Some(identity("ana", 60)));
    example.subscribe(1, PRIVATE, Past::Latest);
    example.now = NOW.later_by(60_000);
    let answered = example.answer(Ok(latest(5)));
    assert_eq!(answered, ["1 does not get user:ana: NotTheirs(NotSignedIn)"]);
}

#[test]
fn a_new_proof_goes_on_where_the_old_one_would_end() {
    let mut example = example();
    assert_eq!(verified(&mut example, 1, Some(identity("ana", 120))), ["1 is ana"]);
    example.now = NOW.later_by(60_000);
    assert_eq!(example.seen(Event::Tick { rows: vec![] }), ["wake in 120000"]);
    assert_eq!(example.push(PRIVATE, 6, items(6..=6))[0], "1 gets user:ana 6 as Native");
    example.now = NOW;
    assert_eq!(
        verified(&mut example, 1, Some(identity("ana", 90))),
        ["1 is ana", "wake in 90000"],
        "a shorter one"
    );
}

#[test]
fn who_signs_in_as_somebody_else_has_no_longer_what_it_had() {
    let mut example = example();
    let became = verified(&mut example, 1, Some(identity("ben", 60)));
    assert_eq!(became, ["1 is ben", "1 is ana no longer: user:ana"]);
    assert_eq!(example.push(PRIVATE, 6, items(6..=6)), ["push 0: unwanted"]);
}

#[test]
fn a_proof_outlives_a_sleep_no_longer_than_it_holds() {
    let mut example = example();
    example.sleep();
    assert_eq!(example.push(PRIVATE, 6, items(6..=6))[0], "1 gets user:ana 6 as Native");
    example.now = NOW.later_by(60_000);
    assert_eq!(example.seen(Event::Tick { rows: vec![] }), ["1 is ana no longer: user:ana"]);
}

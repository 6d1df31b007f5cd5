//! Examples of what becomes of rows whose sockets are gone. They must not depend on what a row says.

use super::*;
use crate::core::relay::rows::ROWS_MILLIS;

fn ring(rows: &[&str]) -> Event {
    Event::Tick { rows: rows.iter().map(|row| (*row).to_owned()).collect() }
}

fn forget(connection: &str) -> Effect {
    Effect::Forget { connection: connection.to_owned() }
}

#[test]
fn a_row_has_an_alarm_and_goes_by_it_where_its_socket_is_gone() {
    let mut example = Example::at_five(1..=2);
    let first = NOW.later_by(ROWS_MILLIS);
    assert_eq!(example.step(Event::RowStored), [Effect::Wake { at: first }]);
    assert_eq!(example.step(Event::RowStored), [], "one alarm for all of them");
    example.now = first;
    let second = first.later_by(ROWS_MILLIS);
    assert_eq!(example.step(ring(&["c1", "c7", "c2"])), [forget("c7"), Effect::Wake { at: second }]);
    example.now = second;
    assert_eq!(example.step(ring(&["c8"])), [forget("c8")], "and none for none");
    assert_eq!(example.step(Event::RowStored), [Effect::Wake { at: second.later_by(ROWS_MILLIS) }]);
}

#[test]
fn the_alarm_of_a_proof_looks_at_the_rows_and_sets_theirs() {
    let mut example = Example::at_five(1..=1);
    let ends = NOW.later_by(1_000);
    let identity = Identity { subject: Subject::Account("ana".into()), expires: ends };
    example.step(Event::Verified { socket: SocketId(1), identity: Some(identity) });
    example.subscribe(1, "user:ana", Past::Nothing);
    assert_eq!(example.answer(Ok(latest(5))), ["1 has user:ana at 5", "wake in 1000"]);
    assert_eq!(example.step(Event::RowStored), [], "it wakes before");
    example.now = ends;
    let rung = example.step(ring(&["c1", "c7"]));
    assert!(rung.contains(&forget("c7")) && !rung.contains(&forget("c1")), "{rung:?}");
    assert!(rung.contains(&Effect::Wake { at: ends.later_by(ROWS_MILLIS) }), "{rung:?}");
}

#[test]
fn where_every_socket_is_gone_without_a_word_everything_goes() {
    let mut example = Example::new();
    assert_eq!(example.step(ring(&["c1", "c2"])), [Effect::Close]);
}

//! Whether whoever holds the other end of a socket is still there, and reads. It must not know a socket, a clock, or who
//! answers pings.
//!
//! Nobody is asked: the runtime knows when it last answered a socket's ping, and how much waits to be sent to it. Both are
//! looked at while publications are sent, so an idle object is kept awake by nothing.
//!
//! - **Silent**: a socket that has pinged, and of which nothing was heard for two of its own intervals. An interval is the
//!   longer one of the last two that were seen between pings, so that one ping too many changes nothing. As long as two
//!   have not been seen, as after each wake, it is taken for a minute: clients are asked to ping every 30 seconds, and a
//!   browser lets a page in the background run its timers once a minute. One that never pings can't be judged.
//! - **Behind**: a socket for which more waits than is allowed, whether it pings or not. What waits is what the network does
//!   not take yet. In a burst that may be much for everybody, so before anybody is cut the next batch waits for those who
//!   are behind, as long as they read ([`Patience`]). Who does not costs at most the limit, a quarter of it that may be sent
//!   between two looks, and what is sent at once.

use std::collections::BTreeMap;

use super::closing::Closing;
use super::time::UnixMillis;

/// The least time between two looks at all sockets, in milliseconds, unless much is sent: a look costs some 8 µs a socket,
/// less than half of what it costs to send each a frame.
const LOOK_MILLIS: u64 = 5_000;

/// So many looks are taken while as much is sent to a socket as may wait for it.
const LOOKS_A_LIMIT: u64 = 4;

/// A ping interval that is not known yet, in milliseconds.
const UNKNOWN_INTERVAL: u64 = 60_000;

/// The shortest interval that a socket is judged by, in milliseconds: a phone that changes its network is silent for some
/// seconds, and comes through.
const SHORTEST_INTERVAL: u64 = 5_000;

/// For how long those who are behind may read nothing, in milliseconds.
const STANDSTILL_MILLIS: u64 = 100;

/// For how long those who are behind may hold up the others, in milliseconds.
const LONGEST_WAIT_MILLIS: u64 = 2_000;

/// What the runtime knows of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The socket: a number that no other has as long as the object is in memory.
    pub socket: u32,
    /// When its last ping was answered without waking anybody; `None` where none was.
    pub pinged: Option<UnixMillis>,
    /// Bytes that wait to be sent to it.
    pub waiting: u64,
}

/// What is known of one socket's other end, since the object is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct End {
    pinged: Option<UnixMillis>,
    heard: UnixMillis,
    /// The last two intervals that were seen, in milliseconds; 0 for one that was not.
    intervals: [u64; 2],
}

/// What an object that holds sockets knows of their other ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Liveness {
    ends: BTreeMap<u32, End>,
    looked: UnixMillis,
    /// Bytes that were sent to each socket since then, at most.
    sent: u64,
    /// Bytes that waited for those who were behind at the last look.
    backlog: u64,
}

/// How long what is sent next waits for those who are behind.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    began: UnixMillis,
    read: UnixMillis,
    backlog: u64,
}

impl Liveness {
    /// A socket's frame came at `now`. One that is a ping counts as one.
    pub fn heard(&mut self, socket: u32, is_ping: bool, now: UnixMillis) {
        let end = self.ends.entry(socket).or_default();
        end.heard = now;
        if is_ping {
            end.ping(now);
        }
    }

    /// Whether it is time to look, before so many `bytes` are sent to each socket.
    pub fn is_due(&mut self, bytes: usize, limit: u64, now: UnixMillis) -> bool {
        let is_due = self.sent >= limit / LOOKS_A_LIMIT || now.since(self.looked) >= LOOK_MILLIS;
        if is_due {
            self.sent = 0;
        }
        self.sent = self.sent.saturating_add(bytes as u64);
        is_due
    }

    /// Looks at all sockets there are, for each of which at most `limit` bytes may wait: who is lost, by its place in the
    /// list, and why. `framed` says when a socket of a place last sent a frame, as far as that outlives the object's
    /// memory; it is asked only where nothing else was heard.
    pub fn look(
        &mut self,
        sightings: &[Sighting],
        limit: u64,
        now: UnixMillis,
        framed: impl Fn(usize) -> UnixMillis,
    ) -> Vec<(usize, Closing)> {
        self.looked = now;
        self.backlog = 0;
        let before = std::mem::take(&mut self.ends);
        let mut lost = vec![];
        for (place, sighting) in sightings.iter().enumerate() {
            let mut end = before.get(&sighting.socket).copied().unwrap_or_default();
            if let Some(at) = sighting.pinged {
                end.ping(at);
            }
            if is_behind(sighting.waiting, limit) {
                self.backlog = self.backlog.saturating_add(sighting.waiting);
                lost.push((place, Closing::Behind));
            } else if end.is_silent(now) && end.heard_at(framed(place)).is_silent(now) {
                lost.push((place, Closing::Silent));
            }
            self.ends.insert(sighting.socket, end);
        }
        lost
    }

    /// Bytes that waited for those who were behind at the last look; 0 where nobody was.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.backlog
    }
}

impl Patience {
    /// The wait begins.
    #[must_use]
    pub fn from(now: UnixMillis) -> Self {
        Self { began: now, read: now, backlog: u64::MAX }
    }

    /// Whether to wait on, while so many bytes wait for those who are behind: as long as they become fewer.
    pub fn waits(&mut self, backlog: u64, now: UnixMillis) -> bool {
        if backlog < self.backlog {
            self.backlog = backlog;
            self.read = now;
        }
        backlog > 0 && now.since(self.read) < STANDSTILL_MILLIS && now.since(self.began) < LONGEST_WAIT_MILLIS
    }
}

/// Whether more `waiting` bytes are for one socket than may be.
#[must_use]
pub fn is_behind(waiting: u64, limit: u64) -> bool {
    waiting > limit
}

impl End {
    fn ping(&mut self, at: UnixMillis) {
        match self.pinged {
            Some(before) if before >= at => return,
            Some(before) => self.intervals = [at.since(before), self.intervals[0]],
            None => {}
        }
        self.pinged = Some(at);
    }

    fn heard_at(self, at: UnixMillis) -> Self {
        Self { heard: self.heard.max(at), ..self }
    }

    fn is_silent(&self, now: UnixMillis) -> bool {
        let last = self.pinged.map(|at| at.max(self.heard));
        last.is_some_and(|last| now.since(last) >= 2 * self.interval())
    }

    fn interval(&self) -> u64 {
        let [last, before] = self.intervals;
        let is_known = last > 0 && before > 0;
        last.max(before).max(if is_known { SHORTEST_INTERVAL } else { UNKNOWN_INTERVAL })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: UnixMillis = UnixMillis(1_700_000_000_000);
    const LIMIT: u64 = 1_000;

    /// A moment, in seconds since the examples began.
    fn at(seconds: u64) -> UnixMillis {
        BEGAN.later_by(seconds * 1_000)
    }

    fn ping(seconds: u64) -> Sighting {
        Sighting { socket: 1, pinged: Some(at(seconds)), waiting: 0 }
    }

    fn look(liveness: &mut Liveness, sighting: Sighting, seconds: u64) -> Option<Closing> {
        let lost = liveness.look(&[sighting], LIMIT, at(seconds), |_| UnixMillis(0));
        lost.first().map(|(_, closing)| *closing)
    }

    /// When a client is taken for lost that pings at these moments and then no more, where it is looked at every second
    /// from the first ping on.
    fn lost_at(pings: &[u64]) -> u64 {
        let mut liveness = Liveness::default();
        let last = |now: u64| *pings.iter().rfind(|ping| **ping <= now).unwrap();
        (pings[0]..1_000).find(|now| look(&mut liveness, ping(last(*now)), *now).is_some()).unwrap()
    }

    #[test]
    fn who_vanishes_is_counted_out_two_of_its_own_intervals_after_its_last_ping() {
        assert_eq!(lost_at(&[0, 30, 60, 90]), 90 + 60);
        assert_eq!(lost_at(&[0, 20, 40]), 40 + 40);
        assert_eq!(lost_at(&[0, 60, 120]), 120 + 120);
        assert_eq!(lost_at(&[0, 1, 2, 3]), 3 + 10, "the shortest that anybody is judged by");
    }

    #[test]
    fn as_long_as_an_interval_is_not_known_it_is_a_minute() {
        assert_eq!(lost_at(&[0]), 120);
        assert_eq!(lost_at(&[0, 30]), 30 + 120);
        assert_eq!(lost_at(&[0, 90]), 90 + 180, "of the one that was seen, where it is longer");
    }

    #[test]
    fn one_ping_too_many_or_too_late_is_no_new_interval() {
        assert_eq!(lost_at(&[0, 1, 30, 31, 60, 61]), 61 + 58, "after each wake of the phone, another one");
        assert_eq!(lost_at(&[0, 30, 60, 119, 149]), 149 + 118);
        assert_eq!(lost_at(&[0, 30, 60, 119, 149, 179]), 179 + 60);
    }

    #[test]
    fn who_never_pings_is_never_silent() {
        let mut liveness = Liveness::default();
        let never = Sighting { pinged: None, ..ping(0) };
        liveness.heard(1, false, at(0));
        assert!((0..100_000).step_by(100).all(|now| look(&mut liveness, never, now).is_none()));
    }

    #[test]
    fn a_frame_is_a_sign_of_life_and_a_ping_that_wakes_the_object_is_a_ping() {
        let mut liveness = Liveness::default();
        assert_eq!(look(&mut liveness, ping(0), 0), None);
        liveness.heard(1, false, at(100));
        assert_eq!(look(&mut liveness, ping(0), 219), None);
        assert_eq!(look(&mut liveness, ping(0), 220), Some(Closing::Silent));

        let mut liveness = Liveness::default();
        let never = Sighting { pinged: None, ..ping(0) };
        for seconds in [0, 30, 60] {
            liveness.heard(1, true, at(seconds));
            assert_eq!(look(&mut liveness, never, seconds), None);
        }
        assert_eq!(look(&mut liveness, never, 119), None);
        assert_eq!(look(&mut liveness, never, 120), Some(Closing::Silent));
    }

    #[test]
    fn a_frame_that_the_object_has_forgotten_is_asked_for_before_anybody_is_lost() {
        let framed = |seconds| Liveness::default().look(&[ping(0)], LIMIT, at(1_000), |_| at(seconds));
        assert_eq!(framed(900), []);
        assert_eq!(framed(880), [(0, Closing::Silent)]);
    }

    #[test]
    fn who_is_behind_by_more_than_the_limit_is_lost_whether_it_pings_or_not() {
        let waiting = |socket, waiting, pinged| Sighting { socket, pinged, waiting };
        let sightings = [
            waiting(1, LIMIT + 1, None),
            waiting(2, LIMIT, None),
            waiting(3, LIMIT + 1, Some(at(0))),
            waiting(4, LIMIT, Some(at(0))),
        ];
        let lost = Liveness::default().look(&sightings, LIMIT, at(0), |_| UnixMillis(0));
        assert_eq!(lost, [(0, Closing::Behind), (2, Closing::Behind)]);
    }

    #[test]
    fn those_who_are_behind_are_waited_for_as_long_as_they_read_and_no_longer_than_two_seconds() {
        let waited = |backlog: &dyn Fn(u64) -> u64| {
            let mut patience = Patience::from(at(0));
            (0..)
                .step_by(20)
                .find(|millis| !patience.waits(backlog(*millis), at(0).later_by(*millis)))
                .unwrap()
        };
        assert_eq!(waited(&|_| 0), 0, "nobody is behind");
        assert_eq!(waited(&|_| 5_000), 100, "nobody reads");
        assert_eq!(waited(&|millis| if millis < 300 { 5_000 - millis } else { 0 }), 300, "all have read");
        assert_eq!(waited(&|millis| 5_000 - millis.min(300)), 400, "but for one");
        assert_eq!(waited(&|millis| 5_000 - millis), 2_000, "too slow");
    }

    #[test]
    fn it_is_looked_every_five_seconds_and_four_times_while_as_much_is_sent_as_may_wait() {
        let mut liveness = Liveness::default();
        let mut due = |bytes, seconds| {
            let is_due = liveness.is_due(bytes, LIMIT, at(seconds));
            if is_due {
                liveness.look(&[], LIMIT, at(seconds), |_| UnixMillis(0));
            }
            is_due
        };
        assert!(due(0, 0), "after a wake");
        assert!(!due(100, 4));
        assert!(due(0, 5));
        assert!(!due(249, 5));
        assert!(!due(1, 5), "before the bytes are sent");
        assert!(due(1_000_000, 5));
        assert!(due(0, 5));
        assert!(!due(0, 5));
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let mut liveness = Liveness::default();
        look(&mut liveness, ping(0), 0);
        liveness.look(&[], LIMIT, at(1), |_| UnixMillis(0));
        assert_eq!(liveness.ends.len(), 0);
    }
}

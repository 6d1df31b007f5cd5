//! The decisions of a broadcast room: the order of its topic, whom it lets in, what a subscriber's frame leads to.
//! It must not know a socket, a clock, a frame's text or where its order is stored: [`Room::step`] is handed facts and
//! returns what is to be done, in the order in which it is to be done.

use std::num::NonZeroU32;

use super::client_frame::{BudgetVerdict, ClientFrame, FrameBudget};
use super::publication::{Publication, Seq};
use super::time::UnixMillis;

/// The most sockets that one Durable Object accepts with hibernation; the platform throws at the next one.
/// Source: <https://developers.cloudflare.com/durable-objects/best-practices/websockets/>, and measured.
pub const PLATFORM_SOCKETS_PER_ROOM: u32 = 32_768;

/// What an operator allows a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomLimits {
    /// Sockets held at once: 1 to [`PLATFORM_SOCKETS_PER_ROOM`].
    pub capacity: u32,
    /// Sockets held at once for one address; `None` for no limit.
    pub connections_per_address: Option<NonZeroU32>,
    /// The largest frame taken from a subscriber, in bytes.
    pub client_frame_bytes: usize,
    /// Frames taken from one subscriber in a minute.
    pub client_frames_per_minute: NonZeroU32,
}

/// Something that happened to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Publications arrived, in the order in which they were posted.
    Publish(Vec<Publication>),
    /// Somebody wants to subscribe.
    Connect {
        /// Sockets that are open now.
        open: u32,
        /// Of these, the ones from the same address; 0 when it is not known.
        open_from_address: u32,
    },
    /// A subscriber sent a frame.
    ClientFrame {
        /// What it says.
        frame: ClientFrame,
        /// The subscriber's budget as it was last remembered.
        budget: FrameBudget,
    },
}

/// Something that a room's surroundings are to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Store the place of the last publication. Nobody may see a publication whose place is not stored, or the order
    /// could fork after a wake.
    Store(Seq),
    /// Send a publication to every socket.
    Broadcast {
        /// What to send.
        publication: Publication,
        /// Its place.
        seq: Seq,
    },
    /// Accept the socket and greet it.
    Accept {
        /// The place of the last publication before it came.
        seq: Seq,
    },
    /// Turn the socket away.
    Refuse(Refusal),
    /// Keep this budget with the socket that sent the frame.
    Remember(FrameBudget),
    /// Send an answer to that socket.
    Reply(Reply),
    /// Close that socket.
    Close(Closing),
}

/// Why a socket is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The room holds as many as it may.
    Full,
    /// Its address holds as many as it may.
    TooManyFromAddress,
}

/// An answer to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To a ping.
    Pong {
        /// The JSON text of the ping's `id`.
        id: Option<String>,
    },
    /// To a frame that was not understood.
    NotUnderstood,
    /// The one warning before a subscriber that sends too much is closed.
    SlowDown {
        /// How many frames a minute are taken.
        per_minute: NonZeroU32,
    },
}

/// Why a room closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A frame was larger than the room takes.
    FrameTooBig {
        /// The most it takes, in bytes.
        limit: usize,
    },
    /// Frames went on after the warning.
    TooManyFrames,
}

/// One topic's room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    limits: RoomLimits,
    seq: Seq,
}

impl Room {
    /// The room as it is after a wake: `seq` is the place that was last stored, [`Seq::NONE`] if none was.
    #[must_use]
    pub fn wake(limits: RoomLimits, seq: Seq) -> Self {
        Self { limits, seq }
    }

    /// Decides what `event`, at `now`, leads to. The effects are to be run in order, and the rest of them left out
    /// when one fails.
    pub fn step(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        match event {
            Event::Publish(publications) => self.publish(publications),
            Event::Connect { open, open_from_address } => vec![self.admit(open, open_from_address)],
            Event::ClientFrame { frame, budget } => self.hear(frame, budget, now),
        }
    }

    fn publish(&mut self, publications: Vec<Publication>) -> Vec<Effect> {
        let mut broadcasts = Vec::with_capacity(publications.len() + 1);
        for publication in publications {
            self.seq = self.seq.next();
            broadcasts.push(Effect::Broadcast { publication, seq: self.seq });
        }
        if !broadcasts.is_empty() {
            broadcasts.insert(0, Effect::Store(self.seq));
        }
        broadcasts
    }

    fn admit(&self, open: u32, open_from_address: u32) -> Effect {
        if open >= self.limits.capacity {
            return Effect::Refuse(Refusal::Full);
        }
        match self.limits.connections_per_address {
            Some(limit) if open_from_address >= limit.get() => Effect::Refuse(Refusal::TooManyFromAddress),
            _ => Effect::Accept { seq: self.seq },
        }
    }

    fn hear(&self, frame: ClientFrame, budget: FrameBudget, now: UnixMillis) -> Vec<Effect> {
        let per_minute = self.limits.client_frames_per_minute;
        let (spent, verdict) = budget.spend(now, per_minute);
        let answer = match (verdict, frame) {
            (_, ClientFrame::Oversized) => {
                Effect::Close(Closing::FrameTooBig { limit: self.limits.client_frame_bytes })
            }
            (BudgetVerdict::Close, _) => Effect::Close(Closing::TooManyFrames),
            (BudgetVerdict::Warn, _) => Effect::Reply(Reply::SlowDown { per_minute }),
            (BudgetVerdict::Serve, ClientFrame::Ping { id }) => Effect::Reply(Reply::Pong { id }),
            (BudgetVerdict::Serve, ClientFrame::NotUnderstood) => Effect::Reply(Reply::NotUnderstood),
        };
        vec![Effect::Remember(spent), answer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn limits() -> RoomLimits {
        RoomLimits {
            capacity: 3,
            connections_per_address: NonZeroU32::new(2),
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::new(2).unwrap(),
        }
    }

    fn room() -> Room {
        Room::wake(limits(), Seq::NONE)
    }

    fn publications(count: usize) -> Vec<Publication> {
        (0..count).map(|n| Publication::from_checked_object(format!("{{\"n\":{n}}}"))).collect()
    }

    fn ping(budget: FrameBudget) -> Event {
        Event::ClientFrame { frame: ClientFrame::Ping { id: None }, budget }
    }

    #[test]
    fn a_batch_is_numbered_without_a_hole_and_stored_once_before_anyone_sees_it() {
        let mut room = room();
        room.step(Event::Publish(publications(2)), NOW);
        let effects = room.step(Event::Publish(publications(3)), NOW);
        assert_eq!(effects[0], Effect::Store(Seq::new(5)));
        let order: Vec<_> = effects[1..]
            .iter()
            .map(|effect| match effect {
                Effect::Broadcast { publication, seq } => (publication.as_json(), seq.get()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, [("{\"n\":0}", 3), ("{\"n\":1}", 4), ("{\"n\":2}", 5)]);
    }

    #[test]
    fn an_empty_batch_writes_nothing() {
        assert_eq!(room().step(Event::Publish(vec![]), NOW), []);
    }

    #[test]
    fn a_newcomer_learns_the_place_of_the_last_publication() {
        let mut room = room();
        room.step(Event::Publish(publications(7)), NOW);
        let effects = room.step(Event::Connect { open: 0, open_from_address: 0 }, NOW);
        assert_eq!(effects, [Effect::Accept { seq: Seq::new(7) }]);
    }

    #[test]
    fn capacity_and_the_limit_per_address_turn_away_the_next_one() {
        let mut room = room();
        let mut connect =
            |open, open_from_address| room.step(Event::Connect { open, open_from_address }, NOW);
        assert_eq!(connect(2, 1), [Effect::Accept { seq: Seq::NONE }]);
        assert_eq!(connect(2, 2), [Effect::Refuse(Refusal::TooManyFromAddress)]);
        assert_eq!(connect(3, 0), [Effect::Refuse(Refusal::Full)]);
    }

    #[test]
    fn without_a_limit_per_address_one_address_may_fill_the_room() {
        let mut room = Room::wake(RoomLimits { connections_per_address: None, ..limits() }, Seq::NONE);
        let effects = room.step(Event::Connect { open: 2, open_from_address: 2 }, NOW);
        assert_eq!(effects, [Effect::Accept { seq: Seq::NONE }]);
    }

    #[test]
    fn a_subscriber_that_floods_is_warned_once_and_then_closed() {
        let mut room = room();
        let mut budget = FrameBudget::default();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let effects = room.step(ping(budget), NOW);
            let [Effect::Remember(spent), answer] = effects.as_slice() else { panic!("{effects:?}") };
            budget = *spent;
            answers.push(answer.clone());
        }
        let pong = Effect::Reply(Reply::Pong { id: None });
        let warning = Effect::Reply(Reply::SlowDown { per_minute: NonZeroU32::new(2).unwrap() });
        assert_eq!(answers, [pong.clone(), pong, warning, Effect::Close(Closing::TooManyFrames)]);
    }

    #[test]
    fn an_oversized_frame_closes_at_once() {
        let event = Event::ClientFrame { frame: ClientFrame::Oversized, budget: FrameBudget::default() };
        let effects = room().step(event, NOW);
        assert_eq!(effects[1], Effect::Close(Closing::FrameTooBig { limit: 4_096 }));
    }

    /// Runs a list of events, rebuilding the room before each one for which `wakes` says so from nothing but what it
    /// had stored and remembered.
    fn run(events: &[Event], wakes: impl Fn(usize) -> bool) -> Vec<Vec<Effect>> {
        let (mut room, mut stored, mut remembered) = (room(), Seq::NONE, FrameBudget::default());
        let mut seen = Vec::new();
        for (index, event) in events.iter().enumerate() {
            if wakes(index) {
                room = Room::wake(limits(), stored);
            }
            let event = match event.clone() {
                Event::ClientFrame { frame, .. } => Event::ClientFrame { frame, budget: remembered },
                other => other,
            };
            let effects = room.step(event, NOW);
            for effect in &effects {
                match effect {
                    Effect::Store(seq) => stored = *seq,
                    Effect::Remember(budget) => remembered = *budget,
                    _ => {}
                }
            }
            seen.push(effects);
        }
        seen
    }

    #[test]
    fn a_wake_before_any_event_changes_nothing_that_is_seen() {
        let alphabet = [
            Event::Publish(publications(1)),
            Event::Publish(publications(2)),
            Event::Connect { open: 1, open_from_address: 0 },
            ping(FrameBudget::default()),
        ];
        // Every list of five events over that alphabet, with a wake at every one of its places.
        for code in 0..alphabet.len().pow(5) {
            let events: Vec<_> = (0..5u32)
                .map(|place| alphabet[code / alphabet.len().pow(place) % alphabet.len()].clone())
                .collect();
            let awake = run(&events, |_| false);
            for place in 0..events.len() {
                assert_eq!(run(&events, |index| index == place), awake, "wake at {place} of {events:?}");
            }
        }
    }
}

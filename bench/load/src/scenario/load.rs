//! What publishers and subscribers saw of a stretch of publications. It must not know when anything is posted.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::{Engine, Watch};
use crate::failure::Outcome;
use crate::histogram::Histogram;
use crate::ledger::Ledger;
use crate::payload::message;
use crate::publisher::Answer;

pub struct Load {
    pub ledger: Ledger,
    /// The publishers that wait for nothing, the longest idle first: none is left so long that it is closed.
    pub idle: VecDeque<usize>,
    acknowledgement: Histogram,
    from: Instant,
    until: Instant,
}

impl Watch for Load {
    fn news(&mut self, subscriber: usize, text: &[u8], at: Instant) -> Outcome<()> {
        self.ledger.received(subscriber, text, at);
        Ok(())
    }

    fn answered(&mut self, publisher: usize, answer: &Answer) -> Outcome<()> {
        if answer.at >= self.from && answer.at < self.until {
            self.acknowledgement.add(answer.at - answer.sent);
        }
        self.idle.push_back(publisher);
        Ok(())
    }
}

impl Load {
    /// What comes between `from` and `until` is measured.
    pub fn new(subscribers: usize, publishers: usize, from: Instant, until: Instant) -> Self {
        Self {
            ledger: Ledger::new(subscribers, from, until),
            idle: (0..publishers).collect(),
            acknowledgement: Histogram::default(),
            from,
            until,
        }
    }

    /// Posts the next message, which was due at `due` or is due now; false when every publisher is waiting.
    pub fn post(&mut self, engine: &mut Engine, due: Option<Instant>) -> Outcome<bool> {
        let Some(publisher) = self.idle.pop_front() else { return Ok(false) };
        let sent = engine.post(publisher, &message(self.ledger.next()))?;
        self.ledger.sent(due.unwrap_or(sent));
        Ok(true)
    }

    /// Waits for what is still on its way, and a moment longer for what comes twice; whether all came.
    pub fn drain(&mut self, engine: &mut Engine, publishers: usize, patience: Duration) -> Outcome<bool> {
        let all = engine
            .turn_until(self, patience, |load| load.idle.len() == publishers && load.ledger.is_complete());
        let end = Instant::now() + Duration::from_millis(200);
        while Instant::now() < end {
            engine.turn(end.saturating_duration_since(Instant::now()), self)?;
        }
        Ok(all.is_ok())
    }

    /// How long publishers waited, and how many had an answer.
    pub fn acknowledgement(&self) -> Value {
        let mut report = self.acknowledgement.report();
        report["count"] = self.acknowledgement.total().into();
        report
    }
}

//! Everybody was cut off and comes back at once for what they missed: how long until the last has all of it, and has
//! each message come once? It must not know of any other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rest;
use crate::arguments::Arguments;
use crate::engine::{Engine, Watch};
use crate::failure::{Failure, Outcome};
use crate::histogram::milliseconds;
use crate::ledger::Ledger;
use crate::meter::Meter;
use crate::payload::{message, number_at};
use crate::publisher::Answer;

const PATIENCE: Duration = Duration::from_mins(1);

/// Where each subscriber is in the order of the topic.
struct Crowd {
    ledger: Ledger,
    places: Vec<(u64, String)>,
    opened: usize,
    gaps: usize,
    answered: u64,
}

impl Watch for Crowd {
    fn opened(&mut self, subscriber: usize, greeting: &[u8], _: Instant) -> Outcome<()> {
        self.opened += 1;
        let greeting: Value = serde_json::from_slice(greeting).unwrap_or_default();
        if let (Some(seq), Some(epoch)) = (greeting["seq"].as_u64(), greeting["epoch"].as_str()) {
            self.places[subscriber] = (seq, epoch.to_owned());
        }
        Ok(())
    }

    fn news(&mut self, subscriber: usize, text: &[u8], at: Instant) -> Outcome<()> {
        self.gaps += usize::from(text.starts_with(br#"{"type":"gap""#));
        self.ledger.received(subscriber, text, at);
        if let Some(found) = memchr::memmem::rfind(text, br#""seq":"#) {
            self.places[subscriber].0 = number_at(&text[found + 6..]);
        }
        Ok(())
    }

    fn answered(&mut self, _: usize, _: &Answer) -> Outcome<()> {
        self.answered += 1;
        Ok(())
    }
}

impl Crowd {
    fn of(sockets: usize) -> Self {
        let now = Instant::now();
        Self {
            ledger: Ledger::new(sockets, now, now + 2 * PATIENCE),
            places: vec![(0, String::new()); sockets],
            opened: 0,
            gaps: 0,
            answered: 0,
        }
    }

    /// Posts one message after the other, each when the one before was answered.
    fn post(&mut self, engine: &mut Engine, messages: u64) -> Outcome<()> {
        let already = self.answered;
        for n in 0..messages {
            let sent = engine.post(0, &message(self.ledger.next()))?;
            self.ledger.sent(sent);
            engine.turn_until(self, PATIENCE, |crowd| crowd.answered > already + n)?;
        }
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets: usize = arguments.number("sockets", 1000)?;
    let missed: u64 = arguments.number("missed", 100)?;
    let pause = Duration::from_secs_f64(arguments.number("pause", 0.0)?);
    let mut engine = Engine::new(arguments.target()?)?;
    engine.hire(1)?;

    let mut before = Crowd::of(sockets);
    let path = engine.target.path();
    for _ in 0..sockets {
        engine.begin(&path)?;
    }
    engine.turn_until(&mut before, PATIENCE, |crowd| crowd.opened == sockets)?;
    before.post(&mut engine, 3)?;
    engine.turn_until(&mut before, PATIENCE, |crowd| crowd.ledger.is_complete())?;
    if before.places.iter().any(|(_, epoch)| epoch.is_empty()) {
        return Err(Failure::new("has no resume"));
    }

    engine.cut();
    rest(&mut engine, Duration::from_millis(500))?;
    let mut after = Crowd::of(sockets);
    after.post(&mut engine, missed)?;
    rest(&mut engine, pause)?;

    let meter = Meter::start(&engine.target.processes)?;
    let start = Instant::now();
    for (seq, epoch) in &before.places {
        let (target, since) = (&engine.target, Some((*seq, epoch.as_str())));
        let path = target.dialect.socket_path(&target.topic, target.batch, since);
        engine.begin(&path)?;
    }
    engine.turn_until(&mut after, PATIENCE, |crowd| crowd.opened == sockets)?;
    let greeted = start.elapsed();
    let complete = engine.turn_until(&mut after, PATIENCE, |crowd| crowd.ledger.is_complete()).is_ok();
    let took = start.elapsed();
    let cost = meter.report(after.ledger.deliveries)?;
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        engine.turn(Duration::from_millis(100), &mut after)?;
    }
    Ok(json!({
        "sockets": sockets,
        "missed": missed,
        "complete": complete,
        "completeInMs": milliseconds(took),
        "greetedInMs": milliseconds(greeted),
        "gaps": after.gaps,
        "cost": cost,
        "ledger": after.ledger.report(),
    }))
}

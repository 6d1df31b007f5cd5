//! Many rooms that nobody speaks in: what do they cost while they sleep, and how long does it take to wake one? It must
//! not know of any other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rest;
use crate::arguments::Arguments;
use crate::engine::{Engine, Watch};
use crate::failure::Outcome;
use crate::histogram::{approximate, milliseconds, summary};
use crate::meter::Meter;
use crate::payload::{is_snapshot, message};
use crate::process;
use crate::publisher::Answer;

const PATIENCE: Duration = Duration::from_mins(2);
const PUBLISHERS: usize = 16;
/// The end of the silence in which nothing at all should happen any more.
const DEEP_SLEEP: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Ear {
    idle: Vec<usize>,
    answers: usize,
    answered: Option<Instant>,
    heard: Option<Instant>,
}

impl Watch for Ear {
    fn news(&mut self, _: usize, text: &[u8], at: Instant) -> Outcome<()> {
        if !is_snapshot(text) {
            self.heard = Some(at);
        }
        Ok(())
    }

    fn answered(&mut self, publisher: usize, answer: &Answer) -> Outcome<()> {
        self.idle.push(publisher);
        self.answers += 1;
        self.answered = Some(answer.at);
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let rooms: usize = arguments.number("rooms", 10_000)?;
    let sockets: usize = arguments.number("sockets", 2000)?.min(rooms);
    // A room that is awake holds its database open, and descriptors are few: rooms that were posted to early must be
    // asleep again when the last ones get theirs.
    let rate: f64 = arguments.number("rate-rooms", 400.0)?;
    let asleep = Duration::from_secs_f64(arguments.number("idle", 16.0)?);
    let samples: usize = arguments.number("samples", 100)?.min(sockets);
    let mut engine = Engine::new(arguments.target()?)?;
    let processes = engine.target.processes.clone();
    let name = engine.target.topic.clone();
    let topic = |room: usize| format!("{name}-{room}");

    engine.hire(PUBLISHERS)?;
    let empty = process::memory(&processes)?;
    let target = engine.target.clone();
    engine.open_each(sockets, |room| target.dialect.socket_path(&topic(room), target.batch, None))?;
    let posting = Instant::now();
    let mut ear = Ear { idle: (0..PUBLISHERS).collect(), ..Ear::default() };
    for room in 0..rooms {
        let due = posting + Duration::from_secs_f64(approximate(room as u64) / rate);
        while Instant::now() < due {
            engine.turn(due.saturating_duration_since(Instant::now()), &mut ear)?;
        }
        engine.turn_until(&mut ear, PATIENCE, |ear| !ear.idle.is_empty())?;
        let publisher = ear.idle.pop().unwrap_or_default();
        engine.post_to(publisher, &topic(room), &message(room as u64))?;
    }
    engine.turn_until(&mut ear, PATIENCE, |ear| ear.answers == rooms)?;
    let filled = process::memory(&processes)?;

    let falling = Meter::start(&processes)?;
    rest(&mut engine, asleep.saturating_sub(DEEP_SLEEP))?;
    let falling = falling.report(0)?;
    let sleeping = Meter::start(&processes)?;
    rest(&mut engine, asleep.min(DEEP_SLEEP))?;
    let sleeping = sleeping.report(0)?;
    let slept = process::memory(&processes)?;

    let mut wake = |engine: &mut Engine| -> Outcome<(Value, Value)> {
        let (mut answers, mut frames) = (Vec::new(), Vec::new());
        for sample in 0..samples {
            (ear.answered, ear.heard) = (None, None);
            let room = sample * sockets / samples;
            let posted = engine.post_to(0, &topic(room), &message((rooms + sample) as u64))?;
            engine.turn_until(&mut ear, PATIENCE, |ear| ear.answered.is_some() && ear.heard.is_some())?;
            answers.extend(ear.answered.map(|at| milliseconds(at - posted)));
            frames.extend(ear.heard.map(|at| milliseconds(at - posted)));
        }
        Ok((summary(answers), summary(frames)))
    };
    let (asleep_answer, asleep_frame) = wake(&mut engine)?;
    let (awake_answer, awake_frame) = wake(&mut engine)?;
    let per_room = |memory: u64| approximate(memory.saturating_sub(empty)) / approximate(rooms as u64);
    Ok(json!({
        "rooms": rooms,
        "sockets": sockets,
        "bytesPerRoomAtOnce": per_room(filled),
        "bytesPerRoomAsleep": per_room(slept),
        "busyWhileFallingAsleep": falling["serverBusy"],
        "busyWhileAsleep": sleeping["serverBusy"],
        "asleep": { "answered": asleep_answer, "heard": asleep_frame },
        "awake": { "answered": awake_answer, "heard": awake_frame },
    }))
}

//! One post to many sockets: when has the first got it, half of them, 99 of 100, the last? It must not know of any
//! other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rest;
use crate::arguments::Arguments;
use crate::engine::{Engine, Watch};
use crate::failure::Outcome;
use crate::histogram::{milliseconds, summary};
use crate::meter::Meter;
use crate::payload::{is_snapshot, message};
use crate::process;
use crate::publisher::Answer;
use crate::standing;

/// Lets what a server does after its answer end before the next round.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Round {
    arrivals: Vec<Instant>,
    answered: Option<Instant>,
}

impl Watch for Round {
    fn news(&mut self, _: usize, text: &[u8], at: Instant) -> Outcome<()> {
        if !is_snapshot(text) {
            self.arrivals.push(at);
        }
        Ok(())
    }

    fn answered(&mut self, _: usize, answer: &Answer) -> Outcome<()> {
        self.answered = Some(answer.at);
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets = arguments.number("sockets", 1000_usize)?.max(2);
    let rounds: u64 = arguments.number("rounds", 20)?;
    let warm_up: u64 = arguments.number("warm-up", 5)?;
    let mut engine = Engine::new(arguments.target()?)?;
    let processes = engine.target.processes.clone();

    // The first socket brings what exists only once: the instance, the room.
    engine.hire(1)?;
    engine.open(1)?;
    let empty = process::memory(&processes)?;
    engine.open(sockets - 1)?;
    rest(&mut engine, Duration::from_millis(300))?;
    let full = process::memory(&processes)?;

    let mut columns: [Vec<f64>; 5] = Default::default();
    let mut meter = Meter::start(&processes)?;
    for n in 0..warm_up + rounds {
        if n == warm_up {
            meter = Meter::start(&processes)?;
        }
        let mut round = Round::default();
        let posted = engine.post(0, &message(n))?;
        engine.turn_until(&mut round, PATIENCE, |round| {
            round.arrivals.len() >= sockets && round.answered.is_some()
        })?;
        if n >= warm_up {
            let mut since: Vec<f64> =
                round.arrivals.iter().map(|at| milliseconds(at.duration_since(posted))).collect();
            since.sort_by(f64::total_cmp);
            let at = |percent: usize| since[(sockets * percent / 100).min(sockets - 1)];
            let answered = round.answered.map_or(0.0, |at| milliseconds(at.duration_since(posted)));
            let figures = [at(0), at(50), at(99), at(100), answered];
            for (column, figure) in columns.iter_mut().zip(figures) {
                column.push(figure);
            }
        }
        rest(&mut engine, BETWEEN_ROUNDS)?;
    }
    let cost = meter.report(rounds * sockets as u64)?;
    let [first, half, most, last, answered] = columns.map(summary);
    Ok(json!({
        "sockets": sockets,
        "rounds": rounds,
        "first": first,
        "p50": half,
        "p99": most,
        "last": last,
        "answered": answered,
        "cost": cost,
        "standing": standing::of(&engine.target, arguments)?,
        "bytesPerSocket": full.saturating_sub(empty) / (sockets as u64 - 1).max(1),
    }))
}

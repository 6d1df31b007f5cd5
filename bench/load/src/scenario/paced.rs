//! Posts at a fixed rate, whatever the server makes of it: how long until each socket has each message? A message that
//! had to wait for a free publisher counts from when it was due. It must not know of any other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::load::Load;
use super::rest;
use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::failure::Outcome;
use crate::meter::Meter;

/// epoll waits whole milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets: usize = arguments.number("sockets", 1000)?;
    let rate: f64 = arguments.number("rate-posts", 100.0)?;
    let publishers: usize = arguments.number("publishers", 64)?;
    let seconds = Duration::from_secs_f64(arguments.number("seconds", 10.0)?);
    let warm_up = Duration::from_secs_f64(arguments.number("warm-up", 2.0)?);
    let drain = Duration::from_secs_f64(arguments.number("drain", 5.0)?);
    let mut engine = Engine::new(arguments.target()?)?;
    let processes = engine.target.processes.clone();

    engine.hire(publishers)?;
    engine.open(sockets)?;
    rest(&mut engine, Duration::from_millis(200))?;

    let between = Duration::from_secs_f64(1.0 / rate);
    let start = Instant::now();
    let from = start + warm_up;
    let until = from + seconds;
    // Everything that was due before the end counts, however late it comes.
    let mut load = Load::new(sockets, publishers, from, until + drain);
    let mut due = start;
    let mut meter = None;
    while due < until && Instant::now() < until + drain {
        let now = Instant::now();
        if meter.is_none() && now >= from {
            meter = Some((Meter::start(&processes)?, load.ledger.deliveries));
        }
        while due <= now && due < until && load.post(&mut engine, Some(due))? {
            due += between;
        }
        let wait = due.saturating_duration_since(Instant::now());
        let wait = if load.idle.is_empty() { Duration::from_millis(20) } else { wait };
        engine.turn(wait.saturating_sub(SHORTEST_WAIT), &mut load)?;
    }
    let cost = match meter {
        Some((meter, before)) => meter.report(load.ledger.deliveries - before)?,
        None => Value::Null,
    };
    let drained = load.drain(&mut engine, publishers, drain)?;
    Ok(json!({
        "sockets": sockets,
        "asked": rate * f64::from(u32::try_from(sockets).unwrap_or(u32::MAX)),
        "notPosted": due < until,
        "cost": cost,
        "acknowledgement": load.acknowledgement(),
        "drained": drained,
        "ledger": load.ledger.report(),
    }))
}

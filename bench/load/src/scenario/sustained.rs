//! Publishers that never pause, each with one post on its way: how many deliveries a second, and how long do
//! publishers wait for their answers? It must not know of any other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::load::Load;
use super::rest;
use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::failure::Outcome;
use crate::meter::Meter;
use crate::standing;

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets: usize = arguments.number("sockets", 500)?;
    let publishers: usize = arguments.number("publishers", 64)?;
    let seconds = Duration::from_secs_f64(arguments.number("seconds", 5.0)?);
    let warm_up = Duration::from_secs_f64(arguments.number("warm-up", 2.0)?);
    let drain = Duration::from_secs_f64(arguments.number("drain", 30.0)?);
    let mut engine = Engine::new(arguments.target()?)?;
    let processes = engine.target.processes.clone();

    engine.hire(publishers)?;
    engine.open(sockets)?;
    rest(&mut engine, Duration::from_millis(200))?;

    let from = Instant::now() + warm_up;
    let until = from + seconds;
    let mut load = Load::new(sockets, publishers, from, until);
    let mut meter = None;
    while Instant::now() < until {
        if meter.is_none() && Instant::now() >= from {
            meter = Some(Meter::start(&processes)?);
        }
        while load.post(&mut engine, None)? {}
        engine.turn(Duration::from_millis(20), &mut load)?;
    }
    let cost = match meter {
        Some(meter) => meter.report(load.ledger.deliveries)?,
        None => Value::Null,
    };
    // A publisher is answered before the last socket has the message.
    let draining = Instant::now();
    let drained = load.drain(&mut engine, publishers, drain)?;
    let draining = draining.elapsed().as_secs_f64();
    Ok(json!({
        "sockets": sockets,
        "publishers": publishers,
        "cost": cost,
        "standing": standing::of(&engine.target, arguments)?,
        "acknowledgement": load.acknowledgement(),
        "drained": drained,
        "drainSeconds": draining,
        "ledger": load.ledger.report(),
    }))
}

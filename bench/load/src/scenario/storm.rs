//! Everybody connects: how many upgrades a second, each counted when its greeting has come? It must not know of any
//! other scenario.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::engine::{Engine, Watch};
use crate::failure::{Failure, Outcome};
use crate::histogram::Histogram;
use crate::meter::Meter;

const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Storm {
    begun: Vec<Instant>,
    opened: usize,
    handshake: Histogram,
}

impl Watch for Storm {
    fn opened(&mut self, subscriber: usize, _: &[u8], at: Instant) -> Outcome<()> {
        self.opened += 1;
        self.handshake.add(at - self.begun[subscriber]);
        Ok(())
    }
}

pub fn run(arguments: &Arguments) -> Outcome<Value> {
    let sockets: usize = arguments.number("sockets", 4000)?;
    let concurrency: usize = arguments.number("concurrency", 64)?;
    let mut engine = Engine::new(arguments.target()?)?;
    let path = engine.target.path();
    // One socket first, so that the room exists and only sockets are measured.
    engine.open(1)?;
    let mut storm = Storm { begun: vec![Instant::now()], ..Storm::default() };
    let meter = Meter::start(&engine.target.processes)?;
    let start = Instant::now();
    while storm.opened < sockets {
        while storm.begun.len() <= sockets && storm.begun.len() - 1 - storm.opened < concurrency {
            storm.begun.push(Instant::now());
            engine.begin(&path)?;
        }
        engine.turn(Duration::from_millis(100), &mut storm)?;
        if start.elapsed() > PATIENCE {
            return Err(Failure::new(format!("only {} of {sockets} sockets were opened", storm.opened)));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({
        "sockets": sockets,
        "concurrency": concurrency,
        "upgradesPerSecond": crate::histogram::approximate(sockets as u64) / seconds,
        "handshake": storm.handshake.report(),
        "cost": meter.report(sockets as u64)?,
    }))
}

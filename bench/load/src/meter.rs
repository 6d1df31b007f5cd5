//! What a stretch of time has cost the server and this program. It must not know what happened in it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::failure::Outcome;
use crate::histogram::approximate;
use crate::process;

pub struct Meter {
    processes: Vec<u32>,
    started: Instant,
    server: Duration,
    own: Duration,
    core: Duration,
}

/// The core that bench.mjs pins servers to.
const SERVER_CORE: u32 = 0;

impl Meter {
    pub fn start(processes: &[u32]) -> Outcome<Self> {
        Ok(Self {
            processes: processes.to_vec(),
            started: Instant::now(),
            server: process::time_used(processes)?,
            own: process::own_time()?,
            core: process::core_busy(SERVER_CORE),
        })
    }

    /// What it was until now, with so many deliveries made. `generatorBusy` near 1 means that this program was the
    /// limit; `disturbed` is the share of the server's core that others had.
    pub fn report(&self, deliveries: u64) -> Outcome<Value> {
        let seconds = self.started.elapsed().as_secs_f64();
        let server = process::time_used(&self.processes)?.saturating_sub(self.server).as_secs_f64();
        let own = process::own_time()?.saturating_sub(self.own).as_secs_f64();
        let core = process::core_busy(SERVER_CORE).saturating_sub(self.core).as_secs_f64();
        Ok(json!({
            "disturbed": (core - server).max(0.0) / seconds,
            "seconds": seconds,
            "serverBusy": server / seconds,
            "generatorBusy": own / seconds,
            "microsecondsPerDelivery": server * 1e6 / approximate(deliveries.max(1)),
            "deliveriesPerSecond": approximate(deliveries) / seconds,
        }))
    }
}

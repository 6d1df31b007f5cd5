//! `glow-load <scenario> [--option value]…` puts one kind of load on a server and prints one JSON object with what it
//! saw; `glow-load serve` is a server itself. It must not know about any scenario but its name.
//!
//! Options of all scenarios: `--address 127.0.0.1:8080 --topic T --secret S --dialect native|socketio --batch
//! --processes <ids of the server's processes, comma-separated>`. The others are read at the start of each scenario's
//! `run`, with their defaults.

mod arguments;
mod dialect;
mod engine;
mod failure;
mod frames;
mod histogram;
mod ledger;
mod meter;
mod payload;
mod process;
mod publisher;
mod scenario;
mod serve;
mod standing;
mod subscriber;
mod subscriptions;

use std::process::ExitCode;

use arguments::Arguments;
use failure::{Failure, Outcome};
use scenario::{fanout, paced, resume, rooms, storm, sustained, topics};
use serde_json::Value;

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("glow-load: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<Value> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let arguments = Arguments::parse(words)?;
    match name.as_str() {
        "fanout" => fanout::run(&arguments),
        "sustained" => sustained::run(&arguments),
        "paced" => paced::run(&arguments),
        "storm" => storm::run(&arguments),
        "resume" => resume::run(&arguments),
        "rooms" => rooms::run(&arguments),
        "topics" => topics::run(&arguments),
        "serve" => serve::run(&arguments),
        _ => Err(Failure::new("fanout, sustained, paced, storm, resume, rooms, topics or serve?")),
    }
}

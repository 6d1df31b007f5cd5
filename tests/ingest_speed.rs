//! How long a webhook takes to read. It prints and proves nothing: run it with
//! `cargo test --release --test ingest_speed -- --ignored --nocapture`.

#![allow(clippy::disallowed_methods, reason = "it measures, and never as wasm")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::ingest::helius;
use glow_broadcast::wire::market;
use serde_json::value::RawValue;

const ROUNDS: u32 = 200;

/// Transactions of a body.
const BATCH: usize = 50;

fn mean(work: impl Fn()) -> Duration {
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| work());
    start.elapsed() / ROUNDS
}

/// The items of the bodies in a folder that are arrays.
fn items(folder: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let bodies = files.iter().map(|file| fs::read_to_string(file).unwrap());
    bodies
        .filter_map(|body| serde_json::from_str::<Vec<Box<RawValue>>>(&body).ok())
        .flatten()
        .map(|item| item.get().to_owned())
        .collect()
}

/// The body with the first items of a folder, again and again until there are enough: repeats are read, but not told.
fn repeated(items: &[String]) -> String {
    let chosen: Vec<&str> = items.iter().map(String::as_str).cycle().take(BATCH).collect();
    format!("[{}]", chosen.join(","))
}

#[test]
#[ignore = "it measures, and proves nothing"]
fn a_batch_of_fifty_transactions() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let real = project.join("../shared/fixtures/helius");
    let mut bodies = vec![("the project's own", repeated(&items(&project.join("tests/fixtures/helius"))))];
    if real.exists() {
        let batch = fs::read_to_string(real.join("45_batch_50_real_mixed.json")).unwrap();
        bodies.push(("real, mixed", batch));
        bodies.push(("real, mostly trades", repeated(&items(&real))));
    }
    for (name, body) in bodies {
        let received = UnixMillis(1_800_000_000_000);
        let whole = mean(|| drop(black_box(helius::read(black_box(&body), received).unwrap())));
        let passed_over = mean(|| drop(black_box(serde_json::from_str::<Vec<&RawValue>>(black_box(&body)))));
        let webhook = helius::read(&body, received).unwrap();
        let written = mean(|| {
            for found in &webhook.found {
                found.trades.iter().for_each(|trade| drop(black_box(market::trade(found, trade, None))));
            }
        });
        println!(
            "{name}: {} kB, {} trades: {} µs to read, of which {} µs to pass over the JSON once; {} µs to write",
            body.len() / 1_000,
            webhook.trades(),
            whole.as_micros(),
            passed_over.as_micros(),
            written.as_micros(),
        );
    }
}

//! What is done every ten minutes: what is too old is thrown away, in steps of a bounded size. It must not decide how old
//! that is.

use worker::{Env, Result};

use super::config::{self, Config};
use super::{log, runtime, store};

/// Rows that one statement deletes at most. The database does nothing else meanwhile: 0.1 to 0.4 s where they are full
/// (`npm run prices`).
const ROWS: u32 = 2_000;

/// How long one kind of thing is thrown away before the others have their turn, in milliseconds. What is left is there in
/// ten minutes.
const MILLIS: u64 = 20_000;

/// Does one round. Whatever it does not get to is done in the next one, and to do it twice, or twice at a time, changes
/// nothing. What fails stops nothing else.
pub async fn run(env: &Env) {
    let config = config::of(env);
    let Ok(config) = config.as_ref() else {
        // How long to keep what is not known then. The mistakes are in the log.
        return;
    };
    report("prices", forget_prices(env, config).await);
    let now = runtime::now();
    report("uploads", store::uploads::sweep(env, now).await.map(drop));
    report("alert_rules", store::alert_rules::sweep(env, now).await.map(drop));
}

fn report(step: &str, done: Result<()>) {
    if let Err(error) = done {
        log::schedule_failed(step, &error);
    }
}

/// Forgets the hours that ended longer ago than candles are kept.
async fn forget_prices(env: &Env, config: &Config) -> Result<()> {
    let database = store::database(env).await?;
    let started = runtime::now();
    let first_kept = started.seconds().saturating_sub(config.prices_retention_millis / 1_000);
    // What has begun an hour before may not have ended.
    let then = first_kept.saturating_sub(3_600) + 1;
    while runtime::now().since(started) < MILLIS {
        let before = runtime::now();
        let forgotten = store::prices::forget_before(&database, then, ROWS).await?;
        if forgotten == 0 {
            break;
        }
        log::thrown_away("prices", forgotten, runtime::now().since(before), config);
    }
    Ok(())
}

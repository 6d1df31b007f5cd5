//! What is done every ten minutes: what is too old is thrown away, in steps of a bounded size, until nothing is left or the
//! time is up. It must not decide how old that is.

use worker::{D1Database, Env, Result};

use super::config::{self, Config};
use super::{log, runtime, store};

/// Rows that one statement deletes at most. The database does nothing else meanwhile: 0.1 to 0.4 s where they are full
/// (`npm run prices`).
const ROWS: u32 = 2_000;

/// The most pictures that one step deletes: the bucket takes a thousand at once.
const PICTURES: u32 = 1_000;

/// How long one round may take, in milliseconds. What is left is there in ten minutes.
const MILLIS: u64 = 60_000;

/// What is thrown away.
#[derive(Clone, Copy)]
enum Kind {
    Prices,
    Uploads,
    FiredRules,
    WaitingRules,
    Balances,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Prices, Self::Uploads, Self::FiredRules, Self::WaitingRules, Self::Balances];

    fn name(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Uploads => "uploads",
            Self::FiredRules => "fired_alert_rules",
            Self::WaitingRules => "waiting_alert_rules",
            Self::Balances => "balances",
        }
    }
}

/// Does one round: a step of each kind after the other, until nothing is left of any, so that much of one kind is not in the
/// way of the others. Whatever it does not get to is done in the next one, and to do it twice, or twice at a time, changes
/// nothing. What fails stops nothing else.
pub async fn run(env: &Env) {
    let config = config::of(env);
    let Ok(config) = config.as_ref() else {
        // How long to keep what is not known then. The mistakes are in the log.
        return;
    };
    let started = runtime::now();
    let mut kinds = Kind::ALL.to_vec();
    while !kinds.is_empty() {
        let mut left = Vec::new();
        for kind in kinds {
            if runtime::now().since(started) >= MILLIS {
                return;
            }
            match step(env, config, kind).await {
                Ok(0) => {}
                Ok(_) => left.push(kind),
                Err(error) => log::schedule_failed(kind.name(), &error),
            }
        }
        kinds = left;
    }
}

/// Throws some of a kind away, and says how many.
async fn step(env: &Env, config: &Config, kind: Kind) -> Result<usize> {
    let database = store::database(env).await?;
    let before = runtime::now();
    let gone = match kind {
        Kind::Prices => forget_prices(&database, config).await?,
        Kind::Uploads => store::uploads::sweep(env, before, PICTURES).await?,
        Kind::FiredRules => store::alert_rules::sweep_fired(&database, before, ROWS).await?,
        Kind::WaitingRules => store::alert_rules::sweep_waiting(&database, before, ROWS).await?,
        Kind::Balances => {
            let first_kept = before.seconds().saturating_sub(config.balances_retention_millis / 1_000);
            store::balance_snapshots::forget_before(&database, first_kept, ROWS).await?
        }
    };
    if gone > 0 {
        log::thrown_away(kind.name(), gone, runtime::now().since(before), config);
    }
    Ok(gone)
}

/// Forgets some of the hours that ended longer ago than candles are kept.
async fn forget_prices(database: &D1Database, config: &Config) -> Result<usize> {
    let first_kept = runtime::now().seconds().saturating_sub(config.prices_retention_millis / 1_000);
    // What has begun an hour before may not have ended.
    store::prices::forget_before(database, first_kept.saturating_sub(3_600) + 1, ROWS).await
}

//! Copies in KV of what is read often and changes seldom. It must not hold anything that has to be exact: readers may see
//! what was true a minute ago.
//!
//! What SOL costs in dollars is one: every webhook needs it, wherever it is answered. What is known of a token is none: a
//! read here costs $0.50 for a million, and the token's row in the database $0.001; and where a name or a symbol goes out
//! with a publication, the room has learnt it.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use worker::{Env, Error, Result, kv::KvStore};

use crate::core::decimal::Decimal;
use crate::core::tick::ChainTime;
use crate::core::time::UnixMillis;
use crate::edge::bindings::HOT_COPIES_BINDING;
use crate::edge::{log, runtime};

const SOL_USD: &str = "sol-usd";

/// For how long an isolate believes what it has read, and how long nobody writes again, in milliseconds.
const FRESH: u64 = 60_000;

/// After how many seconds a price is no longer one.
const EXPIRES: u64 = 3_600;

/// What SOL costs in dollars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolUsd {
    /// How much.
    pub price: Decimal,
    /// When it cost that.
    pub at: ChainTime,
}

/// The same as it is stored, with when that was, in Unix milliseconds.
#[derive(Serialize, Deserialize)]
struct Stored {
    price: String,
    timestamp: u64,
    slot: u64,
    written: u64,
}

/// What an isolate has read or written, and when.
struct Read {
    at: UnixMillis,
    copy: Option<Copy>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Copy {
    price: SolUsd,
    written: UnixMillis,
}

thread_local! {
    static READ: RefCell<Option<Read>> = const { RefCell::new(None) };
}

/// What SOL costs in dollars, as it was lately; `None` where nobody knows.
pub async fn sol_usd(env: &Env) -> Option<SolUsd> {
    match read(env).await {
        Ok(copy) => copy.map(|copy| copy.price),
        Err(error) => {
            log::hot_copy_failed(&error);
            None
        }
    }
}

/// Writes down what SOL costs in dollars, unless that was done within the last minute or a later price is there.
///
/// # Errors
/// What KV throws.
pub async fn put_sol_usd(env: &Env, price: &SolUsd) -> Result<()> {
    let now = runtime::now();
    if !is_due(read(env).await?.as_ref(), price, now) {
        return Ok(());
    }
    let copy = Copy { price: price.clone(), written: now };
    // Others in this isolate are not to write as well while this is under way.
    remember(now, Some(copy.clone()));
    let put = store(env)?.put(SOL_USD, copy.encode()?).map_err(Error::from)?;
    put.expiration_ttl(EXPIRES).execute().await.map_err(Error::from)
}

async fn read(env: &Env) -> Result<Option<Copy>> {
    let now = runtime::now();
    let known = READ.with_borrow(|read| {
        let fresh = read.as_ref().filter(|read| now.since(read.at) < FRESH);
        fresh.map(|read| read.copy.clone())
    });
    if let Some(copy) = known {
        return Ok(copy);
    }
    let text = store(env)?.get(SOL_USD).text().await.map_err(Error::from)?;
    let copy = text.as_deref().and_then(Copy::decode);
    remember(now, copy.clone());
    Ok(copy)
}

fn remember(at: UnixMillis, copy: Option<Copy>) {
    READ.with_borrow_mut(|read| *read = Some(Read { at, copy }));
}

fn is_due(known: Option<&Copy>, price: &SolUsd, now: UnixMillis) -> bool {
    known.is_none_or(|known| now.since(known.written) >= FRESH && known.price.at <= price.at)
}

fn store(env: &Env) -> Result<KvStore> {
    env.kv(HOT_COPIES_BINDING)
}

impl Copy {
    fn encode(&self) -> Result<String> {
        let SolUsd { price, at } = &self.price;
        let (timestamp, slot) = (at.timestamp, at.slot);
        let stored = Stored { price: price.to_string(), timestamp, slot, written: self.written.0 };
        Ok(serde_json::to_string(&stored)?)
    }

    fn decode(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let at = ChainTime { timestamp: stored.timestamp, slot: stored.slot };
        let price = SolUsd { price: Decimal::parse(&stored.price)?, at };
        Some(Self { price, written: UnixMillis(stored.written) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(timestamp: u64) -> SolUsd {
        SolUsd { price: Decimal::parse("150.25").unwrap(), at: ChainTime { timestamp, slot: 7 } }
    }

    fn copy(timestamp: u64, written: u64) -> Copy {
        Copy { price: price(timestamp), written: UnixMillis(written) }
    }

    #[test]
    fn a_copy_is_read_as_it_was_written() {
        let text = copy(10, 11_000).encode().unwrap();
        assert_eq!(text, r#"{"price":"150.25","timestamp":10,"slot":7,"written":11000}"#);
        assert_eq!(Copy::decode(&text), Some(copy(10, 11_000)));
        assert_eq!(Copy::decode("150.25"), None, "of another version");
    }

    #[test]
    fn it_is_written_once_a_minute_and_never_with_an_older_price() {
        let known = copy(100, 100_000);
        assert!(is_due(None, &price(100), UnixMillis(0)));
        assert!(!is_due(Some(&known), &price(101), UnixMillis(159_999)));
        assert!(is_due(Some(&known), &price(101), UnixMillis(160_000)));
        assert!(!is_due(Some(&known), &price(99), UnixMillis(160_000)));
    }
}

//! The table of candles, in the database: an hour of a token in a row. It must not decide when a minute is written down,
//! nor what is shown of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use worker::{D1Database, D1PreparedStatement, Error, Result};

use super::{number, tokens};
use crate::core::chart::WrittenHour;
use crate::core::decimal::Decimal;
use crate::core::market::candle::Candle;
use crate::core::market::candles::Flush;
use crate::core::market::hour::{Hour, HourStart, StoredCandle};
use crate::core::tick::{ChainTime, Phase, Quote};
use crate::core::time::UnixMillis;
use crate::core::token::LastPrice;
use crate::core::topic::Topic;
use crate::wire::candle_row;

/// How often somebody else may write the same hour in between before a flush gives up. It is tried again by its room.
const TRIES: u32 = 4;

// The minutes are read of those hours alone whose minutes are asked for: they are a hundred times as long as the rest.
const SHOW: &str = "SELECT hour, open, high, low, close, volume, trades, \
     CASE WHEN ?4 OR hour IN (SELECT value FROM json_each(?5)) THEN minutes END AS minutes \
     FROM prices WHERE mint = ?1 AND quote = ?2 AND hour >= ?3 ORDER BY hour";

const ANY_QUOTE: &str = "SELECT quote FROM prices WHERE mint = ?1 LIMIT 1";

const LOAD: &str = "SELECT prices.quote, prices.hour, prices.version, prices.minutes FROM json_each(?2) AS wanted \
     CROSS JOIN prices ON prices.mint = ?1 AND prices.quote = wanted.value ->> 0 \
     AND prices.hour = wanted.value ->> 1";

// Nothing is changed where somebody else has written the row since it was read.
const SAVE: &str = "INSERT INTO prices \
     (mint, quote, hour, open, high, low, close, volume, trades, version, minutes) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
     ON CONFLICT (mint, quote, hour) DO UPDATE SET \
     open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, \
     volume = excluded.volume, trades = excluded.trades, version = excluded.version, minutes = excluded.minutes \
     WHERE version = excluded.version - 1";

const FORGET: &str = "DELETE FROM prices WHERE (mint, quote, hour) IN \
     (SELECT mint, quote, hour FROM prices WHERE hour < ?1 LIMIT ?2)";

/// Which minutes are read besides the hours' own candles.
pub enum Minutes {
    /// Those of all hours.
    All,
    /// Those of these hours.
    Of(BTreeSet<HourStart>),
}

#[derive(Deserialize)]
struct ShownRow {
    hour: u64,
    open: String,
    high: String,
    low: String,
    close: String,
    volume: String,
    trades: u64,
    minutes: Option<String>,
}

#[derive(Deserialize)]
struct LoadedRow {
    quote: String,
    hour: u64,
    version: u64,
    minutes: String,
}

/// An hour as it was read, and how often it had been written.
#[derive(Clone, Default)]
struct Loaded {
    hour: Hour,
    version: u64,
}

/// What is written down of a token's prices in `quote`, from the hour `first` on.
///
/// # Errors
/// What the database throws, and a row that can't be read.
pub async fn hours(
    database: &D1Database,
    token: &Topic,
    quote: &Quote,
    first: HourStart,
    minutes: &Minutes,
) -> Result<Vec<WrittenHour>> {
    let (all, some) = match minutes {
        Minutes::All => (true, vec![]),
        Minutes::Of(hours) => (false, hours.iter().map(|hour| hour.0).collect()),
    };
    let statement = database.prepare(SHOW).bind(&[
        token.as_str().into(),
        quote.as_str().into(),
        number(first.0)?,
        all.into(),
        serde_json::to_string(&some)?.into(),
    ])?;
    let rows: Vec<ShownRow> = statement.all().await?.results()?;
    rows.iter().map(shown).collect()
}

/// What of a token's prices is written down in, where nobody knows what it was first priced in; `None` for nothing.
///
/// # Errors
/// What the database throws.
pub async fn any_quote(database: &D1Database, token: &Topic) -> Result<Option<Quote>> {
    let name: Option<String> =
        database.prepare(ANY_QUOTE).bind(&[token.as_str().into()])?.first(Some("quote")).await?;
    Ok(name.as_deref().and_then(Quote::parse))
}

/// Writes closed minutes down, and with them where the token is traded and what it costs now. What is there already is left as it is: to write the
/// same again changes nothing, and neither does a write that comes late. Returns why hours, or the price, were left out that can
/// never be written: the others are all the same.
///
/// # Errors
/// What the database throws. Nothing is lost then: it can be tried again.
pub async fn flush(
    database: &D1Database,
    token: &Topic,
    flush: &Flush,
    (phase, last): (Option<Phase>, Option<&LastPrice>),
    now: UnixMillis,
) -> Result<Vec<String>> {
    for _ in 0..TRIES {
        let (mut statements, mut left_out) = changed(database, token, flush).await?;
        let hours = statements.len();
        let token = match last {
            Some(last) => tokens::price(database, token, last, now),
            None => tokens::traded(database, token, phase, now),
        };
        match token {
            Ok(token) => statements.push(token),
            Err(error) => left_out.push(format!("the price: {error}")),
        }
        if statements.is_empty() {
            return Ok(left_out);
        }
        let written = database.batch(statements).await?;
        let mut changes = written
            .iter()
            .take(hours)
            .map(|result| Ok(result.meta()?.and_then(|meta| meta.changes).unwrap_or_default()));
        if changes.try_fold(true, |all, changes: Result<usize>| changes.map(|count| all && count > 0))? {
            return Ok(left_out);
        }
    }
    Err(Error::RustError(format!("somebody else wrote the same hours {TRIES} times")))
}

/// Forgets at most `limit` hours that begin before `then`, in Unix seconds, and says how many it were.
///
/// # Errors
/// What the database throws.
pub async fn forget_before(database: &D1Database, then: u64, limit: u32) -> Result<usize> {
    let result = database.prepare(FORGET).bind(&[number(then)?, limit.into()])?.run().await?;
    Ok(result.meta()?.and_then(|meta| meta.changes).unwrap_or_default())
}

/// The statements that write those hours which a flush changes, and why hours are left out.
async fn changed(
    database: &D1Database,
    token: &Topic,
    flush: &Flush,
) -> Result<(Vec<D1PreparedStatement>, Vec<String>)> {
    let mut loaded = load(database, token, flush).await?;
    let (mut statements, mut left_out) = (Vec::new(), Vec::new());
    for (place, additions) in &flush.hours {
        let Loaded { hour: before, version } = match loaded.remove(place).transpose() {
            Ok(loaded) => loaded.unwrap_or_default(),
            Err(error) => {
                left_out.push(error.to_string());
                continue;
            }
        };
        let (quote, start) = place;
        let mut hour = Hour { start: *start, ..before.clone() };
        hour.add(additions.iter().cloned());
        if hour.minutes == before.minutes {
            continue;
        }
        match save(database, token, quote, &hour, version + 1).transpose() {
            Some(Ok(statement)) => statements.push(statement),
            Some(Err(error)) => left_out.push(unreadable(start.0, &error).to_string()),
            None => {}
        }
    }
    Ok((statements, left_out))
}

/// The statement that writes an hour; `None` for one of no minutes.
fn save(
    database: &D1Database,
    token: &Topic,
    quote: &Quote,
    hour: &Hour,
    version: u64,
) -> Result<Option<D1PreparedStatement>> {
    let Some(StoredCandle { candle, .. }) = hour.summary() else { return Ok(None) };
    let statement = database.prepare(SAVE).bind(&[
        token.as_str().into(),
        quote.as_str().into(),
        number(hour.start.0)?,
        candle.open.to_string().into(),
        candle.high.to_string().into(),
        candle.low.to_string().into(),
        candle.close.to_string().into(),
        candle.volume.to_string().into(),
        number(candle.trades)?,
        number(version)?,
        candle_row::encode(hour).into(),
    ])?;
    Ok(Some(statement))
}

async fn load(
    database: &D1Database,
    token: &Topic,
    flush: &Flush,
) -> Result<BTreeMap<(Quote, HourStart), Result<Loaded>>> {
    if flush.hours.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted: Vec<(&str, u64)> =
        flush.hours.keys().map(|(quote, start)| (quote.as_str(), start.0)).collect();
    let statement =
        database.prepare(LOAD).bind(&[token.as_str().into(), serde_json::to_string(&wanted)?.into()])?;
    let rows: Vec<LoadedRow> = statement.all().await?.results()?;
    let read = |row: LoadedRow| {
        let start = HourStart(row.hour);
        let quote = Quote::parse(&row.quote).ok_or_else(|| unreadable(row.hour, &"its quote is none"))?;
        let hour = candle_row::decode(start, &row.minutes).map_err(|error| unreadable(row.hour, &error));
        Ok(((quote, start), hour.map(|hour| Loaded { hour, version: row.version })))
    };
    rows.into_iter().map(read).collect()
}

fn shown(row: &ShownRow) -> Result<WrittenHour> {
    let start = HourStart(row.hour);
    if let Some(minutes) = &row.minutes {
        let hour = candle_row::decode(start, minutes).map_err(|error| unreadable(row.hour, &error))?;
        return Ok(WrittenHour::Minutes(hour));
    }
    let read = |text: &str| Decimal::parse(text).ok_or_else(|| unreadable(row.hour, &"a number is none"));
    let at = ChainTime { timestamp: row.hour, slot: 0 };
    let candle = Candle {
        open: read(&row.open)?,
        high: read(&row.high)?,
        low: read(&row.low)?,
        close: read(&row.close)?,
        volume: read(&row.volume)?,
        trades: row.trades,
        // When exactly is in the minutes. It makes no difference for longer steps: no other candle is of this hour.
        first: at,
        last: at,
    };
    Ok(WrittenHour::Summary(start, Box::new(candle)))
}

fn unreadable(hour: u64, why: &impl std::fmt::Display) -> Error {
    Error::RustError(format!("the row of the hour {hour}: {why}"))
}

//! The table of tokens, in the database. It must not know who says what of a token, nor decide who is told.

use serde::Deserialize;
use worker::{D1Database, D1PreparedStatement, Error, Result};

use super::{before, number, optional};
use crate::core::decimal::Decimal;
use crate::core::found::Creation;
use crate::core::tick::{ChainTime, Phase, Quote};
use crate::core::time::UnixMillis;
use crate::core::token::{Description, LastPrice, Token};
use crate::core::topic::Topic;
use crate::wire::token::TokenChange;
use crate::wire::token_query::TokenQuery;

const GET: &str = "SELECT * FROM tokens WHERE mint = ?1";

// A condition on a parameter would keep the database from its indexes: each list has a statement of its own.
const LIST: &str = "SELECT * FROM tokens WHERE (created_at, mint) < (?1, ?2) \
                    ORDER BY created_at DESC, mint DESC LIMIT ?3";
const LIST_OF_PHASE: &str = "SELECT * FROM tokens WHERE phase = ?4 AND (created_at, mint) < (?1, ?2) \
                             ORDER BY created_at DESC, mint DESC LIMIT ?3";

// ?2 is the change as JSON: what it does not have stays as it is.
const CHANGE: &str = "INSERT INTO tokens \
     (mint, name, symbol, description, uri, image, creator, supply, phase, created_at, updated_at) VALUES \
     (?1, ?2 ->> '$.name', ?2 ->> '$.symbol', ?2 ->> '$.description', ?2 ->> '$.uri', ?2 ->> '$.image', \
      ?2 ->> '$.creator', ?2 ->> '$.supply', ?2 ->> '$.phase', ?3, ?3) \
     ON CONFLICT (mint) DO UPDATE SET \
     name = iif(json_type(?2, '$.name') IS NULL, name, excluded.name), \
     symbol = iif(json_type(?2, '$.symbol') IS NULL, symbol, excluded.symbol), \
     description = iif(json_type(?2, '$.description') IS NULL, description, excluded.description), \
     uri = iif(json_type(?2, '$.uri') IS NULL, uri, excluded.uri), \
     image = iif(json_type(?2, '$.image') IS NULL, image, excluded.image), \
     creator = iif(json_type(?2, '$.creator') IS NULL, creator, excluded.creator), \
     supply = iif(json_type(?2, '$.supply') IS NULL, supply, excluded.supply), \
     phase = iif(phase = 'amm', phase, coalesce(excluded.phase, phase)), \
     updated_at = max(updated_at, excluded.updated_at) \
     RETURNING *";

// What somebody has said of a token goes before what the chain says.
const NOTE: &str = "INSERT INTO tokens \
     (mint, name, symbol, description, uri, image, creator, supply, phase, announced_at, created_at, updated_at) \
     VALUES \
     (?1, ?2 ->> '$.name', ?2 ->> '$.symbol', ?2 ->> '$.description', ?2 ->> '$.uri', ?2 ->> '$.image', \
      ?2 ->> '$.creator', ?2 ->> '$.supply', ?3, iif(?4, ?5, NULL), ?5, ?5) \
     ON CONFLICT (mint) DO UPDATE SET \
     name = coalesce(name, excluded.name), symbol = coalesce(symbol, excluded.symbol), \
     description = coalesce(description, excluded.description), uri = coalesce(uri, excluded.uri), \
     image = coalesce(image, excluded.image), creator = coalesce(creator, excluded.creator), \
     supply = coalesce(supply, excluded.supply), \
     phase = iif(phase = 'amm', phase, excluded.phase), \
     announced_at = coalesce(announced_at, excluded.announced_at), \
     updated_at = max(updated_at, excluded.updated_at)";

const ANNOUNCED: &str = "UPDATE tokens SET announced_at = ?2 WHERE mint = ?1 AND announced_at IS NULL";

// An older price never takes the place of a newer one; where no slot is known, nobody can tell within a second. The phase is told with it, and never goes back.
const PRICE: &str = "INSERT INTO tokens \
     (mint, phase, price, quote, priced_at, priced_slot, created_at, updated_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) \
     ON CONFLICT (mint) DO UPDATE SET \
     phase = iif(phase = 'amm', phase, coalesce(excluded.phase, phase)), \
     price = excluded.price, quote = excluded.quote, \
     priced_at = excluded.priced_at, priced_slot = excluded.priced_slot \
     WHERE priced_at IS NULL OR priced_at < excluded.priced_at \
     OR (priced_at = excluded.priced_at AND (excluded.priced_slot = 0 OR priced_slot <= excluded.priced_slot))";

// Nobody has said anything of it, so nothing else changes.
const TRADED: &str = "INSERT INTO tokens (mint, phase, created_at, updated_at) VALUES (?1, ?2, ?3, ?3) \
     ON CONFLICT (mint) DO UPDATE SET phase = excluded.phase \
     WHERE excluded.phase IS NOT NULL AND coalesce(phase, '') NOT IN ('amm', excluded.phase)";

#[derive(Deserialize)]
struct Row {
    mint: String,
    name: Option<String>,
    symbol: Option<String>,
    description: Option<String>,
    uri: Option<String>,
    image: Option<String>,
    creator: Option<String>,
    supply: Option<String>,
    phase: Option<String>,
    price: Option<String>,
    quote: Option<String>,
    priced_at: Option<u64>,
    priced_slot: Option<u64>,
    announced_at: Option<u64>,
    created_at: u64,
    updated_at: u64,
}

/// What is known of a token.
///
/// # Errors
/// What the database throws, and a row that can't be read.
pub async fn get(database: &D1Database, token: &Topic) -> Result<Option<Token>> {
    Ok(read(&database.prepare(GET).bind(&[token.as_str().into()])?).await?.pop())
}

/// The newest tokens that a query asks for: at most one more than the page has.
///
/// # Errors
/// What the database throws, and a row that can't be read.
pub async fn list(database: &D1Database, query: &TokenQuery) -> Result<Vec<Token>> {
    let (at, mint) = before(&query.page);
    let values = [number(at)?, mint.into(), query.page.wanted().into()];
    let statement = match query.phase {
        None => database.prepare(LIST).bind(&values)?,
        Some(phase) => {
            database.prepare(LIST_OF_PHASE).bind(&[&values[..], &[phase.name().into()]].concat())?
        }
    };
    read(&statement).await
}

/// Writes down what a publisher says of a token, and gives the token as it is then. Its phase never goes back.
///
/// # Errors
/// What the database throws, and a row that can't be read.
pub async fn change(
    database: &D1Database,
    token: &Topic,
    change: &TokenChange,
    now: UnixMillis,
) -> Result<Token> {
    let values = [token.as_str().into(), change.encode().into(), number(now.seconds())?];
    one(&database.prepare(CHANGE).bind(&values)?).await
}

/// Writes down that a token was made on its bonding curve, and that everybody was told so. To do so again changes nothing.
///
/// # Errors
/// What the database throws.
pub async fn created(
    database: &D1Database,
    token: &Topic,
    creation: &Creation,
    now: UnixMillis,
) -> Result<()> {
    note(database, token, &TokenChange::of_creation(creation), (Phase::Bonding, true), now).await
}

/// Writes down that a token is traded in pools from now on. To do so again changes nothing.
///
/// # Errors
/// What the database throws.
pub async fn moved_to_amm(database: &D1Database, token: &Topic, now: UnixMillis) -> Result<()> {
    note(database, token, &TokenChange::default(), (Phase::Amm, false), now).await
}

async fn note(
    database: &D1Database,
    token: &Topic,
    change: &TokenChange,
    (phase, is_announced): (Phase, bool),
    now: UnixMillis,
) -> Result<()> {
    let statement = database.prepare(NOTE).bind(&[
        token.as_str().into(),
        change.encode().into(),
        phase.name().into(),
        is_announced.into(),
        number(now.seconds())?,
    ])?;
    statement.run().await?;
    Ok(())
}

/// Writes down that everybody was told of a token.
///
/// # Errors
/// What the database throws.
pub async fn announced(database: &D1Database, token: &Topic, now: UnixMillis) -> Result<()> {
    let values = [token.as_str().into(), number(now.seconds())?];
    database.prepare(ANNOUNCED).bind(&values)?.run().await?;
    Ok(())
}

/// The statement that writes down what a token costs, and its phase where that is known, unless a later price is there. Of
/// a token that nothing is known of it makes a row.
///
/// # Errors
/// What the database throws.
pub(super) fn price(
    database: &D1Database,
    token: &Topic,
    last: &LastPrice,
    now: UnixMillis,
) -> Result<D1PreparedStatement> {
    database.prepare(PRICE).bind(&[
        token.as_str().into(),
        optional(last.phase.map(Phase::name)),
        last.price.to_string().into(),
        last.quote.as_str().into(),
        number(last.at.timestamp)?,
        number(last.at.slot)?,
        number(now.seconds())?,
    ])
}

/// The statement that writes down that a token is traded, and where, if that is known. Of a token that nothing is known of it
/// makes a row.
///
/// # Errors
/// What the database throws.
pub(super) fn traded(
    database: &D1Database,
    token: &Topic,
    phase: Option<Phase>,
    now: UnixMillis,
) -> Result<D1PreparedStatement> {
    let phase = optional(phase.map(Phase::name));
    database.prepare(TRADED).bind(&[token.as_str().into(), phase, number(now.seconds())?])
}

async fn one(statement: &D1PreparedStatement) -> Result<Token> {
    let returned = read(statement).await?.pop();
    returned.ok_or_else(|| Error::RustError("the table of tokens returned no row".to_owned()))
}

async fn read(statement: &D1PreparedStatement) -> Result<Vec<Token>> {
    let rows: Vec<Row> = statement.all().await?.results()?;
    rows.into_iter().map(Token::try_from).collect()
}

impl TryFrom<Row> for Token {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let topic = Topic::parse(&row.mint)
            .map_err(|error| Error::RustError(format!("a row of the tokens: {error}")))?;
        let phase = row.phase.as_deref().and_then(Phase::parse);
        let price = match (row.price.as_deref().and_then(Decimal::parse), row.priced_at) {
            (Some(price), Some(timestamp)) => Some(LastPrice {
                price,
                quote: row.quote.as_deref().and_then(Quote::parse).unwrap_or_default(),
                at: ChainTime { timestamp, slot: row.priced_slot.unwrap_or_default() },
                phase,
            }),
            _ => None,
        };
        Ok(Self {
            topic,
            description: Description {
                name: row.name,
                symbol: row.symbol,
                text: row.description,
                uri: row.uri,
                image: row.image,
                creator: row.creator,
            },
            supply: row.supply.as_deref().and_then(Decimal::parse),
            phase,
            price,
            is_announced: row.announced_at.is_some(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

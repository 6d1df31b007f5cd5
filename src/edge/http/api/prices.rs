//! `GET /tokens/:mint/price` and `GET /tokens/:mint/prices`: what a room holds, and what is written down. It must not know
//! when something is written down.

use worker::Request;

use super::Call;
use super::conditional;
use super::problem::ApiError;
use super::resource::TokenPath;
use super::tokens::{LOOK_EACH_TIME, public};
use crate::core::market::hour::{Addition, Hour};
use crate::core::tick::Quote;
use crate::core::token::LastPrice;
use crate::core::topic::Topic;
use crate::edge::http::problems::HttpError;
use crate::edge::http::respond::{self, Answer};
use crate::edge::http::rooms;
use crate::edge::store::prices::Minutes;
use crate::edge::{runtime, store};
use crate::wire::market_answer::MarketAnswer;
use crate::wire::price::{self, Place};
use crate::wire::price_query::PriceQuery;

/// The latest price, in what the token was first priced in: as the room knows it, or where the room has forgotten it, as
/// it was last written down.
pub async fn latest(call: &Call<'_>, token: TokenPath) -> Result<Answer, HttpError> {
    let token = public(token)?;
    let market = rooms::market(call.env, &token).await?;
    let last = match market.last_price() {
        Some(last) => last,
        None => written_price(call, &token).await?,
    };
    Ok(respond::json(200, price::encode(&token, &last, place_of(&market)))?.into())
}

/// A chart. The room is asked first: what it writes down after that is known by its groups, and counts once.
pub async fn chart(request: &Request, call: &Call<'_>, token: TokenPath) -> Result<Answer, HttpError> {
    let token = public(token)?;
    let PriceQuery { span, quote } = PriceQuery::decode(call.query).map_err(ApiError::from)?;
    let market = rooms::market(call.env, &token).await?;
    let quote = quote.unwrap_or(main_quote(call, &token, &market).await?);
    let place = place_of(&market);
    let held = held_in(market, &quote);
    let minutes = if span.is_of_hours() {
        Minutes::Of(held.iter().map(|addition| Hour::start_of(addition.minute)).collect())
    } else {
        Minutes::All
    };
    let now = runtime::now().seconds();
    let database = store::database(call.env).await?;
    let written = store::prices::hours(&database, &token, &quote, span.first_hour(now), &minutes).await?;
    let steps = span.draw(written, held, now);
    let body = price::encode_chart(&token, &quote, span, &steps, place);
    Ok(conditional::json(request, body, LOOK_EACH_TIME)?)
}

fn place_of(market: &MarketAnswer) -> Place {
    Place { seq: market.seq, epoch: market.epoch }
}

/// The price that was last written down.
async fn written_price(call: &Call<'_>, token: &Topic) -> Result<LastPrice, HttpError> {
    let known = store::tokens::get(&store::database(call.env).await?, token).await?;
    Ok(known.and_then(|known| known.price).ok_or(ApiError::NoPrice)?)
}

/// What a token is charted in where nobody says: what it was first priced in, or where nothing that happened was a price,
/// what it was traded in.
async fn main_quote(call: &Call<'_>, token: &Topic, market: &MarketAnswer) -> Result<Quote, HttpError> {
    if let Some(quote) = market.quote.clone() {
        return Ok(quote);
    }
    let database = store::database(call.env).await?;
    let priced = store::tokens::get(&database, token).await?.and_then(|known| known.price);
    let written = match priced {
        Some(last) => Some(last.quote),
        None => store::prices::any_quote(&database, token).await?,
    };
    let held = || market.waiting.first().map(|(quote, _)| quote.clone());
    Ok(written.or_else(held).ok_or(ApiError::NoPrice)?)
}

fn held_in(market: MarketAnswer, quote: &Quote) -> Vec<Addition> {
    let held = market.waiting.into_iter().filter(|(held_in, _)| held_in == quote);
    held.map(|(_, addition)| addition).collect()
}

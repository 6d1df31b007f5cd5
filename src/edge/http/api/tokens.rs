//! `GET /tokens`, `GET /tokens/:mint` and `PUT /tokens/:mint`. It must not know how a token is kept, nor what is done of
//! its price.

use worker::{D1Database, Request};

use super::Call;
use super::conditional::{self, Keep};
use super::problem::ApiError;
use super::resource::TokenPath;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Seq};
use crate::core::signed_request::Receipt;
use crate::core::token::Token;
use crate::core::topic::{Topic, Visibility};
use crate::edge::http::messages::Wait;
use crate::edge::http::problems::HttpError;
use crate::edge::http::publishers::{Authenticated, authenticate};
use crate::edge::http::respond::{self, Answer};
use crate::edge::http::rooms;
use crate::edge::signed_requests::{self, Signed};
use crate::edge::{runtime, store};
use crate::wire::page::Cursor;
use crate::wire::payload;
use crate::wire::token::{self, MAX_TOKEN_BYTES, TokenChange};
use crate::wire::token_query::TokenQuery;

/// What everybody may keep, and asks about before it is used again.
pub(super) const LOOK_EACH_TIME: Keep = Keep::Public(0);

/// A page of the newest tokens.
pub async fn list(request: &Request, call: &Call<'_>) -> Result<Answer, HttpError> {
    let query = TokenQuery::decode(call.query).map_err(ApiError::from)?;
    let mut tokens = store::tokens::list(&store::database(call.env).await?, &query).await?;
    let cursor = |token: &Token| Cursor { at: token.created_at, id: token.topic.to_string() };
    let next = query.page.cut_by_size(&mut tokens, |token| token::encode(token).len(), cursor);
    Ok(conditional::json(request, token::encode_page(&tokens, next), LOOK_EACH_TIME)?)
}

/// What is known of a token: what is written down, and what its room knows since. A price is written down once a minute.
pub async fn get(request: &Request, call: &Call<'_>, token: TokenPath) -> Result<Answer, HttpError> {
    let token = public(token)?;
    let market = rooms::market(call.env, &token).await?;
    let known = store::tokens::get(&store::database(call.env).await?, &token).await?;
    let last = market.last_price();
    let since = last.as_ref().map(|last| last.at.timestamp).or(market.waits_since());
    let known = known.or_else(|| since.map(|since| Token::traded_first(&token, since)));
    let mut known = known.ok_or(ApiError::Unknown { what: "token" })?;
    known.learn(market.phase, last);
    Ok(conditional::json(request, token::encode(&known), LOOK_EACH_TIME)?)
}

/// Writes down what a publisher says of a token, and tells everybody when it is new: 201 then, and 200 ever after.
pub async fn put(mut request: Request, call: &Call<'_>, token: TokenPath) -> Result<Answer, HttpError> {
    let Authenticated { body, signed, .. } =
        authenticate(&mut request, call.env, call.config, MAX_TOKEN_BYTES).await?;
    let token = public(token)?;
    let change = TokenChange::decode(&body).map_err(ApiError::from)?;
    let database = store::database(call.env).await?;
    let known = match signed {
        Some(signed) => change_once(call, &database, signed, &token, &change).await?,
        None => store::tokens::change(&database, &token, &change, runtime::now()).await?,
    };
    if !known.is_announced {
        announce(call, &known).await?;
        store::tokens::announced(&database, &token, runtime::now()).await?;
    }
    let status = if known.is_announced { 200 } else { 201 };
    Ok(respond::json(status, token::encode(&known))?.into())
}

/// Writes down what a signed request says, unless it came before: what was said since stays.
async fn change_once(
    call: &Call<'_>,
    database: &D1Database,
    signed: Signed,
    token: &Topic,
    change: &TokenChange,
) -> Result<Token, HttpError> {
    let receipt = signed_requests::claim(call.env, signed, &format!("PUT /tokens/{token}")).await?;
    if receipt.place_of(token, signed.key).is_some() {
        return Ok(store::tokens::get(database, token).await?.ok_or(ApiError::Unknown { what: "token" })?);
    }
    let known = store::tokens::change(database, token, change, runtime::now()).await?;
    let mut receipt = Receipt::default();
    receipt.note(token, signed.key, Seq::NONE);
    signed_requests::settle(call.env, signed, &receipt).await;
    Ok(known)
}

/// Publishes a token as new, to its topic and so to the feed of new tokens. Who has to try again publishes nothing twice.
async fn announce(call: &Call<'_>, token: &Token) -> Result<(), HttpError> {
    let payload = token::announcement(token, runtime::now().seconds());
    let keyed = payload::publication(&token.topic, payload.as_bytes())?;
    let key = IdempotencyKey::given("glow-broadcast new token")?;
    rooms::publish(call.env, &token.topic, &[Keyed { key: Some(key), ..keyed }], Wait::ForNobody).await?;
    Ok(())
}

/// The token that a path names. What is a person's own is no token.
pub(super) fn public(token: TokenPath) -> Result<Topic, HttpError> {
    let token = token?;
    match token.visibility() {
        Visibility::Public => Ok(token),
        Visibility::Private => Err(ApiError::PrivateToken.into()),
    }
}

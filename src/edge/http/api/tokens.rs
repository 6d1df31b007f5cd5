//! `GET /tokens`, `GET /tokens/:mint` and `PUT /tokens/:mint`. It must not know how a token is kept, nor what is done of
//! its price.

use worker::{Request, Response};

use super::Call;
use super::conditional;
use super::problem::ApiError;
use super::resource::TokenPath;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Keyed;
use crate::core::token::{Cursor, Token};
use crate::core::topic::{Topic, Visibility};
use crate::edge::http::broadcast::authenticate;
use crate::edge::http::problems::HttpError;
use crate::edge::http::{respond, rooms};
use crate::edge::{runtime, store};
use crate::wire::payload;
use crate::wire::token::{self, MAX_TOKEN_BYTES, TokenChange};
use crate::wire::token_query::TokenQuery;

/// A page of the newest tokens.
pub async fn list(request: &Request, call: &Call<'_>) -> Result<Response, HttpError> {
    let query = TokenQuery::decode(call.query).map_err(ApiError::from)?;
    let database = store::database(call.env)?;
    // One more than asked for says whether there are more.
    let more = TokenQuery { limit: query.limit + 1, ..query.clone() };
    let mut tokens = store::tokens::list(&database, &more).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = tokens.len() > limit;
    tokens.truncate(limit);
    let last = tokens.last().filter(|_| has_more);
    let next = last.map(|last| Cursor { created_at: last.created_at, topic: last.topic.clone() });
    Ok(conditional::json(request.headers(), token::encode_page(&tokens, next.as_ref()))?)
}

/// What is known of a token.
pub async fn get(request: &Request, call: &Call<'_>, token: TokenPath) -> Result<Response, HttpError> {
    let token = public(token)?;
    let known = store::tokens::get(&store::database(call.env)?, &token).await?;
    let known = known.ok_or(ApiError::Unknown { what: "token" })?;
    Ok(conditional::json(request.headers(), token::encode(&known))?)
}

/// Writes down what a publisher says of a token, and tells everybody when it is new: 201 then, and 200 ever after.
pub async fn put(mut request: Request, call: &Call<'_>, token: TokenPath) -> Result<Response, HttpError> {
    let body = authenticate(&mut request, call.config, MAX_TOKEN_BYTES).await?.body;
    let token = public(token)?;
    let change = TokenChange::decode(&body).map_err(ApiError::from)?;
    let database = store::database(call.env)?;
    let known = store::tokens::change(&database, &token, &change, runtime::now()).await?;
    if !known.is_announced {
        announce(call, &known).await?;
        store::tokens::announced(&database, &token, runtime::now()).await?;
    }
    let status = if known.is_announced { 200 } else { 201 };
    Ok(respond::json(status, token::encode(&known))?)
}

/// Publishes a token as new, to its topic and so to the feed of new tokens. Who has to try again publishes nothing twice.
async fn announce(call: &Call<'_>, token: &Token) -> Result<(), HttpError> {
    let payload = token::announcement(token, runtime::now().seconds());
    let keyed = payload::publication(&token.topic, payload.as_bytes())?;
    let key = IdempotencyKey::given("glow-broadcast new token")?;
    rooms::publish(call.env, &token.topic, &[Keyed { key: Some(key), ..keyed }]).await?;
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

//! `GET` and `POST /users/:wallet/alerts`, and `DELETE /users/:wallet/alerts/:id`. It must not know when a rule fires.

use worker::{Env, Headers, Request, Response};

use super::conditional::{self, Keep};
use super::problem::ApiError;
use super::resource::WalletPath;
use super::{Call, caller};
use crate::core::charting::RuleChange;
use crate::core::topic::Topic;
use crate::edge::http::body;
use crate::edge::http::problems::HttpError;
use crate::edge::http::respond::{self, Answer};
use crate::edge::store::alert_rules;
use crate::edge::{log, objects, runtime};
use crate::wire::alert_rule as bodies;
use crate::wire::page::{Cursor, Page};
use crate::wire::request_body::MAX_REQUEST_BYTES;
use crate::wire::room_protocol::RULES_PATH;
use crate::wire::rule_change;

/// A user's rules, for that user.
pub async fn list(request: &Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let wallet = caller::owner(request, call, wallet).await?;
    let page = Page::decode(call.query).map_err(ApiError::from)?;
    let mut rules = alert_rules::list(call.env, &wallet, &page).await?;
    let next = page.cut(&mut rules, |last| Cursor { at: last.created.seconds(), id: last.id.clone() });
    Ok(conditional::json(request, bodies::rules(&rules, next.as_deref()), Keep::Private)?)
}

/// Has a rule wait: 201, or 200 where the same waits already. Either way it is watched from then on.
pub async fn create(mut request: Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let wallet = caller::owner(&request, call, wallet).await?;
    let body = body::read(&mut request, MAX_REQUEST_BYTES).await?;
    let wish = bodies::wish(&body).map_err(ApiError::from)?;
    let id = runtime::random_uuid();
    let waiting = alert_rules::insert(call.env, &id, &wallet, &wish, runtime::now()).await?;
    let rule = waiting.ok_or(ApiError::TooManyRules)?;
    // Also of one that waits already: who was told that it is not watched asks again.
    if let Some(watched) = rule.to_be_watched() {
        tell_room(call.env, &rule.wish.token, &RuleChange::Came(watched)).await?;
    }
    if rule.id != id {
        return Ok(respond::json(200, bodies::rule(&rule))?.into());
    }
    let response = respond::json(201, bodies::rule(&rule))?;
    response.headers().set("location", &format!("{}/users/{wallet}/alerts/{id}", call.origin))?;
    Ok(response.into())
}

/// Takes a rule away.
pub async fn delete(
    request: &Request,
    call: &Call<'_>,
    wallet: WalletPath,
    id: &str,
) -> Result<Answer, HttpError> {
    let wallet = caller::owner(request, call, wallet).await?;
    let deleted = alert_rules::delete(call.env, id, &wallet).await?;
    let rule = deleted.ok_or(ApiError::Unknown { what: "alert" })?;
    if let Some(watched) = rule.to_be_watched().filter(|_| rule.fired.is_none())
        && let Err(error) = tell_room(call.env, &rule.wish.token, &RuleChange::Went(watched.id)).await
    {
        // It is told to nobody all the same: a room looks whether a rule still waits.
        log::rules_not_told(&error);
    }
    Ok(Response::empty()?.with_status(204).into())
}

/// Hands the room of a token the rule that came or went.
async fn tell_room(env: &Env, token: &Topic, change: &RuleChange) -> Result<(), HttpError> {
    let (room, body) = (objects::room(env, token)?, rule_change::encode(change).into());
    match objects::post(room, RULES_PATH, Headers::new(), &body).await?.status {
        200..=299 => Ok(()),
        status => Err(HttpError::RoomStatus(status)),
    }
}

//! The Worker's way to the rooms. It must not know what is published or who subscribes.

use wasm_bindgen::JsValue;
use worker::{Env, Headers, Response};

use super::messages::Wait;
use super::problems::HttpError;
use crate::auth::address::AddressHash;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::edge::{balances, objects};
use crate::wire::market_answer::MarketAnswer;
use crate::wire::room_protocol::{
    ADDRESS_HEADER, BUSY, FEEDS_HEADER, KEYS_HEADER, MARKET_HEADER, MARKET_PATH, PROMPT_HEADER, PUBLISH_PATH,
    Published, REFUSED_STATUS, STANDING_PATH, SUBSCRIBE_PATH, decode_refusal, encode_feeds, encode_keys,
    encode_market, encode_publications,
};
use crate::wire::subscription::{self, Subscription};

/// Publishes to one topic, in order, in one request.
pub async fn publish(
    env: &Env,
    topic: &Topic,
    publications: &[Keyed],
    wait: Wait,
) -> Result<Published, HttpError> {
    let headers = Headers::new();
    if wait == Wait::ForNobody {
        headers.set(PROMPT_HEADER, "1")?;
    }
    if let Some(keys) = encode_keys(publications) {
        headers.set(KEYS_HEADER, &keys)?;
    }
    if let Some(feeds) = encode_feeds(publications) {
        headers.set(FEEDS_HEADER, &feeds)?;
    }
    if let Some(market) = encode_market(publications) {
        headers.set(MARKET_HEADER, &market)?;
    }
    let body = JsValue::from_str(&encode_publications(publications));
    let reply = objects::post(objects::room(env, topic)?, PUBLISH_PATH, headers, &body).await?;
    match reply.status {
        200 => {
            let published = Published::decode(&reply.text)?;
            balances::write_down(env, topic, publications, &published).await?;
            Ok(published)
        }
        REFUSED_STATUS if reply.text == BUSY => Err(HttpError::Busy),
        status => Err(HttpError::RoomStatus(status)),
    }
}

/// Hands a handshake on to the topic's room: 101 with the socket, or the room's refusal.
pub async fn subscribe(
    env: &Env,
    topic: &Topic,
    address: Option<&AddressHash>,
    subscription: &Subscription,
) -> Result<Response, HttpError> {
    let headers = Headers::new();
    if let Some(address) = address {
        headers.set(ADDRESS_HEADER, address.as_str())?;
    }
    let path = format!("{SUBSCRIBE_PATH}?{}", subscription::encode(subscription));
    let mut response = objects::handshake(&objects::room(env, topic)?, &path, headers).await?;
    match response.status_code() {
        101 => Ok(response),
        REFUSED_STATUS => Err(HttpError::Refused(decode_refusal(&response.text().await?)?)),
        status => Err(HttpError::RoomStatus(status)),
    }
}

/// How the market of a topic's token stands.
pub async fn market(env: &Env, topic: &Topic) -> Result<MarketAnswer, HttpError> {
    let room = objects::room(env, topic)?;
    let reply = objects::post(room, MARKET_PATH, Headers::new(), &JsValue::from_str("")).await?;
    match reply.status {
        200 => Ok(MarketAnswer::decode(&reply.text)?),
        status => Err(HttpError::RoomStatus(status)),
    }
}

/// How a topic's room and its relays stand, as JSON.
pub async fn standing(env: &Env, topic: &Topic) -> Result<String, HttpError> {
    let room = objects::room(env, topic)?;
    let reply = objects::post(room, STANDING_PATH, Headers::new(), &JsValue::from_str("")).await?;
    match reply.status {
        200 => Ok(reply.text),
        status => Err(HttpError::RoomStatus(status)),
    }
}

//! The Worker's way to the rooms. It must not know what is published or who subscribes.

use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response};

use super::problems::HttpError;
use crate::auth::address::AddressHash;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::edge::bindings::ROOM_BINDING;
use crate::wire::room_protocol::{
    ADDRESS_HEADER, BUSY, KEYS_HEADER, PUBLISH_PATH, Published, REFUSED_STATUS, SUBSCRIBE_PATH,
    decode_refusal, encode_keys, encode_publications,
};
use crate::wire::subscription::{self, Subscription};

/// Publishes to one topic, in order, in one request.
pub async fn publish(env: &Env, topic: &Topic, publications: &[Keyed]) -> Result<Published, HttpError> {
    let mut init = RequestInit::new();
    if let Some(keys) = encode_keys(publications) {
        let headers = Headers::new();
        headers.set(KEYS_HEADER, &keys)?;
        init.with_headers(headers);
    }
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&encode_publications(publications))));
    let mut response = call(env, topic, PUBLISH_PATH, &init).await?;
    let body = response.text().await?;
    match response.status_code() {
        200 => Ok(Published::decode(&body)?),
        REFUSED_STATUS if body == BUSY => Err(HttpError::Busy),
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
    headers.set("upgrade", "websocket")?;
    if let Some(address) = address {
        headers.set(ADDRESS_HEADER, address.as_str())?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let path = format!("{SUBSCRIBE_PATH}?{}", subscription::encode(subscription));
    let mut response = call(env, topic, &path, &init).await?;
    match response.status_code() {
        101 => Ok(response),
        REFUSED_STATUS => Err(HttpError::Refused(decode_refusal(&response.text().await?)?)),
        status => Err(HttpError::RoomStatus(status)),
    }
}

async fn call(env: &Env, topic: &Topic, path: &str, init: &RequestInit) -> Result<Response, HttpError> {
    let room = env.durable_object(ROOM_BINDING)?.get_by_name(topic.as_str())?;
    // The runtime wants a whole URL; its host means nothing.
    let request = Request::new_with_init(&format!("https://room{path}"), init)?;
    Ok(room.fetch_with_request(request).await?)
}

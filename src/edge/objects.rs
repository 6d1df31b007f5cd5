//! The way to the other objects: a request by name, and publications to a room. It must not know why one is asked.

use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Result, Stub};

use super::bindings::{RELAY_BINDING, ROOM_BINDING};
use super::object_error::ObjectError;
use crate::core::publication::Keyed;
use crate::core::relay::name::RelayName;
use crate::core::topic::Topic;
use crate::wire::room_protocol::{KEYS_HEADER, PUBLISH_PATH, encode_keys, encode_publications};

/// The room of a topic.
///
/// # Errors
/// What the runtime throws.
pub fn room(env: &Env, topic: &Topic) -> Result<Stub> {
    env.durable_object(ROOM_BINDING)?.get_by_name(topic.as_str())
}

/// A relay. Where it is not there yet, it comes to be at its place.
///
/// # Errors
/// What the runtime throws.
pub fn relay(env: &Env, name: RelayName) -> Result<Stub> {
    let relays = env.durable_object(RELAY_BINDING)?;
    match name.place {
        Some(place) => relays.get_by_name_with_location_hint(&name.to_string(), place.hint()),
        None => relays.get_by_name(&name.to_string()),
    }
}

/// Sends an object a body.
///
/// # Errors
/// What the runtime throws.
pub async fn post(object: &Stub, path: &str, headers: Headers, body: &JsValue) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.clone()));
    call(object, path, &init).await
}

/// Publishes to a room, for an object that has no use for the answer.
///
/// # Errors
/// What the runtime throws, and a room that does not take them.
pub async fn publish(
    env: &Env,
    topic: &Topic,
    publications: &[Keyed],
) -> std::result::Result<(), ObjectError> {
    let headers = Headers::new();
    if let Some(keys) = encode_keys(publications) {
        headers.set(KEYS_HEADER, &keys)?;
    }
    let body = JsValue::from_str(&encode_publications(publications));
    let mut response = post(&room(env, topic)?, PUBLISH_PATH, headers, &body).await?;
    // A body that nobody reads would keep the request open.
    response.text().await?;
    match response.status_code() {
        200 => Ok(()),
        status => Err(ObjectError::Unreached(status)),
    }
}

/// Hands a WebSocket handshake on to an object.
///
/// # Errors
/// What the runtime throws.
pub async fn handshake(object: &Stub, path: &str, headers: Headers) -> Result<Response> {
    headers.set("upgrade", "websocket")?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    call(object, path, &init).await
}

async fn call(object: &Stub, path: &str, init: &RequestInit) -> Result<Response> {
    // The runtime wants a whole URL; its host means nothing.
    object.fetch_with_request(Request::new_with_init(&format!("https://object{path}"), init)?).await
}

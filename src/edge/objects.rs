//! The way to the other objects: a request by name, and publications to a room. It must not know why one is asked.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Result, Stub, web_sys};

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

/// What an object answered.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub text: String,
}

/// An object as the runtime knows it. Its answer is taken as it comes: `worker::Response` would read it as a stream, chunk
/// by chunk, which is a tenth of what a publication costs.
#[wasm_bindgen]
extern "C" {
    type Object;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Object, url: &str, init: &web_sys::RequestInit) -> std::result::Result<Promise, JsValue>;
}

/// Sends an object a body.
///
/// # Errors
/// What the runtime throws.
pub async fn post(object: Stub, path: &str, headers: Headers, body: &JsValue) -> Result<Reply> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.clone()));
    let answering = object.into_rpc::<Object>().fetch(&url_of(path), &(&init).into())?;
    let response: web_sys::Response = JsFuture::from(answering).await?.dyn_into()?;
    // Also where nobody wants it: a body that nobody reads would keep the request open.
    let text = JsFuture::from(response.text()?).await?;
    Ok(Reply { status: response.status(), text: text.as_string().unwrap_or_default() })
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
    match post(room(env, topic)?, PUBLISH_PATH, headers, &body).await?.status {
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
    object.fetch_with_request(Request::new_with_init(&url_of(path), &init)?).await
}

/// The runtime wants a whole URL; its host means nothing.
fn url_of(path: &str) -> String {
    format!("https://object{path}")
}

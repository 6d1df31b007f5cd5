//! The Worker's way to the rooms. It must not know what is published or who subscribes.

use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response};

use super::problems::HttpError;
use crate::auth::address::AddressHash;
use crate::core::publication::Publication;
use crate::core::topic::Topic;
use crate::edge::bindings::ROOM_BINDING;
use crate::wire::room_protocol::{
    ADDRESS_HEADER, PUBLISH_PATH, Published, REFUSED_STATUS, SUBSCRIBE_PATH, decode_refusal,
    encode_publications,
};

/// Publishes to one topic, in order, in one request.
pub async fn publish(env: &Env, topic: &Topic, publications: &[Publication]) -> Result<Published, HttpError> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&encode_publications(publications))));
    let mut response = call(env, topic, PUBLISH_PATH, &init).await?;
    let body = response.text().await?;
    match response.status_code() {
        200 => Ok(Published::decode(&body)?),
        status => Err(HttpError::RoomStatus(status)),
    }
}

/// Hands a handshake on to the topic's room: 101 with the socket, or the room's refusal.
pub async fn subscribe(
    env: &Env,
    topic: &Topic,
    address: Option<&AddressHash>,
) -> Result<Response, HttpError> {
    let headers = Headers::new();
    headers.set("upgrade", "websocket")?;
    if let Some(address) = address {
        headers.set(ADDRESS_HEADER, address.as_str())?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let mut response = call(env, topic, SUBSCRIBE_PATH, &init).await?;
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

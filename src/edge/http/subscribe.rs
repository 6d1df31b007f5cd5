//! `GET /ws/:token`: who may open a socket to which topic, and how a refusal reaches a web page. It must
//! not know what is sent on it.

use worker::{Env, Headers, Request, Response, WebSocketPair};

use super::cors::Page;
use super::problems::HttpError;
use super::rooms;
use crate::auth::address::AddressHash;
use crate::auth::credentials::Credentials;
use crate::core::access;
use crate::core::topic::{Topic, TopicError, Visibility};
use crate::edge::config::Config;
use crate::edge::{identity, runtime, sockets};
use crate::wire::{close, subscription};

/// Opens a socket, or says why not. A page that may not use the service gets no socket at all; any other refusal that
/// has a close code reaches a page as a socket that closes at once, because browsers hide the HTTP answer to a failed
/// handshake from the page.
pub async fn socket(
    request: &Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
    query: &str,
    page: &Page<'_>,
) -> Result<Response, HttpError> {
    if !is_handshake(request)? {
        return Err(HttpError::UpgradeRequired);
    }
    page.check(&config.origins)?;
    let Credentials { token, subprotocol } = identity::credentials(request)?;
    let response = match open(request, env, config, topic, query, token.as_deref()).await {
        Err(error) if page.origin.is_some() => tell_page(error),
        answer => answer,
    };
    with_subprotocol(response?, subprotocol.as_deref())
}

async fn open(
    request: &Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
    query: &str,
    token: Option<&str>,
) -> Result<Response, HttpError> {
    let topic = topic?;
    if topic.visibility() == Visibility::Private {
        admit(config, &topic, token).await?;
    }
    let subscription = subscription::decode(query)?;
    rooms::subscribe(env, &topic, counted_address(request, config)?.as_ref(), &subscription).await
}

/// Lets in who may read a private topic.
async fn admit(config: &Config, topic: &Topic, token: Option<&str>) -> Result<(), HttpError> {
    let identity = identity::verify(config, token.ok_or(HttpError::PrivateTopic)?).await?;
    let now = runtime::now();
    if access::may_read(topic, Some(&identity), now) {
        return Ok(());
    }
    // A token may be a little over its time and still be read, but it opens nothing any more.
    Err(if identity.is_valid(now) { HttpError::NotOwner } else { HttpError::PrivateTopic })
}

/// A handshake's answer with a subprotocol: without one that it offered, a browser fails the connection.
fn with_subprotocol(response: Response, subprotocol: Option<&str>) -> Result<Response, HttpError> {
    let Some(subprotocol) = subprotocol else {
        return Ok(response);
    };
    let headers = Headers::new();
    headers.set("sec-websocket-protocol", subprotocol)?;
    // The headers of another object's answer can't be written to.
    let socket = response.websocket().ok_or(HttpError::RoomStatus(101))?;
    Ok(Response::from_websocket(socket)?.with_headers(headers))
}

/// Whether a request asks for a WebSocket.
pub fn is_handshake(request: &Request) -> worker::Result<bool> {
    let upgrade = request.headers().get("upgrade")?;
    Ok(upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")))
}

/// The client's hashed address, where connections are counted by address.
fn counted_address(request: &Request, config: &Config) -> worker::Result<Option<AddressHash>> {
    let (Some(_), Some(secrets)) = (config.room.connections_per_address, &config.publishers) else {
        return Ok(None);
    };
    let address = request.headers().get("cf-connecting-ip")?;
    Ok(address.and_then(|address| AddressHash::of(&address, secrets.current())))
}

fn tell_page(error: HttpError) -> Result<Response, HttpError> {
    let Some(frame) = close::refusal(&error.problem()) else {
        return Err(error);
    };
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    sockets::close(&pair.server, &frame)?;
    Ok(Response::from_websocket(pair.client)?)
}

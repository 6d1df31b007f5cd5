//! `GET /ws/:token` and `GET /ws`: who may open a socket, where it is held, and how a refusal reaches a web page. It must
//! not know what is sent on it.

use worker::{Env, Headers, Request, Response, WebSocketPair};

use super::api::problem::ApiError;
use super::client_address;
use super::cors::Page;
use super::problems::HttpError;
use super::relays::{self, Client};
use super::rooms;
use crate::auth::address::AddressHash;
use crate::auth::credentials::Credentials;
use crate::core::access::Identity;
use crate::core::event::Refusal;
use crate::core::topic::{Topic, TopicError, Visibility};
use crate::edge::bindings::HANDSHAKE_LIMIT_BINDING;
use crate::edge::config::Config;
use crate::edge::{address_limit, identity, runtime, sockets};
use crate::wire::{close, subscription};

/// What a socket is wanted for.
pub enum Wanted {
    /// As many topics as its subscriber asks for on it.
    Many,
    /// One topic.
    Topic(Result<Topic, TopicError>),
}

/// Opens a socket, or says why not. A page that may not use the service gets no socket at all; any other refusal that
/// has a close code reaches a page as a socket that closes at once, because browsers hide the HTTP answer to a failed
/// handshake from the page.
pub async fn socket(
    request: &Request,
    env: &Env,
    config: &Config,
    wanted: Wanted,
    query: &str,
    page: &Page<'_>,
) -> Result<Response, HttpError> {
    if !is_handshake(request)? {
        return Err(HttpError::UpgradeRequired);
    }
    page.check(&config.origins)?;
    let address = client_address::of(request, config)?;
    let Credentials { token, subprotocol } = identity::credentials(request)?;
    let call = Call { request, env, config, query, address: address.as_ref() };
    let response = match open(&call, wanted, token.as_deref()).await {
        Err(error) if page.origin.is_some() => tell_page(error),
        answer => answer,
    };
    with_subprotocol(response?, subprotocol.as_deref())
}

/// A handshake that may be answered with a socket.
struct Call<'a> {
    request: &'a Request,
    env: &'a Env,
    config: &'a Config,
    query: &'a str,
    address: Option<&'a AddressHash>,
}

/// Opens the socket that is asked for, unless its address has asked for too many lately. Whoever shows a token has to show a valid one, where it could open something.
async fn open(call: &Call<'_>, wanted: Wanted, token: Option<&str>) -> Result<Response, HttpError> {
    let Call { request, env, config, query, address } = *call;
    if let Some(address) = address
        && !address_limit::is_within(env, HANDSHAKE_LIMIT_BINDING, address.as_str().to_owned()).await
    {
        return Err(ApiError::TooOften.into());
    }
    let place = runtime::place_of(request);
    let Wanted::Topic(topic) = wanted else {
        let identity = identify(config, token).await?;
        return relays::open(env, &Client { place, address, identity: identity.as_ref() }).await;
    };
    let topic = topic?;
    let subscription = subscription::decode(query)?;
    if topic.visibility() == Visibility::Public {
        return match rooms::subscribe(env, &topic, address, &subscription).await {
            Err(HttpError::Refused(Refusal::Full)) => {
                let client = Client { place, address, identity: None };
                relays::open_topic(env, &client, &topic, &subscription).await
            }
            answer => answer,
        };
    }
    // A relay sees to it that a private topic ends with the proof of whose it is.
    let identity = identify(config, token).await?.ok_or(HttpError::PrivateTopic)?;
    let client = Client { place, address, identity: Some(&identity) };
    relays::open_topic(env, &client, &topic, &subscription).await
}

async fn identify(config: &Config, token: Option<&str>) -> Result<Option<Identity>, HttpError> {
    match token {
        Some(token) => Ok(Some(identity::verify(config, token).await?)),
        None => Ok(None),
    }
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

fn tell_page(error: HttpError) -> Result<Response, HttpError> {
    let Some(frame) = close::refusal(&error.problem()) else {
        return Err(error);
    };
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    sockets::close(&pair.server, &frame)?;
    Ok(Response::from_websocket(pair.client)?)
}

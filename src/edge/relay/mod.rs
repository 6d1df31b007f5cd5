//! The Durable Object that holds sockets for many topics: it turns a call into an event for the relay, and has the
//! effects run. It must not decide anything, nor keep anything that the relay's state does not.

mod effects;
mod errands;
mod numbered;
mod pump;
mod state;
mod words;

use std::rc::Rc;

use futures::channel::oneshot;
use worker::wasm_bindgen;
use worker::{
    DurableObject, Env, Error, Request, Response, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use self::numbered::number_of;
pub use self::state::RelayState;
use self::state::Waiting;
use crate::auth::address::AddressHash;
use crate::core::address::Address;
use crate::core::client_frame::ClientFrame;
use crate::core::relay::effect::{TurnedAway, Word};
use crate::core::relay::event::{Event, Opening, SocketId};
use crate::core::socket_request::SocketRequest;
use crate::core::topic::Topic;
use crate::core::view::View;
use crate::edge::log::RelayMoment;
use crate::edge::object_error::ObjectError;
use crate::edge::runtime;
use crate::edge::sockets::{self, Sockets};
use crate::wire::frame;
use crate::wire::relay_attachment::decode_identity;
use crate::wire::relay_protocol::{
    IDENTITY_HEADER, OPEN_PATH, PUSH_PATH, decode_push, encode_outcome, encode_turned_away,
};
use crate::wire::room_protocol::{ADDRESS_HEADER, NotUnderstood, REFUSED_STATUS};
use crate::wire::socket_request::{self, Decoded};
use crate::wire::subscription;

/// The path of a socket for one topic ends with the topic.
const OPEN_TOPIC_PATH: &str = "/open/";

/// One relay as the runtime knows it.
#[durable_object]
pub struct Relay(Rc<RelayState>);

impl DurableObject for Relay {
    fn new(state: State, env: Env) -> Self {
        Self(Rc::new(RelayState::new(state, env)))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let path = request.path();
        let answer = match (path.as_str(), path.strip_prefix(OPEN_TOPIC_PATH)) {
            (PUSH_PATH, _) => self.push(request).await,
            (OPEN_PATH, _) => self.open(&request, None).await,
            (_, Some(topic)) => match Topic::parse(topic) {
                Ok(topic) => self.open(&request, Some(topic)).await,
                Err(_) => Err(NotUnderstood.into()),
            },
            _ => Err(NotUnderstood.into()),
        };
        answer.or_else(|error| {
            self.0.log.failed(&error);
            Response::error(error.to_string(), 500)
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.0.log.debug(RelayMoment::Woken { by: "alarm" });
        match self.ring() {
            Ok(()) => Response::empty(),
            // The runtime tries again.
            Err(error) => Err(Error::RustError(error.to_string())),
        }
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        self.0.log.debug(RelayMoment::Woken { by: "message" });
        if let Err(error) = self.hear(&socket, &message) {
            self.0.log.failed(&error);
        }
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        reason: String,
        _: bool,
    ) -> worker::Result<()> {
        let awake = self.0.awake_with(Some(&socket));
        sockets::answer_close(&socket, code, reason);
        self.leave(&socket, awake);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _: Error) -> worker::Result<()> {
        let awake = self.0.awake_with(Some(&socket));
        self.leave(&socket, awake);
        Ok(())
    }
}

impl Relay {
    fn ring(&self) -> Result<(), ObjectError> {
        let relay = &self.0;
        relay.awake()?;
        // Who set the alarm may have been lost with every socket.
        relay.may_have_stored.set(true);
        relay.handle(Event::Tick { rows: relay.subscriptions.connections()? })
    }

    async fn push(&self, mut request: Request) -> Result<Response, ObjectError> {
        let relay = &self.0;
        let body = request.text().await?;
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::in_relay(&body, relay.name);
        let push = decode_push(relay.next_push(), &body)?;
        if push.items.is_empty() {
            // The room asks how many have the topic.
            relay.awake()?;
            relay.cut_vanished()?;
        }
        let answer = relay.wait_for_push(push.id);
        relay.handle(Event::Push(push))?;
        match answer.await {
            Ok(Some(outcome)) => Ok(Response::ok(encode_outcome(outcome))?),
            // The room may push it again.
            _ => Ok(Response::error("not now", 503)?),
        }
    }

    async fn open(&self, request: &Request, topic: Option<Topic>) -> Result<Response, ObjectError> {
        let relay = &self.0;
        relay.awake()?;
        let headers = request.headers();
        let address = headers.get(ADDRESS_HEADER)?.map(AddressHash::from_hashed);
        let from_address = |address| Sockets::of(&relay.state).listed_from(address);
        let open_from_address = address.as_ref().map_or(Ok(0), from_address)?;
        let counted = address.as_ref().and_then(|address| Address::parse(address.as_str()));
        let identity = headers.get(IDENTITY_HEADER)?.and_then(|text| decode_identity(&text));
        let pair = WebSocketPair::new()?;
        let (sender, answer) = oneshot::channel();
        let socket = relay.next_socket();
        relay.wait(socket, Waiting { socket: pair.server, address, answer: sender });
        let connection = runtime::random_uuid();
        let opening = Opening { socket, connection, open_from_address, address: counted, identity };
        relay.handle(match topic {
            None => Event::Open(opening),
            Some(topic) => open_topic(opening, topic, request)?,
        })?;
        match answer.await {
            Ok(Ok(())) => Ok(Response::from_websocket(pair.client)?),
            Ok(Err(why)) => Ok(turned_away(why)?),
            Err(oneshot_canceled) => Ok(Response::error(oneshot_canceled.to_string(), 500)?),
        }
    }

    fn hear(&self, socket: &WebSocket, message: &WebSocketIncomingMessage) -> Result<(), ObjectError> {
        if !sockets::is_open(socket) {
            // Frames that were under way when the relay closed the socket.
            return Ok(());
        }
        let relay = &self.0;
        relay.awake()?;
        let Some(id) = number_of(socket) else {
            return Err(ObjectError::Misplaced);
        };
        let Decoded { request, faults } = self.read(id, message)?;
        relay.liveness.heard(socket, matches!(request, SocketRequest::Ping { .. }));
        relay.handle(Event::Request { socket: id, request })?;
        relay.tell(id, &Word::NotUnderstood, &faults);
        pump::start(relay);
        Ok(())
    }

    fn read(&self, id: SocketId, message: &WebSocketIncomingMessage) -> Result<Decoded, ObjectError> {
        let limit = self.0.limits()?.client_frame_bytes;
        Ok(match message {
            WebSocketIncomingMessage::String(text) if self.0.is_for_one(id) => read_for_one(text, limit),
            WebSocketIncomingMessage::String(text) => socket_request::decode(text, limit),
            WebSocketIncomingMessage::Binary(bytes) => socket_request::decode_binary(bytes.len(), limit),
        })
    }

    fn leave(&self, socket: &WebSocket, awake: Result<(), ObjectError>) {
        let relay = &self.0;
        relay.log.debug(RelayMoment::Closed);
        let left = awake.and_then(|()| {
            let Some(id) = number_of(socket) else { return Ok(()) };
            relay.sockets.remove(id);
            relay.handle(Event::Leave { socket: id })
        });
        if let Err(error) = left {
            relay.log.failed(&error);
        }
    }
}

fn open_topic(opening: Opening, topic: Topic, request: &Request) -> Result<Event, ObjectError> {
    let url = request.inner().url();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let asked = subscription::decode(query).map_err(|_| NotUnderstood)?;
    let view = if asked.batch { View::NativeBatch } else { View::Native };
    Ok(Event::OpenTopic { opening, topic, view, resume: asked.resume })
}

fn turned_away(why: TurnedAway) -> worker::Result<Response> {
    Response::error(encode_turned_away(why), REFUSED_STATUS)
}

/// A frame of a socket for one topic says what it would say in a room.
fn read_for_one(text: &str, limit: usize) -> Decoded {
    match frame::client_frame(text, limit) {
        Ok(ClientFrame::Ping { id }) => Decoded { request: SocketRequest::Ping { id }, faults: vec![] },
        Ok(ClientFrame::Oversized) => Decoded { request: SocketRequest::Oversized, faults: vec![] },
        Ok(ClientFrame::NotUnderstood) => Decoded { request: SocketRequest::NotUnderstood, faults: vec![] },
        Err(fault) => Decoded { request: SocketRequest::NotUnderstood, faults: vec![fault.into()] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::RELAY_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(std::any::type_name::<Relay>().rsplit("::").next(), Some(RELAY_CLASS));
    }
}

//! The Durable Object of one topic: it turns a call into an event for [`Room`], and runs the effects. Memory is a
//! cache: everything needed after a wake is in SQLite, in a socket's tag or in its attachment. It must not decide
//! anything.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use thiserror::Error;
use worker::wasm_bindgen;
use worker::{
    DurableObject, Env, Error, Request, Response, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use super::config::{self, Config, Mistakes};
use super::log::{RoomEvent, RoomLog};
use super::runtime;
use super::sockets::{self, Sockets};
use super::store::sequence::SequenceTable;
use crate::auth::address::AddressHash;
use crate::core::client_frame::ClientFrame;
use crate::core::publication::Seq;
use crate::core::room::{Effect, Event, Reply, Room, RoomLimits};
use crate::core::topic::Topic;
use crate::wire::attachment::Attachment;
use crate::wire::close::{self, CloseFrame};
use crate::wire::frame::{self, FrameFault};
use crate::wire::room_protocol::{
    ADDRESS_HEADER, NotUnderstood, PUBLISH_PATH, Published, REFUSED_STATUS, SUBSCRIBE_PATH,
    decode_publications, encode_refusal,
};

/// One topic's room as the runtime knows it.
#[durable_object(websocket)]
pub struct BroadcastRoom {
    state: State,
    config: Rc<Result<Config, Mistakes>>,
    topic: Option<Topic>,
    log: RoomLog,
    sequence: SequenceTable,
    /// The room's decisions; empty until an event needs them, and after an effect failed.
    room: RefCell<Option<Room>>,
    /// How many sockets the runtime lists, closing ones included; empty until they were counted.
    listed: Cell<Option<u32>>,
}

/// Why a room could not do what it was asked.
#[derive(Debug, Error)]
enum RoomError {
    #[error(transparent)]
    Runtime(#[from] Error),
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    #[error("the configuration has mistakes")]
    Misconfigured,
    #[error("the room was not addressed by its topic")]
    Nameless,
    #[error("the room decided on something that its event can't lead to")]
    Misplaced,
}

impl DurableObject for BroadcastRoom {
    fn new(state: State, env: Env) -> Self {
        let config = config::of(&env);
        let topic = state.id().name().and_then(|name| Topic::parse(&name).ok());
        let log = RoomLog::new(topic.as_ref(), config.as_ref().as_ref().ok());
        log.debug(|| RoomEvent::Constructed);
        if let Err(error) = Sockets::of(&state).answer_pings(frame::PING, frame::PONG) {
            log.failed(&error);
        }
        let sequence = SequenceTable::of(state.storage().sql());
        Self { state, config, topic, log, sequence, room: RefCell::default(), listed: Cell::default() }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let answer = match request.path().as_str() {
            PUBLISH_PATH => self.publish(request).await,
            SUBSCRIBE_PATH => self.subscribe(&request),
            _ => Err(NotUnderstood.into()),
        };
        answer.or_else(|error| {
            self.log.failed(&error);
            // What was decided was not done: the next event wakes the room from what is stored.
            *self.room.borrow_mut() = None;
            Response::error(error.to_string(), 500)
        })
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        self.log.debug(|| RoomEvent::Woken { by: "message" });
        if let Err(error) = self.hear(&socket, &message) {
            self.log.failed(&error);
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
        self.forget(&socket, code);
        // The runtime may have answered by itself, and then it refuses a second close.
        let _ = sockets::close(&socket, &CloseFrame { code: close::answer_to(code), reason });
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _: Error) -> worker::Result<()> {
        self.forget(&socket, close::ABNORMAL);
        Ok(())
    }
}

impl BroadcastRoom {
    async fn publish(&self, mut request: Request) -> Result<Response, RoomError> {
        let body = request.text().await?;
        #[cfg(feature = "fault-injection")]
        super::fault::in_room(&body);
        let publications = decode_publications(&body)?;
        let count = publications.len();
        // From here on nothing is awaited, so that places are given and frames are sent in the same order.
        let effects = self.step(Event::Publish(publications))?;
        let published = self.broadcast(effects)?;
        self.log.debug(|| RoomEvent::Published { publications: count, connections: published.connections });
        Ok(Response::ok(published.encode())?)
    }

    fn broadcast(&self, effects: Vec<Effect>) -> Result<Published, RoomError> {
        let audience = Sockets::of(&self.state).audience()?;
        let (mut connections, mut first) = (0, None);
        for effect in effects {
            match effect {
                Effect::Store(seq) => self.sequence.save(seq)?,
                Effect::Broadcast { publication, seq } => {
                    connections = audience.send(&frame::publication(&publication, seq));
                    first.get_or_insert(seq);
                }
                _ => return Err(RoomError::Misplaced),
            }
        }
        Ok(Published::new(connections, first.unwrap_or(Seq::NONE)))
    }

    fn subscribe(&self, request: &Request) -> Result<Response, RoomError> {
        let address = request.headers().get(ADDRESS_HEADER)?.map(AddressHash::from_hashed);
        let sockets = Sockets::of(&self.state);
        let open_from_address = address.as_ref().map_or(Ok(0), |address| sockets.listed_from(address))?;
        let open = self.count_open()?;
        let pair = WebSocketPair::new()?;
        for effect in self.step(Event::Connect { open, open_from_address })? {
            match effect {
                Effect::Accept { seq } => self.accept(&pair.server, address.as_ref(), seq)?,
                Effect::Refuse(refusal) => {
                    return Ok(Response::error(encode_refusal(refusal), REFUSED_STATUS)?);
                }
                _ => return Err(RoomError::Misplaced),
            }
        }
        Ok(Response::from_websocket(pair.client)?)
    }

    fn accept(&self, socket: &WebSocket, address: Option<&AddressHash>, seq: Seq) -> Result<(), RoomError> {
        let topic = self.topic.as_ref().ok_or(RoomError::Nameless)?;
        let attachment = Attachment { connection: runtime::random_uuid(), ..Attachment::default() };
        Sockets::of(&self.state).accept(socket, address)?;
        let listed = self.listed.get().map(|listed| listed + 1);
        self.listed.set(listed);
        sockets::attach(socket, &attachment)?;
        socket.send_with_str(frame::connected(&attachment.connection, topic, seq, runtime::now()))?;
        self.log.debug(|| RoomEvent::Connected { connection: attachment.connection, connections: listed });
        Ok(())
    }

    fn hear(&self, socket: &WebSocket, message: &WebSocketIncomingMessage) -> Result<(), RoomError> {
        if !sockets::is_open(socket) {
            // Frames that were under way when the room closed the socket.
            return Ok(());
        }
        let (frame, fault) = match self.read(message)? {
            Ok(frame) => (frame, None),
            Err(fault) => (ClientFrame::NotUnderstood, Some(fault)),
        };
        let Attachment { connection, budget } = sockets::attachment(socket);
        for effect in self.step(Event::ClientFrame { frame, budget })? {
            match effect {
                Effect::Remember(budget) => {
                    sockets::attach(socket, &Attachment { connection: connection.clone(), budget })?;
                }
                Effect::Reply(reply) => socket.send_with_str(word(&reply, fault))?,
                Effect::Close(closing) => sockets::close(socket, &closing.into())?,
                _ => return Err(RoomError::Misplaced),
            }
        }
        Ok(())
    }

    fn read(&self, message: &WebSocketIncomingMessage) -> Result<Result<ClientFrame, FrameFault>, RoomError> {
        let limit = self.limits()?.client_frame_bytes;
        Ok(match message {
            WebSocketIncomingMessage::String(text) => frame::client_frame(text, limit),
            WebSocketIncomingMessage::Binary(bytes) => frame::binary_client_frame(bytes.len(), limit),
        })
    }

    /// How many sockets are open. Those that the runtime lists are at least as many, and their number is remembered;
    /// only where it says that the room is full are the open ones among them counted.
    fn count_open(&self) -> Result<u32, RoomError> {
        let capacity = self.limits()?.capacity;
        if let Some(listed) = self.listed.get().filter(|listed| *listed < capacity) {
            return Ok(listed);
        }
        let audience = Sockets::of(&self.state).audience()?;
        self.listed.set(Some(audience.listed()));
        Ok(audience.open())
    }

    fn forget(&self, socket: &WebSocket, code: usize) {
        self.listed.set(self.listed.get().map(|listed| listed.saturating_sub(1)));
        self.log.debug(|| RoomEvent::Closed { connection: sockets::attachment(socket).connection, code });
    }

    /// Lets the room decide, after waking it from what is stored where memory is empty.
    fn step(&self, event: Event) -> Result<Vec<Effect>, RoomError> {
        if self.room.borrow().is_none() {
            let seq = self.sequence.load()?;
            *self.room.borrow_mut() = Some(Room::wake(self.limits()?, seq));
        }
        let mut room = self.room.borrow_mut();
        Ok(room.as_mut().map(|room| room.step(event, runtime::now())).unwrap_or_default())
    }

    fn limits(&self) -> Result<RoomLimits, RoomError> {
        self.config.as_ref().as_ref().map(|config| config.room).map_err(|_| RoomError::Misconfigured)
    }
}

/// A reply as a frame. A frame that was not understood has its `fault`.
fn word(reply: &Reply, fault: Option<FrameFault>) -> String {
    match (reply, fault) {
        (Reply::Pong { id }, _) => frame::pong(id.as_deref(), runtime::now()),
        (Reply::SlowDown { per_minute }, _) => frame::slow_down(*per_minute),
        (Reply::NotUnderstood, fault) => frame::fault(fault.unwrap_or(FrameFault::NoType)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::ROOM_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(std::any::type_name::<BroadcastRoom>().rsplit("::").next(), Some(ROOM_CLASS));
    }
}

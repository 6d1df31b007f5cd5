//! The Durable Object of one topic: it turns a call into an event for [`Room`], and runs the effects. Memory is a
//! cache: everything needed after a wake is in SQLite, in a socket's tag or in its attachment. It must not decide
//! anything.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use worker::wasm_bindgen;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair, durable_object,
};

use super::config::{self, Config, Mistakes};
use super::log::{RoomEvent, RoomLog};
use super::runtime;
use super::sockets::{self, Sockets};
use super::store::sequence::SequenceTable;
use crate::auth::address::AddressHash;
use crate::core::client_frame::ClientFrame;
use crate::core::publication::Seq;
use crate::core::room::{Effect, Event, Room, RoomLimits};
use crate::core::topic::Topic;
use crate::wire::attachment::Attachment;
use crate::wire::close::{self, CloseFrame};
use crate::wire::frame;
use crate::wire::room_protocol::{
    ADDRESS_HEADER, NotUnderstood, PUBLISH_PATH, Published, REFUSED_STATUS, SUBSCRIBE_PATH,
    decode_publications, encode_refusal,
};

/// One topic's room as the runtime knows it.
#[durable_object(websocket)]
pub struct BroadcastRoom {
    state: State,
    config: Rc<std::result::Result<Config, Mistakes>>,
    topic: Option<Topic>,
    log: RoomLog,
    sequence: SequenceTable,
    /// The room's decisions; empty until an event needs them, and after an effect failed.
    room: RefCell<Option<Room>>,
    /// How many sockets are open; empty until they were counted.
    open: Cell<Option<u32>>,
}

impl DurableObject for BroadcastRoom {
    fn new(state: State, env: Env) -> Self {
        let config = config::of(&env);
        let topic = state.id().name().and_then(|name| Topic::parse(&name).ok());
        let log = RoomLog::new(topic.as_ref(), config.as_ref().as_ref().ok());
        log.debug(&RoomEvent::Constructed);
        if let Err(error) = Sockets::of(&state).answer_pings(frame::PING, frame::PONG) {
            log.failed(&error);
        }
        let sequence = SequenceTable::of(state.storage().sql());
        Self {
            state,
            config,
            topic,
            log,
            sequence,
            room: RefCell::default(),
            open: Cell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
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

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.log.debug(&RoomEvent::Woken { by: "message" });
        let heard = self.hear(&socket, &message);
        if let Err(error) = &heard {
            self.log.failed(error);
        }
        heard
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _: bool) -> Result<()> {
        self.forget(&socket, code);
        // The runtime may have answered by itself, and then it refuses a second close.
        let _ = sockets::close(
            &socket,
            &CloseFrame {
                code: close::answer_to(code),
                reason,
            },
        );
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _: Error) -> Result<()> {
        self.forget(&socket, close::ABNORMAL);
        Ok(())
    }
}

impl BroadcastRoom {
    async fn publish(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        #[cfg(feature = "fault-injection")]
        super::fault::in_room(&body);
        let publications = decode_publications(&body)?;
        let count = publications.len();
        // From here on nothing is awaited, so that places are given and frames are sent in the same order.
        let effects = self.step(Event::Publish(publications))?;
        let published = self.broadcast(effects)?;
        self.log.debug(&RoomEvent::Published {
            publications: count,
            connections: published.connections,
        });
        Response::ok(published.encode())
    }

    fn broadcast(&self, effects: Vec<Effect>) -> Result<Published> {
        let audience = Sockets::of(&self.state).audience()?;
        let (mut connections, mut first) = (0, None);
        for effect in effects {
            match effect {
                Effect::Store(seq) => self.sequence.save(seq)?,
                Effect::Broadcast { publication, seq } => {
                    connections = audience.send(&frame::publication(&publication, seq));
                    first.get_or_insert(seq);
                }
                other => return Err(misplaced(&other)),
            }
        }
        Ok(Published::new(connections, first.unwrap_or(Seq::NONE)))
    }

    fn subscribe(&self, request: &Request) -> Result<Response> {
        let address = request
            .headers()
            .get(ADDRESS_HEADER)?
            .map(AddressHash::from_hashed);
        let sockets = Sockets::of(&self.state);
        let open_from_address = address
            .as_ref()
            .map_or(Ok(0), |address| sockets.open_from(address))?;
        let open = self.count_open()?;
        let pair = WebSocketPair::new()?;
        for effect in self.step(Event::Connect {
            open,
            open_from_address,
        })? {
            match effect {
                Effect::Accept { seq } => self.accept(&pair.server, address.as_ref(), seq, open)?,
                Effect::Refuse(refusal) => return Response::error(encode_refusal(refusal), REFUSED_STATUS),
                other => return Err(misplaced(&other)),
            }
        }
        Response::from_websocket(pair.client)
    }

    fn accept(&self, socket: &WebSocket, address: Option<&AddressHash>, seq: Seq, open: u32) -> Result<()> {
        let topic = self
            .topic
            .as_ref()
            .ok_or_else(|| Error::RustError("the room has no name".into()))?;
        let attachment = Attachment {
            connection: runtime::random_uuid(),
            ..Attachment::default()
        };
        Sockets::of(&self.state).accept(socket, address)?;
        sockets::attach(socket, &attachment)?;
        socket.send_with_str(frame::connected(
            &attachment.connection,
            topic,
            seq,
            runtime::now(),
        ))?;
        self.open.set(Some(open + 1));
        self.log.debug(&RoomEvent::Connected {
            connection: &attachment.connection,
            connections: open + 1,
        });
        Ok(())
    }

    fn hear(&self, socket: &WebSocket, message: &WebSocketIncomingMessage) -> Result<()> {
        let frame = self.read(message)?;
        let Attachment { connection, budget } = sockets::attachment(socket);
        for effect in self.step(Event::ClientFrame { frame, budget })? {
            match effect {
                Effect::Remember(budget) => {
                    sockets::attach(
                        socket,
                        &Attachment {
                            connection: connection.clone(),
                            budget,
                        },
                    )?;
                }
                Effect::Reply(reply) => socket.send_with_str(frame::reply(&reply, runtime::now()))?,
                Effect::Close(closing) => sockets::close(socket, &closing.into())?,
                other => return Err(misplaced(&other)),
            }
        }
        Ok(())
    }

    fn read(&self, message: &WebSocketIncomingMessage) -> Result<ClientFrame> {
        let limit = self.limits()?.client_frame_bytes;
        Ok(match message {
            WebSocketIncomingMessage::String(text) => frame::client_frame(text, limit),
            WebSocketIncomingMessage::Binary(bytes) => frame::binary_client_frame(bytes.len(), limit),
        })
    }

    /// How many sockets are open: what is remembered, unless that says that the room is full. A socket may be gone
    /// whose end was not reported, and a newcomer is not to be turned away for it.
    fn count_open(&self) -> Result<u32> {
        let capacity = self.limits()?.capacity;
        match self.open.get() {
            Some(open) if open < capacity => Ok(open),
            _ => Ok(Sockets::of(&self.state).audience()?.open()),
        }
    }

    fn forget(&self, socket: &WebSocket, code: usize) {
        self.open.set(self.open.get().map(|open| open.saturating_sub(1)));
        self.log.debug(&RoomEvent::Closed {
            connection: &sockets::attachment(socket).connection,
            code,
        });
    }

    /// Lets the room decide, after waking it from what is stored where memory is empty.
    fn step(&self, event: Event) -> Result<Vec<Effect>> {
        if self.room.borrow().is_none() {
            let seq = self.sequence.load()?;
            *self.room.borrow_mut() = Some(Room::wake(self.limits()?, seq));
        }
        let mut room = self.room.borrow_mut();
        Ok(room
            .as_mut()
            .map(|room| room.step(event, runtime::now()))
            .unwrap_or_default())
    }

    fn limits(&self) -> Result<RoomLimits> {
        match self.config.as_ref() {
            Ok(config) => Ok(config.room),
            Err(_) => Err(Error::RustError("the service is misconfigured".into())),
        }
    }
}

impl From<NotUnderstood> for Error {
    fn from(error: NotUnderstood) -> Self {
        Self::RustError(error.to_string())
    }
}

/// An effect that its event can't lead to.
fn misplaced(effect: &Effect) -> Error {
    Error::RustError(format!("no such effect belongs here: {effect:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::ROOM_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(
            std::any::type_name::<BroadcastRoom>().rsplit("::").next(),
            Some(ROOM_CLASS)
        );
    }
}

//! The Durable Object of one topic: it turns a call into an event for the room, and runs the effects. It must not
//! decide anything, nor keep anything that the room's state does not.

use std::rc::Rc;

use worker::wasm_bindgen;
use worker::{
    DurableObject, Env, Error, Request, Response, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use super::charting;
use super::lanes;
use super::log::RoomEvent;
use super::object_error::ObjectError;
use super::pump;
use super::room_errands;
use super::room_state::RoomState;
use super::runtime;
use super::sockets::{self, Sockets};
use crate::auth::address::AddressHash;
use crate::core::address::Address;
use crate::core::client_frame::ClientFrame;
use crate::core::epoch::Epoch;
use crate::core::event::{Effect, Event, Reply};
use crate::core::outbox::Post;
use crate::core::publication::{Seq, in_places};
use crate::core::time::UnixMillis;
use crate::wire::attachment::Attachment;
use crate::wire::close;
use crate::wire::frame::{self, FrameFault};
use crate::wire::relay_protocol::{ASK_PATH, LEAVE_PATH};
use crate::wire::room_protocol::{
    ADDRESS_HEADER, BUSY, FEEDS_HEADER, Headers, KEYS_HEADER, MARKET_HEADER, MARKET_PATH, NotUnderstood,
    PROMPT_HEADER, PUBLISH_PATH, REFUSED_STATUS, RULES_PATH, STANDING_PATH, SUBSCRIBE_PATH,
    decode_publications, encode_refusal,
};
use crate::wire::rule_change;
use crate::wire::standing::{self, RelayStanding};
use crate::wire::subscription::{self, Subscription};

/// One topic's room as the runtime knows it.
#[durable_object]
pub struct BroadcastRoom(Rc<RoomState>);

impl DurableObject for BroadcastRoom {
    fn new(state: State, env: Env) -> Self {
        Self(Rc::new(RoomState::new(state, &env)))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let answer = match request.path().as_str() {
            PUBLISH_PATH => self.publish(request).await,
            SUBSCRIBE_PATH => self.subscribe(&request).await,
            ASK_PATH => room_errands::tell_relay(&self.0, request).await,
            LEAVE_PATH => room_errands::dismiss(&self.0, request).await,
            STANDING_PATH => self.stand().await,
            MARKET_PATH => charting::tell(&self.0),
            RULES_PATH => self.change_rules(request).await,
            _ => Err(NotUnderstood.into()),
        };
        answer.or_else(|error| {
            self.0.log.failed(&error);
            Response::error(error.to_string(), 500)
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.0.log.debug(|| RoomEvent::Woken { by: "alarm" });
        match self.expire().await {
            Ok(()) => Response::empty(),
            Err(error) => {
                self.0.failed_at_rest(&error);
                // The runtime tries again.
                Err(Error::RustError(error.to_string()))
            }
        }
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        self.0.log.debug(|| RoomEvent::Woken { by: "message" });
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
        sockets::answer_close(&socket, code, reason);
        self.leave(&socket, code).await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _: Error) -> worker::Result<()> {
        self.leave(&socket, close::ABNORMAL).await;
        Ok(())
    }
}

impl BroadcastRoom {
    async fn publish(&self, mut request: Request) -> Result<Response, ObjectError> {
        let room = &self.0;
        let headers = request.headers().clone();
        let (keys, feeds) = (headers.get(KEYS_HEADER)?, headers.get(FEEDS_HEADER)?);
        let (market, is_prompt) = (headers.get(MARKET_HEADER)?, headers.has(PROMPT_HEADER)?);
        let body = request.text().await?;
        #[cfg(feature = "fault-injection")]
        super::fault::in_room(&body);
        let publications = decode_publications(
            &body,
            Headers { keys: keys.as_deref(), feeds: feeds.as_deref(), market: market.as_deref() },
            room.topic()?.has_market().then(|| runtime::now().seconds()),
        )?;
        let (id, answer) = room.wait();
        let effects = room.step(Event::Post(Post { id, publications, is_prompt }));
        if !matches!(effects.as_deref(), Ok([])) {
            room.stop_waiting(id);
        }
        if effects? == [Effect::Busy(id)] {
            return Ok(Response::error(BUSY, REFUSED_STATUS)?);
        }
        pump::start(room);
        match answer.await {
            Ok(published) => Ok(Response::ok(published.encode())?),
            // What it waited for failed, and the pump has said why.
            Err(oneshot_canceled) => Ok(Response::error(oneshot_canceled.to_string(), 500)?),
        }
    }

    async fn subscribe(&self, request: &Request) -> Result<Response, ObjectError> {
        let room = &self.0;
        let address = request.headers().get(ADDRESS_HEADER)?.map(AddressHash::from_hashed);
        let url = request.inner().url();
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let Subscription { resume, batch } = subscription::decode(query).map_err(|_| NotUnderstood)?;
        let from_address = |address| Sockets::of(&room.state).listed_from(address);
        let open_from_address = address.as_ref().map_or(Ok(0), from_address)?;
        let pair = WebSocketPair::new()?;
        let counted = address.as_ref().and_then(|address| Address::parse(address.as_str()));
        let open = room.count_open()?;
        let event = Event::Connect { open, open_from_address, address: counted, resume };
        for effect in room.step(event)? {
            match effect {
                Effect::Refuse(refusal) => {
                    return Ok(Response::error(encode_refusal(refusal), REFUSED_STATUS)?);
                }
                Effect::Accept { epoch, seq } => {
                    Sockets::of(&room.state).accept(&pair.server, address.as_ref(), batch)?;
                    self.greet(&pair.server, epoch, seq)?;
                }
                Effect::Keep { .. } | Effect::Wake { .. } => room.keep_house(&effect).await?,
                effect => self.tell(&pair.server, &effect, batch)?,
            }
        }
        Ok(Response::from_websocket(pair.client)?)
    }

    /// Users have changed what they want to be told of.
    async fn change_rules(&self, mut request: Request) -> Result<Response, ObjectError> {
        let change = rule_change::decode(&request.text().await?)?;
        self.0.run(Event::Rules(change)).await?;
        Ok(Response::empty()?)
    }

    /// How the room and its relays stand.
    async fn stand(&self) -> Result<Response, ObjectError> {
        let room = &self.0;
        lanes::total(room.probe()?).await;
        let relays = room.relays().into_iter().map(|relay| {
            let (report, waiting) = room.lanes.report(relay);
            RelayStanding {
                name: relay.to_string(),
                connections: report.connections,
                seq: report.seq.get(),
                last_push: report.pushed_at.map(UnixMillis::seconds),
                waiting,
                failures: report.failures,
            }
        });
        let connections = room.count_alive()?;
        let standing = standing::encode(room.topic()?, &room.standing()?, connections, relays.collect());
        Ok(Response::ok(standing)?)
    }

    fn greet(&self, socket: &WebSocket, epoch: Epoch, seq: Seq) -> Result<(), ObjectError> {
        let attachment = Attachment { connection: runtime::random_uuid(), ..Attachment::default() };
        let connections = self.0.count_in();
        sockets::attach(socket, attachment.encode())?;
        let greeting = frame::connected(&attachment.connection, self.0.topic()?, epoch, seq, runtime::now());
        socket.send_with_str(greeting)?;
        self.0.log.debug(|| RoomEvent::Connected { connection: attachment.connection, connections });
        Ok(())
    }

    /// Tells a newcomer of what was before it came.
    fn tell(&self, socket: &WebSocket, effect: &Effect, batch: bool) -> Result<(), ObjectError> {
        let topic = self.0.topic()?;
        match effect {
            Effect::Gap { from, to } => socket.send_with_str(frame::gap(topic, *from, *to))?,
            Effect::Snapshot { publication, seq } => {
                socket.send_with_str(frame::snapshot(publication, *seq))?;
            }
            Effect::Replay { first, publications } if batch && publications.len() > 1 => {
                for frame in frame::batch_updates(topic, in_places(*first, publications)) {
                    socket.send_with_str(frame)?;
                }
            }
            Effect::Replay { first, publications } => {
                for (seq, publication) in in_places(*first, publications) {
                    socket.send_with_str(frame::publication(publication, seq))?;
                }
            }
            _ => return Err(ObjectError::Misplaced),
        }
        Ok(())
    }

    fn hear(&self, socket: &WebSocket, message: &WebSocketIncomingMessage) -> Result<(), ObjectError> {
        if !sockets::is_open(socket) {
            // Frames that were under way when the room closed the socket.
            return Ok(());
        }
        let (frame, fault) = match self.read(message)? {
            Ok(frame) => (frame, None),
            Err(fault) => (ClientFrame::NotUnderstood, Some(fault)),
        };
        self.0.liveness.heard(socket, matches!(frame, ClientFrame::Ping { .. }));
        let Attachment { connection, budget } = attachment_of(socket);
        for effect in self.0.step(Event::ClientFrame { frame, budget })? {
            match effect {
                Effect::Remember(budget) => {
                    let attachment = Attachment { connection: connection.clone(), budget };
                    sockets::attach(socket, attachment.encode())?;
                }
                Effect::Reply(reply) => socket.send_with_str(word(&reply, fault))?,
                Effect::Close(closing) => sockets::close(socket, &closing.into())?,
                _ => return Err(ObjectError::Misplaced),
            }
        }
        Ok(())
    }

    fn read(
        &self,
        message: &WebSocketIncomingMessage,
    ) -> Result<Result<ClientFrame, FrameFault>, ObjectError> {
        let limit = self.0.limits()?.client_frame_bytes;
        Ok(match message {
            WebSocketIncomingMessage::String(text) => frame::client_frame(text, limit),
            WebSocketIncomingMessage::Binary(bytes) => frame::binary_client_frame(bytes.len(), limit),
        })
    }

    async fn leave(&self, socket: &WebSocket, code: usize) {
        self.0.count_out();
        self.0.log.debug(|| RoomEvent::Closed { connection: attachment_of(socket).connection, code });
        if let Err(error) = self.0.run(Event::Leave).await {
            self.0.log.failed(&error);
        }
    }

    async fn expire(&self) -> Result<(), ObjectError> {
        let open = self.0.count_alive()?;
        self.0.run(Event::Expire { open }).await
    }
}

fn attachment_of(socket: &WebSocket) -> Attachment {
    Attachment::decode(&sockets::attached(socket.as_ref()))
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

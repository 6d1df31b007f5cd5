//! The Durable Object of one publisher's socket: it takes frames as they come, hands what has come on to the rooms all
//! at once, and answers in order. While rooms are at work the next frames gather (workerd hands over some ten at a
//! time, and lets the rest wait on the wire), so a publisher that does not wait for answers is batched by itself. It
//! keeps nothing, and sleeps while nobody publishes. It must not know how a room keeps its order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use worker::wasm_bindgen;
use worker::{
    DurableObject, Env, Error, Headers, Request, Response, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair, durable_object,
};

use super::bindings::PUBLISHER_BINDING;
use super::config::{self, Config, Mistakes};
use super::http::messages;
use super::http::messages::Wait;
use super::http::problems::HttpError;
use super::sockets::{self, Sockets};
use super::{log, objects, unfinished};
use crate::core::closing::Closing;
use crate::core::liveness::is_behind;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::wire::batch::{MAX_BATCH_BYTES, Names};
use crate::wire::frame;
use crate::wire::publisher::{self, PublisherFrame, PublisherFrameError};

/// Frames that are handed on at once, and the bytes with which no more are added: what one `POST /broadcast` may hold.
const MOST_AT_ONCE: usize = 1_000;
const MOST_BYTES_AT_ONCE: usize = MAX_BATCH_BYTES;

/// Opens a socket for an authenticated publisher, in an object of its own.
///
/// # Errors
/// What the runtime throws.
pub async fn open(env: &Env) -> Result<Response, HttpError> {
    let object = env.durable_object(PUBLISHER_BINDING)?.unique_id()?.get_stub()?;
    let response = objects::handshake(&object, "/", Headers::new()).await?;
    match response.status_code() {
        101 => Ok(response),
        status => Err(HttpError::RoomStatus(status)),
    }
}

/// One frame that waits for its answer.
struct Waiting {
    names: Names,
    content: Result<(Topic, Keyed), HttpError>,
}

/// One publisher's socket as the runtime knows it.
#[durable_object(websocket)]
pub struct PublisherSocket {
    state: State,
    env: Env,
    config: Rc<Result<Config, Mistakes>>,
    waiting: RefCell<VecDeque<Waiting>>,
    is_publishing: Cell<bool>,
}

impl DurableObject for PublisherSocket {
    fn new(state: State, env: Env) -> Self {
        let config = config::of(&env);
        let sockets = Sockets::of(&state);
        let prepared =
            sockets.answer_pings(frame::PING, frame::PONG).and_then(|()| unfinished::recover(&state));
        if let Err(error) = prepared {
            log::publisher_failed(&error);
        }
        Self { state, env, config, waiting: RefCell::default(), is_publishing: Cell::default() }
    }

    async fn fetch(&self, _: Request) -> worker::Result<Response> {
        let pair = WebSocketPair::new()?;
        Sockets::of(&self.state).accept(&pair.server, None, false)?;
        Response::from_websocket(pair.client)
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        if !sockets::is_open(&socket) {
            // What was under way when the socket was closed: its publisher sends it again, behind what was lost.
            return Ok(());
        }
        self.take(&message);
        if self.is_publishing.replace(true) {
            // The frame before it is being published, and this one will be right after it.
            return Ok(());
        }
        unfinished::note(&self.state, true);
        while !self.waiting.borrow().is_empty() {
            self.publish_waiting(&socket).await;
        }
        unfinished::note(&self.state, false);
        self.is_publishing.set(false);
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
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> worker::Result<()> {
        Ok(())
    }
}

impl PublisherSocket {
    fn take(&self, message: &WebSocketIncomingMessage) {
        let PublisherFrame { names, content } = self.read(message);
        let content = content.map_err(HttpError::PublisherFrame);
        self.waiting.borrow_mut().push_back(Waiting { names, content });
    }

    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < MOST_AT_ONCE && bytes < MOST_BYTES_AT_ONCE {
            let Some(one) = waiting.pop_front() else { break };
            bytes += one.content.as_ref().map_or(0, |(_, keyed)| keyed.bytes());
            batch.push(one);
        }
        batch
    }

    fn read(&self, message: &WebSocketIncomingMessage) -> PublisherFrame {
        let limit = self.config.as_ref().as_ref().map_or(0, |config| config.max_message_bytes);
        match message {
            WebSocketIncomingMessage::String(text) => publisher::frame(text, limit),
            WebSocketIncomingMessage::Binary(_) => {
                PublisherFrame { names: Names::default(), content: Err(PublisherFrameError::Binary) }
            }
        }
    }

    /// Publishes what waits now, as far as it makes one batch, and answers it.
    async fn publish_waiting(&self, socket: &WebSocket) {
        let waiting = self.next_batch();
        let (names, contents): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|one| (one.names, one.content)).unzip();
        let messages::Published { outcomes, cause } =
            messages::publish(&self.env, contents, Wait::ForRelays).await;
        if let Some(cause) = cause {
            log::publisher_failed(&cause);
        }
        let limit = self.config.as_ref().as_ref().map_or(0, |config| config.max_backlog_bytes as u64);
        if is_behind(sockets::waiting(socket), limit) {
            // It does not read its answers. What it gets none for it sends again.
            let _ = sockets::close(socket, &Closing::Behind.into());
        }
        for (names, outcome) in names.iter().zip(&outcomes) {
            // A publisher that is gone needs no answer.
            let _ = socket.send_with_str(publisher::answer(names, outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::PUBLISHER_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(std::any::type_name::<PublisherSocket>().rsplit("::").next(), Some(PUBLISHER_CLASS));
    }
}

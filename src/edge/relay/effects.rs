//! What a relay has decided, done: accept, keep, have asked, put in the queue of what is to be sent. It must not decide
//! anything.

use std::rc::Rc;

use super::errands::Asking;
use super::state::{Outgoing, RelayState};
use super::{errands, words};
use crate::core::relay::effect::{Effect, Word};
use crate::core::relay::event::{Event, SocketId};
use crate::edge::log::RelayMoment;
use crate::edge::object_error::ObjectError;
use crate::edge::runtime;
use crate::edge::sockets::Sockets;
use crate::wire::socket_request::SocketFault;
use crate::wire::{frame, relay_attachment, socket_frame};

impl RelayState {
    /// Does one thing that was decided.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn run(self: &Rc<Self>, effect: Effect) -> Result<(), ObjectError> {
        match effect {
            Effect::Welcome(id) => {
                let connection = self.accept(id)?;
                self.send(Outgoing::Frame(id, socket_frame::connected(&connection, runtime::now())));
            }
            Effect::WelcomeTo { socket, topic, epoch, seq } => {
                let connection = self.accept(socket)?;
                let greeting = frame::connected(&connection, &topic, epoch, seq, runtime::now());
                self.send(Outgoing::Frame(socket, greeting));
            }
            Effect::TurnAway { socket, why } => {
                if let Some(waiting) = self.waiting.borrow_mut().remove(&socket) {
                    // A client that is gone needs no answer.
                    let _ = waiting.answer.send(Err(why));
                }
            }
            Effect::Remember(id) => self.remember(id)?,
            Effect::Forget { connection } => self.subscriptions.delete(&connection)?,
            Effect::Close if self.may_have_stored.replace(false) => {
                errands::delete_all(self, &self.subscriptions);
            }
            Effect::Close => {}
            Effect::Ask { ask, topic, lease, past, address } => {
                errands::ask(self, ask, Asking { topic, lease, past, address });
            }
            Effect::LetGo { topic, lease } => errands::let_go(self, topic, lease),
            Effect::Verify { socket, token } => errands::verify(self, socket, token),
            Effect::Wake { at } => {
                self.may_have_stored.set(true);
                errands::wake_at(self, at);
            }
            Effect::Tell { socket, word } => self.tell(socket, &word, &[]),
            Effect::Gap { sockets, topic, from, to } => {
                self.send(Outgoing::Frames(sockets, frame::gap(&topic, from, to)));
            }
            Effect::Position { sockets, topic, seq } => {
                self.send(Outgoing::Frames(sockets, frame::position(&topic, seq)));
            }
            Effect::Deliver(delivery) => self.send(Outgoing::Delivery(delivery)),
            Effect::Answer { push, pushed } => self.send(Outgoing::Answer(push, pushed)),
            Effect::Disconnect { socket, closing } => self.send(Outgoing::Close(socket, closing.into())),
        }
        Ok(())
    }

    /// Tells a socket a word. A frame that was not understood, or not all of it, has its `faults`.
    pub fn tell(&self, id: SocketId, word: &Word, faults: &[SocketFault]) {
        if *word != Word::NotUnderstood {
            self.send(Outgoing::Frame(id, words::frame(word, runtime::now())));
        }
        for fault in faults {
            self.send(Outgoing::Frame(id, socket_frame::fault(fault)));
        }
    }

    fn accept(&self, id: SocketId) -> Result<String, ObjectError> {
        let stored = self.stored(id).unwrap_or_default();
        let waiting = self.waiting.borrow_mut().remove(&id).ok_or(ObjectError::Misplaced)?;
        Sockets::of(&self.state).accept(&waiting.socket, waiting.address.as_ref(), false)?;
        self.sockets.add(id, waiting.socket.as_ref());
        let _ = waiting.answer.send(Ok(()));
        self.log.debug(RelayMoment::Connected);
        Ok(stored.connection)
    }

    fn remember(self: &Rc<Self>, id: SocketId) -> Result<(), ObjectError> {
        let Some(stored) = self.stored(id) else {
            return Ok(());
        };
        let note = relay_attachment::encode(&stored);
        if let Some(row) = note.row {
            self.may_have_stored.set(true);
            self.subscriptions.save(&stored.connection, &row)?;
            for effect in self.step(Event::RowStored) {
                self.run(effect)?;
            }
        }
        Ok(self.sockets.attach(id, &note.attachment)?)
    }

    fn send(&self, outgoing: Outgoing) {
        self.outgoing.borrow_mut().push_back(outgoing);
    }
}

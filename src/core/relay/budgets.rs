//! What strangers may have of a relay: so much of the past in a minute, so much memory for their topics, and those only
//! as long as somebody wants them. It must not know
//! what is done with those who want more.

use super::Relay;
use super::effect::Refused;
use super::event::SocketId;
use super::held::{FOLLOWED_BYTES, MOST_BYTES, MOST_BYTES_OF_ADDRESS};
use super::past::Given;
use super::stored::Position;
use crate::core::address::Address;
use crate::core::publication::Seq;
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

impl Relay {
    /// Whether a socket may be given something of the past.
    pub(super) fn may_be_given(&self, id: SocketId, past: Past, now: UnixMillis) -> bool {
        let Some(socket) = self.sockets.get(&id).filter(|_| past != Past::Nothing) else {
            return true;
        };
        let has_left = |address: Address| self.answers.may_be_given(address, now);
        socket.budget.may_be_given(now, self.limits.client_frames_per_minute)
            && self.counted(socket.address).is_none_or(has_left)
    }

    /// Counts what a socket is about to be given of the past, and returns whether it may be.
    pub(super) fn give_past(&mut self, id: SocketId, given: &Given, now: UnixMillis) -> bool {
        let bytes: usize = given.items.iter().map(|item| item.publication.as_json().len()).sum();
        if bytes == 0 {
            return true;
        }
        // A room has answered for it, so it counts whether it is given or not.
        let may_be_given = self.may_be_given(id, Past::Latest, now);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.budget = socket.budget.give(bytes, now);
            let address = socket.address;
            if let Some(address) = self.counted(address) {
                self.answers.give(address, bytes, now);
            }
        }
        may_be_given
    }

    /// Whether there is no memory for more topics.
    pub(super) fn has_no_memory(&self) -> bool {
        self.held.all().saturating_add(self.topics.len().saturating_mul(FOLLOWED_BYTES)) >= MOST_BYTES
    }

    /// Whether there is memory for one more topic of a socket.
    pub(super) fn has_memory_for(&self, id: SocketId, topic: &Topic) -> Result<(), Refused> {
        let Some(socket) = self.sockets.get(&id).filter(|socket| !socket.claims(topic)) else {
            return Ok(());
        };
        if self.counted(socket.address).is_some_and(|address| self.held.of(address) >= MOST_BYTES_OF_ADDRESS)
        {
            return Err(Refused::TooManyFromAddress);
        }
        if self.has_no_memory() { Err(Refused::NoMemory) } else { Ok(()) }
    }

    /// Lets go of a topic that nobody has or is about to have. Its room hears of it with its next push; one that has
    /// nothing to push is told.
    pub(super) fn forget_unwanted(&mut self, topic: &Topic) {
        let Some(followed) = self.topics.get(topic).filter(|one| one.is_unwanted()) else {
            return;
        };
        if let (Some(Position { seq: Seq::NONE, .. }), Some(lease)) = (followed.position, followed.lease) {
            self.let_go.push((topic.clone(), lease));
        }
        self.topics.remove(topic);
        self.unnoted.remove(topic);
    }

    /// An address, where connections are counted by address.
    fn counted(&self, address: Option<Address>) -> Option<Address> {
        address.filter(|_| self.limits.connections_per_address.is_some())
    }
}

//! How much memory a relay's subscriptions take, and those of one address among them: strangers choose which topics, and
//! how long their names are. It must not know who a subscriber is.

use std::collections::BTreeMap;

use crate::core::address::Address;
use crate::core::topic::Topic;
use crate::core::view::Views;

/// What a subscription takes besides its topic's name, in bytes: in the socket's list, in the topic's, and in the note that
/// is kept with the socket.
const SUBSCRIPTION_BYTES: usize = 150;

/// What a topic takes that a relay follows, in bytes, its name and what is at hand of a new one included.
pub(super) const FOLLOWED_BYTES: usize = 640;

/// What all topics of a relay take at most: half of the 128 MB that the platform gives an object. 8,192 sockets with 50
/// tokens each are just within that.
pub(super) const MOST_BYTES: usize = 83_886_080;

/// What the subscriptions of one address take at most: a fifth of it. 1,000 phones behind one carrier's address have 80
/// tokens each.
pub(super) const MOST_BYTES_OF_ADDRESS: usize = 16_777_216;

/// What subscriptions take, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    all: usize,
    by_address: BTreeMap<Address, usize>,
}

impl Held {
    /// What all of them take.
    pub fn all(&self) -> usize {
        self.all
    }

    /// What those of an address take.
    pub fn of(&self, address: Address) -> usize {
        self.by_address.get(&address).copied().unwrap_or_default()
    }

    /// A socket has a topic.
    pub fn add(&mut self, address: Option<Address>, topic: &Topic) {
        self.all += cost(topic);
        if let Some(address) = address {
            *self.by_address.entry(address).or_default() += cost(topic);
        }
    }

    /// A socket has a topic no longer.
    pub fn remove(&mut self, address: Option<Address>, topic: &Topic) {
        self.all = self.all.saturating_sub(cost(topic));
        let Some((address, held)) =
            address.and_then(|address| Some((address, self.by_address.get_mut(&address)?)))
        else {
            return;
        };
        *held = held.saturating_sub(cost(topic));
        if *held == 0 {
            self.by_address.remove(&address);
        }
    }

    /// A socket has a topic in other shapes than it `had`.
    pub fn change(&mut self, address: Option<Address>, topic: &Topic, had: Views, views: Views) {
        match (had.is_empty(), views.is_empty()) {
            (true, false) => self.add(address, topic),
            (false, true) => self.remove(address, topic),
            _ => {}
        }
    }
}

fn cost(topic: &Topic) -> usize {
    topic.as_str().len() + SUBSCRIPTION_BYTES
}

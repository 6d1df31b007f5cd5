//! One topic as a relay follows it: how far it is, its last publications, who wants it in which shapes. It must not know
//! who its subscribers are, nor how a room is asked.

use std::collections::{BTreeMap, VecDeque};

use super::event::{Item, Lease, Push, SocketId};
use super::stored::Position;
use crate::core::publication::Seq;
use crate::core::topic::Topic;
use crate::core::view::Views;

/// What of a topic's past a relay has at hand, for newcomers and for those who were away for a moment.
const WINDOW_MESSAGES: usize = 16;
const WINDOW_BYTES: usize = 16_384;

/// A topic that a relay follows or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Which.
    pub topic: Topic,
    /// The stay on the room's list; `None` where it began before the relay's time in memory.
    pub lease: Option<Lease>,
    /// How far it is; `None` until the room has answered.
    pub position: Option<Position>,
    /// Who has it, by shapes.
    groups: BTreeMap<Views, Vec<SocketId>>,
    /// The socket with which the position is noted.
    pub keeper: Option<SocketId>,
    /// Pushes that wait until what is missing before them is here.
    pub held: VecDeque<Push>,
    /// Questions to the room that are under way.
    pub asks: u32,
    /// The last publications, up to the position.
    window: VecDeque<Item>,
    window_bytes: usize,
}

impl Followed {
    /// A topic that nobody has yet.
    #[must_use]
    pub fn new(topic: Topic) -> Self {
        Self {
            topic,
            lease: None,
            position: None,
            groups: BTreeMap::new(),
            keeper: None,
            held: VecDeque::new(),
            asks: 0,
            window: VecDeque::new(),
            window_bytes: 0,
        }
    }

    /// Whether nobody has it or is about to.
    #[must_use]
    pub fn is_unwanted(&self) -> bool {
        self.groups.is_empty() && self.asks == 0
    }

    /// How many sockets have it.
    #[must_use]
    pub fn subscribers(&self) -> u32 {
        u32::try_from(self.groups.values().map(Vec::len).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Who has it, by shapes.
    pub fn groups(&self) -> impl Iterator<Item = (Views, &[SocketId])> {
        self.groups.iter().map(|(views, sockets)| (*views, sockets.as_slice()))
    }

    /// Everybody who has it.
    pub fn everybody(&self) -> impl Iterator<Item = SocketId> {
        self.groups.values().flatten().copied()
    }

    /// Gives a socket other shapes of it than it `had`; none takes it away.
    pub fn regroup(&mut self, socket: SocketId, had: Views, views: Views) {
        if let Some(group) = self.groups.get_mut(&had) {
            if let Some(place) = group.iter().position(|one| *one == socket) {
                group.swap_remove(place);
            }
            if group.is_empty() {
                self.groups.remove(&had);
            }
        }
        if views.is_empty() {
            if self.keeper == Some(socket) {
                let next = self.everybody().next();
                self.keeper = next;
            }
            return;
        }
        self.groups.entry(views).or_default().push(socket);
        self.keeper.get_or_insert(socket);
    }

    /// Sets how far it is, without the publications that lead there.
    pub fn jump(&mut self, position: Position) {
        self.position = Some(position);
        self.window.clear();
        self.window_bytes = 0;
    }

    /// Follows it on to `position` by `items`, one place after another, the last one there. `keeps` says whether the
    /// topic has a past at all.
    pub fn advance(&mut self, position: Position, items: &[Item], keeps: bool) {
        self.position = Some(position);
        for item in items {
            self.window_bytes += item.publication.as_json().len();
            self.window.push_back(item.clone());
        }
        // Who waits for the room's answer needs all that came meanwhile.
        if self.asks == 0 {
            self.trim(keeps);
        }
    }

    /// One question to the room is over.
    pub fn stop_asking(&mut self, keeps: bool) {
        self.asks = self.asks.saturating_sub(1);
        if self.asks == 0 {
            self.trim(keeps);
        }
    }

    /// Lets go of all but the last publications.
    fn trim(&mut self, keeps: bool) {
        let most = if keeps { WINDOW_MESSAGES } else { 0 };
        while self.window.len() > most || (self.window_bytes > WINDOW_BYTES && self.window.len() > 1) {
            let Some(item) = self.window.pop_front() else { return };
            self.window_bytes -= item.publication.as_json().len();
        }
    }

    /// The publications after `seq` up to the position; `None` where some of them are not at hand.
    #[must_use]
    pub fn after(&self, seq: Seq) -> Option<Vec<Item>> {
        let position = self.position?.seq;
        let missing = position.distance_from(seq);
        let skipped = self.window.len().checked_sub(missing)?;
        (seq <= position).then(|| self.window.range(skipped..).cloned().collect())
    }

    /// The last publication, where it is at hand.
    #[must_use]
    pub fn latest(&self) -> Option<&Item> {
        self.window.back()
    }
}

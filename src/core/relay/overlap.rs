//! Who has a feed and a topic whose publications are in it: each publication comes by its own topic, and through the feed
//! only what does not. It must not know how publications come to a relay.

use std::collections::BTreeSet;

use super::effect::{Effect, Parcel};
use super::event::{Item, SocketId};
use super::topic::Followed;
use super::{Relay, Socket};
use crate::core::publication::Seq;
use crate::core::topic::{Namespace, Topic};
use crate::core::view::Views;

/// Who gets what of publications.
#[derive(Default)]
pub(super) struct Shares {
    pub parcels: Vec<Parcel>,
    /// Who is told places, and does not get the last publication.
    passed_over: Vec<SocketId>,
}

impl Shares {
    pub(super) fn of(parcel: Parcel) -> Self {
        Self { parcels: vec![parcel], passed_over: vec![] }
    }

    /// What tells those who do not get the last publication, at `seq`, how far they are. Without that they would come
    /// back from a place that they are long past: to what they have, or to a gap in which nothing is missing.
    pub(super) fn position(&mut self, topic: &Topic, seq: Seq) -> Option<Effect> {
        let sockets = std::mem::take(&mut self.passed_over);
        (!sockets.is_empty()).then(|| Effect::Position { sockets, topic: topic.clone(), seq })
    }
}

impl Relay {
    /// Who gets what of publications: all the same, but for those who have some of them by another topic.
    pub(super) fn shares(&self, topic: &Topic, items: &[Item]) -> Shares {
        let Some(followed) = self.topics.get(topic) else {
            return Shares::default();
        };
        let apart = self.apart(topic, items);
        let parcels = followed
            .groups()
            .map(|(views, sockets)| Parcel {
                views,
                selection: None,
                sockets: sockets.iter().filter(|one| !apart.contains(one)).copied().collect(),
            })
            .filter(|parcel| !parcel.sockets.is_empty());
        let mut shares = Shares { parcels: parcels.collect(), passed_over: vec![] };
        for id in apart {
            let views =
                self.sockets.get(&id).and_then(|socket| socket.topics.get(topic)).map(|had| had.views);
            let Shares { parcels, passed_over } = self.share_of(id, topic, views.unwrap_or_default(), items);
            shares.parcels.extend(parcels);
            shares.passed_over.extend(passed_over);
        }
        shares
    }

    /// Those who have a feed and one of the topics whose publications are in it.
    fn apart(&self, topic: &Topic, items: &[Item]) -> BTreeSet<SocketId> {
        if topic.namespace() != Some(Namespace::Feed) {
            return BTreeSet::new();
        }
        let origins: BTreeSet<&Topic> =
            items.iter().filter_map(|item| Some(&item.origin.as_ref()?.0)).collect();
        let mut apart = BTreeSet::new();
        for origin in origins {
            let Some(followed) = self.topics.get(origin) else { continue };
            apart.extend(followed.everybody().filter(|id| self.has(*id, topic)));
            if followed.asks > 0 {
                let awaits = |socket: &Socket| socket.awaited.iter().any(|one| one.topic == *origin);
                let feed = self.topics.get(topic);
                let everybody = feed.into_iter().flat_map(Followed::everybody);
                apart.extend(everybody.filter(|id| self.sockets.get(id).is_some_and(awaits)));
            }
        }
        apart
    }

    fn has(&self, id: SocketId, topic: &Topic) -> bool {
        self.sockets.get(&id).is_some_and(|socket| socket.topics.contains_key(topic))
    }

    /// What one socket gets of publications of a topic that it has in some shapes: not what it gets, or has had, by the
    /// topic that they were published to.
    pub(super) fn share_of(&self, id: SocketId, topic: &Topic, views: Views, items: &[Item]) -> Shares {
        let is_feed = topic.namespace() == Some(Namespace::Feed);
        let Some(socket) = self.sockets.get(&id).filter(|_| is_feed) else {
            return Shares::of(Parcel { views, selection: None, sockets: vec![id] });
        };
        let mut parcels: Vec<Parcel> = vec![];
        let mut passed_over = vec![];
        for (place, item) in items.iter().enumerate() {
            let shown =
                item.origin.as_ref().map_or(Views::NONE, |(origin, seq)| socket.is_shown(origin, *seq));
            let left = views.minus(shown);
            if place + 1 == items.len() && views.is_native() && !left.is_native() {
                passed_over.push(id);
            }
            match parcels.last_mut() {
                Some(Parcel { views, selection: Some(places), .. }) if *views == left => places.push(place),
                _ => parcels.push(Parcel { views: left, selection: Some(vec![place]), sockets: vec![id] }),
            }
        }
        parcels.retain(|parcel| !parcel.views.is_empty());
        Shares { parcels, passed_over }
    }
}

impl Socket {
    /// In which shapes a publication reaches it by its own topic, on this connection or on the one before.
    fn is_shown(&self, origin: &Topic, seq: Seq) -> Views {
        let had = self.topics.get(origin).into_iter().flat_map(|had| self.parts(origin, *had));
        let had = had.filter(|(_, after)| *after < seq);
        let had = had.fold(Views::NONE, |all, (views, _)| all.union(views));
        let awaited = self.awaited.iter().filter(|one| one.topic == *origin);
        let coming = awaited.filter(|one| one.after.is_some_and(|after| after < seq));
        coming.fold(had, |views, one| views.with(one.view))
    }
}

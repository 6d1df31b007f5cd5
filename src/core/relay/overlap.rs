//! Who has a feed and a topic whose publications are in it: each publication comes by its own topic, and through the feed
//! only what does not. It must not know how publications come to a relay.

use std::collections::BTreeSet;

use super::effect::Parcel;
use super::event::{Item, SocketId};
use super::topic::Followed;
use super::{Relay, Socket};
use crate::core::publication::Seq;
use crate::core::topic::{Namespace, Topic};
use crate::core::view::Views;

impl Relay {
    /// Who gets what of publications: all the same, but for those who have some of them by another topic.
    pub(super) fn parcels(&self, topic: &Topic, items: &[Item]) -> Vec<Parcel> {
        let Some(followed) = self.topics.get(topic) else {
            return vec![];
        };
        let apart = self.apart(topic, items);
        let mut parcels: Vec<Parcel> = followed
            .groups()
            .map(|(views, sockets)| Parcel {
                views,
                selection: None,
                sockets: sockets.iter().filter(|one| !apart.contains(one)).copied().collect(),
            })
            .filter(|parcel| !parcel.sockets.is_empty())
            .collect();
        for id in apart {
            let views =
                self.sockets.get(&id).and_then(|socket| socket.topics.get(topic)).map(|had| had.views);
            parcels.extend(self.parcels_for(id, topic, views.unwrap_or_default(), items));
        }
        parcels
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
    pub(super) fn parcels_for(
        &self,
        id: SocketId,
        topic: &Topic,
        views: Views,
        items: &[Item],
    ) -> Vec<Parcel> {
        let is_feed = topic.namespace() == Some(Namespace::Feed);
        let Some(socket) = self.sockets.get(&id).filter(|_| is_feed) else {
            return vec![Parcel { views, selection: None, sockets: vec![id] }];
        };
        let mut parcels: Vec<Parcel> = vec![];
        for (place, item) in items.iter().enumerate() {
            let shown =
                item.origin.as_ref().map_or(Views::NONE, |(origin, seq)| socket.is_shown(origin, *seq));
            let left = views.minus(shown);
            match parcels.last_mut() {
                Some(Parcel { views, selection: Some(places), .. }) if *views == left => places.push(place),
                _ => parcels.push(Parcel { views: left, selection: Some(vec![place]), sockets: vec![id] }),
            }
        }
        parcels.retain(|parcel| !parcel.views.is_empty());
        parcels
    }
}

impl Socket {
    /// In which shapes a publication reaches it by its own topic.
    fn is_shown(&self, origin: &Topic, seq: Seq) -> Views {
        let had = self.topics.get(origin).into_iter().flat_map(|had| self.parts(origin, *had));
        let had = had.filter(|(_, after)| *after < seq);
        let had = had.fold(Views::NONE, |all, (views, _)| all.union(views));
        let awaited = self.awaited.iter().filter(|one| one.topic == *origin);
        let coming = awaited.filter(|one| one.since.is_some_and(|since| since < seq));
        coming.fold(had, |views, one| views.with(one.view))
    }
}

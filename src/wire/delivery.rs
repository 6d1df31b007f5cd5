//! What a subscriber gets of a topic's publications in the shapes that it asked for: which frames, in which order. It
//! must not know a subscriber, nor what it has already.

use super::channel::{self, Channel};
use super::frame;
use crate::core::publication::{Publication, Seq};
use crate::core::relay::event::Item;
use crate::core::topic::Topic;
use crate::core::view::{Kind, Views};

/// Some of several publications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// All of them.
    All,
    /// Those at these places in the list, counted from 0, in this order.
    Only(&'a [usize]),
}

/// The frames that a subscriber with `views` gets for the chosen ones of `items`, which follow one another in `topic`, the
/// first at the place `first`: as posted first, then on each channel one frame, or as few as hold them.
#[must_use]
pub fn frames(
    topic: &Topic,
    first: Seq,
    items: &[Item],
    views: Views,
    selection: Selection<'_>,
) -> Vec<String> {
    let chosen: Vec<(Seq, &Publication, Kind)> = match selection {
        Selection::All => (0..items.len()).filter_map(|index| at(first, items, index)).collect(),
        Selection::Only(indices) => indices.iter().filter_map(|index| at(first, items, *index)).collect(),
    };
    let mut frames = as_posted(topic, &chosen, views);
    frames.extend(Channel::ALL.into_iter().flat_map(|channel| on_channel(channel, &chosen, views)));
    frames
}

/// The frames of the last publication for a newcomer with `views`.
#[must_use]
pub fn snapshot(item: &Item, seq: Seq, views: Views) -> Vec<String> {
    let (publication, kind) = (&item.publication, item.kind);
    let as_posted = views.shows_as_posted(kind).then(|| frame::snapshot(publication, seq));
    let data =
        on_channel_of(kind, views).into_iter().flat_map(|channel| channel::data(channel, [publication]));
    as_posted.into_iter().chain(data).collect()
}

fn at(first: Seq, items: &[Item], index: usize) -> Option<(Seq, &Publication, Kind)> {
    items.get(index).map(|item| (first.after(index), &item.publication, item.kind))
}

fn as_posted(topic: &Topic, chosen: &[(Seq, &Publication, Kind)], views: Views) -> Vec<String> {
    let shown = chosen.iter().filter(|(_, _, kind)| views.shows_as_posted(*kind));
    let updates = shown.map(|(seq, publication, _)| (*seq, *publication));
    if views.is_batch() && updates.clone().count() > 1 {
        return frame::batch_updates(topic, updates);
    }
    updates.map(|(seq, publication)| frame::publication(publication, seq)).collect()
}

fn on_channel(channel: Channel, chosen: &[(Seq, &Publication, Kind)], views: Views) -> Vec<String> {
    let shown = chosen.iter().filter(|(_, _, kind)| on_channel_of(*kind, views) == Some(channel));
    channel::data(channel, shown.map(|(_, publication, _)| *publication))
}

/// The channel on which a subscriber with `views` gets a publication of this kind.
fn on_channel_of(kind: Kind, views: Views) -> Option<Channel> {
    Channel::of(kind).filter(|_| views.shows_on_channel(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Forward;
    use crate::core::feed::Feed;
    use crate::core::topic::MAX_TOPIC_LENGTH;
    use crate::core::view::{AlertKind, AlertKinds, View};
    use crate::wire::payload::{self, MAX_PAYLOAD_BYTES};
    use crate::wire::room_protocol;
    use crate::wire::shared_frame::MAX_FRAME_BYTES;
    use crate::wire::subscription::MAX_SEQ;

    const FIRST: Seq = Seq::NONE;

    fn published() -> Vec<Item> {
        let kinds = [Kind::Price, Kind::Trade, Kind::Price, Kind::Alert(Some(AlertKind::Whale)), Kind::Other];
        let publication = |at| Publication::from_checked_object(format!(r#"{{"n":{at},"token":"A"}}"#));
        let item = |(at, kind)| Item { publication: publication(at), kind, origin: None };
        kinds.into_iter().enumerate().map(item).collect()
    }

    fn frames_of(views: Views, selection: Selection<'_>) -> Vec<String> {
        frames(&Topic::parse("A").unwrap(), FIRST.next(), &published(), views, selection)
    }

    #[test]
    fn natively_each_publication_is_a_frame_with_its_own_place() {
        let native = Views::of(View::Native);
        let all = frames_of(native, Selection::All);
        assert_eq!(all.len(), 5);
        assert_eq!(all[2], r#"{"n":2,"token":"A","seq":3}"#);
        assert_eq!(frames_of(native, Selection::Only(&[2, 4])), [all[2].clone(), all[4].clone()]);
        assert!(frames_of(native, Selection::Only(&[5])).is_empty(), "there is no sixth");
    }

    #[test]
    fn several_share_a_frame_where_that_was_asked_for_and_keep_their_places() {
        let batch = Views::of(View::NativeBatch);
        assert_eq!(
            frames_of(batch, Selection::Only(&[1, 3])),
            [concat!(
                r#"{"type":"BATCH_UPDATE","token":"A","updates":["#,
                r#"{"n":1,"token":"A","seq":2},{"n":3,"token":"A","seq":4}]}"#
            )]
        );
        assert_eq!(frames_of(batch, Selection::Only(&[1])), [r#"{"n":1,"token":"A","seq":2}"#]);
    }

    #[test]
    fn an_action_shows_its_kind_as_it_was_posted() {
        assert_eq!(
            frames_of(Views::of(View::PriceAction), Selection::All),
            [r#"{"n":0,"token":"A","seq":1}"#, r#"{"n":2,"token":"A","seq":3}"#]
        );
        assert!(frames_of(Views::of(View::BalanceAction), Selection::All).is_empty());
    }

    #[test]
    fn a_channel_is_one_frame_with_what_is_of_its_kind() {
        let rugs = View::Alerts(AlertKinds::NONE.and(AlertKind::Rug));
        let views = Views::of(View::Prices).with(View::Trades).with(rugs);
        assert_eq!(
            frames_of(views, Selection::All),
            [
                r#"{"type":"data","channel":"prices","data":{"prices":[{"tokenAddress":"A","n":0},{"tokenAddress":"A","n":2}]}}"#,
                r#"{"type":"data","channel":"trades","data":{"trades":[{"tokenAddress":"A","n":1}]}}"#,
            ]
        );
    }

    #[test]
    fn the_largest_payload_fits_a_frame_in_every_shape() {
        let topic = Topic::parse(&"T".repeat(MAX_TOPIC_LENGTH)).unwrap();
        let seq = Seq::new(MAX_SEQ);
        let fields = r#""slot":1,"amount":2,"symbol":"x","alertType":"rug","a":""#;
        for (name, kind, feed) in [
            ("PRICE_UPDATE", Kind::Price, None),
            ("TRADE", Kind::Trade, Some(Feed::Trades)),
            ("NEW_TOKEN", Kind::Token, Some(Feed::Tokens)),
            ("ALERT", Kind::Alert(Some(AlertKind::Rug)), Some(Feed::Alerts)),
        ] {
            let begin = format!(r#"{{"type":"{name}",{fields}"#);
            let rest = MAX_PAYLOAD_BYTES - begin.len() - r#""}"#.len();
            let payload = format!(r#"{begin}{}"}}"#, "x".repeat(rest));
            assert_eq!(payload.len(), MAX_PAYLOAD_BYTES);
            let posted = payload::publication(&topic, payload.as_bytes()).unwrap().publication;
            let in_feed = feed
                .map(|feed| room_protocol::forwarded(&Forward { feed, publication: posted.clone(), seq }));
            for publication in [posted].into_iter().chain(in_feed) {
                let item = Item { publication, kind, origin: None };
                let views = Views::of(View::NativeBatch).with(View::Prices).with(View::Trades);
                let views = views.with(View::Tokens).with(View::Alerts(AlertKinds::ALL));
                let twice = [item.clone(), item.clone()];
                let all = frames(&topic, seq, &twice, views, Selection::All);
                assert_eq!(all.len(), 4, "two do not fit one frame");
                let snapshots = snapshot(&item, seq, views);
                for frame in all.iter().chain(&snapshots) {
                    assert!(frame.len() <= MAX_FRAME_BYTES, "{name}: {}", frame.len());
                }
            }
        }
    }

    #[test]
    fn who_has_a_topic_in_two_shapes_gets_both_as_posted_first() {
        let views = Views::of(View::Native).with(View::Alerts(AlertKinds::ALL));
        assert_eq!(
            frames_of(views, Selection::Only(&[3, 4])),
            [
                r#"{"n":3,"token":"A","seq":4}"#,
                r#"{"n":4,"token":"A","seq":5}"#,
                r#"{"type":"data","channel":"alerts","data":{"alerts":[{"tokenAddress":"A","n":3}]}}"#,
            ]
        );
    }

    #[test]
    fn a_newcomer_gets_the_last_publication_in_each_of_its_shapes() {
        let price = &published()[0];
        let shown = |views| snapshot(price, Seq::new(7), views);
        let native = r#"{"n":0,"token":"A","seq":7,"snapshot":true}"#;
        let data = r#"{"type":"data","channel":"prices","data":{"prices":[{"tokenAddress":"A","n":0}]}}"#;
        assert_eq!(shown(Views::of(View::PriceAction).with(View::Prices)), [native, data]);
        assert_eq!(shown(Views::of(View::Prices)), [data]);
        assert!(shown(Views::of(View::Trades)).is_empty());
    }
}

//! What has to hold of a publication for subscribers of many topics: it is described as it was posted, and in whatever
//! shape it is sent, it is JSON and has the values that were posted, letter by letter. It must not know who posted it.

use std::collections::BTreeMap;

use glow_broadcast::core::publication::{Publication, Seq, in_places};
use glow_broadcast::core::relay::event::Item;
use glow_broadcast::core::topic::Topic;
use glow_broadcast::core::view::{AlertKind, AlertKinds, Kind, View, Views};
use glow_broadcast::wire::channel::{self, Channel};
use glow_broadcast::wire::delivery::{self, Selection};
use glow_broadcast::wire::description::{Description, describe};
use glow_broadcast::wire::{frame, payload};

use super::json;

/// The topic that every input is published to.
const TOPIC: &str = "SOL";

const FIRST: u64 = 9;

/// The names of each channel that its clients know, in order, and after each the publisher's own names for it.
const NAMES: [(Channel, &str, &[&[&str]]); 4] = [
    (
        Channel::Prices,
        "prices",
        &[
            &["tokenAddress", "token"],
            &["price"],
            &["priceChange24h"],
            &["volume24h"],
            &["liquidity"],
            &["timestamp"],
        ],
    ),
    (
        Channel::Tokens,
        "tokens",
        &[
            &["address", "token"],
            &["name"],
            &["symbol"],
            &["totalSupply"],
            &["creator"],
            &["pairAddress"],
            &["initialLiquidity"],
            &["timestamp"],
            &["blockNumber", "slot"],
            &["txHash", "signature"],
        ],
    ),
    (
        Channel::Trades,
        "trades",
        &[
            &["txHash", "signature"],
            &["tokenAddress", "token"],
            &["tokenSymbol", "symbol"],
            &["trader"],
            &["type", "side"],
            &["amountToken", "amount"],
            &["amountCore", "quoteAmount"],
            &["price"],
            &["timestamp"],
            &["blockNumber", "slot"],
            &["dex"],
        ],
    ),
    (
        Channel::Alerts,
        "alerts",
        &[
            &["id"],
            &["type", "alertType", "kind"],
            &["tokenAddress", "token"],
            &["tokenSymbol", "symbol"],
            &["title"],
            &["message"],
            &["severity"],
            &["data"],
            &["timestamp"],
        ],
    ),
];

/// The input is what is posted to the topic `SOL`.
pub fn channel(bytes: &[u8]) {
    let topic = Topic::parse(TOPIC).unwrap();
    let Ok(keyed) = payload::publication(&topic, bytes) else { return };
    let publication = keyed.publication;
    let posted =
        json::last_fields(publication.as_json()).expect("a publication is an object of readable names");
    is_described(&publication, &posted);
    for (channel, name, names) in NAMES {
        is_an_item(&publication, &posted, channel, name, names);
    }
    reaches_who_asked_for_it(&topic, &publication);
}

fn is_described(publication: &Publication, posted: &BTreeMap<String, &str>) {
    let text = |name: &str| posted.get(name).and_then(|value| json::string(value));
    let Description { kind, token, token_seq } = describe(publication);
    let alert = match text("alertType").or_else(|| text("kind")).as_deref() {
        Some("price") => Some(AlertKind::Price),
        Some("volume") => Some(AlertKind::Volume),
        Some("whale") => Some(AlertKind::Whale),
        Some("rug") => Some(AlertKind::Rug),
        _ => None,
    };
    let expected = match text("type").as_deref() {
        Some("PRICE_UPDATE") => Kind::Price,
        Some("TRADE") => Kind::Trade,
        Some("NEW_TOKEN") => Kind::Token,
        Some("ALERT") => Kind::Alert(alert),
        Some("BALANCE_UPDATE") => Kind::Balance,
        _ => Kind::Other,
    };
    assert_eq!((kind, token.as_deref()), (expected, Some(TOPIC)));
    // Every other way to write a number is none of the service's.
    let place = posted.get("tokenSeq").and_then(|value| {
        let number: u64 = value.parse().ok()?;
        (number.to_string() == **value && number < 1 << 53).then_some(number)
    });
    assert_eq!(token_seq.map(Seq::get), place);
}

fn is_an_item(
    publication: &Publication,
    posted: &BTreeMap<String, &str>,
    channel: Channel,
    channel_name: &str,
    names: &[&[&str]],
) {
    let text = channel::data(channel, [publication, publication]).concat();
    let frame = json::fields(&text).expect("a frame is an object");
    let quoted = format!("\"{channel_name}\"");
    assert_eq!(frame[..2], [("\"type\"", "\"data\""), ("\"channel\"", quoted.as_str())]);
    assert_eq!((frame.len(), frame[2].0), (3, "\"data\""));
    let data = json::fields(frame[2].1).expect("the data are an object");
    assert_eq!((data.len(), data[0].0), (1, quoted.as_str()));
    let items = json::items(data[0].1).expect("of a list");
    assert_eq!(items.len(), 2);
    assert_eq!(items[0], items[1], "the same twice is told the same");

    let item = json::fields(items[0]).expect("an item is an object");
    let told: BTreeMap<String, &str> = json::last_fields(items[0]).unwrap();
    assert_eq!(told.len(), item.len(), "each name is told once");
    assert_eq!(told, expected(posted, names));
    let order: Vec<String> = item.iter().map(|(name, _)| json::string(name).unwrap()).collect();
    let known = names.iter().map(|names| names[0]).filter(|name| told.contains_key(*name));
    assert!(order.iter().zip(known).all(|(told, known)| told == known), "{order:?}");
}

/// What was posted, moved to the names that clients know where those are free.
fn expected<'a>(posted: &BTreeMap<String, &'a str>, names: &[&[&str]]) -> BTreeMap<String, &'a str> {
    let mut item = posted.clone();
    for service_made in ["type", "tokenSeq", "feed"] {
        item.remove(service_made);
    }
    for names in names {
        if item.contains_key(names[0]) {
            continue;
        }
        if let Some(value) = names[1..].iter().find_map(|own| item.remove(*own)) {
            item.insert(names[0].to_owned(), value);
        }
    }
    item.remove("token");
    item
}

/// As posted first, then on the channel of its kind, for whoever asked for either.
fn reaches_who_asked_for_it(topic: &Topic, publication: &Publication) {
    let kind = describe(publication).kind;
    let first = Seq::new(FIRST);
    let alone = [publication.clone(), publication.clone()];
    let item = Item { publication: publication.clone(), kind, origin: None };
    let several = [item.clone(), item.clone()];
    let on_channel = match kind {
        Kind::Price => Some((View::Prices, Channel::Prices)),
        Kind::Token => Some((View::Tokens, Channel::Tokens)),
        Kind::Trade => Some((View::Trades, Channel::Trades)),
        Kind::Alert(_) => Some((View::Alerts(AlertKinds::ALL), Channel::Alerts)),
        Kind::Balance | Kind::Other => None,
    };
    let native: Vec<String> =
        in_places(first, &alone).map(|(seq, publication)| frame::publication(publication, seq)).collect();
    let frames = |views, selection| delivery::frames(topic, first, &several, views, selection);
    assert_eq!(frames(Views::of(View::Native), Selection::All), native);
    assert_eq!(frames(Views::of(View::Native), Selection::Only(&[1])), native[1..]);
    let batch = frame::batch_updates(topic, in_places(first, &alone));
    assert_eq!(frames(Views::of(View::NativeBatch), Selection::All), batch);
    assert!(frames(Views::NONE, Selection::All).is_empty());

    let channels = [View::Prices, View::Tokens, View::Trades, View::Alerts(AlertKinds::ALL)];
    let everything = channels.into_iter().fold(Views::of(View::Native), Views::with);
    let data = on_channel.map(|(view, channel)| (view, channel::data(channel, &alone).concat()));
    for view in channels {
        let shown = data.iter().filter(|(own, _)| *own == view).map(|(_, data)| data.clone());
        assert_eq!(frames(Views::of(view), Selection::All), shown.collect::<Vec<_>>());
    }
    let expected: Vec<String> = native.into_iter().chain(data.map(|(_, data)| data)).collect();
    assert_eq!(frames(everything, Selection::All), expected);
    let snapshot = delivery::snapshot(&item, first, everything);
    assert_eq!(snapshot.len(), 1 + usize::from(on_channel.is_some()));
    assert_eq!(snapshot[0], frame::snapshot(publication, first));
}

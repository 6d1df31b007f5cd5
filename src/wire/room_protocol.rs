//! What the Worker and a room say to each other. Worker and room may run different versions for some minutes after a
//! deployment, so a change here has to be understood by the version before it. It must not know how either is reached.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::market;
use crate::core::epoch::Epoch;
use crate::core::event::{Forward, Outcome, Refusal};
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, MarketPart, Publication, Seq};

/// The room's path for [`encode_publications`].
pub const PUBLISH_PATH: &str = "/publish";

/// The room's path for a subscriber's handshake.
pub const SUBSCRIBE_PATH: &str = "/subscribe";

/// The room's path for how it stands.
pub const STANDING_PATH: &str = "/standing";

/// The room's path for `wire::rule_change`.
pub const RULES_PATH: &str = "/rules";

/// The room's path for its token's market, which it answers with `wire::market_answer`.
pub const MARKET_PATH: &str = "/market";

/// The header that carries a subscriber's hashed address.
pub const ADDRESS_HEADER: &str = "x-room-address";

/// A message between Worker and room that the other one does not understand.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a message between Worker and room was not understood")]
pub struct NotUnderstood;

/// The header that carries the publications' idempotency keys, where one has any. A version that doesn't know it
/// publishes all the same.
pub const KEYS_HEADER: &str = "x-room-keys";

/// The request body for publications to one room, in order: the array of their objects.
#[must_use]
pub fn encode_publications(publications: &[Keyed]) -> String {
    let objects: Vec<&str> = publications.iter().map(|keyed| keyed.publication.as_json()).collect();
    format!("[{}]", objects.join(","))
}

/// [`KEYS_HEADER`]'s value: the keys in the publications' order, empty for none.
#[must_use]
pub fn encode_keys(publications: &[Keyed]) -> Option<String> {
    if publications.iter().all(|keyed| keyed.key.is_none()) {
        return None;
    }
    let stored = |keyed: &Keyed| keyed.key.map(IdempotencyKey::to_stored).unwrap_or_default();
    let keys: Vec<String> = publications.iter().map(stored).collect();
    Some(keys.join(","))
}

/// The header that carries the feeds that publications go to besides, where one goes to any.
pub const FEEDS_HEADER: &str = "x-room-feeds";

/// [`FEEDS_HEADER`]'s value: the feeds in the publications' order, empty for none.
#[must_use]
pub fn encode_feeds(publications: &[Keyed]) -> Option<String> {
    if publications.iter().all(|keyed| keyed.feed.is_none()) {
        return None;
    }
    let feeds: Vec<&str> =
        publications.iter().map(|keyed| keyed.feed.map(Feed::name).unwrap_or_default()).collect();
    Some(feeds.join(","))
}

/// The header that says what publications are to the market of their token, where the service itself made them. A version
/// that doesn't know it publishes them all, and warns of nothing.
pub const MARKET_HEADER: &str = "x-room-market";

const WITNESSED: &str = "seen";
const PROPOSAL: &str = "price";

/// The header of a request that is answered without the relays' reports. A version that doesn't know it waits for them.
pub const PROMPT_HEADER: &str = "x-room-prompt";

/// [`MARKET_HEADER`]'s value: `seen` for what was seen on the chain and `price` for the price that the trade before would
/// make, in the publications' order, empty for anything else.
#[must_use]
pub fn encode_market(publications: &[Keyed]) -> Option<String> {
    let part = |keyed: &Keyed| match keyed.market {
        MarketPart::Witnessed(_) => WITNESSED,
        MarketPart::Proposal => PROPOSAL,
        MarketPart::Nothing | MarketPart::Tick(_) => "",
    };
    let parts: Vec<&str> = publications.iter().map(part).collect();
    parts.iter().any(|part| !part.is_empty()).then(|| parts.join(","))
}

/// What the headers say of publications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// Of [`KEYS_HEADER`].
    pub keys: Option<&'a str>,
    /// Of [`FEEDS_HEADER`].
    pub feeds: Option<&'a str>,
    /// Of [`MARKET_HEADER`].
    pub market: Option<&'a str>,
}

/// A publication as it goes to a feed: as it was posted, with its place in its own topic and the feed's name.
#[must_use]
pub fn forwarded(forward: &Forward) -> Publication {
    let Forward { feed, publication, seq } = forward;
    let object = publication.as_json();
    let open = object.strip_suffix('}').unwrap_or(object);
    // It always has its token, so a comma is right.
    let (seq, feed) = (seq.get(), feed.name());
    Publication::from_checked_object(format!("{open},\"tokenSeq\":{seq},\"feed\":\"{feed}\"}}"))
}

/// Reads [`encode_publications`] and what goes with it. `received`, in Unix seconds, is the time of what happened at a time
/// that nobody says; a topic that is no market has none. The payloads were checked by the Worker and are
/// not checked again.
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_publications(
    body: &str,
    headers: Headers<'_>,
    received: Option<u64>,
) -> Result<Vec<Keyed>, NotUnderstood> {
    let objects: Vec<&RawValue> = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    let mut keys = headers.keys.unwrap_or_default().split(',');
    let mut feeds = headers.feeds.unwrap_or_default().split(',');
    let mut parts = headers.market.unwrap_or_default().split(',');
    let publication = |object: &RawValue| {
        let key = keys.next().and_then(|key| IdempotencyKey::from_stored(key).ok());
        let feed = feeds.next().and_then(Feed::parse);
        let publication = Publication::from_checked_object(object.get());
        let market = market_part(&publication, parts.next(), received);
        Keyed { publication, key, feed, market }
    };
    Ok(objects.into_iter().map(publication).collect())
}

fn market_part(publication: &Publication, part: Option<&str>, received: Option<u64>) -> MarketPart {
    if part == Some(PROPOSAL) {
        return MarketPart::Proposal;
    }
    let tick = received.and_then(|received| market::tick(publication, received)).map(Rc::new);
    match tick {
        Some(tick) if part == Some(WITNESSED) => MarketPart::Witnessed(tick),
        Some(tick) => MarketPart::Tick(tick),
        None => MarketPart::Nothing,
    }
}

/// The room's answer: what became of the publications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Sockets that they were handed to.
    pub connections: u32,
    /// The place of the first. Where there are no `outcomes`, the others follow it without a hole.
    first_seq: u64,
    /// The place of each, and whether it repeats a publication; given where one does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<(u64, bool)>,
    /// The epoch of the order; given of a wallet's own topic alone, where places are names of snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
}

impl Published {
    /// The answer for publications, at least one, that became `outcomes` and were handed to `connections` sockets.
    #[must_use]
    pub fn new(connections: u32, outcomes: &[Outcome]) -> Self {
        let first_seq = outcomes.first().map_or(0, |outcome| outcome.seq.get());
        let follow = outcomes
            .iter()
            .zip(0..)
            .all(|(outcome, place)| !outcome.duplicate && outcome.seq.get() == first_seq + place);
        let listed = outcomes.iter().map(|outcome| (outcome.seq.get(), outcome.duplicate));
        Self { connections, first_seq, outcomes: if follow { vec![] } else { listed.collect() }, epoch: None }
    }

    /// The same, with the epoch of the places.
    #[must_use]
    pub fn in_epoch(self, epoch: Epoch) -> Self {
        Self { epoch: Some(epoch.to_string()), ..self }
    }

    /// The epoch of the places, where it is given.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch.as_deref().map(Epoch::parse)
    }

    /// What became of the publication at this place among those that were sent, from 0.
    #[must_use]
    pub fn outcome(&self, place: usize) -> Outcome {
        let following = Outcome { seq: Seq::new(self.first_seq).after(place), duplicate: false };
        self.outcomes
            .get(place)
            .map_or(following, |(seq, duplicate)| Outcome { seq: Seq::new(*seq), duplicate: *duplicate })
    }

    /// The response body.
    #[must_use]
    pub fn encode(&self) -> String {
        super::to_json(self)
    }

    /// Reads a response body.
    ///
    /// # Errors
    /// [`NotUnderstood`].
    pub fn decode(body: &str) -> Result<Self, NotUnderstood> {
        serde_json::from_str(body).map_err(|_| NotUnderstood)
    }
}

/// The body, with [`REFUSED_STATUS`], of a room whose outbox is full.
pub const BUSY: &str = "busy";

/// The status with which a room turns a socket or a publisher away; the body says why.
pub const REFUSED_STATUS: u16 = 409;

/// The response body for a socket that is turned away.
#[must_use]
pub fn encode_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Full => "full",
        Refusal::TooManyFromAddress => "address",
        Refusal::TooMuchGiven => "given",
        Refusal::FromTheFuture => "future",
        Refusal::Unborn => "unborn",
    }
}

/// Reads [`encode_refusal`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_refusal(body: &str) -> Result<Refusal, NotUnderstood> {
    match body {
        "full" => Ok(Refusal::Full),
        "address" => Ok(Refusal::TooManyFromAddress),
        "given" => Ok(Refusal::TooMuchGiven),
        "future" => Ok(Refusal::FromTheFuture),
        "unborn" => Ok(Refusal::Unborn),
        _ => Err(NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::tick::{NewToken, Tick};

    fn keyed(object: &str, key: Option<&str>) -> Keyed {
        let key = key.map(|key| IdempotencyKey::given(key).unwrap());
        Keyed { key, ..Keyed::bare(Publication::from_checked_object(object)) }
    }

    fn outcome(seq: u64, duplicate: bool) -> Outcome {
        Outcome { seq: Seq::new(seq), duplicate }
    }

    #[test]
    fn the_language_between_versions_is_unchanged() {
        let publications =
            [keyed(r#"{"a":1e-9,"token":"T"}"#, None), keyed(r#"{"b":"],[","token":"T"}"#, Some("k"))];
        let (body, keys) = (encode_publications(&publications), encode_keys(&publications));
        assert_eq!(body, r#"[{"a":1e-9,"token":"T"},{"b":"],[","token":"T"}]"#);
        let key = IdempotencyKey::given("k").unwrap().to_stored();
        assert_eq!(keys, Some(format!(",{key}")));
        assert_eq!(
            decode_publications(&body, Headers { keys: keys.as_deref(), ..Headers::default() }, None)
                .unwrap(),
            publications
        );
        assert_eq!(decode_publications("[{]", Headers::default(), None), Err(NotUnderstood));
        let others = [Refusal::TooMuchGiven, Refusal::FromTheFuture, Refusal::Unborn];
        for refusal in [Refusal::Full, Refusal::TooManyFromAddress].into_iter().chain(others) {
            assert_eq!(decode_refusal(encode_refusal(refusal)), Ok(refusal));
        }
        assert_eq!((encode_refusal(Refusal::Full), BUSY, REFUSED_STATUS), ("full", "busy", 409));
    }

    #[test]
    fn a_worker_or_a_room_without_keys_is_understood() {
        let object = r#"{"token":"T"}"#;
        assert_eq!(encode_keys(&[keyed(object, None)]), None);
        assert_eq!(
            decode_publications(&format!("[{object}]"), Headers::default(), None).unwrap(),
            [keyed(object, None)]
        );
        let published = Published::decode(r#"{"connections":3,"first_seq":7,"later":1}"#).unwrap();
        assert_eq!(published.connections, 3);
        assert_eq!(published.outcome(1), outcome(8, false));
    }

    #[test]
    fn what_goes_to_a_feed_says_where_it_comes_from() {
        let trade = Keyed { feed: Some(Feed::Trades), ..keyed(r#"{"type":"TRADE","token":"T"}"#, None) };
        let publications = [keyed(r#"{"token":"T"}"#, None), trade.clone()];
        let feeds = encode_feeds(&publications);
        assert_eq!(feeds.as_deref(), Some(",feed:trades"));
        let body = encode_publications(&publications);
        assert_eq!(
            decode_publications(&body, Headers { feeds: feeds.as_deref(), ..Headers::default() }, None)
                .unwrap(),
            publications
        );
        let forward = Forward { feed: Feed::Trades, publication: trade.publication, seq: Seq::new(17) };
        assert_eq!(
            forwarded(&forward).as_json(),
            r#"{"type":"TRADE","token":"T","tokenSeq":17,"feed":"feed:trades"}"#
        );
    }

    #[test]
    fn what_the_service_saw_on_the_chain_is_marked_and_so_is_the_price_that_it_would_make() {
        let trade = keyed(r#"{"type":"TRADE","price":2,"timestamp":7,"token":"T"}"#, None);
        let tick = Rc::new(market::tick(&trade.publication, 0).unwrap());
        let seen = Keyed { market: MarketPart::Witnessed(Rc::clone(&tick)), ..trade.clone() };
        let price = Keyed {
            market: MarketPart::Proposal,
            ..keyed(r#"{"type":"PRICE_UPDATE","price":2,"token":"T"}"#, None)
        };
        assert_eq!(encode_market(std::slice::from_ref(&trade)), None);
        let publications = [seen, price, trade.clone()];
        let market = encode_market(&publications);
        assert_eq!(market.as_deref(), Some("seen,price,"));
        let headers = Headers { market: market.as_deref(), ..Headers::default() };
        let body = encode_publications(&publications);
        let read = decode_publications(&body, headers, Some(0)).unwrap();
        assert_eq!(read, [&publications[..2], &[Keyed { market: MarketPart::Tick(tick), ..trade }]].concat());
        let elsewhere = decode_publications(&body, Headers::default(), None).unwrap();
        assert!(
            elsewhere.iter().all(|keyed| keyed.market == MarketPart::Nothing),
            "where there is no market"
        );
    }

    #[test]
    fn a_new_token_is_marked_where_it_says_how_much_there_is_and_a_version_that_says_less_is_understood() {
        let read = |object, part| {
            let headers = Headers { market: Some(part), ..Headers::default() };
            let read = decode_publications(&format!("[{object}]"), headers, Some(0)).unwrap();
            read.into_iter().next().unwrap().market
        };
        let told = r#"{"type":"NEW_TOKEN","symbol":"DROP","totalSupply":"5","token":"T"}"#;
        let tick =
            Rc::new(Tick::NewToken(NewToken { symbol: Some("DROP".into()), supply: Decimal::from_whole(5) }));
        assert_eq!(read(told, "seen"), MarketPart::Witnessed(Rc::clone(&tick)));
        assert_eq!(read(told, ""), MarketPart::Tick(tick), "what a publisher says");
        for part in ["", "seen"] {
            assert_eq!(read(r#"{"type":"NEW_TOKEN","token":"T"}"#, part), MarketPart::Nothing);
        }
    }

    #[test]
    fn an_answer_lists_places_only_where_they_do_not_follow_one_another() {
        let published = Published::new(3, &[outcome(7, false), outcome(8, false)]);
        assert_eq!(published.encode(), r#"{"connections":3,"first_seq":7}"#);
        let repeated = [outcome(7, false), outcome(2, true), outcome(8, false)];
        let published = Published::new(3, &repeated);
        assert_eq!(
            published.encode(),
            r#"{"connections":3,"first_seq":7,"outcomes":[[7,false],[2,true],[8,false]]}"#
        );
        let read = Published::decode(&published.encode()).unwrap();
        assert_eq!([0, 1, 2].map(|place| read.outcome(place)), repeated);
    }
}

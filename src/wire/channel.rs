//! The data frames of the channel dialect: publications under the names that its clients know. Values are carried as
//! the text that was posted, never re-serialised. It must not know who is subscribed to a channel.

use super::object::Object;
use super::shared_frame::shared_frames;
use super::{from_object, to_json};
use crate::core::publication::Publication;
use crate::core::view::{Kind, View};

/// A channel of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Prices of some tokens.
    Prices,
    /// New tokens.
    Tokens,
    /// Trades, of some tokens or of all.
    Trades,
    /// Alerts of some kinds.
    Alerts,
}

/// A name that clients know, and the publisher's own names for the same, the first of which counts.
type Known = (&'static str, &'static [&'static str]);

const PRICE: &[Known] = &[
    ("tokenAddress", &["token"]),
    ("price", &[]),
    ("priceChange24h", &[]),
    ("volume24h", &[]),
    ("liquidity", &[]),
    ("timestamp", &[]),
];

const TOKEN: &[Known] = &[
    ("address", &["token"]),
    ("name", &[]),
    ("symbol", &[]),
    ("totalSupply", &[]),
    ("creator", &[]),
    ("pairAddress", &[]),
    ("initialLiquidity", &[]),
    ("timestamp", &[]),
    ("blockNumber", &["slot"]),
    ("txHash", &["signature"]),
];

const TRADE: &[Known] = &[
    ("txHash", &["signature"]),
    ("tokenAddress", &["token"]),
    ("tokenSymbol", &["symbol"]),
    ("trader", &[]),
    (TYPE, &["side"]),
    ("amountToken", &["amount"]),
    ("amountCore", &["quoteAmount"]),
    ("price", &[]),
    ("timestamp", &[]),
    ("blockNumber", &["slot"]),
    ("dex", &[]),
];

const ALERT: &[Known] = &[
    ("id", &[]),
    (TYPE, &["alertType", "kind"]),
    ("tokenAddress", &["token"]),
    ("tokenSymbol", &["symbol"]),
    ("title", &[]),
    ("message", &[]),
    ("severity", &[]),
    ("data", &[]),
    ("timestamp", &[]),
];

/// Of a publication it says what it is about, of a trade which side it was: never the one for the other.
const TYPE: &str = "type";

/// What an item of a channel does not have, because the channel says it or because it is the service's own.
const LEFT_OUT: [&str; 4] = [TYPE, "token", "tokenSeq", "feed"];

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prices, Self::Tokens, Self::Trades, Self::Alerts];

    /// The channel with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// The channel that publications of a kind are sent on.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Price => Some(Self::Prices),
            Kind::Token => Some(Self::Tokens),
            Kind::Trade => Some(Self::Trades),
            Kind::Alert(_) => Some(Self::Alerts),
            Kind::Balance | Kind::Other => None,
        }
    }

    /// The channel that a view is of.
    #[must_use]
    pub fn of_view(view: View) -> Option<Self> {
        match view {
            View::Prices => Some(Self::Prices),
            View::Tokens => Some(Self::Tokens),
            View::Trades => Some(Self::Trades),
            View::Alerts(_) => Some(Self::Alerts),
            View::Native | View::NativeBatch | View::PriceAction | View::BalanceAction => None,
        }
    }

    /// Its name, which is also that of the list in its data frames.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Tokens => "tokens",
            Self::Trades => "trades",
            Self::Alerts => "alerts",
        }
    }

    fn known(self) -> &'static [Known] {
        match self {
            Self::Prices => PRICE,
            Self::Tokens => TOKEN,
            Self::Trades => TRADE,
            Self::Alerts => ALERT,
        }
    }
}

/// Publications of the channel's own kind, in their order, in one frame or in as few as hold them.
#[must_use]
pub fn data<'a>(channel: Channel, publications: impl IntoIterator<Item = &'a Publication>) -> Vec<String> {
    let name = channel.name();
    let head = format!(r#"{{"type":"data","channel":"{name}","data":{{"{name}":["#);
    let known = channel.known();
    shared_frames(&head, publications, "]}}", |frame, publication| push_item(frame, known, publication))
}

/// A publication as an item of a channel: the names that clients know in the order of `known`, then what else its
/// publisher says, as it was posted.
fn push_item(frame: &mut String, known: &[Known], publication: &Publication) {
    frame.push('{');
    let start = frame.len();
    // A publication is a checked object, so there is always one.
    if let Ok(object) = from_object::<Object<'_>>(publication.as_json()) {
        let mut told: Vec<&str> = LEFT_OUT.into();
        for (name, own_names) in known {
            let own = own_names.iter().copied();
            let of_that_name = Some(*name).filter(|name| *name != TYPE);
            let found = of_that_name.into_iter().chain(own).find_map(|own| Some((own, object.get(own)?)));
            if let Some((own, value)) = found {
                push_field(frame, start, name, value.get());
                told.extend([*name, own]);
            }
        }
        for (name, value) in object.fields().filter(|(name, _)| !told.contains(name)) {
            push_field(frame, start, name, value.get());
        }
    }
    frame.push('}');
}

/// Adds a field to the object whose fields begin at `start`.
fn push_field(frame: &mut String, start: usize, name: &str, value: &str) {
    if frame.len() > start {
        frame.push(',');
    }
    frame.push_str(&to_json(&name));
    frame.push(':');
    frame.push_str(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(channel: Channel, json: &str) -> String {
        let frame = data(channel, [&Publication::from_checked_object(json)]).remove(0);
        let name = channel.name();
        let head = format!(r#"{{"type":"data","channel":"{name}","data":{{"{name}":["#);
        frame.strip_prefix(&head).unwrap().strip_suffix("]}}").unwrap().to_owned()
    }

    #[test]
    fn a_frame_holds_several_publications_in_order() {
        let posted = [
            r#"{"type":"PRICE_UPDATE","price":0.0025,"timestamp":1234567890,"token":"0x123"}"#,
            r#"{"token":"0x456","price":1e-9,"liquidity":500000,"volume24h":1250000,"priceChange24h":15.5}"#,
        ]
        .map(Publication::from_checked_object);
        assert_eq!(
            data(Channel::Prices, &posted),
            [concat!(
                r#"{"type":"data","channel":"prices","data":{"prices":["#,
                r#"{"tokenAddress":"0x123","price":0.0025,"timestamp":1234567890},"#,
                r#"{"tokenAddress":"0x456","price":1e-9,"priceChange24h":15.5,"volume24h":1250000,"liquidity":500000}"#,
                "]}}"
            )]
        );
    }

    #[test]
    fn a_new_token_has_the_names_that_clients_know() {
        let posted = r#"{"type":"NEW_TOKEN","symbol":"MEME","name":"Meme Token","totalSupply":"1000000000",
            "slot":123456,"signature":"5xy","creator":"abc","initialLiquidity":"10000","token":"MEMEmint","tokenSeq":1,
            "feed":"feed:tokens","timestamp":1234567890}"#;
        assert_eq!(
            item(Channel::Tokens, posted),
            concat!(
                r#"{"address":"MEMEmint","name":"Meme Token","symbol":"MEME","totalSupply":"1000000000","#,
                r#""creator":"abc","initialLiquidity":"10000","timestamp":1234567890,"blockNumber":123456,"#,
                r#""txHash":"5xy"}"#
            )
        );
    }

    #[test]
    fn a_trade_has_the_names_that_clients_know_and_its_side_as_type() {
        let posted = r#"{"type":"TRADE","side":"buy","amount":10000.000000000000000001,"quoteAmount":2.50,"price":0.00025,
            "trader":"abc","dex":"ShadowSwap","slot":123456,"signature":"5xy","symbol":"MEME","pool":{"a":[1]},
            "timestamp":1234567890,"token":"MEMEmint"}"#;
        assert_eq!(
            item(Channel::Trades, posted),
            concat!(
                r#"{"txHash":"5xy","tokenAddress":"MEMEmint","tokenSymbol":"MEME","trader":"abc","type":"buy","#,
                r#""amountToken":10000.000000000000000001,"amountCore":2.50,"price":0.00025,"timestamp":1234567890,"#,
                r#""blockNumber":123456,"dex":"ShadowSwap","pool":{"a":[1]}}"#
            )
        );
        assert_eq!(item(Channel::Trades, r#"{"type":"TRADE","token":"A"}"#), r#"{"tokenAddress":"A"}"#);
    }

    #[test]
    fn an_alert_has_its_own_kind_as_type() {
        let posted = r#"{"type":"ALERT","alertType":"whale","id":"alert_123","symbol":"MEME","token":"MEMEmint",
            "title":"Whale Alert: MEME","message":"Whale buy: $2.5M of MEME","severity":"warning",
            "data":{"walletAddress":"abc","action":"buy","amount":10000000,"value":2500000},"timestamp":1234567890}"#;
        assert_eq!(
            item(Channel::Alerts, posted),
            concat!(
                r#"{"id":"alert_123","type":"whale","tokenAddress":"MEMEmint","tokenSymbol":"MEME","#,
                r#""title":"Whale Alert: MEME","message":"Whale buy: $2.5M of MEME","severity":"warning","#,
                r#""data":{"walletAddress":"abc","action":"buy","amount":10000000,"value":2500000},"#,
                r#""timestamp":1234567890}"#
            )
        );
        assert_eq!(item(Channel::Alerts, r#"{"type":"ALERT","kind":"rug"}"#), r#"{"type":"rug"}"#);
    }

    #[test]
    fn what_the_publisher_calls_by_the_known_name_stays_and_the_rest_is_kept() {
        assert_eq!(
            item(
                Channel::Trades,
                r#"{"txHash":"0x1","signature":"5xy","amount":1,"amountToken":"10","token":"A"}"#
            ),
            r#"{"txHash":"0x1","tokenAddress":"A","amountToken":"10","signature":"5xy","amount":1}"#
        );
        assert_eq!(
            item(Channel::Prices, r#"{"tokenAddress":"0x1","token":"A","a\"b":"\ud800","slot":1e400}"#),
            r#"{"tokenAddress":"0x1","a\"b":"\ud800","slot":1e400}"#
        );
    }

    #[test]
    fn the_last_of_a_repeated_field_is_told() {
        assert_eq!(
            item(Channel::Prices, r#"{"price":1,"x":1,"token":"A","\u0070rice":2,"x":2}"#),
            r#"{"tokenAddress":"A","price":2,"x":2}"#
        );
    }

    #[test]
    fn a_channel_is_known_by_its_name() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.name()), Some(channel));
        }
        assert_eq!(Channel::parse("price"), None);
    }
}

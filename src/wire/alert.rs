//! Alerts as they are published: the channel dialect's own shape, in words for people and with numbers for programs. It
//! must not know when one is worth telling.

use serde::Serialize;
use serde_json::value::RawValue;

use super::digits::number;
use super::to_json;
use crate::core::decimal::Decimal;
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::market::alert::{Alert, AlertFacts, Severity, kind_name};
use crate::core::market::rule::{Basis, Condition, Firing};
use crate::core::publication::{Keyed, Publication};
use crate::core::tick::{ChainTime, Side};
use crate::core::topic::Topic;
use crate::core::view::AlertKind;

/// The longest topic that is shown in full where there is no symbol.
const MAX_SHOWN: usize = 12;

/// Characters shown at either end of a longer one.
const SHOWN_ENDS: usize = 4;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    r#type: &'static str,
    alert_type: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    title: String,
    message: String,
    severity: &'static str,
    data: Data<'a>,
    timestamp: u64,
    token: &'a str,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Data<'a> {
    Trade {
        #[serde(skip_serializing_if = "Option::is_none")]
        wallet_address: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<&'static str>,
        amount: Option<Box<RawValue>>,
        value: Option<Box<RawValue>>,
    },
    Move {
        quote: &'a str,
        from: Option<Box<RawValue>>,
        to: Option<Box<RawValue>>,
        percent: Option<Box<RawValue>>,
        window_seconds: u64,
    },
    Volume {
        volume: Option<Box<RawValue>>,
        average: Option<Box<RawValue>>,
        times: Option<Box<RawValue>>,
    },
    Withdrawal {
        #[serde(skip_serializing_if = "Option::is_none")]
        wallet_address: Option<&'a str>,
        action: &'static str,
        pool: &'a str,
        quote: &'a str,
        amount: Option<Box<RawValue>>,
        reserve: Option<Box<RawValue>>,
        percent: Option<Box<RawValue>>,
    },
    Dump {
        #[serde(skip_serializing_if = "Option::is_none")]
        wallet_address: Option<&'a str>,
        action: &'static str,
        amount: Option<Box<RawValue>>,
        supply: Option<Box<RawValue>>,
        percent: Option<Box<RawValue>>,
    },
    Rule {
        condition: &'static str,
        threshold: Option<Box<RawValue>>,
        value: Option<Box<RawValue>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        quote: Option<&'a str>,
    },
}

/// The publication of an alert to its token's topic and to the feed of alerts.
#[must_use]
pub fn publication(alert: &Alert, token: &Topic, symbol: Option<&str>) -> Keyed {
    let name = name_of(token, symbol);
    let (message, data) = told(&alert.facts, &name);
    keyed(
        alert.key(),
        Some(Feed::Alerts),
        &Fields {
            r#type: "ALERT",
            alert_type: kind_name(alert.kind()),
            id: id_of(alert, token),
            rule_id: None,
            token_address: None,
            symbol,
            title: title(alert.kind(), &name),
            message,
            severity: alert.severity.name(),
            data,
            timestamp: alert.at.timestamp,
            token: token.as_str(),
        },
    )
}

/// The publication of a user's own alert, and the topic that it goes to: the user's, in no feed.
#[must_use]
pub fn firing(firing: &Firing, token: &Topic, symbol: Option<&str>) -> (Topic, Keyed) {
    let topic = Topic::of_user(&firing.rule.owner);
    let name = name_of(token, symbol);
    let (message, data) = came_true(firing, &name);
    let kind = firing.rule.condition.kind();
    let ChainTime { timestamp, .. } = firing.at;
    let keyed = keyed(
        firing.key(),
        None,
        &Fields {
            r#type: "ALERT",
            alert_type: kind_name(kind),
            id: format!("rule-{}", firing.rule.id),
            rule_id: Some(firing.rule.id.as_str()),
            token_address: Some(token.as_str()),
            symbol,
            title: title(kind, &name),
            message,
            severity: Severity::Info.name(),
            data,
            timestamp,
            token: topic.as_str(),
        },
    );
    (topic, keyed)
}

fn keyed(key: IdempotencyKey, feed: Option<Feed>, fields: &Fields<'_>) -> Keyed {
    Keyed { key: Some(key), feed, ..Keyed::bare(Publication::from_checked_object(to_json(fields))) }
}

fn told<'a>(facts: &'a AlertFacts, name: &str) -> (String, Data<'a>) {
    match facts {
        AlertFacts::Whale { side, trader, amount, value_usd } => (
            format!("Whale {}: ${} of {name}", side.map_or("trade", Side::name), short(value_usd)),
            Data::Trade {
                wallet_address: trader.as_deref(),
                action: side.map(Side::name),
                amount: number(amount),
                value: number(value_usd),
            },
        ),
        AlertFacts::Move { quote, from, to, window_seconds } => {
            let percent = percent(&to.minus(from), from);
            let way = if to > from { "up" } else { "down" };
            let size = percent.as_ref().map(unsigned).unwrap_or_default();
            let data = Data::Move {
                quote: quote.as_str(),
                from: number(from),
                to: number(to),
                percent: percent.as_ref().and_then(number),
                window_seconds: *window_seconds,
            };
            (format!("Price of {name} {way} {size}% within {}", duration(*window_seconds)), data)
        }
        AlertFacts::Volume { running, average } => {
            let times = running.over(average).map(|times| times.to_places(1)).unwrap_or_default();
            let data =
                Data::Volume { volume: number(running), average: number(average), times: number(&times) };
            (format!("Volume of {name}: {} in a minute, {times} times the average", short(running)), data)
        }
        AlertFacts::Withdrawal { pool, trader, quote, amount, reserve } => {
            let percent = percent(amount, reserve).unwrap_or_default();
            let data = Data::Withdrawal {
                wallet_address: trader.as_deref(),
                action: "withdraw",
                pool,
                quote: quote.as_str(),
                amount: number(amount),
                reserve: number(reserve),
                percent: number(&percent),
            };
            let message =
                format!("{percent}% of a pool withdrawn: {} {} of {name}", short(amount), quote.as_str());
            (message, data)
        }
        AlertFacts::Dump { trader, amount, supply } => {
            let percent = percent(amount, supply).unwrap_or_default();
            let data = Data::Dump {
                wallet_address: trader.as_deref(),
                action: Side::Sell.name(),
                amount: number(amount),
                supply: number(supply),
                percent: number(&percent),
            };
            (format!("{percent}% of the supply sold at once: {} {name}", short(amount)), data)
        }
    }
}

fn came_true<'a>(firing: &'a Firing, name: &str) -> (String, Data<'a>) {
    let quote_of = |basis: &'a Basis| match basis {
        Basis::Quote(quote) => quote.as_str(),
        Basis::Dollars => "USD",
    };
    let (condition, what, quote) = match &firing.rule.condition {
        Condition::PriceAbove(basis, _) => ("above", "Price", Some(quote_of(basis))),
        Condition::PriceBelow(basis, _) => ("below", "Price", Some(quote_of(basis))),
        Condition::VolumeAbove(_) => ("above", "Volume", None),
    };
    let (threshold, measured) = (firing.rule.condition.threshold(), &firing.measured);
    let unit = quote.filter(|quote| !quote.is_empty()).map(|quote| format!(" {quote}")).unwrap_or_default();
    let message = format!("{what} of {name} is {measured}{unit}, {condition} {threshold}");
    (message, Data::Rule { condition, threshold: number(threshold), value: number(measured), quote })
}

fn title(kind: AlertKind, name: &str) -> String {
    let what = match kind {
        AlertKind::Price => "Price",
        AlertKind::Volume => "Volume",
        AlertKind::Whale => "Whale",
        AlertKind::Rug => "Rug",
    };
    format!("{what} Alert: {name}")
}

/// A name that no other alert has, of this token or of another: they meet in the feed.
fn id_of(alert: &Alert, token: &Topic) -> String {
    format!("{}-{token}-{}-{}", kind_name(alert.kind()), alert.at.timestamp, alert.seq.get())
}

/// What a token is called in a sentence: its symbol, or its address as far as people compare one.
fn name_of(token: &Topic, symbol: Option<&str>) -> String {
    let token = token.as_str();
    if let Some(symbol) = symbol {
        return symbol.to_owned();
    }
    let ends = || Some((token.get(..SHOWN_ENDS)?, token.get(token.len().checked_sub(SHOWN_ENDS)?..)?));
    match ends().filter(|_| token.len() > MAX_SHOWN) {
        Some((head, tail)) => format!("{head}…{tail}"),
        None => token.to_owned(),
    }
}

/// A part of a whole in percent, to a hundredth.
fn percent(part: &Decimal, whole: &Decimal) -> Option<Decimal> {
    Some(part.times(&Decimal::from_whole(100)).over(whole)?.to_places(2))
}

fn unsigned(number: &Decimal) -> Decimal {
    if number.is_positive() { number.clone() } else { Decimal::default().minus(number) }
}

/// A number as it is said: 2.5M.
fn short(number: &Decimal) -> String {
    let units = [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];
    let unit = units.into_iter().find(|(size, _)| *number >= Decimal::from_whole(*size));
    match unit.and_then(|(size, name)| Some((number.over(&Decimal::from_whole(size))?, name))) {
        Some((count, name)) => format!("{}{name}", count.to_places(1)),
        None => number.to_places(2).to_string(),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        60 => "a minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::core::market::example::{at, number, rule, sol};
    use crate::core::publication::Seq;
    use crate::core::view::Kind;
    use crate::wire::channel::{Channel, data};
    use crate::wire::description::describe;

    const MINT: &str = "H74CYmXgMkYHYuSRsZt6RJb4NYp2u72Vw8BS5huApump";

    fn whale() -> Alert {
        let facts = AlertFacts::Whale {
            side: Some(Side::Buy),
            trader: Some(Rc::from("abc")),
            amount: number("10000000"),
            value_usd: number("2500000"),
        };
        Alert { facts, severity: Severity::Warning, at: at(1_234_567_890), seq: Seq::new(7) }
    }

    fn message(facts: &AlertFacts) -> String {
        let (message, _) = told(facts, "MEME");
        message
    }

    #[test]
    fn an_alert_has_the_shape_that_the_channels_clients_know() {
        let keyed = publication(&whale(), &Topic::parse("MEMEmint").unwrap(), Some("MEME"));
        assert_eq!((keyed.feed, keyed.key), (Some(Feed::Alerts), Some(whale().key())));
        assert_eq!(describe(&keyed.publication).kind, Kind::Alert(Some(AlertKind::Whale)));
        assert_eq!(
            data(Channel::Alerts, [&keyed.publication]).concat(),
            concat!(
                r#"{"type":"data","channel":"alerts","data":{"alerts":[{"id":"whale-MEMEmint-1234567890-7","#,
                r#""type":"whale","tokenAddress":"MEMEmint","tokenSymbol":"MEME","title":"Whale Alert: MEME","#,
                r#""message":"Whale buy: $2.5M of MEME","severity":"warning","data":{"walletAddress":"abc","#,
                r#""action":"buy","amount":10000000,"value":2500000},"timestamp":1234567890}]}}"#
            )
        );
    }

    #[test]
    fn a_token_without_a_symbol_is_called_by_the_ends_of_its_address() {
        let keyed = publication(&whale(), &Topic::parse(MINT).unwrap(), None);
        assert!(keyed.publication.as_json().contains(r#""title":"Whale Alert: H74C…pump""#));
        assert!(!keyed.publication.as_json().contains("symbol"));
        assert_eq!(name_of(&Topic::parse("DROP").unwrap(), None), "DROP");
    }

    #[test]
    fn each_alert_says_what_happened() {
        let moved = |from: &str, to: &str| {
            let (from, to) = (number(from), number(to));
            message(&AlertFacts::Move { quote: sol(), from, to, window_seconds: 300 })
        };
        assert_eq!(moved("0.0004", "0.0005"), "Price of MEME up 25% within 5 minutes");
        assert_eq!(moved("3", "2"), "Price of MEME down 33.33% within 5 minutes");
        let volume = AlertFacts::Volume { running: number("1234567"), average: number("200000") };
        assert_eq!(message(&volume), "Volume of MEME: 1.2M in a minute, 6.2 times the average");
        let pool = Rc::from("P");
        let (amount, reserve) = (number("45.125"), number("90.25"));
        let withdrawal = AlertFacts::Withdrawal { pool, trader: None, quote: sol(), amount, reserve };
        assert_eq!(message(&withdrawal), "50% of a pool withdrawn: 45.12 SOL of MEME");
        let dump =
            AlertFacts::Dump { trader: None, amount: number("250000000"), supply: number("1000000000") };
        assert_eq!(message(&dump), "25% of the supply sold at once: 250M MEME");
    }

    #[test]
    fn a_users_own_alert_goes_to_that_user_alone() {
        let condition = Condition::PriceAbove(Basis::Dollars, number("0.5"));
        let came_true = Firing { rule: rule("r-1", condition), measured: number("0.6"), at: at(7) };
        let (topic, keyed) = firing(&came_true, &Topic::parse(MINT).unwrap(), Some("MEME"));
        assert_eq!(topic.as_str(), format!("user:{}", came_true.rule.owner));
        assert_eq!((keyed.feed, keyed.key), (None, Some(came_true.key())));
        let expected = format!(
            concat!(
                r#"{{"type":"ALERT","alertType":"price","id":"rule-r-1","ruleId":"r-1","tokenAddress":"{}","#,
                r#""symbol":"MEME","title":"Price Alert: MEME","#,
                r#""message":"Price of MEME is 0.6 USD, above 0.5","severity":"info","#,
                r#""data":{{"condition":"above","threshold":0.5,"value":0.6,"quote":"USD"}},"#,
                r#""timestamp":7,"token":"{}"}}"#
            ),
            MINT, topic
        );
        assert_eq!(keyed.publication.as_json(), expected);
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (text, said) in [
            ("0.005", "0"),
            ("999.99", "999.99"),
            ("1000", "1K"),
            ("2345", "2.3K"),
            ("7e12", "7T"),
            ("1e9", "1B"),
        ] {
            assert_eq!(short(&number(text)), said, "{text}");
        }
        assert_eq!([60, 300, 90].map(duration), ["a minute", "5 minutes", "90 seconds"]);
    }
}

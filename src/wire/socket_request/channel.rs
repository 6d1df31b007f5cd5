//! The channel dialect of a socket with many topics: a `channel`, and what of it in `params`. It must not know the other
//! dialects.

use serde_json::value::RawValue;

use super::super::channel::Channel;
use super::super::description::alert_kind;
use super::super::from_object;
use super::super::object::{Object, text_of};
use super::fault::{Faults, SocketFault, TopicFault};
use super::{list, subscribe as subscribe_to, token, topics, unsubscribe as unsubscribe_from, wanted};
use crate::core::feed::Feed;
use crate::core::socket_request::{Past, SocketRequest, Unsubscribe};
use crate::core::topic::Topic;
use crate::core::view::{AlertKinds, View};

/// What stands for all tokens, or for all alerts.
const ALL: &str = "*";

/// Reads one of `params.tokens`.
type ReadTopic = fn(&RawValue) -> Result<Topic, SocketFault>;

pub(super) fn subscribe(frame: &Object<'_>, faults: &mut Faults) -> Result<SocketRequest, SocketFault> {
    let channel = channel(frame)?;
    let params = params(frame)?;
    let feed = |feed, past| wanted(vec![Topic::of_feed(feed)], past);
    Ok(match channel {
        Channel::Prices => {
            let tokens = topics(&required_tokens(params.as_ref())?, token_with_a_price, faults);
            subscribe_to(wanted(tokens, Past::Latest), View::Prices)
        }
        Channel::Trades => {
            let tokens = topics(&required_tokens(params.as_ref())?, traded_token, faults);
            // A trade of before is no live trade.
            subscribe_to(wanted(tokens, Past::Nothing), View::Trades)
        }
        Channel::Tokens => {
            let past = if include_recent(params.as_ref())? { Past::Recent } else { Past::Nothing };
            subscribe_to(feed(Feed::Tokens, past), View::Tokens)
        }
        Channel::Alerts => match alert_kinds(params.as_ref(), faults)? {
            AlertKinds::NONE => SocketRequest::NotUnderstood,
            kinds => subscribe_to(feed(Feed::Alerts, Past::Nothing), View::Alerts(kinds)),
        },
    })
}

/// A channel is given up as a whole, or some of its tokens. What else `params` says is passed over: clients send those
/// that they subscribed with.
pub(super) fn unsubscribe(frame: &Object<'_>, faults: &mut Faults) -> Result<SocketRequest, SocketFault> {
    let channel = channel(frame)?;
    let params = params(frame)?;
    let (view, read): (View, ReadTopic) = match channel {
        Channel::Prices => (View::Prices, token_with_a_price),
        Channel::Trades => (View::Trades, traded_token),
        Channel::Tokens => return Ok(whole(Feed::Tokens, View::Tokens)),
        Channel::Alerts => return Ok(whole(Feed::Alerts, View::Alerts(AlertKinds::ALL))),
    };
    match params.as_ref().and_then(|params| params.given("tokens")) {
        None => Ok(all_of(view)),
        Some(tokens) => {
            let items = list(tokens).ok_or(SocketFault::Tokens)?;
            Ok(unsubscribe_from(topics(&items, read, faults), view))
        }
    }
}

/// A channel that is a feed.
fn whole(feed: Feed, view: View) -> SocketRequest {
    unsubscribe_from(vec![Topic::of_feed(feed)], view)
}

fn all_of(view: View) -> SocketRequest {
    SocketRequest::Unsubscribe(Unsubscribe { topics: None, view })
}

fn channel(frame: &Object<'_>) -> Result<Channel, SocketFault> {
    let name = frame.get("channel").and_then(text_of);
    name.and_then(|name| Channel::parse(&name)).ok_or(SocketFault::UnknownChannel)
}

/// The parameters, where there are any.
fn params<'a>(frame: &Object<'a>) -> Result<Option<Object<'a>>, SocketFault> {
    let params =
        frame.given("params").map(|params| from_object(params.get()).map_err(|_| SocketFault::Params));
    let params: Option<Object<'_>> = params.transpose()?;
    Ok(params.filter(|params| params.fields().next().is_some()))
}

fn required_tokens<'a>(params: Option<&Object<'a>>) -> Result<Vec<&'a RawValue>, SocketFault> {
    params.and_then(|params| params.get("tokens")).and_then(list).ok_or(SocketFault::Tokens)
}

fn token_with_a_price(value: &RawValue) -> Result<Topic, SocketFault> {
    if is_all(value) { Err(SocketFault::of(ALL, TopicFault::AllPrices)) } else { token(value) }
}

fn traded_token(value: &RawValue) -> Result<Topic, SocketFault> {
    if is_all(value) { Ok(Topic::of_feed(Feed::Trades)) } else { token(value) }
}

fn is_all(value: &RawValue) -> bool {
    text_of(value).as_deref() == Some(ALL)
}

/// Whether the recent ones are wanted too. Parameters without that one are a slip of the pen.
fn include_recent(params: Option<&Object<'_>>) -> Result<bool, SocketFault> {
    let Some(params) = params else { return Ok(false) };
    match params.get("includeRecent").map(RawValue::get) {
        Some("true") => Ok(true),
        Some("false" | "null") => Ok(false),
        _ => Err(SocketFault::IncludeRecent),
    }
}

/// The kinds of alerts that are wanted: all without parameters. Parameters without `types` are a slip of the pen.
fn alert_kinds(params: Option<&Object<'_>>, faults: &mut Faults) -> Result<AlertKinds, SocketFault> {
    let Some(params) = params else { return Ok(AlertKinds::ALL) };
    let types = params.get("types").ok_or(SocketFault::AlertTypes)?;
    if types.get() == "null" {
        return Ok(AlertKinds::ALL);
    }
    let items = list(types).ok_or(SocketFault::AlertTypes)?;
    let kinds = items.into_iter().filter_map(|item| faults.good(some_alerts(item)));
    Ok(kinds.fold(AlertKinds::NONE, AlertKinds::union))
}

fn some_alerts(value: &RawValue) -> Result<AlertKinds, SocketFault> {
    let name = text_of(value).ok_or(SocketFault::UnknownAlertType)?;
    if name == ALL {
        return Ok(AlertKinds::ALL);
    }
    let kind = alert_kind(&name).ok_or(SocketFault::UnknownAlertType)?;
    Ok(AlertKinds::NONE.and(kind))
}

#[cfg(test)]
mod tests {
    use super::super::{Decoded, decode};
    use super::*;
    use crate::core::socket_request::Subscribe;
    use crate::core::view::AlertKind;

    fn decoded(fields: &str) -> (SocketRequest, Vec<SocketFault>) {
        let Decoded { request, faults } = decode(&format!("{{{fields}}}"), 4_096);
        (request, faults)
    }

    fn on_subscribe(fields: &str) -> (SocketRequest, Vec<SocketFault>) {
        decoded(&format!(r#""type":"subscribe",{fields}"#))
    }

    fn topic(text: &str) -> Topic {
        Topic::parse(text).unwrap()
    }

    fn subscription(topics: &[&str], past: Past, view: View) -> (SocketRequest, Vec<SocketFault>) {
        let topics = topics.iter().map(|text| topic(text)).collect();
        (SocketRequest::Subscribe(Subscribe { topics: wanted(topics, past), view }), Vec::new())
    }

    #[test]
    fn prices_are_subscribed_to_token_by_token() {
        assert_eq!(
            on_subscribe(r#""channel":"prices","params":{"tokens":["0x123...","0x456...","0x123..."]}"#),
            subscription(&["0x123...", "0x456..."], Past::Latest, View::Prices)
        );
        let (request, faults) =
            on_subscribe(r#""channel":"prices","params":{"tokens":["*","DROP","wallet:x",7]}"#);
        assert_eq!(request, subscription(&["DROP"], Past::Latest, View::Prices).0);
        assert_eq!(
            faults,
            [
                SocketFault::of("*", TopicFault::AllPrices),
                SocketFault::of("wallet:x", TopicFault::NotAToken),
                SocketFault::of("7", TopicFault::NotText),
            ]
        );
    }

    #[test]
    fn new_tokens_come_with_the_recent_ones_where_that_is_asked_for() {
        let tokens = |past| subscription(&["feed:tokens"], past, View::Tokens);
        assert_eq!(
            on_subscribe(r#""channel":"tokens","params":{"includeRecent":true}"#),
            tokens(Past::Recent)
        );
        for without in
            ["", r#","params":{}"#, r#","params":null"#, r#","params":{"includeRecent":false,"limit":9}"#]
        {
            assert_eq!(on_subscribe(&format!(r#""channel":"tokens"{without}"#)), tokens(Past::Nothing));
        }
    }

    #[test]
    fn trades_are_those_of_some_tokens_or_of_all() {
        assert_eq!(
            on_subscribe(r#""channel":"trades","params":{"tokens":["0x123...","*"]}"#),
            subscription(&["0x123...", "feed:trades"], Past::Nothing, View::Trades)
        );
    }

    #[test]
    fn alerts_are_chosen_by_type() {
        let alerts = |kinds| subscription(&["feed:alerts"], Past::Nothing, View::Alerts(kinds));
        let whales = AlertKinds::NONE.and(AlertKind::Whale);
        assert_eq!(
            on_subscribe(r#""channel":"alerts","params":{"types":["price","whale"]}"#),
            alerts(whales.and(AlertKind::Price))
        );
        for all in ["", r#","params":{}"#, r#","params":{"types":["*"]}"#, r#","params":{"types":null}"#] {
            assert_eq!(on_subscribe(&format!(r#""channel":"alerts"{all}"#)), alerts(AlertKinds::ALL));
        }
        let (SocketRequest::Subscribe(Subscribe { view: View::Alerts(kinds), .. }), faults) =
            on_subscribe(r#""channel":"alerts","params":{"types":["price","whale","rug","*"]}"#)
        else {
            panic!("a subscription to alerts")
        };
        assert!(faults.is_empty() && kinds.has(None));
        assert_eq!(
            on_subscribe(r#""channel":"alerts","params":{"types":["wale","whale"]}"#),
            (alerts(whales).0, vec![SocketFault::UnknownAlertType])
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_told_what_is_expected() {
        for (fields, expected) in [
            (r#""channel":"price","params":{"tokens":["A"]}"#, SocketFault::UnknownChannel),
            (r#""channel":["prices"]"#, SocketFault::UnknownChannel),
            (r#""channel":"prices""#, SocketFault::Tokens),
            (r#""channel":"prices","tokens":["A"]"#, SocketFault::Tokens),
            (r#""channel":"prices","params":{"token":"A"}"#, SocketFault::Tokens),
            (r#""channel":"prices","params":{"tokens":[]}"#, SocketFault::Tokens),
            (r#""channel":"trades","params":{"tokens":"*"}"#, SocketFault::Tokens),
            (r#""channel":"trades","params":[["*"]]"#, SocketFault::Params),
            (r#""channel":"tokens","params":{"includeRecents":true}"#, SocketFault::IncludeRecent),
            (r#""channel":"tokens","params":{"includeRecent":1}"#, SocketFault::IncludeRecent),
            (r#""channel":"alerts","params":{"type":"whale"}"#, SocketFault::AlertTypes),
            (r#""channel":"alerts","params":{"types":"whale"}"#, SocketFault::AlertTypes),
            (r#""channel":"alerts","params":{"types":[]}"#, SocketFault::AlertTypes),
            (r#""channel":"alerts","params":{"types":["wale"]}"#, SocketFault::UnknownAlertType),
        ] {
            assert_eq!(on_subscribe(fields), (SocketRequest::NotUnderstood, vec![expected]), "{fields}");
        }
    }

    #[test]
    fn a_channel_is_given_up_as_a_whole_or_by_token() {
        let given_up = |fields: &str, topics: Option<&[&str]>, view| {
            let topics = topics.map(|topics| topics.iter().map(|text| topic(text)).collect());
            let expected = SocketRequest::Unsubscribe(Unsubscribe { topics, view });
            assert_eq!(decoded(&format!(r#""type":"unsubscribe",{fields}"#)), (expected, vec![]), "{fields}");
        };
        let alerts = View::Alerts(AlertKinds::ALL);
        given_up(r#""channel":"prices""#, None, View::Prices);
        given_up(r#""channel":"prices","params":{"tokens":["A","B"]}"#, Some(&["A", "B"]), View::Prices);
        given_up(r#""channel":"trades","params":{"tokens":["*"]}"#, Some(&["feed:trades"]), View::Trades);
        let tokens = Some(["feed:tokens"].as_slice());
        given_up(r#""channel":"tokens","params":{"includeRecent":true}"#, tokens, View::Tokens);
        let all = Some(["feed:alerts"].as_slice());
        given_up(r#""channel":"alerts","params":{"types":["whale"]}"#, all, alerts);
        let faulty = decoded(r#""type":"unsubscribe","channel":"prices","params":{"tokens":"A"}"#);
        assert_eq!(faulty, (SocketRequest::NotUnderstood, vec![SocketFault::Tokens]));
    }
}

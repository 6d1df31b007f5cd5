//! The service's own frames on a socket with many topics: what it answers in each dialect. It must not know why it
//! answers so.

use serde::Serialize;

use super::channel::Channel;
use super::problem::ErrorCode;
use super::socket_request::SocketFault;
use super::to_json;
use crate::core::epoch::Epoch;
use crate::core::publication::Seq;
use crate::core::time::UnixMillis;
use crate::core::topic::{Namespace, Topic};
use crate::core::view::View;

/// The ping that the runtime answers by itself on such a socket, without waking the relay. The ping of the dialects can't
/// be that one: its answer says what time it is.
pub const PING: &str = "ping";

/// The runtime's answer to [`PING`].
pub const PONG: &str = "pong";

/// The first frame. The connection has two names, because clients of the channel dialect read `clientId`.
#[must_use]
pub fn connected(connection: &str, now: UnixMillis) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Connected<'a> {
        r#type: &'static str,
        connection_id: &'a str,
        client_id: &'a str,
        timestamp: u64,
    }
    to_json(&Connected {
        r#type: "connected",
        connection_id: connection,
        client_id: connection,
        timestamp: now.seconds(),
    })
}

/// A topic is subscribed to in this shape; its order stands at `seq` of `epoch`.
#[must_use]
pub fn subscribed(topic: &Topic, view: View, epoch: Epoch, seq: Seq) -> String {
    #[derive(Serialize)]
    struct Subscribed<'a> {
        r#type: &'static str,
        #[serde(flatten)]
        subscription: Subscription<'a>,
        epoch: String,
        seq: u64,
    }
    to_json(&Subscribed {
        r#type: "subscribed",
        subscription: Subscription::of(topic, view, ["subscribePrice", "subscribeBalance"]),
        epoch: epoch.to_string(),
        seq: seq.get(),
    })
}

/// A topic is subscribed to in this shape no longer.
#[must_use]
pub fn unsubscribed(topic: &Topic, view: View) -> String {
    Unsubscribed::from(Subscription::of(topic, view, ["unsubscribePrice", "unsubscribeBalance"]))
}

/// All that there was in this shape was given up: nothing.
#[must_use]
pub fn unsubscribed_from_nothing(view: View) -> String {
    Unsubscribed::from(Subscription {
        channel: Channel::of_view(view).map(Channel::name),
        ..Subscription::default()
    })
}

#[derive(Serialize)]
struct Unsubscribed<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    subscription: Subscription<'a>,
}

impl<'a> Unsubscribed<'a> {
    fn from(subscription: Subscription<'a>) -> String {
        to_json(&Self { r#type: "unsubscribed", subscription })
    }
}

/// How a dialect names what was asked for.
#[derive(Default, Serialize)]
struct Subscription<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<&'a str>,
}

impl<'a> Subscription<'a> {
    /// `actions` are the names of the action for a price and of that for a balance.
    fn of(topic: &'a Topic, view: View, actions: [&'static str; 2]) -> Self {
        let [price, balance] = actions;
        let channel = Channel::of_view(view).map(Channel::name);
        match view {
            View::Native | View::NativeBatch => Self { topic: Some(topic.as_str()), ..Self::default() },
            View::Prices | View::Trades => Self { channel, token: Some(token(topic)), ..Self::default() },
            View::Tokens | View::Alerts(_) => Self { channel, ..Self::default() },
            View::PriceAction => Self { action: Some(price), token: Some(topic.as_str()), ..Self::default() },
            View::BalanceAction => Self { action: Some(balance), wallet: topic.owner(), ..Self::default() },
        }
    }
}

/// A topic as the channel dialect names it among tokens: a feed is all of them.
fn token(topic: &Topic) -> &str {
    if topic.namespace() == Some(Namespace::Feed) { "*" } else { topic.as_str() }
}

/// Who the subscriber is from now on, and until when.
#[must_use]
pub fn authenticated(subject: &str, expires: UnixMillis) -> String {
    #[derive(Serialize)]
    struct Authenticated<'a> {
        r#type: &'static str,
        subject: &'a str,
        expires: u64,
    }
    to_json(&Authenticated { r#type: "authenticated", subject, expires: expires.seconds() })
}

/// The subscriber's sign-in has ended, and with it its subscriptions to `topics`.
#[must_use]
pub fn expired(subject: &str, topics: &[Topic]) -> String {
    let message = format!("the sign-in of {subject} has expired: authenticate again, then subscribe again");
    let topics = topics.iter().map(Topic::as_str).collect();
    ErrorFrame { topics: Some(topics), ..ErrorFrame::new(ErrorCode::Unauthorized, &message) }.to_json()
}

/// Why a topic can't be had.
#[must_use]
pub fn refused(topic: &str, code: ErrorCode, message: &str) -> String {
    ErrorFrame { topic: Some(topic), ..ErrorFrame::new(code, message) }.to_json()
}

/// An error that is about no topic.
#[must_use]
pub fn error(code: ErrorCode, message: &str) -> String {
    ErrorFrame::new(code, message).to_json()
}

/// Why a frame, or one topic in it, was not understood.
#[must_use]
pub fn fault(fault: &SocketFault) -> String {
    ErrorFrame { topic: fault.topic(), ..ErrorFrame::new(fault.code(), &fault.to_string()) }.to_json()
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    r#type: &'static str,
    code: ErrorCode,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<&'a str>>,
}

impl<'a> ErrorFrame<'a> {
    fn new(code: ErrorCode, message: &'a str) -> Self {
        Self { r#type: "error", code, message, topic: None, topics: None }
    }

    fn to_json(&self) -> String {
        to_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::socket_request;
    use super::*;
    use crate::core::feed::Feed;
    use crate::core::view::AlertKinds;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);
    const WALLET: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    fn topic(text: &str) -> Topic {
        Topic::parse(text).unwrap()
    }

    #[test]
    fn the_first_frame_has_the_id_under_both_names() {
        assert_eq!(
            connected("c-1", NOW),
            r#"{"type":"connected","connectionId":"c-1","clientId":"c-1","timestamp":1700000000}"#
        );
    }

    #[test]
    fn each_dialect_is_answered_in_its_own_words() {
        let wallet = topic(&format!("wallet:{WALLET}"));
        let alerts = View::Alerts(AlertKinds::ALL);
        let cases = [
            (topic("A"), View::Native, r#""topic":"A""#.to_owned()),
            (topic("feed:alerts"), View::NativeBatch, r#""topic":"feed:alerts""#.to_owned()),
            (topic("A"), View::Prices, r#""channel":"prices","token":"A""#.to_owned()),
            (topic("A"), View::Trades, r#""channel":"trades","token":"A""#.to_owned()),
            (Topic::of_feed(Feed::Trades), View::Trades, r#""channel":"trades","token":"*""#.to_owned()),
            (Topic::of_feed(Feed::Tokens), View::Tokens, r#""channel":"tokens""#.to_owned()),
            (Topic::of_feed(Feed::Alerts), alerts, r#""channel":"alerts""#.to_owned()),
            (topic("DROP"), View::PriceAction, r#""action":"subscribePrice","token":"DROP""#.to_owned()),
            (wallet, View::BalanceAction, format!(r#""action":"subscribeBalance","wallet":"{WALLET}""#)),
        ];
        for (topic, view, names) in cases {
            assert_eq!(
                subscribed(&topic, view, Epoch::Began(UnixMillis(36)), Seq::new(41)),
                format!(r#"{{"type":"subscribed",{names},"epoch":"10","seq":41}}"#)
            );
            let names = names.replace("\"subscribe", "\"unsubscribe");
            assert_eq!(unsubscribed(&topic, view), format!(r#"{{"type":"unsubscribed",{names}}}"#));
        }
    }

    #[test]
    fn a_sign_in_is_told_when_it_begins_and_when_it_ends() {
        assert_eq!(
            authenticated("u \"1\"", NOW),
            r#"{"type":"authenticated","subject":"u \"1\"","expires":1700000000}"#
        );
        assert_eq!(
            expired("u-1", &[topic("user:u-1"), topic("user:u-1:orders")]),
            concat!(
                r#"{"type":"error","code":"unauthorized","#,
                r#""message":"the sign-in of u-1 has expired: authenticate again, then subscribe again","#,
                r#""topics":["user:u-1","user:u-1:orders"]}"#
            )
        );
    }

    #[test]
    fn what_can_not_be_had_is_told_with_its_topic() {
        assert_eq!(
            refused("A", ErrorCode::RateLimited, "too many"),
            r#"{"type":"error","code":"rate_limited","message":"too many","topic":"A"}"#
        );
        let faults = |text| socket_request::decode(text, 4_096).faults;
        assert_eq!(
            fault(&faults(r#"{"type":"subscribe","topics":["walet:x"]}"#)[0]),
            concat!(
                r#"{"type":"error","code":"invalid_topic","message":"the part before a topic's colon is one of "#,
                r#"feed, market, orderbook, system, wallet, user, automation","topic":"walet:x"}"#
            )
        );
        assert_eq!(
            fault(&faults("hello")[0]),
            r#"{"type":"error","code":"invalid_json","message":"the frame is not JSON"}"#
        );
    }
}

//! The action dialect of a socket with many topics: one token's price or one wallet's balance at a time. It must not
//! know the other dialects.

use super::super::object::{Object, text_of};
use super::fault::SocketFault;
use super::{ping, subscribe, token, unsubscribe, wanted};
use crate::core::socket_request::{Past, SocketRequest};
use crate::core::topic::Topic;
use crate::core::view::View;
use crate::core::wallet::Wallet;

pub(super) fn request(action: &str, frame: &Object<'_>) -> Result<SocketRequest, SocketFault> {
    let begin = |topic, view| subscribe(wanted(vec![topic], Past::Latest), view);
    let end = |topic, view| unsubscribe(vec![topic], view);
    match action {
        "subscribePrice" => Ok(begin(priced(frame)?, View::PriceAction)),
        "unsubscribePrice" => Ok(end(priced(frame)?, View::PriceAction)),
        "subscribeBalance" => Ok(begin(owned(frame)?, View::BalanceAction)),
        "unsubscribeBalance" => Ok(end(owned(frame)?, View::BalanceAction)),
        "ping" => Ok(ping(frame)),
        _ => Err(SocketFault::UnknownAction),
    }
}

fn priced(frame: &Object<'_>) -> Result<Topic, SocketFault> {
    token(frame.given("token").ok_or(SocketFault::ActionToken)?)
}

fn owned(frame: &Object<'_>) -> Result<Topic, SocketFault> {
    let text = frame.get("wallet").and_then(text_of).ok_or(SocketFault::ActionWallet)?;
    let wallet = Wallet::parse(&text).map_err(|error| SocketFault::of(&text, error))?;
    Ok(Topic::of_wallet(&wallet))
}

#[cfg(test)]
mod tests {
    use super::super::fault::TopicFault;
    use super::super::{Decoded, decode};
    use super::*;
    use crate::core::socket_request::{Subscribe, Unsubscribe};
    use crate::core::wallet::WalletError;

    const WALLET: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    fn decoded(text: &str) -> (SocketRequest, Vec<SocketFault>) {
        let Decoded { request, faults } = decode(text, 4_096);
        (request, faults)
    }

    #[test]
    fn a_price_and_a_balance_are_subscribed_to_one_at_a_time() {
        let of_wallet = format!("wallet:{WALLET}");
        for (action, field, topic, view) in [
            ("Price", r#""token":"DROP""#.to_owned(), "DROP", View::PriceAction),
            ("Balance", format!(r#""wallet":"{WALLET}""#), of_wallet.as_str(), View::BalanceAction),
        ] {
            let topics = vec![Topic::parse(topic).unwrap()];
            let begun = Subscribe { topics: wanted(topics.clone(), Past::Latest), view };
            let ended = Unsubscribe { topics: Some(topics), view };
            assert_eq!(
                decoded(&format!(r#"{{"action":"subscribe{action}",{field}}}"#)),
                (SocketRequest::Subscribe(begun), vec![])
            );
            assert_eq!(
                decoded(&format!(r#"{{"action":"unsubscribe{action}",{field}}}"#)),
                (SocketRequest::Unsubscribe(ended), vec![])
            );
        }
    }

    #[test]
    fn an_action_says_of_what() {
        for (frame, expected) in [
            (r#"{"action":"subscribePrice"}"#, SocketFault::ActionToken),
            (r#"{"action":"subscribePrice","tokens":["DROP"]}"#, SocketFault::ActionToken),
            (r#"{"action":"subscribePrice","token":7}"#, SocketFault::of("7", TopicFault::NotText)),
            (
                r#"{"action":"unsubscribePrice","token":"feed:trades"}"#,
                SocketFault::of("feed:trades", TopicFault::NotAToken),
            ),
            (r#"{"action":"subscribeBalance"}"#, SocketFault::ActionWallet),
            (r#"{"action":"subscribeBalance","wallet":"DROP"}"#, SocketFault::of("DROP", WalletError)),
        ] {
            assert_eq!(decoded(frame), (SocketRequest::NotUnderstood, vec![expected]), "{frame}");
        }
    }
}

//! What a webhook is answered. It must not know how its counts came about.

use serde::Serialize;

use super::to_json;

/// What became of a webhook's transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookAnswer {
    /// How many there were.
    pub transactions: usize,
    /// Trades that were published.
    pub trades: usize,
    /// Repeats: of transactions in this webhook, and of trades that were published before.
    pub duplicates: usize,
    /// Transactions that failed on the chain, or that are not understood.
    pub skipped: usize,
    /// Swaps that are no trades, as what they moved can't be told.
    pub unexplained: usize,
}

impl WebhookAnswer {
    /// The answer's body.
    #[must_use]
    pub fn encode(&self) -> String {
        #[derive(Serialize)]
        struct Answer<'a> {
            success: bool,
            #[serde(flatten)]
            counts: &'a WebhookAnswer,
        }
        to_json(&Answer { success: true, counts: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_answered_with_what_became_of_it() {
        let answer =
            WebhookAnswer { transactions: 100, trades: 96, duplicates: 2, skipped: 2, unexplained: 3 };
        assert_eq!(
            answer.encode(),
            r#"{"success":true,"transactions":100,"trades":96,"duplicates":2,"skipped":2,"unexplained":3}"#
        );
    }
}

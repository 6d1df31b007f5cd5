//! What a wallet had at a time, and what it won or lost between two times. It must not know how a balance is written,
//! nor where a snapshot is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::decimal::Decimal;
use super::epoch::Epoch;
use super::publication::Seq;
use super::time::UnixMillis;
use super::topic::Topic;
use super::wallet::Wallet;

/// So much of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Its mint, or `SOL` for the coin itself.
    pub mint: String,
    /// How much.
    pub amount: Decimal,
    /// What that is worth, in dollars, where it is known.
    pub value_usd: Option<Decimal>,
}

/// Everything that a wallet has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// One for each token.
    pub balances: Vec<Balance>,
    /// What all of it is worth, in dollars, where it is known.
    pub value_usd: Option<Decimal>,
}

/// What a wallet had at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What tells it from the wallet's others.
    pub id: String,
    /// When, in whole seconds.
    pub taken: UnixMillis,
    /// What it had.
    pub holdings: Holdings,
}

/// How a wallet's share of one token changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenChange {
    /// The token's mint, or `SOL`.
    pub mint: String,
    /// How much more there is of it.
    pub amount: Decimal,
    /// How much more that is worth, in dollars, where both are known.
    pub value_usd: Option<Decimal>,
}

/// What was won, or with a minus lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfitAndLoss {
    /// In dollars, where both values are known.
    pub value_usd: Option<Decimal>,
    /// In percent of what there was, where that was not nothing.
    pub percent: Option<Decimal>,
    /// Token by token, by their names.
    pub tokens: Vec<TokenChange>,
}

/// Whose balance a topic is about: `wallet:<public key>` alone, not what is behind another colon.
#[must_use]
pub fn wallet_of(topic: &Topic) -> Option<Wallet> {
    Wallet::parse(topic.as_str().strip_prefix("wallet:")?).ok()
}

/// The identifier of the snapshot that a publication becomes. By it they sort as they were published.
#[must_use]
pub fn snapshot_id(epoch: Epoch, seq: Seq) -> String {
    format!("{epoch}-{:016}", seq.get())
}

/// What was won or lost from one time to another.
#[must_use]
pub fn profit_and_loss(from: &Holdings, to: &Holdings) -> ProfitAndLoss {
    let change = match (&from.value_usd, &to.value_usd) {
        (Some(from), Some(to)) => Some(to.minus(from)),
        _ => None,
    };
    let percent = change
        .as_ref()
        .zip(from.value_usd.as_ref())
        .and_then(|(change, from)| change.times(&Decimal::from_whole(100)).over(from));
    ProfitAndLoss { value_usd: change, percent, tokens: token_changes(from, to) }
}

fn token_changes(from: &Holdings, to: &Holdings) -> Vec<TokenChange> {
    let (from, to) = (by_mint(from), by_mint(to));
    let nothing = (Decimal::default(), Some(Decimal::default()));
    let mints = from.keys().chain(to.keys()).copied().collect::<BTreeSet<_>>();
    let change = |mint: &str| {
        let (amount_before, value_before) = from.get(mint).unwrap_or(&nothing);
        let (amount, value) = to.get(mint).unwrap_or(&nothing);
        TokenChange {
            mint: mint.to_owned(),
            amount: amount.minus(amount_before),
            value_usd: value.as_ref().zip(value_before.as_ref()).map(|(value, before)| value.minus(before)),
        }
    };
    mints.into_iter().map(change).collect()
}

/// Amounts and values by mint: a wallet may have several accounts of one.
fn by_mint(holdings: &Holdings) -> BTreeMap<&str, (Decimal, Option<Decimal>)> {
    let mut sums: BTreeMap<&str, (Decimal, Option<Decimal>)> = BTreeMap::new();
    for balance in &holdings.balances {
        let (amount, value) =
            sums.entry(&balance.mint).or_insert_with(|| (Decimal::default(), Some(Decimal::default())));
        *amount = amount.plus(&balance.amount);
        *value = value.as_ref().zip(balance.value_usd.as_ref()).map(|(sum, more)| sum.plus(more));
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn holdings(value: Option<&str>, balances: &[(&str, &str, Option<&str>)]) -> Holdings {
        let balance = |(mint, amount, value): &(&str, &str, Option<&str>)| Balance {
            mint: (*mint).to_owned(),
            amount: number(amount),
            value_usd: value.map(number),
        };
        Holdings { balances: balances.iter().map(balance).collect(), value_usd: value.map(number) }
    }

    /// Each change as `mint amount value`.
    fn lines(change: &ProfitAndLoss) -> Vec<String> {
        let text = |value: &Option<Decimal>| value.as_ref().map_or("?".to_owned(), ToString::to_string);
        let line =
            |token: &TokenChange| format!("{} {} {}", token.mint, token.amount, text(&token.value_usd));
        change.tokens.iter().map(line).collect()
    }

    #[test]
    fn what_was_won_and_lost_is_exact() {
        let from = holdings(Some("30.3"), &[("SOL", "0.1", Some("20.1")), ("DROP", "1e3", Some("10.2"))]);
        let to = holdings(Some("30.0"), &[("SOL", "0.3", Some("30")), ("CAT", "5", None)]);
        let change = profit_and_loss(&from, &to);
        assert_eq!(change.value_usd, Some(number("-0.3")));
        assert_eq!(change.percent, Some(number("-0.99009900990099009901")));
        assert_eq!(lines(&change), ["CAT 5 ?", "DROP -1000 -10.2", "SOL 0.2 9.9"]);
    }

    #[test]
    fn several_accounts_of_a_token_are_one() {
        let twice = [("A", "1", Some("1")), ("A", "2", Some("2")), ("B", "1", None), ("B", "1", Some("1"))];
        let to = holdings(None, &[("A", "4", Some("8")), ("B", "3", Some("1"))]);
        assert_eq!(lines(&profit_and_loss(&holdings(None, &twice), &to)), ["A 1 5", "B 1 ?"]);
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let (known, unknown) = (holdings(Some("1"), &[]), holdings(None, &[]));
        for (from, to) in [(&known, &unknown), (&unknown, &known)] {
            let change = profit_and_loss(from, to);
            assert_eq!((change.value_usd, change.percent), (None, None));
        }
        let nothing = holdings(Some("0"), &[]);
        let change = profit_and_loss(&nothing, &known);
        assert_eq!(
            (change.value_usd, change.percent),
            (Some(number("1")), None),
            "of nothing there are no percent"
        );
    }

    #[test]
    fn only_a_wallets_own_topic_is_about_its_balance() {
        let wallet = Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap();
        let of = |text: &str| wallet_of(&Topic::parse(text).unwrap());
        assert_eq!(wallet_of(&Topic::of_wallet(&wallet)), Some(wallet.clone()));
        for other in [
            format!("wallet:{wallet}:orders"),
            format!("user:{wallet}"),
            "wallet:x".to_owned(),
            wallet.to_string(),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
    }

    #[test]
    fn identifiers_sort_as_their_publications_were_published() {
        let id = |seq| snapshot_id(Epoch::Began(UnixMillis(1_700_000_000_000)), Seq::new(seq));
        assert!(id(9) < id(10) && id(10) < id(9_007_199_254_740_991));
    }
}

//! What a `BALANCE_UPDATE` says of a wallet. There is no one way to write it, so this reads what it knows and leaves the
//! rest aside:
//!
//! - `balances` or `tokens`: a list of objects, each with a name (`mint` or `token`), an amount (`amount`, `uiAmount` or
//!   `balance`) and perhaps `valueUsd`; or an object of amounts by mint. Elements without a name or an amount are left
//!   aside.
//! - `sol`, or `lamports`, or a `balance` alone: what the wallet has of the coin itself, which is listed as `SOL`. With a
//!   `mint` beside it, `amount` or `balance` is of that.
//! - `valueUsd` or `totalUsd`: what all of it is worth. Without either it is the sum, where every balance has a value.
//! - `timestamp`: when, in Unix seconds, or milliseconds where it is past the year 5138.
//!
//! A number is a JSON number or a text of one, and keeps its digits. It must not know who published it.

use serde_json::value::RawValue;

use super::from_object;
use super::object::{Object, number_of, text_of};
use crate::core::balance_snapshot::{Balance, Holdings};
use crate::core::decimal::Decimal;
use crate::core::time::UnixMillis;

/// The name of the coin itself.
const COIN: &str = "SOL";

/// The longest name of a token, in bytes.
const MAX_NAME: usize = 128;

/// From here on a timestamp is in milliseconds.
const FIRST_MILLIS: u64 = 100_000_000_000;

/// What a payload says that a wallet has.
#[must_use]
pub fn holdings(payload: &str) -> Holdings {
    let Ok(object) = from_object::<Object<'_>>(payload) else {
        return Holdings::default();
    };
    let mut balances = first(&object, &["balances", "tokens"]).map(list).unwrap_or_default();
    balances.extend(single(&object));
    let value_usd = number(&object, &["valueUsd", "totalUsd"]).or_else(|| total(&balances));
    Holdings { balances, value_usd }
}

/// When a payload says that it was so. What says nothing, or a time that has not come yet, is taken for `now`.
#[must_use]
pub fn taken_at(payload: &str, now: UnixMillis) -> UnixMillis {
    let said = from_object::<Object<'_>>(payload).ok().and_then(|object| time(object.given("timestamp")?));
    said.filter(|said| *said <= now).unwrap_or(now)
}

fn time(value: &RawValue) -> Option<UnixMillis> {
    let text = text_of(value);
    let whole = text.as_deref().unwrap_or(value.get()).split('.').next()?.parse().ok()?;
    Some(if whole < FIRST_MILLIS { UnixMillis::from_seconds(whole) } else { UnixMillis(whole) })
}

/// The balances of a list of objects, or of an object of amounts.
fn list(value: &RawValue) -> Vec<Balance> {
    if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        return elements.into_iter().filter_map(element).collect();
    }
    let Ok(object) = from_object::<Object<'_>>(value.get()) else {
        return Vec::new();
    };
    let balance = |(mint, amount): (&str, &RawValue)| balance(mint, number_of(amount)?, None);
    object.fields().filter_map(balance).collect()
}

fn element(value: &RawValue) -> Option<Balance> {
    let object: Object<'_> = from_object(value.get()).ok()?;
    let name = first(&object, &["mint", "token"]).and_then(text_of)?;
    let amount = number(&object, &["amount", "uiAmount", "balance"])?;
    balance(&name, amount, number(&object, &["valueUsd"]))
}

/// What the payload itself says of one token, or of the coin.
fn single(object: &Object<'_>) -> Option<Balance> {
    if let Some(mint) = object.given("mint").and_then(text_of) {
        return balance(&mint, number(object, &["amount", "balance"])?, None);
    }
    let lamports = || number(object, &["lamports"])?.over(&Decimal::from_whole(1_000_000_000));
    let amount = number(object, &["sol"]).or_else(lamports).or_else(|| number(object, &["balance"]))?;
    balance(COIN, amount, None)
}

fn balance(mint: &str, amount: Decimal, value_usd: Option<Decimal>) -> Option<Balance> {
    let is_name = (1..=MAX_NAME).contains(&mint.len());
    is_name.then(|| Balance { mint: mint.to_owned(), amount, value_usd })
}

fn total(balances: &[Balance]) -> Option<Decimal> {
    let mut values = balances.iter().map(|balance| balance.value_usd.clone());
    let first = values.next()??;
    values.try_fold(first, |sum, value| Some(sum.plus(&value?)))
}

fn first<'a>(object: &Object<'a>, names: &[&str]) -> Option<&'a RawValue> {
    names.iter().find_map(|name| object.given(name))
}

fn number(object: &Object<'_>, names: &[&str]) -> Option<Decimal> {
    names.iter().find_map(|name| number_of(object.given(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_724_101_801_234);

    /// Each balance as `mint amount value`, and the whole value.
    fn read(payload: &str) -> (Vec<String>, Option<String>) {
        let Holdings { balances, value_usd } = holdings(payload);
        let text = |value: Option<Decimal>| value.map_or("?".to_owned(), |value| value.to_string());
        let line =
            |balance: Balance| format!("{} {} {}", balance.mint, balance.amount, text(balance.value_usd));
        (balances.into_iter().map(line).collect(), value_usd.map(|value| value.to_string()))
    }

    #[test]
    fn balances_are_read_however_they_are_written() {
        for (payload, balances, value) in [
            (
                r#"{"balances":[{"mint":"A","amount":1.50,"valueUsd":"3"},{"token":"B","uiAmount":"2"}]}"#,
                &["A 1.5 3", "B 2 ?"][..],
                None,
            ),
            (
                r#"{"tokens":[{"token":"A","balance":1e-9,"valueUsd":1},{"mint":"B","amount":2,"valueUsd":2.5}]}"#,
                &["A 0.000000001 1", "B 2 2.5"],
                Some("3.5"),
            ),
            (r#"{"balances":{"A":1,"SOL":"0.5"},"totalUsd":7}"#, &["A 1 ?", "SOL 0.5 ?"], Some("7")),
            (r#"{"balances":[],"sol":1.5,"valueUsd":"300.25"}"#, &["SOL 1.5 ?"], Some("300.25")),
            (r#"{"lamports":1500000001}"#, &["SOL 1.500000001 ?"], None),
            (r#"{"balance":1.50,"token":"wallet:x"}"#, &["SOL 1.5 ?"], None),
            (r#"{"mint":"A","balance":"12345678901234567890.5"}"#, &["A 12345678901234567890.5 ?"], None),
            (r#"{"balances":null,"tokens":[{"mint":"A","amount":null,"uiAmount":1}]}"#, &["A 1 ?"], None),
        ] {
            assert_eq!(
                read(payload),
                (balances.iter().map(ToString::to_string).collect(), value.map(str::to_owned)),
                "{payload}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_left_aside() {
        for payload in [
            "",
            "[]",
            "{}",
            r#"{"content":"x"}"#,
            r#"{"balances":"x","sol":"y","lamports":{},"valueUsd":"NaN"}"#,
            r#"{"balances":[1,null,"A",[],{},{"mint":"A"},{"amount":1},{"mint":1,"amount":1},{"mint":"\ud800","amount":1},{"mint":"","amount":1},{"mint":"A","amount":1e400}]}"#,
            r#"{"balances":{"A":null,"B":[1],"C":true}}"#,
        ] {
            assert_eq!(read(payload), (vec![], None), "{payload}");
        }
        assert_eq!(read(&format!(r#"{{"balances":{{"{}":1}}}}"#, "x".repeat(129))).0, Vec::<String>::new());
    }

    #[test]
    fn a_time_is_in_seconds_or_milliseconds_and_never_to_come() {
        let at = |json: &str| taken_at(&format!(r#"{{"timestamp":{json}}}"#), NOW);
        assert_eq!(at("1724101800"), UnixMillis::from_seconds(1_724_101_800));
        assert_eq!(at("1724101800.75"), UnixMillis::from_seconds(1_724_101_800));
        assert_eq!(at(r#""1724101800""#), UnixMillis::from_seconds(1_724_101_800));
        assert_eq!(at("1724101800123"), UnixMillis(1_724_101_800_123));
        for json in ["1724101802", "99999999999999999999", "-1", "null", "true", r#""x""#, "1e3", "[1]"] {
            assert_eq!(at(json), NOW, "{json}");
        }
        assert_eq!(taken_at("[]", NOW), NOW);
    }
}

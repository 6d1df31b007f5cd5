//! Users' alert rules as they are posted and shown. It must not know who may have how many.

use serde::Serialize;

use super::request_body::{BodyError, Change, Fields};
use crate::core::alert_rule::{AlertRule, Condition, Wish};
use crate::core::decimal::Decimal;
use crate::core::tick::Quote;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

const FIELDS: [&str; 4] = ["token", "condition", "threshold", "quote"];

const TOKEN_RULE: &str = "a token: a mint or a symbol";

const CONDITION_RULE: &str = "price_above, price_below or volume_above";

const THRESHOLD_RULE: &str = "a number above 0, or a text of one: at most 64 characters";

const QUOTE_RULE: &str = "what the price is in, at most 44 letters and digits, or null for USD";

const NO_QUOTE_RULE: &str = "left out: a volume is counted in the token";

/// Reads the body of `POST /users/:wallet/alerts`.
///
/// # Errors
/// [`BodyError`].
pub fn wish(body: &[u8]) -> Result<Wish, BodyError> {
    let fields = Fields::read(body, &FIELDS)?;
    let token = |text: &str| Topic::parse(text).ok().filter(|token| token.namespace().is_none());
    let quote = |text: &str| Quote::parse(text).filter(|quote| !quote.as_str().is_empty());
    let threshold = fields.number("threshold").filter(Decimal::is_positive);
    let wrong = |field, rule| BodyError::Field { field, rule };
    let condition = fields.required("condition", CONDITION_RULE, Condition::parse)?;
    Ok(Wish {
        token: fields.required("token", TOKEN_RULE, token)?,
        condition,
        threshold: threshold.ok_or_else(|| wrong("threshold", THRESHOLD_RULE))?,
        quote: match (condition, fields.change("quote", QUOTE_RULE, quote)?) {
            (Condition::VolumeAbove, Change::Set(_)) => return Err(wrong("quote", NO_QUOTE_RULE)),
            (Condition::VolumeAbove, _) => Quote::default(),
            (_, Change::Set(quote)) => quote,
            (_, Change::Keep | Change::Clear) => Quote::parse(Quote::DOLLAR).unwrap_or_default(),
        },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a str,
    token: &'a str,
    condition: &'static str,
    threshold: String,
    quote: Option<&'a str>,
    created_at: u64,
    fired_at: Option<u64>,
}

impl<'a> From<&'a AlertRule> for Shown<'a> {
    fn from(rule: &'a AlertRule) -> Self {
        let wish = &rule.wish;
        Self {
            id: &rule.id,
            token: wish.token.as_str(),
            condition: wish.condition.name(),
            threshold: wish.threshold.to_string(),
            quote: Some(wish.quote.as_str()).filter(|quote| !quote.is_empty()),
            created_at: rule.created.seconds(),
            fired_at: rule.fired.map(UnixMillis::seconds),
        }
    }
}

/// The JSON of a rule.
#[must_use]
pub fn rule(rule: &AlertRule) -> String {
    super::to_json(&Shown::from(rule))
}

/// The JSON of a page of rules.
#[must_use]
pub fn rules(rules: &[AlertRule], next: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        alerts: Vec<Shown<'a>>,
        next: Option<&'a str>,
    }
    super::to_json(&Answer { alerts: rules.iter().map(Shown::from).collect(), next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::wallet::Wallet;

    fn read(body: &str) -> Result<Wish, BodyError> {
        wish(body.as_bytes())
    }

    #[test]
    fn a_threshold_is_a_number_or_a_text_with_every_digit() {
        let threshold = |json: &str| {
            let body = format!(r#"{{"token":"DROP","condition":"price_above","threshold":{json}}}"#);
            read(&body).map(|wish| wish.threshold.to_string())
        };
        for (json, expected) in [
            ("0.00007345", "0.00007345"),
            (r#""0.000055398041599614002231""#, "0.000055398041599614002231"),
            ("1e-9", "0.000000001"),
            ("12345678901234567890", "12345678901234567890"),
        ] {
            assert_eq!(threshold(json).as_deref(), Ok(expected));
        }
        for json in
            ["0", "-1", "null", "true", r#""""#, r#""1 ""#, "1e400", r#""NaN""#, r#""０""#, "[1]", "{}"]
        {
            let expected = BodyError::Field { field: "threshold", rule: THRESHOLD_RULE };
            assert_eq!(threshold(json), Err(expected), "{json}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let field = |body: &str| match read(body) {
            Err(BodyError::Field { field, .. }) => field.to_owned(),
            Err(BodyError::Unknown(field)) => field,
            other => panic!("{body}: {other:?}"),
        };
        let rest = r#""condition":"price_below","threshold":1"#;
        assert_eq!(field(&format!("{{{rest}}}")), "token");
        assert_eq!(field(&format!(r#"{{"token":"wallet:x",{rest}}}"#)), "token");
        assert_eq!(field(&format!(r#"{{"token":"a b",{rest}}}"#)), "token");
        assert_eq!(field(r#"{"token":"T","condition":"above","threshold":1}"#), "condition");
        assert_eq!(field(r#"{"token":"T","condition":"price_below"}"#), "threshold");
        assert_eq!(field(&format!(r#"{{"token":"T","quote":"",{rest}}}"#)), "quote");
        assert_eq!(field(&format!(r#"{{"token":"T","quote":"U S",{rest}}}"#)), "quote");
        assert_eq!(field(&format!(r#"{{"token":"T","wallet":1,{rest}}}"#)), "wallet");
        assert_eq!(field(r#"{"token":"T","condition":"volume_above","threshold":1,"quote":"USD"}"#), "quote");
    }

    #[test]
    fn a_rule_is_shown_as_it_was_posted() {
        let wish = read(r#"{"token":"DROP","condition":"volume_above","threshold":"1000.50"}"#).unwrap();
        let rule = AlertRule {
            id: "a1".to_owned(),
            wallet: Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap(),
            wish,
            created: UnixMillis::from_seconds(1),
            fired: None,
        };
        let expected = r#"{"id":"a1","token":"DROP","condition":"volume_above","threshold":"1000.5","quote":null,"createdAt":1,"firedAt":null}"#;
        assert_eq!(super::rule(&rule), expected);
        assert_eq!(rules(&[rule], Some("n")), format!(r#"{{"alerts":[{expected}],"next":"n"}}"#));
    }
}

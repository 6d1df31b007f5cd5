//! What the Worker tells a room of its users' alert rules: the one that came or went. It must not know how a room is reached.

use serde::{Deserialize, Serialize};

use super::due::ConditionFields;
use super::room_protocol::NotUnderstood;
use super::to_json;
use crate::core::charting::RuleChange;
use crate::core::market::rule::{AlertRule, RuleId};
use crate::core::wallet::Wallet;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fields {
    Came {
        rule: String,
        owner: String,
        #[serde(flatten)]
        condition: ConditionFields,
    },
    Went {
        rule: String,
    },
}

/// The text of a change: empty where nobody says which.
#[must_use]
pub fn encode(change: &RuleChange) -> String {
    to_json(&match change {
        RuleChange::Came(AlertRule { id, owner, condition }) => Fields::Came {
            rule: id.to_string(),
            owner: owner.as_str().to_owned(),
            condition: ConditionFields::of(condition),
        },
        RuleChange::Went(id) => Fields::Went { rule: id.to_string() },
        RuleChange::Any => return String::new(),
    })
}

/// Reads [`encode`]. A Worker of the version before says nothing but that there was a change.
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode(text: &str) -> Result<RuleChange, NotUnderstood> {
    if text.is_empty() {
        return Ok(RuleChange::Any);
    }
    let fields = serde_json::from_str(text).map_err(|_| NotUnderstood)?;
    read(fields).ok_or(NotUnderstood)
}

fn read(fields: Fields) -> Option<RuleChange> {
    Some(match fields {
        Fields::Came { rule, owner, condition } => RuleChange::Came(AlertRule {
            id: RuleId::parse(&rule)?,
            owner: Wallet::parse(&owner).ok()?,
            condition: condition.read()?,
        }),
        Fields::Went { rule } => RuleChange::Went(RuleId::parse(&rule)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{number, rule, sol};
    use crate::core::market::rule::{Basis, Condition};

    #[test]
    fn the_form_of_a_change_is_unchanged() {
        let owner = r#""owner":"7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU""#;
        let came = |condition| RuleChange::Came(rule("r-1", condition));
        let (dollars, price) = (Basis::Dollars, number("0.000055398041599614002231"));
        for (change, text) in [
            (
                came(Condition::PriceAbove(dollars, price)),
                format!(
                    r#"{{"came":{{"rule":"r-1",{owner},"is":"above","price":"0.000055398041599614002231","quote":null}}}}"#
                ),
            ),
            (
                came(Condition::PriceBelow(Basis::Quote(sol()), number("2"))),
                format!(r#"{{"came":{{"rule":"r-1",{owner},"is":"below","price":"2","quote":"SOL"}}}}"#),
            ),
            (
                came(Condition::VolumeAbove(number("2"))),
                format!(r#"{{"came":{{"rule":"r-1",{owner},"is":"volume","volume":"2"}}}}"#),
            ),
            (RuleChange::Went(RuleId::parse("r-1").unwrap()), r#"{"went":{"rule":"r-1"}}"#.to_owned()),
            (RuleChange::Any, String::new()),
        ] {
            assert_eq!(encode(&change), text);
            assert_eq!(decode(&text), Ok(change));
        }
        for text in ["{}", "[]", r#"{"went":{"rule":"a b"}}"#, r#"{"came":{"rule":"r-1"}}"#, "null"] {
            assert_eq!(decode(text), Err(NotUnderstood), "{text}");
        }
    }
}

//! The secrets of publishers and of Helius, and what has to hold of all secrets together. A mistake must not show the
//! value that was given.

use super::bindings as names;
use super::config::Reader;
use crate::auth::secret::{self, PublisherSecrets, Secret};

/// The secrets of each party, which are two while they are rotated. Those that nobody but the service may know come last:
/// where one is shared, it is that which has to change.
const HOLDERS: [&[&str]; 4] = [
    &[names::WEBHOOK_SECRET, names::WEBHOOK_SECRET_PREVIOUS],
    &[names::JWT_SECRET],
    &[names::HELIUS_AUTH],
    &[names::AUTH_SECRET, names::AUTH_SECRET_PREVIOUS],
];

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn publishers(&mut self) -> Option<PublisherSecrets> {
        let current = self.secret(names::WEBHOOK_SECRET);
        let previous = self.secret(names::WEBHOOK_SECRET_PREVIOUS);
        if self.text(names::WEBHOOK_SECRET).is_none() && previous.is_some() {
            self.mistake(names::WEBHOOK_SECRET_PREVIOUS, "is set while WEBHOOK_SECRET is not");
        }
        Some(PublisherSecrets::new(current?, previous))
    }

    pub(super) fn helius_auth(&mut self) -> Option<Secret> {
        self.secret(names::HELIUS_AUTH)
    }

    fn secret(&mut self, name: &'static str) -> Option<Secret> {
        let secret = Secret::parse(&self.text(name)?);
        let strong = secret.and_then(|secret| {
            secret.as_ref().map_or(Ok(()), Secret::check_strength)?;
            Ok(secret)
        });
        strong.unwrap_or_else(|error| {
            self.mistake(name, error.to_string());
            None
        })
    }

    /// Notes each secret that another party knows as its own: who has it would be both. One that is rotated may be its own
    /// predecessor, as it is while the operator has set one of the two.
    pub(super) fn compare_secrets(&mut self) {
        for (place, own) in HOLDERS.iter().enumerate() {
            let others: Vec<&'static str> = HOLDERS.iter().take(place).copied().flatten().copied().collect();
            for name in *own {
                let shared = others.iter().find(|other| self.are_the_same(name, other));
                if let (Some(other), false) = (shared, self.is_mistaken(name)) {
                    self.mistake(name, format!("is the same as {other}, which others know"));
                }
            }
        }
    }

    fn are_the_same(&self, name: &str, other: &str) -> bool {
        let (Some(text), Some(other)) = (self.text(name), self.text(other)) else {
            return false;
        };
        secret::bare(&text) == secret::bare(&other)
    }
}

#[cfg(test)]
mod tests {
    use crate::edge::config::{Config, Mistakes};

    const SECRETS: [&str; 6] = [
        "WEBHOOK_SECRET",
        "WEBHOOK_SECRET_PREVIOUS",
        "JWT_SECRET",
        "HELIUS_AUTH",
        "AUTH_SECRET",
        "AUTH_SECRET_PREVIOUS",
    ];

    /// The names of the mistakes of a configuration, in which a provider may be anybody's.
    fn mistakes(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let parsed = Config::parse(|name| {
            let given = variables.iter().find(|(variable, _)| *variable == name);
            let anybodys = ["JWT_ISSUER", "JWT_AUDIENCE"].contains(&name).then_some("*");
            given.map(|(_, value)| *value).or(anybodys).map(str::to_owned)
        });
        let Mistakes(mistakes) = parsed.err().unwrap_or_else(|| Mistakes(vec![]));
        assert!(mistakes.iter().all(|mistake| !mistake.problem.contains("hunter2")));
        mistakes.into_iter().map(|mistake| mistake.name).collect()
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_a_mistake() {
        for name in ["WEBHOOK_SECRET", "HELIUS_AUTH"] {
            for weak in ["a", "hunter2-hunter2-hunter2", "Bearer hunter2-hunter2-hunter2", "whsec_AA=="] {
                assert_eq!(mistakes(&[(name, weak)]), [name], "{weak}");
            }
            for strong in ["hunter2-hunter2-hunter2-", "whsec_aHVudGVyMmh1bnRlcjJodQ=="] {
                assert_eq!(mistakes(&[(name, strong)]), [""; 0], "{strong}");
            }
        }
        let strong = ("WEBHOOK_SECRET", "a secret of more than 24 bytes");
        assert_eq!(mistakes(&[strong, ("WEBHOOK_SECRET_PREVIOUS", "b")]), ["WEBHOOK_SECRET_PREVIOUS"]);
        assert_eq!(
            mistakes(&[("WEBHOOK_SECRET", "a"), ("WEBHOOK_SECRET_PREVIOUS", strong.1)]),
            ["WEBHOOK_SECRET"]
        );
    }

    #[test]
    fn no_two_parties_have_the_same_secret_and_each_may_rotate_its_own() {
        const LONG: &str = "hunter2: a secret of more than 32 bytes";
        for (place, one) in SECRETS.iter().enumerate() {
            for other in SECRETS.iter().skip(place + 1) {
                let is_own = other.strip_suffix("_PREVIOUS") == Some(one);
                let mut variables = vec![(*one, LONG), (*other, LONG)];
                // A previous secret alone is another mistake.
                let beside = ["WEBHOOK_SECRET", "AUTH_SECRET"].map(|name| (name, name.to_owned() + LONG));
                variables.extend(beside.iter().map(|(name, text)| (*name, text.as_str())));
                let expected = if is_own { vec![] } else { vec![*other] };
                assert_eq!(mistakes(&variables), expected, "{one} and {other}");
            }
        }
    }

    #[test]
    fn the_same_secret_is_the_same_behind_a_scheme_or_a_prefix() {
        let key = "aHVudGVyMmh1bnRlcjJodW50ZXIy";
        for (webhook, helius) in [
            (key.to_owned(), format!("Bearer {key}")),
            (format!("whsec_{key}"), format!("bearer  {key}")),
            (key.to_owned(), format!("whsec_{key}")),
        ] {
            let variables = [("WEBHOOK_SECRET", webhook.as_str()), ("HELIUS_AUTH", helius.as_str())];
            assert_eq!(mistakes(&variables), ["HELIUS_AUTH"], "{webhook} and {helius}");
        }
    }
}

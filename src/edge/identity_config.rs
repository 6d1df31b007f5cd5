//! The variables about identity: what wallets' tokens are signed with, and the operator's identity provider, whole. A
//! mistake must not show the value that was given.

use super::bindings as names;
use super::config::{Environment, Reader};
use crate::auth::origin::Origin;
use crate::auth::signing_secret::{SigningSecret, SigningSecrets};
use crate::auth::trust::{Provider, Trust};

/// Who is believed to be who.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityConfig {
    /// Whose tokens are believed.
    pub trust: Trust,
    /// Where the provider publishes its keys, where it does.
    pub keys: Option<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn identity(&mut self, environment: Environment) -> IdentityConfig {
        let own = self.own_secrets();
        let secret = self.signing_secret(names::JWT_SECRET);
        let keys = self.keys(environment);
        let (issuer, audience) = (self.party(names::JWT_ISSUER), self.party(names::JWT_AUDIENCE));
        let provider = Provider { secret, has_keys: keys.is_some(), issuer, audience };
        IdentityConfig { trust: Trust { own, provider }, keys }
    }

    fn own_secrets(&mut self) -> Option<SigningSecrets> {
        let current = self.signing_secret(names::AUTH_SECRET);
        let previous = self.signing_secret(names::AUTH_SECRET_PREVIOUS);
        if self.text(names::AUTH_SECRET).is_none() && previous.is_some() {
            self.mistake(names::AUTH_SECRET_PREVIOUS, "is set while AUTH_SECRET is not");
        }
        Some(SigningSecrets::new(current?, previous))
    }

    /// Whom a provider's tokens have to name; `None` for anybody. A provider that signs for several services would let in
    /// whoever has a token for another one, and so it has to be said that anybody is meant.
    fn party(&mut self, name: &'static str) -> Option<String> {
        let provider =
            [names::JWT_SECRET, names::JWKS_URL].into_iter().find(|name| self.text(name).is_some());
        let party = self.text(name);
        if let (None, Some(provider)) = (&party, provider) {
            self.mistake(name, format!("is not set, while {provider} is: \"*\" if any will do"));
        }
        party.filter(|party| party != "*")
    }

    fn signing_secret(&mut self, name: &'static str) -> Option<SigningSecret> {
        SigningSecret::parse(&self.text(name)?).unwrap_or_else(|error| {
            self.mistake(name, error.to_string());
            None
        })
    }

    fn keys(&mut self, environment: Environment) -> Option<String> {
        let url = self.text(names::JWKS_URL)?;
        if may_be_asked(&url, environment) {
            return Some(url);
        }
        self.mistake(names::JWKS_URL, "is an https:// URL; in development, http://localhost will do");
        None
    }
}

/// Whether keys that come from there can be believed: nobody on the way may replace them.
fn may_be_asked(url: &str, environment: Environment) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Ok(origin) = Origin::parse(&format!("{scheme}://{authority}")) else {
        return false;
    };
    let is_safe = match scheme {
        "https" => true,
        "http" => environment == Environment::Development && origin.is_of_this_machine(),
        _ => false,
    };
    is_safe && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::super::config::{Config, Mistakes};
    use super::*;

    const LONG: &str = "a secret of more than 32 bytes, for the tests";
    const OTHER: &str = "another one of more than 32 bytes, for the tests";

    fn parse(variables: &[(&str, &str)]) -> Result<IdentityConfig, Vec<&'static str>> {
        let config = Config::parse(|name| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        });
        let names = |Mistakes(mistakes): Mistakes| {
            assert!(mistakes.iter().all(|mistake| !mistake.problem.contains("hunter2")));
            mistakes.iter().map(|mistake| mistake.name).collect()
        };
        config.map(|config| config.identity).map_err(names)
    }

    #[test]
    fn nothing_set_is_nobody_believed() {
        assert_eq!(parse(&[("AUTH_SECRET", " "), ("JWKS_URL", "")]), Ok(IdentityConfig::default()));
    }

    #[test]
    fn every_variable_is_read() {
        let secret = |text| SigningSecret::parse(text).unwrap().unwrap();
        let provider = Provider {
            secret: Some(secret("the provider's: more than 32 bytes as well")),
            has_keys: true,
            issuer: Some("https://id.example/auth/v1".to_owned()),
            audience: Some("authenticated".to_owned()),
        };
        let own = Some(SigningSecrets::new(secret(LONG), Some(secret(OTHER))));
        let keys = Some("https://id.example/jwks.json".to_owned());
        let config = parse(&[
            ("AUTH_SECRET", LONG),
            ("AUTH_SECRET_PREVIOUS", OTHER),
            ("JWT_SECRET", "the provider's: more than 32 bytes as well"),
            ("JWKS_URL", "https://id.example/jwks.json"),
            ("JWT_ISSUER", "https://id.example/auth/v1"),
            ("JWT_AUDIENCE", " authenticated"),
        ]);
        assert_eq!(config, Ok(IdentityConfig { trust: Trust { own, provider }, keys }));
    }

    #[test]
    fn all_mistakes_are_reported_by_name_without_the_value() {
        let mistakes = parse(&[
            ("JWT_ISSUER", "hunter2"),
            ("JWT_AUDIENCE", "hunter2"),
            ("AUTH_SECRET", "hunter2"),
            ("AUTH_SECRET_PREVIOUS", "hunter2"),
            ("JWT_SECRET", "hunter2"),
            ("JWKS_URL", "hunter2"),
        ]);
        assert_eq!(mistakes, Err(vec!["AUTH_SECRET", "AUTH_SECRET_PREVIOUS", "JWT_SECRET", "JWKS_URL"]));
        assert_eq!(parse(&[("AUTH_SECRET_PREVIOUS", LONG)]), Err(vec!["AUTH_SECRET_PREVIOUS"]));
    }

    #[test]
    fn a_provider_names_whom_its_tokens_are_from_and_for_or_says_that_anybody_will_do() {
        for provider in [("JWT_SECRET", LONG), ("JWKS_URL", "https://id.example/jwks.json")] {
            assert_eq!(parse(&[provider]), Err(vec!["JWT_ISSUER", "JWT_AUDIENCE"]));
            assert_eq!(parse(&[provider, ("JWT_ISSUER", "i")]), Err(vec!["JWT_AUDIENCE"]));
            assert_eq!(parse(&[provider, ("JWT_AUDIENCE", "a")]), Err(vec!["JWT_ISSUER"]));
            let any = parse(&[provider, ("JWT_ISSUER", "*"), ("JWT_AUDIENCE", "a")]).unwrap().trust.provider;
            assert_eq!((any.issuer, any.audience.as_deref()), (None, Some("a")));
        }
        assert!(parse(&[("JWT_ISSUER", "i")]).is_ok(), "without a provider it says nothing");
    }

    #[test]
    fn keys_come_over_https_or_in_development_from_this_machine() {
        let any = [("JWT_ISSUER", "*"), ("JWT_AUDIENCE", "*")];
        let keys = |environment, url| {
            parse(&[any.as_slice(), &[("ENVIRONMENT", environment), ("JWKS_URL", url)]].concat()).is_ok()
        };
        assert!(keys("production", "https://id.example/jwks.json"));
        assert!(keys("development", "http://localhost:3000/jwks.json"));
        assert!(keys("development", "http://[::1]:3000/"));
        assert!(!keys("production", "http://localhost:3000/jwks.json"));
        assert!(!keys("development", "http://id.example/jwks.json"));
        for url in [
            "file:///jwks.json",
            "https://",
            "https:///jwks.json",
            "https://user@id.example",
            "https://a/b c",
        ] {
            assert!(!keys("development", url), "{url}");
        }
    }
}

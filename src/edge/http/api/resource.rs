//! The paths of the REST resources and of the webhooks. Pure. It must not know what a resource does.

use percent_encoding::percent_decode_str;

use crate::core::topic::{Topic, TopicError};
use crate::core::wallet::{Wallet, WalletError};

/// A token's topic, as its path gives it: a mint or a symbol.
pub type TokenPath = Result<Topic, TopicError>;

/// A user's wallet, as the path gives it.
pub type WalletPath = Result<Wallet, WalletError>;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiResource {
    /// `/tokens`
    Tokens,
    /// `/tokens/:mint`
    Token(TokenPath),
    /// `/tokens/:mint/price`
    Price(TokenPath),
    /// `/tokens/:mint/prices`
    Prices(TokenPath),
    /// `/tokens/:mint/image`
    TokenImage(TokenPath),
    /// `/users/:wallet`
    User(WalletPath),
    /// `/users/:wallet/referrals`
    Referrals(WalletPath),
    /// `/users/:wallet/balances`
    Balances(WalletPath),
    /// `/users/:wallet/image`
    UserImage(WalletPath),
    /// `/users/:wallet/alerts`
    Alerts(WalletPath),
    /// `/users/:wallet/alerts/:id`
    Alert(WalletPath, String),
    /// `/uploads/:permission`
    Upload(String),
    /// `/images/:key`, whose key has slashes
    Image(String),
    /// `/webhook/helius`
    HeliusWebhook,
    /// `/webhook/price`
    PriceWebhook,
}

impl ApiResource {
    /// The resource that the segments of a path name.
    #[must_use]
    pub fn find(path: &str) -> Option<Self> {
        if let Some(key) = path.strip_prefix("/images/") {
            return Some(Self::Image(text_of(key)));
        }
        let mut segments = path.strip_prefix('/')?.split('/');
        let (family, name, part, detail) =
            (segments.next()?, segments.next(), segments.next(), segments.next());
        let resource = match (family, name, part, detail) {
            ("tokens", None, None, None) => Self::Tokens,
            ("tokens", Some(mint), None, None) => Self::Token(token_of(mint)),
            ("tokens", Some(mint), Some("price"), None) => Self::Price(token_of(mint)),
            ("tokens", Some(mint), Some("prices"), None) => Self::Prices(token_of(mint)),
            ("tokens", Some(mint), Some("image"), None) => Self::TokenImage(token_of(mint)),
            ("users", Some(wallet), None, None) => Self::User(wallet_of(wallet)),
            ("users", Some(wallet), Some("referrals"), None) => Self::Referrals(wallet_of(wallet)),
            ("users", Some(wallet), Some("balances"), None) => Self::Balances(wallet_of(wallet)),
            ("users", Some(wallet), Some("image"), None) => Self::UserImage(wallet_of(wallet)),
            ("users", Some(wallet), Some("alerts"), None) => Self::Alerts(wallet_of(wallet)),
            ("users", Some(wallet), Some("alerts"), Some(id)) => Self::Alert(wallet_of(wallet), text_of(id)),
            ("uploads", Some(permission), None, None) => Self::Upload(text_of(permission)),
            ("webhook", Some("helius"), None, None) => Self::HeliusWebhook,
            ("webhook", Some("price"), None, None) => Self::PriceWebhook,
            _ => return None,
        };
        segments.next().is_none().then_some(resource)
    }

    /// The route's pattern, for logs.
    #[must_use]
    pub fn pattern(&self) -> &'static str {
        match self {
            Self::Tokens => "/tokens",
            Self::Token(_) => "/tokens/:mint",
            Self::Price(_) => "/tokens/:mint/price",
            Self::Prices(_) => "/tokens/:mint/prices",
            Self::TokenImage(_) => "/tokens/:mint/image",
            Self::User(_) => "/users/:wallet",
            Self::Referrals(_) => "/users/:wallet/referrals",
            Self::Balances(_) => "/users/:wallet/balances",
            Self::UserImage(_) => "/users/:wallet/image",
            Self::Alerts(_) => "/users/:wallet/alerts",
            Self::Alert(..) => "/users/:wallet/alerts/:id",
            Self::Upload(_) => "/uploads/:permission",
            Self::Image(_) => "/images/:key",
            Self::HeliusWebhook => "/webhook/helius",
            Self::PriceWebhook => "/webhook/price",
        }
    }

    /// The methods it takes, as in an `Allow` header.
    #[must_use]
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Tokens
            | Self::Price(_)
            | Self::Prices(_)
            | Self::Referrals(_)
            | Self::Balances(_)
            | Self::Image(_) => "GET, HEAD, OPTIONS",
            Self::Token(_) | Self::User(_) => "GET, HEAD, PUT, OPTIONS",
            Self::Alerts(_) => "GET, HEAD, POST, OPTIONS",
            Self::Alert(..) => "DELETE, OPTIONS",
            Self::Upload(_) => "PUT, OPTIONS",
            Self::TokenImage(_) | Self::UserImage(_) | Self::HeliusWebhook | Self::PriceWebhook => {
                "POST, OPTIONS"
            }
        }
    }

    /// The topic it is about.
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        match self {
            Self::Token(token) | Self::Price(token) | Self::Prices(token) | Self::TokenImage(token) => {
                token.as_ref().ok()
            }
            _ => None,
        }
    }
}

/// What is no UTF-8 becomes a replacement character, which no topic has and no wallet.
fn text_of(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn token_of(segment: &str) -> TokenPath {
    Topic::parse(&text_of(segment))
}

fn wallet_of(segment: &str) -> WalletPath {
    Wallet::parse(&text_of(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_resources() {
        let drop = || Ok(Topic::parse("DROP").unwrap());
        let wallet = || Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU");
        for (path, resource) in [
            ("/tokens", ApiResource::Tokens),
            ("/tokens/DROP", ApiResource::Token(drop())),
            ("/tokens/D%52OP/price", ApiResource::Price(drop())),
            ("/tokens/DROP/prices", ApiResource::Prices(drop())),
            ("/users/7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU", ApiResource::User(wallet())),
            (
                "/users/7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU/alerts/a1",
                ApiResource::Alert(wallet(), "a1".to_owned()),
            ),
            ("/images/tokens/DROP/image-1.webp", ApiResource::Image("tokens/DROP/image-1.webp".to_owned())),
            ("/webhook/helius", ApiResource::HeliusWebhook),
        ] {
            assert_eq!(ApiResource::find(path), Some(resource), "{path}");
        }
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in
            ["/tokens/", "/token", "/tokens/A/x", "/users", "/users/A/alerts/1/2", "/webhook", "/uploads"]
        {
            let named = ApiResource::find(path);
            assert!(
                matches!(named, None | Some(ApiResource::Token(Err(TopicError::Empty)))),
                "{path}: {named:?}"
            );
        }
    }

    #[test]
    fn a_bad_token_or_wallet_is_a_resource_with_an_error() {
        assert!(matches!(ApiResource::find("/tokens/a%20b/price"), Some(ApiResource::Price(Err(_)))));
        assert!(matches!(ApiResource::find("/users/ana"), Some(ApiResource::User(Err(_)))));
    }
}

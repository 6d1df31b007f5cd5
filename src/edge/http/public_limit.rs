//! How often an address may ask what everybody may: the platform counts, for each of its locations apart. Where it can't,
//! nobody is turned away. It must not know what is asked.

use worker::{Env, Request};

use super::api::problem::ApiError;
use super::api::resource::ApiResource;
use super::client_address;
use super::problems::HttpError;
use super::route::Resource;
use crate::edge::address_limit;
use crate::edge::bindings::PUBLIC_LIMIT_BINDING;
use crate::edge::config::Config;

/// Whether a request counts. Those of publishers and webhooks don't, as they prove who they are, nor uploads, for which
/// somebody was given a permission, nor handshakes, which have a limit of their own, nor pictures, of which a screen may have a
/// hundred and which are asked for once. What is refused without any work is not worth a count.
#[must_use]
pub fn counts(method: &str, resource: &Resource) -> bool {
    let is_read = matches!(method, "GET" | "HEAD");
    match resource {
        Resource::Nonce | Resource::SignIn => method == "POST",
        Resource::Api(resource) => match resource {
            ApiResource::Tokens => is_read,
            ApiResource::Token(token) | ApiResource::Price(token) | ApiResource::Prices(token) => {
                is_read && token.is_ok()
            }
            ApiResource::User(wallet) => (is_read || method == "PUT") && wallet.is_ok(),
            ApiResource::Referrals(wallet) | ApiResource::Balances(wallet) => is_read && wallet.is_ok(),
            ApiResource::UserImage(wallet) => method == "POST" && wallet.is_ok(),
            ApiResource::Alerts(wallet) => (is_read || method == "POST") && wallet.is_ok(),
            ApiResource::Alert(wallet, _) => method == "DELETE" && wallet.is_ok(),
            ApiResource::TokenImage(_)
            | ApiResource::Upload(_)
            | ApiResource::Image(_)
            | ApiResource::HeliusWebhook
            | ApiResource::PriceWebhook => false,
        },
        _ => false,
    }
}

/// Counts a request, and refuses it where its address has asked too often.
///
/// # Errors
/// [`ApiError::TooOften`], and what the runtime throws.
pub async fn check(request: &Request, env: &Env, config: &Config) -> Result<(), HttpError> {
    let Some(address) = client_address::of(request, config)? else {
        return Ok(());
    };
    let is_within = address_limit::is_within(env, PUBLIC_LIMIT_BINDING, address.as_str().to_owned()).await;
    if is_within { Ok(()) } else { Err(ApiError::TooOften.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_may_ask_counts_and_nothing_else() {
        let wallet = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
        let counted = |method: &str, path: &str| {
            let url = format!("https://broadcast.glow.trade{}", path.replace("WALLET", wallet));
            counts(method, &Resource::find(&url).unwrap())
        };
        for (method, path) in [
            ("GET", "/tokens"),
            ("HEAD", "/tokens/DROP"),
            ("GET", "/tokens/DROP/price"),
            ("GET", "/tokens/DROP/prices?range=14d"),
            ("PUT", "/users/WALLET"),
            ("GET", "/users/WALLET/balances"),
            ("POST", "/users/WALLET/alerts"),
            ("DELETE", "/users/WALLET/alerts/1"),
            ("POST", "/auth/nonce"),
            ("POST", "/auth/verify"),
        ] {
            assert!(counted(method, path), "{method} {path}");
        }
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/health"),
            ("POST", "/broadcast/DROP"),
            ("POST", "/broadcast"),
            ("GET", "/publish"),
            ("GET", "/rooms/DROP"),
            ("GET", "/ws"),
            ("GET", "/ws/DROP"),
            ("PUT", "/tokens/DROP"),
            ("POST", "/tokens/DROP/image"),
            ("PUT", "/uploads/x"),
            ("GET", "/images/tokens/a.webp"),
            ("POST", "/webhook/helius"),
            ("POST", "/webhook/price"),
            ("OPTIONS", "/tokens"),
            ("DELETE", "/tokens/DROP"),
            ("GET", "/tokens/a%20b"),
            ("GET", "/users/ana"),
        ] {
            assert!(!counted(method, path), "{method} {path}");
        }
    }
}

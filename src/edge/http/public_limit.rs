//! How often an address may ask what everybody may: the platform counts, for each of its locations apart. Where it can't,
//! nobody is turned away. It must not know what is asked.

use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, RateLimiter, Request};

use super::api::problem::ApiError;
use super::api::resource::ApiResource;
use super::problems::HttpError;
use super::route::Resource;
use crate::auth::address::AddressHash;
use crate::auth::secret::PublisherSecrets;
use crate::edge::bindings::PUBLIC_LIMIT_BINDING;
use crate::edge::config::Config;
use crate::edge::log;

/// Whether a request counts. Those of publishers and webhooks don't, as they prove who they are, nor uploads, for which
/// somebody was given a permission, nor handshakes, whose sockets are counted, nor pictures, of which a screen may have a
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
    let address = request.headers().get("cf-connecting-ip")?;
    let secret = config.publishers.as_ref().map(PublisherSecrets::current);
    let Some(key) = address.zip(secret).and_then(|(address, secret)| AddressHash::of(&address, secret))
    else {
        return Ok(());
    };
    match is_within(env, &key).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(ApiError::TooOften.into()),
        Err(error) => {
            log::limit_failed(&error);
            Ok(())
        }
    }
}

async fn is_within(env: &Env, key: &AddressHash) -> worker::Result<bool> {
    // Not by the library's own way: it asks for the name of the binding's class, and that is another one locally.
    let binding = Reflect::get(env.as_ref(), &JsValue::from_str(PUBLIC_LIMIT_BINDING))?;
    if !binding.is_object() {
        return Err(worker::Error::RustError(format!("there is no binding {PUBLIC_LIMIT_BINDING}")));
    }
    Ok(binding.unchecked_into::<RateLimiter>().limit(key.as_str().to_owned()).await?.success)
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

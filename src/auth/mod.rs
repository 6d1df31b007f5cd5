//! Who may do what: publishers' secrets and signatures, wallets' sign-ins, access tokens, origins, hashed addresses.
//! Pure: it knows headers as texts and times as numbers, and must not know a request, a response or a route.

pub mod access_token;
pub mod address;
pub mod bearer;
mod claims;
pub mod credentials;
pub mod json_web_token;
pub mod key_refresh;
pub mod key_set;
pub mod nonce;
pub mod origin;
pub mod secret;
pub mod sign_in;
pub mod signing_secret;
pub mod trust;
pub mod upload_permission;
pub mod wallet_signature;
pub mod webhook_signature;

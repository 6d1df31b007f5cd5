//! A client's address, hashed before anything is done with it. It must not hand out an address in clear.

use std::cell::OnceCell;
use std::fmt::Write as _;

use worker::Request;

use crate::auth::address::AddressHash;
use crate::auth::secret::{PublisherSecrets, Secret};
use crate::edge::config::Config;
use crate::edge::runtime;

/// The hash of the address that a request came from; `None` where the platform does not say.
///
/// Its key is a secret of the operator's. Without one it is the isolate's own: then each isolate counts for itself.
///
/// # Errors
/// What the runtime throws.
pub fn of(request: &Request, config: &Config) -> worker::Result<Option<AddressHash>> {
    let Some(address) = request.headers().get("cf-connecting-ip")? else {
        return Ok(None);
    };
    let secret = config.publishers.as_ref().map(PublisherSecrets::current).or(config.helius_auth.as_ref());
    match secret {
        Some(secret) => Ok(AddressHash::of(&address, secret)),
        None => with_own_key(|key| AddressHash::of(&address, key)),
    }
}

fn with_own_key(hash: impl FnOnce(&Secret) -> Option<AddressHash>) -> worker::Result<Option<AddressHash>> {
    thread_local! {
        static KEY: OnceCell<Secret> = const { OnceCell::new() };
    }
    KEY.with(|cell| {
        if cell.get().is_none() {
            let mut text = String::new();
            for byte in runtime::random_bytes::<32>()? {
                // A text takes whatever is written to it.
                let _ = write!(text, "{byte:02x}");
            }
            if let Ok(Some(key)) = Secret::parse(&text) {
                let _ = cell.set(key);
            }
        }
        Ok(cell.get().and_then(hash))
    })
}

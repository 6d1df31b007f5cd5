//! What the platform counts for each address, for each of its locations apart. Where it can't, nobody is turned away. It
//! must not know what is counted, nor an address in clear.

use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, RateLimiter};

use super::log;

/// Counts once more for an address, and returns whether that is within the limit of `binding`.
pub async fn is_within(env: &Env, binding: &str, address: String) -> bool {
    count(env, binding, address).await.unwrap_or_else(|error| {
        log::limit_failed(&error);
        true
    })
}

async fn count(env: &Env, name: &str, address: String) -> worker::Result<bool> {
    // Not by the library's own way: it asks for the name of the binding's class, and that is another one locally.
    let binding = Reflect::get(env.as_ref(), &JsValue::from_str(name))?;
    if !binding.is_object() {
        return Err(worker::Error::RustError(format!("there is no binding {name}")));
    }
    Ok(binding.unchecked_into::<RateLimiter>().limit(address).await?.success)
}

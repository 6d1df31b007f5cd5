//! `GET /`: the live page. It must not know what the page shows.

use worker::{Env, Request, Response};

use super::problems::HttpError;
use crate::edge::bindings::ASSETS_BINDING;

/// The page. A WebSocket handshake that ends here had a topic that its URL could not carry, or none.
pub async fn answer(request: Request, env: &Env) -> Result<Response, HttpError> {
    if request.headers().has("upgrade")? {
        return Err(HttpError::NotFound);
    }
    Ok(env.assets(ASSETS_BINDING)?.fetch_request(request).await?)
}

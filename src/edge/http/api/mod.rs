//! REST and webhooks: one file per family of resources. It must not know how a resource is stored or published.

mod conditional;
pub mod problem;
pub mod resource;
mod tokens;

use worker::{Context, Env, Request};

use self::resource::ApiResource;
use super::problems::HttpError;
use super::respond::Answer;
use crate::edge::config::Config;

/// What every resource is handed besides the request itself.
pub struct Call<'a> {
    /// The way to the stores and objects.
    pub env: &'a Env,
    /// For what is done after the answer.
    pub context: &'a Context,
    /// What the operator allows.
    pub config: &'a Config,
    /// The request's method, as it came. HEAD is answered as GET, without the body.
    pub method: &'a str,
    /// The service's own origin, `scheme://host:port`.
    pub origin: &'a str,
    /// The URL's query, without its `?`.
    pub query: &'a str,
}

/// Answers a request.
///
/// # Errors
/// [`HttpError`].
pub async fn answer(request: Request, call: Call<'_>, resource: ApiResource) -> Result<Answer, HttpError> {
    let response = match (call.method, resource) {
        ("GET" | "HEAD", ApiResource::Tokens) => tokens::list(&request, &call).await,
        ("GET" | "HEAD", ApiResource::Token(token)) => tokens::get(&request, &call, token).await,
        ("PUT", ApiResource::Token(token)) => tokens::put(request, &call, token).await,
        (_, resource) => Err(HttpError::MethodNotAllowed { allow: resource.methods() }),
    };
    Ok(response?.into())
}

//! REST and webhooks: one file per family of resources. It must not know how a resource is stored or published.

mod alerts;
mod balances;
mod caller;
mod conditional;
mod images;
mod prices;
pub mod problem;
pub mod resource;
mod tokens;
mod users;
mod webhooks;

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
/// [`HttpError`], as the resource's own file says.
pub async fn answer(request: Request, call: Call<'_>, resource: ApiResource) -> Result<Answer, HttpError> {
    match (call.method, resource) {
        ("GET" | "HEAD", ApiResource::Tokens) => tokens::list(&request, &call).await,
        ("GET" | "HEAD", ApiResource::Token(token)) => tokens::get(&request, &call, token).await,
        ("GET" | "HEAD", ApiResource::Price(token)) => prices::latest(&call, token).await,
        ("GET" | "HEAD", ApiResource::Prices(token)) => prices::chart(&request, &call, token).await,
        ("PUT", ApiResource::Token(token)) => tokens::put(request, &call, token).await,
        ("GET" | "HEAD", ApiResource::User(wallet)) => users::profile(&request, &call, wallet).await,
        ("PUT", ApiResource::User(wallet)) => users::change(request, &call, wallet).await,
        ("GET" | "HEAD", ApiResource::Referrals(wallet)) => users::referrals(&request, &call, wallet).await,
        ("POST", ApiResource::HeliusWebhook) => webhooks::helius(request, &call).await,
        ("POST", ApiResource::PriceWebhook) => webhooks::price(request, &call).await,
        ("POST", ApiResource::TokenImage(token)) => images::for_token(request, &call, token).await,
        ("POST", ApiResource::UserImage(wallet)) => images::for_user(request, &call, wallet).await,
        ("PUT", ApiResource::Upload(permission)) => images::upload(request, &call, &permission).await,
        ("GET" | "HEAD", ApiResource::Image(key)) => images::picture(&request, &call, &key).await,
        ("GET" | "HEAD", ApiResource::Alerts(wallet)) => alerts::list(&request, &call, wallet).await,
        ("POST", ApiResource::Alerts(wallet)) => alerts::create(request, &call, wallet).await,
        ("DELETE", ApiResource::Alert(wallet, id)) => alerts::delete(&request, &call, wallet, &id).await,
        ("GET" | "HEAD", ApiResource::Balances(wallet)) => balances::list(&request, &call, wallet).await,
        (_, resource) => Err(HttpError::MethodNotAllowed { allow: resource.methods() }),
    }
}

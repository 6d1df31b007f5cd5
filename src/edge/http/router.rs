//! Requests to their routes, and answers to the log. It must not know what a route does.

use worker::{Context, Env, Request, Response, Result};

use super::cors::Page;
use super::problems::HttpError;
use super::respond::{self, Answer};
use super::route::{Resource, origin_of, query_of};
use super::subscribe::Wanted;
use super::{api, auth, broadcast, cors, health, page, public_limit, subscribe};
use crate::core::topic::Topic;
use crate::edge::config::{self, Config, Mistakes};
use crate::edge::log::{self, AnsweredRequest};
use crate::edge::runtime;

/// Answers a request. Whatever goes wrong, the answer has a body that says what.
///
/// # Errors
/// What the runtime throws while an answer is built.
pub async fn serve(request: Request, env: Env, context: Context) -> Result<Response> {
    let started = runtime::now();
    let config = config::of(&env);
    let call = Call::of(&request)?;
    let answer = match call.answer(request, &env, &context, &config).await {
        Ok(answer) => answer,
        Err(error) => {
            let cause = error.cause();
            Answer { cause, ..error.into_response()?.into() }
        }
    };
    let Answer { response, connections, cause } = answer;
    // The headers of a socket and of the page's files are the runtime's own.
    let is_ours = response.status_code() != 101 && call.resource != Some(Resource::Page);
    if is_ours {
        respond::secure(response.headers())?;
    }
    if let (Ok(config), true) = (config.as_ref(), is_ours) {
        cors::allow(response.headers(), &config.origins, &call.page())?;
    }
    let request = AnsweredRequest {
        request_id: &call.id,
        method: &call.method,
        route: call.resource.as_ref().map_or("none", Resource::pattern),
        status: response.status_code(),
        duration: runtime::now().since(started),
        topic: call.resource.as_ref().and_then(Resource::topic).map(Topic::for_log),
        connections,
        cause,
    };
    log::answered(&request, config.as_ref().as_ref().ok().map(|config| config.environment));
    Ok(response)
}

/// A request as the router sees it.
struct Call {
    id: String,
    /// As it came: the library's own type reads every method that it does not know as GET.
    method: String,
    url: String,
    origin: Option<String>,
    resource: Option<Resource>,
}

impl Call {
    fn of(request: &Request) -> Result<Self> {
        let id = request.headers().get("cf-ray")?.unwrap_or_else(runtime::random_uuid);
        let (method, url) = (request.inner().method(), request.inner().url());
        let origin = request.headers().get("origin")?;
        let resource = Resource::find(&url);
        Ok(Self { id, method, url, origin, resource })
    }

    fn page(&self) -> Page<'_> {
        Page { origin: self.origin.as_deref(), own: origin_of(&self.url) }
    }

    async fn answer(
        &self,
        request: Request,
        env: &Env,
        context: &Context,
        config: &std::result::Result<Config, Mistakes>,
    ) -> std::result::Result<Answer, HttpError> {
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::in_worker(&self.url);
        let resource = self.resource.clone().ok_or(HttpError::NotFound)?;
        match (self.method.as_str(), &resource) {
            ("GET" | "HEAD", Resource::Page) => return Ok(page::answer(request, env).await?.into()),
            ("GET" | "HEAD", Resource::Health) => return Ok(health::answer(config)?.into()),
            _ => {}
        }
        let config = config.as_ref().map_err(|_| HttpError::Misconfigured)?;
        if public_limit::counts(&self.method, &resource) {
            public_limit::check(&request, env, config).await?;
        }
        match (self.method.as_str(), resource) {
            ("OPTIONS", resource) => Ok(cors::preflight(&resource, &config.origins, &self.page())?.into()),
            ("POST", Resource::Batch) => broadcast::many(request, env, context, config).await,
            ("POST", Resource::Broadcast(topic)) => {
                broadcast::one(request, env, context, config, topic).await
            }
            ("POST", Resource::Nonce) => Ok(auth::nonce(request, config, self.page()).await?.into()),
            ("POST", Resource::SignIn) => {
                Ok(auth::verify(request, env, config, origin_of(&self.url)).await?.into())
            }
            ("GET", Resource::Publisher) => Ok(broadcast::socket(request, env, config).await?.into()),
            ("GET", Resource::Socket) => self.socket(&request, env, config, Wanted::Many).await,
            ("GET", Resource::Subscription(topic)) => {
                self.socket(&request, env, config, Wanted::Topic(topic)).await
            }
            ("GET", Resource::Room(topic)) => broadcast::standing(request, env, config, topic).await,
            (method, Resource::Api(resource)) => {
                let (origin, query) = (origin_of(&self.url), query_of(&self.url));
                api::answer(request, api::Call { env, context, config, method, origin, query }, resource)
                    .await
            }
            (_, resource) => Err(HttpError::MethodNotAllowed { allow: resource.methods() }),
        }
    }

    async fn socket(
        &self,
        request: &Request,
        env: &Env,
        config: &Config,
        wanted: Wanted,
    ) -> std::result::Result<Answer, HttpError> {
        let (query, page) = (query_of(&self.url), self.page());
        Ok(subscribe::socket(request, env, config, wanted, query, &page).await?.into())
    }
}

//! Requests to their routes, and answers to the log. It must not know what a route does.

use worker::{Env, Method, Request, Response, Result};

use super::problems::HttpError;
use super::route::{Resource, origin_of};
use super::{broadcast, cors, health, page, subscribe};
use crate::core::topic::Topic;
use crate::edge::config::{self, Config, Mistakes};
use crate::edge::log::{self, AnsweredRequest};
use crate::edge::runtime;

/// Answers a request. Whatever goes wrong, the answer has a body that says what.
///
/// # Errors
/// What the runtime throws while an answer is built.
pub async fn serve(request: Request, env: Env) -> Result<Response> {
    let started = runtime::now();
    let config = config::of(&env);
    let call = Call::of(&request)?;
    let (method, origin) = (request.method(), request.headers().get("origin")?);
    let answer = call.answer(request, &env, &config).await;
    let (answer, cause) = match answer {
        Ok(answer) => (answer, None),
        Err(error) => {
            let cause = error.cause();
            (Answer::of(error.into_response()?), cause)
        }
    };
    let Answer {
        response,
        connections,
    } = answer;
    // The headers of a socket and of the page's files are the runtime's own.
    let is_ours = response.status_code() != 101 && call.resource != Some(Resource::Page);
    if let (Ok(config), true) = (config.as_ref(), is_ours) {
        cors::allow(
            response.headers(),
            &config.origins,
            origin.as_deref(),
            call.own_origin(),
        )?;
    }
    let request = AnsweredRequest {
        request_id: &call.id,
        method: method.as_ref(),
        route: call.resource.as_ref().map_or("none", Resource::pattern),
        status: response.status_code(),
        duration: runtime::now().since(started),
        topic: call
            .resource
            .as_ref()
            .and_then(Resource::topic)
            .map(Topic::for_log),
        connections,
        cause,
    };
    log::answered(
        &request,
        config.as_ref().as_ref().ok().map(|config| config.environment),
    );
    Ok(response)
}

/// A request as the router sees it.
struct Call {
    id: String,
    url: String,
    resource: Option<Resource>,
}

/// A response, and what the log is to say of it.
struct Answer {
    response: Response,
    connections: Option<u32>,
}

impl Answer {
    fn of(response: Response) -> Self {
        Self {
            response,
            connections: None,
        }
    }
}

impl Call {
    fn of(request: &Request) -> Result<Self> {
        let id = request
            .headers()
            .get("cf-ray")?
            .unwrap_or_else(runtime::random_uuid);
        let url = request.inner().url();
        let resource = Resource::find(&url);
        Ok(Self { id, url, resource })
    }

    fn own_origin(&self) -> &str {
        origin_of(&self.url)
    }

    async fn answer(
        &self,
        request: Request,
        env: &Env,
        config: &std::result::Result<Config, Mistakes>,
    ) -> std::result::Result<Answer, HttpError> {
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::in_worker(&self.url);
        let resource = self.resource.clone().ok_or(HttpError::NotFound)?;
        let method = request.method();
        match (&resource, &method) {
            (Resource::Page, Method::Get | Method::Head) => {
                return Ok(Answer::of(page::answer(request, env).await?));
            }
            (Resource::Health, Method::Get | Method::Head) => {
                return Ok(Answer::of(health::answer(config)?));
            }
            _ => {}
        }
        let config = config.as_ref().map_err(|_| HttpError::Misconfigured)?;
        if method == Method::Options {
            let origin = request.headers().get("origin")?;
            let own = self.own_origin();
            return Ok(Answer::of(cors::preflight(
                &resource,
                &config.origins,
                origin.as_deref(),
                own,
            )?));
        }
        match (method, resource) {
            (Method::Post, Resource::Batch) => Ok(Answer::of(broadcast::many(request, env, config).await?)),
            (Method::Post, Resource::Broadcast(topic)) => {
                let (response, connections) = broadcast::one(request, env, config, topic).await?;
                Ok(Answer {
                    response,
                    connections: Some(connections),
                })
            }
            (Method::Get, Resource::Subscription(topic)) => {
                let own = self.own_origin();
                Ok(Answer::of(
                    subscribe::socket(&request, env, config, topic, own).await?,
                ))
            }
            (_, resource) => Err(HttpError::MethodNotAllowed {
                allow: resource.methods(),
            }),
        }
    }
}

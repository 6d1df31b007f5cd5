//! The entry points of the Worker and nothing else. Calls go one way: from here to `edge`, which decides nothing, to
//! `auth` and `wire`, and to `core`, which knows nothing of the others.

pub mod auth;
pub mod core;
pub mod edge;
pub mod ingest;
pub mod wire;

use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, event};

/// Runs once for each instance of the module: a panic's message and stack go to the log.
#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Answers a request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    edge::http::serve(request, env, context).await
}

/// Throws away what is too old.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    edge::schedule::run(&env).await;
}

//! Bodies to responses. It must not know why a response is given.

use worker::{Response, Result};

use crate::wire::problem::{PROBLEM_MEDIA_TYPE, Problem};

/// A JSON response.
pub fn json(status: u16, body: String) -> Result<Response> {
    with_type(status, "application/json", body)
}

/// A problem document, with the time to wait where it has one.
pub fn problem(problem: &Problem) -> Result<Response> {
    let response = with_type(problem.code.status(), PROBLEM_MEDIA_TYPE, problem.to_json())?;
    if let Some(seconds) = problem.retry_after {
        response.headers().set("retry-after", &seconds.to_string())?;
    }
    Ok(response)
}

fn with_type(status: u16, media_type: &str, body: String) -> Result<Response> {
    let response = Response::ok(body)?.with_status(status);
    response.headers().set("content-type", media_type)?;
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}

//! Bodies to responses. It must not know why a response is given.

use worker::{Headers, Response, Result};

use crate::wire::problem::{PROBLEM_MEDIA_TYPE, Problem};

/// A response, and what the log is to say of it.
pub struct Answer {
    /// The response.
    pub response: Response,
    /// Sockets that a publication was handed to.
    pub connections: Option<u32>,
    /// What failed inside, where the client is not told.
    pub cause: Option<String>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self { response, connections: None, cause: None }
    }
}

/// What nobody may do with an answer: take it for another type, run or frame it as a page, or tell others its URL, which may
/// name whose topic it was.
const SECURITY_HEADERS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
];

/// Gives an answer that is no page the headers that keep it from being taken for one. Those that it has stay.
pub fn secure(headers: &Headers) -> Result<()> {
    for (name, value) in SECURITY_HEADERS {
        if !headers.has(name)? {
            headers.set(name, value)?;
        }
    }
    Ok(())
}

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

//! `GET /health`: how the service is, for operators and their monitors. It must not show the value of a variable.

use serde::Serialize;
use worker::{Response, Result};

use super::respond;
use crate::edge::config::{Config, Environment, Mistake, Mistakes};
use crate::edge::runtime;

/// The crate's version and the commit it was built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("GLOW_COMMIT"));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    status: &'static str,
    timestamp: String,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    mistakes: &'a [Mistake],
}

/// 200 when all is well; 503 with every mistake of the configuration, a missing secret among them.
pub fn answer(config: &std::result::Result<Config, Mistakes>) -> Result<Response> {
    let no_secret = [Mistake::no_secret()];
    let (environment, mistakes): (_, &[Mistake]) = match config {
        Ok(config) if config.publishers.is_some() => (Some(config.environment), &[]),
        Ok(config) => (Some(config.environment), &no_secret),
        Err(Mistakes(mistakes)) => (None, mistakes),
    };
    let (status, word) = if mistakes.is_empty() { (200, "healthy") } else { (503, "misconfigured") };
    let health =
        Health { status: word, timestamp: runtime::now_iso(), version: VERSION, environment, mistakes };
    respond::json(status, serde_json::to_string(&health)?)
}

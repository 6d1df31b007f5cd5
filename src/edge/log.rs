//! Log lines: one JSON object each, so that `wrangler tail --format json` and log stores can filter them. It owns what
//! may stand in a log, where a secret, an address or whose private topic it was must not.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use worker::{console_error, console_log, console_warn};

use super::config::{Config, Environment, Mistake, Mistakes};
use crate::core::relay::name::RelayName;
use crate::core::topic::Topic;
use crate::ingest::solana::Unexplained;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Debug,
    Warn,
    Error,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T> {
    level: Level,
    event: &'a str,
    #[serde(flatten)]
    fields: T,
}

fn write(level: Level, event: &str, fields: impl Serialize) {
    let Ok(line) = serde_json::to_string(&Line { level, event, fields }) else {
        return;
    };
    match level {
        Level::Debug => console_log!("{line}"),
        Level::Warn => console_warn!("{line}"),
        Level::Error => console_error!("{line}"),
    }
}

/// One answered request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnsweredRequest<'a> {
    /// The platform's `cf-ray`, or a random identifier where there is none.
    pub request_id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The route's pattern, not the path.
    pub route: &'a str,
    /// The status.
    pub status: u16,
    /// Milliseconds it took, as far as the runtime lets its clock move.
    pub duration: u64,
    /// The topic, as [`Topic::for_log`] shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Sockets that a publication was handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// What failed inside, where the client is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Logs an answered request: what failed inside always, anything else in development.
pub fn answered(request: &AnsweredRequest<'_>, environment: Option<Environment>) {
    if request.status >= 500 || request.cause.is_some() {
        write(Level::Error, "request", request);
    } else if environment == Some(Environment::Development) {
        write(Level::Debug, "request", request);
    }
}

/// Logs the mistakes of a configuration, by name.
pub fn misconfigured(Mistakes(mistakes): &Mistakes) {
    #[derive(Serialize)]
    struct Fields<'a> {
        mistakes: &'a [Mistake],
    }
    write(Level::Error, "misconfigured", Fields { mistakes });
}

/// Logs that a publisher's socket could not do what it was asked.
pub fn publisher_failed(error: &impl Display) {
    write(Level::Error, "publisher_failed", Failed { error: error.to_string() });
}

/// Logs that a sign-in could not be remembered. Whose it was is not said.
pub fn sign_in_failed(error: &impl Display) {
    write(Level::Error, "sign_in_failed", Failed { error: error.to_string() });
}

/// Logs that what is remembered of signed requests could not be had or written.
pub fn signed_request_failed(error: &impl Display) {
    write(Level::Error, "signed_request_failed", Failed { error: error.to_string() });
}

/// Logs that the identity provider's keys could not be fetched.
pub fn keys_not_fetched(error: &impl Display) {
    write(Level::Error, "keys_not_fetched", Failed { error: error.to_string() });
}

/// Logs that a copy of what is read often could not be had.
pub fn hot_copy_failed(error: &impl Display) {
    write(Level::Error, "hot_copy_failed", Failed { error: error.to_string() });
}

/// Logs that nobody counted how often an address asks.
pub fn limit_failed(error: &impl Display) {
    write(Level::Error, "limit_failed", Failed { error: error.to_string() });
}

/// Logs that tokens which the chain tells of could not be written down.
pub fn tokens_not_noted(error: &impl Display) {
    write(Level::Error, "tokens_not_noted", Failed { error: error.to_string() });
}

/// Logs how many swaps of a webhook are no trades, by why what they moved can't be told.
pub fn swaps_unexplained(transactions: usize, reasons: &BTreeMap<Unexplained, usize>) {
    #[derive(Serialize)]
    struct Fields {
        transactions: usize,
        reasons: BTreeMap<&'static str, usize>,
    }
    let reasons = reasons.iter().map(|(reason, count)| (reason.name(), *count)).collect();
    write(Level::Warn, "swaps_unexplained", Fields { transactions, reasons });
}

/// Logs in development that a step threw so much away.
pub fn thrown_away(step: &str, rows: usize, duration: u64, config: &Config) {
    #[derive(Serialize)]
    struct Fields<'a> {
        step: &'a str,
        rows: usize,
        duration: u64,
    }
    if is_development(Some(config)) {
        write(Level::Debug, "thrown_away", Fields { step, rows, duration });
    }
}

/// Logs that something that is done every ten minutes was not.
pub fn schedule_failed(step: &str, error: &impl Display) {
    #[derive(Serialize)]
    struct Fields<'a> {
        step: &'a str,
        error: String,
    }
    write(Level::Error, "schedule_failed", Fields { step, error: error.to_string() });
}

/// Logs that a room could not be told of a user's alert rule. Whose it is is not said.
pub fn rules_not_told(error: &impl Display) {
    write(Level::Error, "rules_not_told", Failed { error: error.to_string() });
}

#[derive(Serialize)]
struct Failed {
    error: String,
}

/// Something that happened in a room.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomEvent {
    /// It was built in memory: the first time, or after a wake.
    Constructed,
    /// A handler of the room ran. Pings that the runtime answers don't get here.
    Woken {
        /// By what.
        by: &'static str,
    },
    /// Publications were handed to sockets.
    Published {
        /// How many publications.
        publications: usize,
        /// To how many sockets.
        connections: u32,
    },
    /// A socket was accepted.
    Connected {
        /// Its `connectionId`.
        connection: String,
        /// Sockets with it, where they were counted.
        connections: Option<u32>,
    },
    /// A socket was closed or broke.
    Closed {
        /// Its `connectionId`.
        connection: String,
        /// The close code.
        code: usize,
    },
}

/// A room's own log: debug lines in development, failures always.
#[derive(Clone, Debug)]
pub struct RoomLog {
    topic: Option<String>,
    development: bool,
}

/// Something that happened in a relay.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayMoment {
    /// It was built in memory: the first time, or after a wake.
    Constructed,
    /// A handler of the relay ran. Pings that the runtime answers don't get here.
    Woken {
        /// By what.
        by: &'static str,
    },
    /// A socket was accepted.
    Connected,
    /// A socket was closed or broke.
    Closed,
}

/// A relay's own log: debug lines in development, failures always. A relay's name says whom it serves, and nobody's
/// topics.
#[derive(Clone, Debug)]
pub struct RelayLog {
    name: Option<String>,
    development: bool,
}

#[derive(Serialize)]
struct RelayFields<'a, T> {
    name: Option<&'a str>,
    relay: T,
}

impl RelayLog {
    /// The log of the relay of this name.
    #[must_use]
    pub fn new(name: Option<RelayName>, config: Option<&Config>) -> Self {
        Self { name: name.map(|name| name.to_string()), development: is_development(config) }
    }

    /// Logs a moment in development.
    pub fn debug(&self, moment: RelayMoment) {
        if self.development {
            write(Level::Debug, "relay", RelayFields { name: self.name.as_deref(), relay: moment });
        }
    }

    /// Logs that a relay could not do what it had decided.
    pub fn failed(&self, error: &impl Display) {
        let relay = Failed { error: error.to_string() };
        write(Level::Error, "relay_failed", RelayFields { name: self.name.as_deref(), relay });
    }
}

fn is_development(config: Option<&Config>) -> bool {
    config.is_some_and(|config| config.environment == Environment::Development)
}

#[derive(Serialize)]
struct RoomFields<'a, T> {
    topic: Option<&'a str>,
    room: T,
}

impl RoomLog {
    /// The log of the room of `topic`.
    #[must_use]
    pub fn new(topic: Option<&Topic>, config: Option<&Config>) -> Self {
        Self { topic: topic.map(Topic::for_log), development: is_development(config) }
    }

    /// Logs an event in development. Elsewhere what it would say is not even put together.
    pub fn debug(&self, event: impl FnOnce() -> RoomEvent) {
        if self.development {
            self.write(Level::Debug, "room", event());
        }
    }

    /// Logs that a room could not do what it had decided.
    pub fn failed(&self, error: &impl Display) {
        self.write(Level::Error, "room_failed", Failed { error: error.to_string() });
    }

    fn write(&self, level: Level, event: &str, fields: impl Serialize) {
        write(level, event, RoomFields { topic: self.topic.as_deref(), room: fields });
    }
}

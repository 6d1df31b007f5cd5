//! Every variable and secret, read once, all mistakes reported together. Pure but for [`of`], which reads the
//! environment; a mistake must not show the value that was given.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::rc::Rc;

use serde::Serialize;
use worker::Env;

use super::bindings as names;
use super::identity_config::IdentityConfig;
use super::runtime;
use crate::auth::origin::{AllowedOrigins, Origin, OriginPolicy};
use crate::auth::secret::{PublisherSecrets, Secret};
use crate::core::history::HistoryLimits;
use crate::core::outbox::OutboxLimits;
use crate::core::relay::RelayLimits;
use crate::core::room::{PLATFORM_SOCKETS_PER_ROOM, RoomLimits};

/// Sockets in one room or relay where nothing is set. ARCHITECTURE.md says why.
const DEFAULT_CAPACITY: u32 = 8_192;

/// Sockets of one address in one room or relay where nothing is set. README.md says why.
const DEFAULT_CONNECTIONS_PER_ADDRESS: u32 = 1_000;

/// In milliseconds.
pub(super) const DAY: u64 = 86_400_000;

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A developer's machine: debug logs, and pages of this machine are let in.
    Development,
    /// For trying out.
    Staging,
    /// For its users.
    Production,
}

/// The configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the service runs.
    pub environment: Environment,
    /// Who may publish; `None` while the operator has set no secret, and then nobody may.
    pub publishers: Option<PublisherSecrets>,
    /// Who is believed to be who.
    pub identity: IdentityConfig,
    /// Which pages may use the service.
    pub origins: OriginPolicy,
    /// The largest payload, in bytes.
    pub max_message_bytes: usize,
    /// The most messages in one batch.
    pub max_batch_messages: usize,
    /// What a room allows.
    pub room: RoomLimits,
    /// Topics of one socket.
    pub max_topics_per_socket: usize,
    /// What may wait to be sent to one socket, in bytes.
    pub max_backlog_bytes: usize,
    /// How long candles are kept, in milliseconds.
    pub prices_retention_millis: u64,
    /// How long what wallets had is kept, in milliseconds.
    pub balances_retention_millis: u64,
    /// What Helius sends in `Authorization`; `None` where the operator has no webhook there.
    pub helius_auth: Option<Secret>,
}

/// One thing that the operator has to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The variable's name.
    pub name: &'static str,
    /// What is wrong with it, without its value.
    pub problem: String,
}

/// All mistakes of a configuration: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistake {
    /// What keeps everybody from publishing while no secret is set. Subscribers are served all the same.
    #[must_use]
    pub fn no_secret() -> Self {
        let problem = "is not set, so nobody can publish: npx wrangler secret put WEBHOOK_SECRET";
        Self { name: names::WEBHOOK_SECRET, problem: problem.to_owned() }
    }
}

impl Config {
    /// Reads a configuration from the texts that `lookup` has for the variables' names.
    ///
    /// # Errors
    /// Every mistake there is, in the order in which README.md lists the variables.
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Mistakes> {
        let mut reader = Reader { lookup, mistakes: Vec::new() };
        let environment = reader.environment();
        let config = Self {
            environment,
            publishers: reader.publishers(),
            identity: reader.identity(environment),
            origins: OriginPolicy {
                allowed: reader.allowed_origins(),
                required: reader.flag(names::REQUIRE_ORIGIN),
                local_pages: environment == Environment::Development,
            },
            max_message_bytes: reader.count(names::MAX_MESSAGE_BYTES, 65_536, 2..=1_043_456),
            max_batch_messages: reader.count(names::MAX_BATCH_MESSAGES, 100, 1..=1_000),
            room: RoomLimits {
                client_frame_bytes: reader.count(names::MAX_CLIENT_FRAME_BYTES, 32_768, 64..=1_047_552),
                client_frames_per_minute: reader
                    .positive(names::CLIENT_FRAMES_PER_MINUTE, 100, 1..=100_000)
                    .unwrap_or(NonZeroU32::MIN),
                connections_per_address: reader.positive(
                    names::MAX_CONNECTIONS_PER_IP,
                    DEFAULT_CONNECTIONS_PER_ADDRESS,
                    0..=PLATFORM_SOCKETS_PER_ROOM,
                ),
                capacity: reader.number(
                    names::ROOM_CAPACITY,
                    DEFAULT_CAPACITY,
                    1..=PLATFORM_SOCKETS_PER_ROOM,
                ),
                history: HistoryLimits {
                    size: reader.count(names::HISTORY_SIZE, 256, 0..=10_000),
                    bytes: reader.count(names::HISTORY_BYTES, 1_048_576, 1_024..=16_777_216),
                },
                outbox: OutboxLimits {
                    messages: reader.count(names::OUTBOX_MESSAGES, 10_000, 1..=1_000_000),
                    bytes: reader.count(names::OUTBOX_BYTES, 8_388_608, 1_024..=33_554_432),
                },
                retention_millis: reader.duration(names::ROOM_RETENTION, 14 * DAY, 1_000..=3_650 * DAY),
                market: reader.market_rules(),
            },
            max_topics_per_socket: reader.count(names::MAX_TOPICS_PER_SOCKET, 100, 1..=1_000),
            max_backlog_bytes: reader.count(names::MAX_BACKLOG_BYTES, 2_097_152, 65_536..=33_554_432),
            prices_retention_millis: reader.duration(names::PRICES_RETENTION, 14 * DAY, 1_000..=3_650 * DAY),
            helius_auth: reader.helius_auth(),
            balances_retention_millis: reader.duration(
                names::BALANCES_RETENTION,
                365 * DAY,
                1_000..=3_650 * DAY,
            ),
        };
        reader.compare_secrets();
        if reader.mistakes.is_empty() { Ok(config) } else { Err(Mistakes(reader.mistakes)) }
    }
}

impl Config {
    /// What a relay allows: what a room does, as far as it is the same.
    #[must_use]
    pub fn relay(&self) -> RelayLimits {
        RelayLimits {
            capacity: self.room.capacity,
            connections_per_address: self.room.connections_per_address,
            client_frame_bytes: self.room.client_frame_bytes,
            client_frames_per_minute: self.room.client_frames_per_minute,
            topics_per_socket: self.max_topics_per_socket,
            keeps_history: self.room.history.size > 0,
            message_bytes: u64::try_from(self.max_message_bytes).unwrap_or(u64::MAX),
            history_bytes: u64::try_from(self.room.history.bytes).unwrap_or(u64::MAX),
            retention_millis: self.room.retention_millis,
        }
    }
}

/// Reads one variable after another and collects what is wrong with them.
pub(super) struct Reader<F> {
    lookup: F,
    mistakes: Vec<Mistake>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// The variable's text; `None` when it is not set or blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn mistake(&mut self, name: &'static str, problem: impl Into<String>) {
        self.mistakes.push(Mistake { name, problem: problem.into() });
    }

    /// Whether something is wrong with the variable.
    pub(super) fn is_mistaken(&self, name: &str) -> bool {
        self.mistakes.iter().any(|mistake| mistake.name == name)
    }

    fn environment(&mut self) -> Environment {
        match self.text(names::ENVIRONMENT).as_deref() {
            None | Some("production") => Environment::Production,
            Some("staging") => Environment::Staging,
            Some("development") => Environment::Development,
            Some(_) => {
                self.mistake(names::ENVIRONMENT, "is one of development, staging, production");
                Environment::Production
            }
        }
    }

    fn allowed_origins(&mut self) -> AllowedOrigins {
        let text = self.text(names::ALLOWED_ORIGINS).unwrap_or_default();
        if text == "*" {
            return AllowedOrigins::Any;
        }
        let mut origins = Vec::new();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            match Origin::parse(entry) {
                Ok(origin) => origins.push(origin),
                Err(error) => {
                    let problem = format!("entry {}: {error}; or * alone for any page", index + 1);
                    self.mistake(names::ALLOWED_ORIGINS, problem);
                }
            }
        }
        AllowedOrigins::Only(origins)
    }

    fn flag(&mut self, name: &'static str) -> bool {
        match self.text(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.mistake(name, "is true or false");
                false
            }
        }
    }

    pub(super) fn number(&mut self, name: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(text) = self.text(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let problem = format!("is a whole number from {} to {}", range.start(), range.end());
                self.mistake(name, problem);
                default
            }
        }
    }

    fn count(&mut self, name: &'static str, default: u32, range: RangeInclusive<u32>) -> usize {
        usize::try_from(self.number(name, default, range)).unwrap_or(usize::MAX)
    }

    /// A whole number with its unit: `s`, `m`, `h` or `d`. In milliseconds.
    pub(super) fn duration(&mut self, name: &'static str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(text) = self.text(name) else {
            return default;
        };
        let units = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', DAY)];
        let parsed = units
            .into_iter()
            .find_map(|(unit, millis)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(millis));
        match parsed {
            Some(millis) if range.contains(&millis) => millis,
            _ => {
                self.mistake(name, "is a duration such as 14d, 36h, 90m or 300s: at least 1s, at most 3650d");
                default
            }
        }
    }

    fn positive(
        &mut self,
        name: &'static str,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Option<NonZeroU32> {
        NonZeroU32::new(self.number(name, default, range))
    }
}

/// The configuration of this isolate. It is read at its first use: a new configuration is a new deployment, and comes
/// with a new isolate.
#[must_use]
pub fn of(env: &Env) -> Rc<Result<Config, Mistakes>> {
    thread_local! {
        static CONFIG: std::cell::OnceCell<Rc<Result<Config, Mistakes>>> = const { std::cell::OnceCell::new() };
    }
    CONFIG.with(|cell| {
        Rc::clone(cell.get_or_init(|| {
            let config = Config::parse(|name| runtime::variable(env, name));
            if let Err(mistakes) = &config {
                super::log::misconfigured(mistakes);
            }
            Rc::new(config)
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::thresholds::MarketRules;
    use crate::wire::payload::MAX_PAYLOAD_BYTES;
    use crate::wire::shared_frame::{ADDED_BYTES, MAX_FRAME_BYTES};

    fn parse(variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
        Config::parse(|name| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_production_with_the_defaults_and_nobody_may_publish() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.environment, Environment::Production);
        assert_eq!(config.publishers, None);
        assert_eq!(config.origins.allowed, AllowedOrigins::Only(vec![]));
        assert_eq!((config.max_message_bytes, config.max_batch_messages), (65_536, 100));
        assert_eq!((config.room.capacity, config.max_topics_per_socket), (8_192, 100));
        assert_eq!(config.max_backlog_bytes, 2_097_152);
        assert_eq!(config.room.connections_per_address, NonZeroU32::new(1_000));
        assert_eq!(config.room.client_frame_bytes, 32_768);
        assert_eq!(config.room.client_frames_per_minute.get(), 100);
        assert_eq!(config.room.history, HistoryLimits { size: 256, bytes: 1_048_576 });
        assert_eq!(config.room.outbox, OutboxLimits { messages: 10_000, bytes: 8_388_608 });
        assert_eq!(config.room.retention_millis, 14 * 86_400_000);
        assert_eq!((config.prices_retention_millis, config.helius_auth), (14 * 86_400_000, None));
        assert_eq!(config.balances_retention_millis, 365 * 86_400_000);
    }

    #[test]
    fn whatever_is_allowed_fits_the_frames_of_the_service() {
        let is_allowed = |name, bytes: usize| parse(&[(name, bytes.to_string().as_str())]).is_ok();
        for (name, largest) in [
            ("MAX_MESSAGE_BYTES", MAX_PAYLOAD_BYTES),
            ("MAX_CLIENT_FRAME_BYTES", MAX_FRAME_BYTES - ADDED_BYTES),
        ] {
            assert!(is_allowed(name, largest) && !is_allowed(name, largest + 1), "{name}");
        }
    }

    #[test]
    fn every_variable_is_read() {
        let config = parse(&[
            ("ENVIRONMENT", "staging"),
            ("WEBHOOK_SECRET", "the new one, of 24 bytes or more\n"),
            ("WEBHOOK_SECRET_PREVIOUS", "the old one, of 24 bytes or more"),
            ("ALLOWED_ORIGINS", "https://app.glow.trade, http://localhost:3000,"),
            ("REQUIRE_ORIGIN", "true"),
            ("MAX_MESSAGE_BYTES", "1000"),
            ("MAX_BATCH_MESSAGES", "5"),
            ("MAX_CLIENT_FRAME_BYTES", "512"),
            ("CLIENT_FRAMES_PER_MINUTE", "7"),
            ("MAX_CONNECTIONS_PER_IP", "9"),
            ("ROOM_CAPACITY", "11"),
            ("MAX_TOPICS_PER_SOCKET", "13"),
            ("HISTORY_SIZE", "0"),
            ("HISTORY_BYTES", "2048"),
            ("OUTBOX_MESSAGES", "12"),
            ("OUTBOX_BYTES", "4096"),
            ("MAX_BACKLOG_BYTES", "65536"),
            ("ROOM_RETENTION", "36h"),
            ("PRICES_RETENTION", "7d"),
            ("HELIUS_AUTH", "Bearer of what Helius sends to us"),
            ("BALANCES_RETENTION", "30d"),
        ])
        .unwrap();
        let secret = |text| Secret::parse(text).unwrap().unwrap();
        let origin = |text| Origin::parse(text).unwrap();
        let expected = Config {
            environment: Environment::Staging,
            publishers: Some(PublisherSecrets::new(
                secret("the new one, of 24 bytes or more"),
                Some(secret("the old one, of 24 bytes or more")),
            )),
            identity: IdentityConfig::default(),
            origins: OriginPolicy {
                allowed: AllowedOrigins::Only(vec![
                    origin("https://app.glow.trade"),
                    origin("http://localhost:3000"),
                ]),
                required: true,
                local_pages: false,
            },
            max_message_bytes: 1_000,
            max_batch_messages: 5,
            room: RoomLimits {
                capacity: 11,
                connections_per_address: NonZeroU32::new(9),
                client_frame_bytes: 512,
                client_frames_per_minute: NonZeroU32::new(7).unwrap(),
                history: HistoryLimits { size: 0, bytes: 2_048 },
                outbox: OutboxLimits { messages: 12, bytes: 4_096 },
                retention_millis: 36 * 3_600_000,
                market: MarketRules::default(),
            },
            max_topics_per_socket: 13,
            max_backlog_bytes: 65_536,
            prices_retention_millis: 7 * 86_400_000,
            helius_auth: Some(secret("Bearer of what Helius sends to us")),
            balances_retention_millis: 30 * 86_400_000,
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn all_mistakes_are_reported_together_by_name_and_without_a_value() {
        let Mistakes(mistakes) = parse(&[
            ("ENVIRONMENT", "developement"),
            ("WEBHOOK_SECRET", "whsec_hunter2!"),
            ("ALLOWED_ORIGINS", "https://a.example,hunter2"),
            ("REQUIRE_ORIGIN", "hunter2"),
            ("MAX_MESSAGE_BYTES", "64k"),
            ("MAX_BATCH_MESSAGES", "0"),
            ("MAX_CLIENT_FRAME_BYTES", "-1"),
            ("CLIENT_FRAMES_PER_MINUTE", "1e3"),
            ("MAX_CONNECTIONS_PER_IP", "many"),
            ("ROOM_CAPACITY", "32769"),
            ("HISTORY_SIZE", "all"),
            ("HISTORY_BYTES", "1 MB"),
            ("OUTBOX_MESSAGES", "0"),
            ("OUTBOX_BYTES", "0"),
            ("MAX_BACKLOG_BYTES", "65535"),
            ("ROOM_RETENTION", "14"),
            ("MAX_TOPICS_PER_SOCKET", "1001"),
            ("PRICES_RETENTION", "forever"),
            ("BALANCES_RETENTION", "0d"),
            ("HELIUS_AUTH", "whsec_hunter2!"),
        ])
        .unwrap_err();
        let named: Vec<_> = mistakes.iter().map(|mistake| mistake.name).collect();
        assert_eq!(
            named,
            [
                "ENVIRONMENT",
                "WEBHOOK_SECRET",
                "ALLOWED_ORIGINS",
                "REQUIRE_ORIGIN",
                "MAX_MESSAGE_BYTES",
                "MAX_BATCH_MESSAGES",
                "MAX_CLIENT_FRAME_BYTES",
                "CLIENT_FRAMES_PER_MINUTE",
                "MAX_CONNECTIONS_PER_IP",
                "ROOM_CAPACITY",
                "HISTORY_SIZE",
                "HISTORY_BYTES",
                "OUTBOX_MESSAGES",
                "OUTBOX_BYTES",
                "ROOM_RETENTION",
                "MAX_TOPICS_PER_SOCKET",
                "MAX_BACKLOG_BYTES",
                "PRICES_RETENTION",
                "HELIUS_AUTH",
                "BALANCES_RETENTION",
            ]
        );
        assert!(mistakes.iter().all(|mistake| !mistake.problem.contains("hunter2")));
    }

    #[test]
    fn a_previous_secret_alone_is_a_mistake() {
        let Mistakes(mistakes) =
            parse(&[("WEBHOOK_SECRET_PREVIOUS", "the old one, of 24 bytes or more")]).unwrap_err();
        assert_eq!(mistakes[0].name, "WEBHOOK_SECRET_PREVIOUS");
    }

    #[test]
    fn a_star_allows_any_page_but_not_beside_others() {
        assert_eq!(parse(&[("ALLOWED_ORIGINS", "*")]).unwrap().origins.allowed, AllowedOrigins::Any);
        assert!(parse(&[("ALLOWED_ORIGINS", "*,https://a.example")]).is_err());
    }
}

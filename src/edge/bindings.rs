//! The names by which wrangler.toml and the code know the same things. build.rs includes this file and fails when the
//! two differ, so it must not use anything else of the crate.

/// The binding of the rooms' namespace.
pub const ROOM_BINDING: &str = "BROADCAST_ROOM";

/// The class behind it.
pub const ROOM_CLASS: &str = "BroadcastRoom";

/// The binding of the publishers' sockets' namespace.
pub const PUBLISHER_BINDING: &str = "PUBLISHER_SOCKET";

/// The class behind it.
pub const PUBLISHER_CLASS: &str = "PublisherSocket";

/// The binding of the relays' namespace.
pub const RELAY_BINDING: &str = "RELAY";

/// The class behind it.
pub const RELAY_CLASS: &str = "Relay";

/// The binding of the sign-ins' namespace.
pub const SIGN_IN_BINDING: &str = "SIGN_IN";

/// The class behind it.
pub const SIGN_IN_CLASS: &str = "SignIn";

/// The binding of the objects that remember signed requests.
pub const SIGNED_REQUESTS_BINDING: &str = "SIGNED_REQUESTS";

/// The class behind it.
pub const SIGNED_REQUESTS_CLASS: &str = "SignedRequests";

/// Every Durable Object: its binding and its class.
pub const OBJECTS: [(&str, &str); 5] = [
    (ROOM_BINDING, ROOM_CLASS),
    (PUBLISHER_BINDING, PUBLISHER_CLASS),
    (RELAY_BINDING, RELAY_CLASS),
    (SIGN_IN_BINDING, SIGN_IN_CLASS),
    (SIGNED_REQUESTS_BINDING, SIGNED_REQUESTS_CLASS),
];

/// The binding of the live page's files.
pub const ASSETS_BINDING: &str = "ASSETS";

/// The binding of the database.
pub const DATABASE_BINDING: &str = "DATABASE";

/// The binding of the copies of what is read often.
pub const HOT_COPIES_BINDING: &str = "HOT_COPIES";

/// The binding of the pictures.
pub const IMAGES_BINDING: &str = "IMAGES";

/// The binding of the limit on what everybody may ask.
pub const PUBLIC_LIMIT_BINDING: &str = "PUBLIC_LIMIT";

/// The binding of the limit on handshakes.
pub const HANDSHAKE_LIMIT_BINDING: &str = "HANDSHAKE_LIMIT";

/// The binding of the limit on topics that nobody has published to yet.
pub const NEW_TOPIC_LIMIT_BINDING: &str = "NEW_TOPIC_LIMIT";

/// Every store and limit: the table of wrangler.toml that has it, the field that names it there, and its name.
pub const STORES: [(&str, &str, &str); 6] = [
    ("d1_databases", "binding", DATABASE_BINDING),
    ("kv_namespaces", "binding", HOT_COPIES_BINDING),
    ("r2_buckets", "binding", IMAGES_BINDING),
    ("ratelimits", "name", PUBLIC_LIMIT_BINDING),
    ("ratelimits", "name", HANDSHAKE_LIMIT_BINDING),
    ("ratelimits", "name", NEW_TOPIC_LIMIT_BINDING),
];

/// `development`, `staging` or `production`.
pub const ENVIRONMENT: &str = "ENVIRONMENT";
/// The publishers' secret.
pub const WEBHOOK_SECRET: &str = "WEBHOOK_SECRET";
/// The secret before it, valid while it is being rotated.
pub const WEBHOOK_SECRET_PREVIOUS: &str = "WEBHOOK_SECRET_PREVIOUS";
/// What the service signs its own tokens with.
pub const AUTH_SECRET: &str = "AUTH_SECRET";
/// The secret before it, valid while it is being rotated.
pub const AUTH_SECRET_PREVIOUS: &str = "AUTH_SECRET_PREVIOUS";
/// The secret of the operator's identity provider.
pub const JWT_SECRET: &str = "JWT_SECRET";
/// What Helius sends in `Authorization`.
pub const HELIUS_AUTH: &str = "HELIUS_AUTH";
/// Where that provider publishes its keys.
pub const JWKS_URL: &str = "JWKS_URL";
/// The issuer of its tokens.
pub const JWT_ISSUER: &str = "JWT_ISSUER";
/// The audience of its tokens.
pub const JWT_AUDIENCE: &str = "JWT_AUDIENCE";
/// The pages that may use the service.
pub const ALLOWED_ORIGINS: &str = "ALLOWED_ORIGINS";
/// Whether a client without an origin is turned away.
pub const REQUIRE_ORIGIN: &str = "REQUIRE_ORIGIN";
/// The largest payload.
pub const MAX_MESSAGE_BYTES: &str = "MAX_MESSAGE_BYTES";
/// The most messages in one batch.
pub const MAX_BATCH_MESSAGES: &str = "MAX_BATCH_MESSAGES";
/// The largest frame of a subscriber.
pub const MAX_CLIENT_FRAME_BYTES: &str = "MAX_CLIENT_FRAME_BYTES";
/// Frames of one subscriber in a minute.
pub const CLIENT_FRAMES_PER_MINUTE: &str = "CLIENT_FRAMES_PER_MINUTE";
/// Sockets of one address in one room.
pub const MAX_CONNECTIONS_PER_IP: &str = "MAX_CONNECTIONS_PER_IP";
/// Topics of one socket.
pub const MAX_TOPICS_PER_SOCKET: &str = "MAX_TOPICS_PER_SOCKET";
/// Sockets in one room, and in one relay.
pub const ROOM_CAPACITY: &str = "ROOM_CAPACITY";

/// Publications held of the past.
pub const HISTORY_SIZE: &str = "HISTORY_SIZE";
/// Their bytes.
pub const HISTORY_BYTES: &str = "HISTORY_BYTES";
/// Publications that may wait to be sent.
pub const OUTBOX_MESSAGES: &str = "OUTBOX_MESSAGES";
/// Their bytes.
pub const OUTBOX_BYTES: &str = "OUTBOX_BYTES";
/// What may wait to be sent to one socket.
pub const MAX_BACKLOG_BYTES: &str = "MAX_BACKLOG_BYTES";
/// How long an unused room is kept.
pub const ROOM_RETENTION: &str = "ROOM_RETENTION";

/// A trade below this is no price.
pub const DUST_USD: &str = "DUST_USD";
/// A trade from this on is a whale's.
pub const ALERT_WHALE_USD: &str = "ALERT_WHALE_USD";
/// How far a price moves to be alerting.
pub const ALERT_PRICE_PERCENT: &str = "ALERT_PRICE_PERCENT";
/// How much more than usual is traded to be alerting.
pub const ALERT_VOLUME_TIMES: &str = "ALERT_VOLUME_TIMES";
/// How much of a pool is withdrawn to be alerting.
pub const ALERT_LIQUIDITY_PERCENT: &str = "ALERT_LIQUIDITY_PERCENT";
/// How much of a supply is sold at once to be alerting.
pub const ALERT_SUPPLY_PERCENT: &str = "ALERT_SUPPLY_PERCENT";
/// For how long an alert of one kind is not repeated.
pub const ALERT_COOLDOWN: &str = "ALERT_COOLDOWN";
/// How long candles are kept.
pub const PRICES_RETENTION: &str = "PRICES_RETENTION";
/// How long what wallets had is kept.
pub const BALANCES_RETENTION: &str = "BALANCES_RETENTION";

/// Every variable that may stand in wrangler.toml. Secrets may not: they are set with `wrangler secret put`.
pub const VARIABLES: [&str; 28] = [
    ENVIRONMENT,
    JWKS_URL,
    JWT_ISSUER,
    JWT_AUDIENCE,
    ALLOWED_ORIGINS,
    REQUIRE_ORIGIN,
    MAX_MESSAGE_BYTES,
    MAX_BATCH_MESSAGES,
    MAX_CLIENT_FRAME_BYTES,
    CLIENT_FRAMES_PER_MINUTE,
    MAX_CONNECTIONS_PER_IP,
    MAX_TOPICS_PER_SOCKET,
    ROOM_CAPACITY,
    HISTORY_SIZE,
    HISTORY_BYTES,
    OUTBOX_MESSAGES,
    OUTBOX_BYTES,
    MAX_BACKLOG_BYTES,
    ROOM_RETENTION,
    DUST_USD,
    ALERT_WHALE_USD,
    ALERT_PRICE_PERCENT,
    ALERT_VOLUME_TIMES,
    ALERT_LIQUIDITY_PERCENT,
    ALERT_SUPPLY_PERCENT,
    ALERT_COOLDOWN,
    PRICES_RETENTION,
    BALANCES_RETENTION,
];

//! What the product is: topics, publications, the room that orders them. Pure: it must not
//! know a dialect, the runtime, the clock or randomness. Time and facts are passed in, decisions come out.

pub mod access;
pub mod address;
pub mod alert_rule;
pub mod answer_budget;
pub mod balance_snapshot;
pub mod chart;
pub mod charting;
pub mod client_frame;
pub mod decimal;
pub mod epoch;
pub mod event;
pub mod feed;
pub mod found;
pub mod history;
pub mod idempotency;
pub mod image_key;
pub mod lane;
pub mod market;
pub mod mint;
pub mod outbox;
pub mod place;
pub mod profile;
pub mod publication;
pub mod referral_code;
pub mod relay;
pub mod room;
pub mod signed_request;
pub mod socket_request;
pub mod tick;
pub mod time;
pub mod token;
pub mod topic;
pub mod view;
pub mod wallet;

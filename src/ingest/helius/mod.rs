//! The webhooks of Helius, enhanced and raw: bodies to what happened on tokens' markets. What Helius takes a transaction
//! for, in its `type`, its description and its `events`, must not be believed.

mod enhanced;
mod fields;
mod raw;
mod webhook;

pub use super::solana::Misunderstood;
pub use webhook::{MAX_TRANSACTIONS, Webhook, WebhookError, read};

//! The enhanced webhooks of Helius: bodies to what happened on tokens' markets. A transaction is judged by its balance
//! changes alone; its `type`, its description and its `events` must not be believed.

mod balances;
mod creation;
mod instructions;
mod liquidity;
mod pool;
mod reference;
mod trades;
mod transaction;
mod venue;
mod webhook;

pub use transaction::Misunderstood;
pub use webhook::{MAX_TRANSACTIONS, Webhook, WebhookError, read};

//! What others post to be made publications of: the webhooks of those who watch the chain. Pure: it must not know a
//! request nor what was published before, and decides nothing but what a payload says.

pub mod account_update;
pub mod helius;
pub mod publications;
pub mod solana;

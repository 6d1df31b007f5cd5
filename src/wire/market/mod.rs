//! Publications about markets: trades, prices, new tokens, liquidity. It owns their fields; it must not decide what is
//! published.

mod read;
mod write;

pub use read::tick;
pub use write::{liquidity, new_token, phase, price_update, reference, trade};

const TRADE: &str = "TRADE";
const PRICE_UPDATE: &str = "PRICE_UPDATE";
const NEW_TOKEN: &str = "NEW_TOKEN";
const LIQUIDITY: &str = "LIQUIDITY";
const PHASE: &str = "PHASE";

const ADDED: &str = "added";
const REMOVED: &str = "removed";

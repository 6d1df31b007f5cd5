//! What a transaction on Solana did to tokens' markets: swaps as their pools saw them, liquidity, tokens that were made.
//! Pure: it must not know in which payload a transaction came.

mod accounts;
mod address;
mod creation;
mod event;
mod exchange;
mod hop;
mod instruction;
mod liquidity;
mod money;
mod names;
mod reading;
mod reference;
mod swaps;
mod trades;
mod transaction;
mod transfers;
mod unlisted;

#[cfg(test)]
mod tests;

pub use creation::may_hold_a_creation;
pub use hop::Unexplained;
pub use instruction::{Instruction, MAX_INSTRUCTIONS};
pub use money::{Money, WRAPPED_SOL};
pub use reading::{Reading, read};
pub use transaction::{MAX_ACCOUNTS, MAX_SIGNATURE, MAX_UNITS, Misunderstood, TokenAccount, Transaction};

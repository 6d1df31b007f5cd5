//! What pump.fun and `PumpSwap` write of their own swaps: an instruction that a program calls itself with, so that the chain
//! keeps it. It must not know what else a transaction says.
//!
//! Layouts: the programs' published interfaces (`TradeEvent`; `BuyEvent` and `SellEvent`). Fields are added at their ends.

use super::exchange::{Exchange, PUMP_FUN, PUMP_SWAP};
use super::instruction::Instruction;

/// What the data of such an instruction begins with: Anchor's mark of an event.
const EVENT: [u8; 8] = 0xe445_a52e_51cb_9a1d_u64.to_be_bytes();

/// pump.fun's; `PumpSwap`'s.
const TRADE: [u8; 8] = 0xbddb_7fd3_4ee6_61ee_u64.to_be_bytes();
const BUY: [u8; 8] = 0x67f4_521f_2cf5_7777_u64.to_be_bytes();
const SELL: [u8; 8] = 0x3e2f_370a_a503_dc2a_u64.to_be_bytes();

/// How many units more a pool has of its base and of its quote after a swap.
pub type Moved = [i128; 2];

/// Whether an instruction may be one that an exchange writes an event with.
pub fn may_be_event(exchange: &Exchange, instruction: &Instruction<'_>) -> bool {
    instruction.accounts.len() == 1 && matches!(exchange.program, PUMP_FUN | PUMP_SWAP)
}

/// The swap that an instruction of an exchange tells of; `None` for any other instruction.
pub fn swap_event(exchange: &Exchange, instruction: &Instruction<'_>) -> Option<Moved> {
    let data = instruction.data()?;
    let (kind, fields) = data.strip_prefix(&EVENT)?.split_first_chunk()?;
    let number = |at: usize| Some(i128::from(u64::from_le_bytes(*fields.get(at..)?.first_chunk()?)));
    match (exchange.program, *kind) {
        // The mint; SOL, tokens; whether it is a buy.
        (PUMP_FUN, TRADE) => {
            let (sol, tokens) = (number(32)?, number(40)?);
            Some(if *fields.get(48)? == 0 { [tokens, -sol] } else { [-tokens, sol] })
        }
        // The time; what goes out; the 11 next numbers; what comes in with the part of it that stays for the pool's owners.
        (PUMP_SWAP, BUY) => Some([-number(8)?, number(96)?]),
        // Likewise, and what goes out without that part.
        (PUMP_SWAP, SELL) => Some([number(8)?, -number(96)?]),
        _ => None,
    }
}

//! What exchanges write of their own swaps, by the published layouts. It must not know whether anybody reads it.

use super::address::{SYSTEM, bystander, key};
use super::choices::Choices;
use super::exchange::Exchange;
use super::state::bytes;
use super::swap::Hop;

const MARK: u64 = 0xe445_a52e_51cb_9a1d;

/// The data of the instructions by which the program of a pool tells of a swap.
pub fn of(choices: &mut Choices<'_>, hop: &Hop) -> Vec<Vec<u8>> {
    match hop.pool.exchange {
        Exchange::PumpFun => vec![trade(choices, hop)],
        Exchange::PumpSwap => vec![fill(choices, hop)],
        Exchange::LaunchLab => vec![other(0xbddb_7fd3_4ee6_61ee, &hop.pool.address, 130)],
        Exchange::Dbc => vec![
            other(0x1b3c_15d5_8aaa_bb93, &hop.pool.address, 100),
            other(0xbd42_33a8_2650_7599, &hop.pool.address, 150),
        ],
        Exchange::DammV2 => vec![other(0xbd42_33a8_2650_7599, &hop.pool.address, 150)],
        Exchange::Dlmm => vec![other(0x516c_e3be_cdd0_0ac4, &hop.pool.address, 90)],
        Exchange::Phoenix => vec![vec![15; 40]],
        _ => Vec::new(),
    }
}

fn begin(kind: u64) -> Vec<u8> {
    [MARK.to_be_bytes(), kind.to_be_bytes()].concat()
}

/// An event of which only the pool is looked at by anybody.
fn other(kind: u64, pool: &&'static str, length: usize) -> Vec<u8> {
    [begin(kind), key(pool), vec![3; length]].concat()
}

/// pump.fun's `TradeEvent`, as it was at first or as it is now.
fn trade(choices: &mut Choices<'_>, hop: &Hop) -> Vec<u8> {
    let [tokens, quote_amount] = hop.units.map(|units| bytes(units.abs()));
    // Of another quote it has nothing in SOL.
    let is_native = hop.pool.is_native();
    let (sol, quote) =
        if is_native { (quote_amount.clone(), SYSTEM) } else { (vec![0; 8], hop.pool.mints[1].address) };
    let is_buy = u8::from(hop.units[0] < 0);
    let who = bystander("creator_vault");
    let mut data = begin(0xbddb_7fd3_4ee6_61ee);
    data.extend([key(hop.pool.mints[0].address), sol, tokens, vec![is_buy], key(hop.user)].concat());
    data.extend([bytes(1_800_000_000), vec![1; 32]].concat());
    if !is_native || choices.once_in(2) {
        data.extend(
            [key(bystander("fee_recipient")), vec![2; 16], key(who), vec![2; 16], vec![0; 33]].concat(),
        );
        // The instruction's name; whether and how fees come back; nobody to share with; the quote.
        data.extend(
            [
                vec![3, 0, 0, 0],
                b"buy".to_vec(),
                vec![0; 33],
                vec![0; 4],
                key(quote),
                quote_amount,
                vec![1; 16],
            ]
            .concat(),
        );
    }
    data
}

/// `PumpSwap`'s `BuyEvent` and `SellEvent`.
fn fill(choices: &mut Choices<'_>, hop: &Hop) -> Vec<u8> {
    let [base, quote] = hop.units.map(|units| bytes(units.abs()));
    let kind = if hop.units[0] < 0 { 0x67f4_521f_2cf5_7777 } else { 0x3e2f_370a_a503_dc2a };
    let mut data = begin(kind);
    // The time; the base; a bound, four reserves, the quote before fees, two fees; the quote that the pool saw.
    data.extend([bytes(1_800_000_000), base, vec![1; 80], quote.clone(), quote].concat());
    data.extend([key(hop.pool.address), key(hop.user), vec![4; 160], vec![0; 16]].concat());
    if choices.once_in(2) {
        data.extend(vec![0; 32]);
    }
    data
}

//! The trades of a transaction: what its pools got and gave, as amounts and prices. It must not know how a swap is found.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::address::AddressKind;
use super::exchange::Exchange;
use super::hop::{Hop, Leg};
use super::money::Money;
use super::transaction::Transaction;
use super::transfers::decimals_of;
use crate::core::decimal::Decimal;
use crate::core::found::TokenTrade;
use crate::core::mint::Mint;
use crate::core::tick::{Quote, Side, Trade};

/// What Helius calls an exchange in `source`, which it gets wrong where it knows the program only by its caller.
const SOURCES: [(&str, &str); 9] = [
    ("PUMP_FUN", "Pump.fun"),
    ("PUMP_AMM", "PumpSwap"),
    ("RAYDIUM", "Raydium"),
    ("ORCA", "Orca"),
    ("METEORA", "Meteora"),
    ("JUPITER", "Jupiter"),
    ("LIFINITY", "Lifinity"),
    ("PHOENIX", "Phoenix"),
    ("OPENBOOK", "OpenBook"),
];

/// The name of an exchange: its own, or what Helius took the transaction for.
pub fn name(exchange: Option<&Exchange>, source: Option<&str>) -> Option<&'static str> {
    exchange.map(|exchange| exchange.name).or_else(|| name_of(source))
}

/// The exchange that Helius means.
pub fn name_of(source: Option<&str>) -> Option<&'static str> {
    SOURCES.iter().find(|(name, _)| Some(*name) == source).map(|(_, name)| *name)
}

/// Who traded: who signed for the trader's side, where that is somebody who can sign, and else who paid for the
/// transaction. An aggregator's own address stands between the two.
pub fn trader(user: Option<&str>, transaction: &Transaction<'_>) -> Option<Rc<str>> {
    let fee_payer = transaction.fee_payer.as_deref();
    let signer = user.filter(|user| Some(*user) != fee_payer && AddressKind::of(user) == AddressKind::Wallet);
    signer.or(fee_payer).map(Rc::from)
}

/// A token's trades, one for each swap with a pool that holds it against money.
pub fn trades(hops: &[Hop<'_>], transaction: &Transaction<'_>) -> Vec<TokenTrade> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for hop in hops {
        let Some((base, quote, money)) = pair(hop.legs) else { continue };
        let Some(trade) = trade(hop, (base, quote, money), transaction) else { continue };
        let Ok(mint) = Mint::parse(base.mint) else { continue };
        let place = places.entry(base.mint).or_default();
        let dex = name(hop.exchange, transaction.source.as_deref()).map(Rc::from);
        found.push(TokenTrade { mint, place: *place, trade, dex });
        *place += 1;
    }
    found
}

/// Whether a swap is one of a token for money of which the amount can't be told.
pub fn is_of_unknown_decimals(hop: &Hop<'_>, transaction: &Transaction<'_>) -> bool {
    pair(hop.legs).is_some_and(|(base, ..)| decimals(base.mint, transaction).is_none())
}

/// The decimals of a mint: a payload may say them of accounts that changed, an instruction of what it moved.
fn decimals(mint: &str, transaction: &Transaction<'_>) -> Option<u8> {
    transaction.decimals(mint).or_else(|| decimals_of(transaction, mint))
}

/// The token of two legs, and what its price is in; `None` where both are money or neither is.
pub fn pair([one, other]: [Leg<'_>; 2]) -> Option<(Leg<'_>, Leg<'_>, Money)> {
    match (Money::of_mint(one.mint), Money::of_mint(other.mint)) {
        (Some(money), None) => Some((other, one, money)),
        (None, Some(money)) => Some((one, other, money)),
        _ => None,
    }
}

fn trade(
    hop: &Hop<'_>,
    (base, quote, money): (Leg<'_>, Leg<'_>, Money),
    transaction: &Transaction<'_>,
) -> Option<Trade> {
    let amount = Decimal::from_units(base.units.abs(), decimals(base.mint, transaction)?);
    let quote_amount = Decimal::from_units(quote.units.abs(), decimals(quote.mint, transaction)?);
    let price = quote_amount.over(&amount)?;
    // Others read numbers of some length only.
    Decimal::parse(&price.to_string())?;
    let side = if base.units < 0 { Side::Buy } else { Side::Sell };
    Some(Trade {
        at: transaction.at,
        side: hop.is_side_known.then_some(side),
        amount,
        quote_amount,
        price,
        quote: Quote::parse(money.symbol())?,
        value_usd: None,
        phase: Some(hop.phase),
        trader: trader(hop.user, transaction),
        pool: Some(hop.pool.into()),
    })
}

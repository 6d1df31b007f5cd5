//! The trades of a transaction: what its pools got and gave, as amounts and prices. It must not know how a pool is
//! found.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::balances::{Balances, Leg};
use super::pool::Pool;
use super::venue::Venues;
use crate::core::decimal::Decimal;
use crate::core::found::TokenTrade;
use crate::core::mint::Mint;
use crate::core::tick::{ChainTime, Quote, Side, Trade};
use crate::ingest::solana::Money;

/// A token's trades, one for each pool that holds it against money.
pub(super) fn trades(
    pools: &[Pool<'_>],
    balances: &Balances<'_>,
    venues: &Venues<'_>,
    at: ChainTime,
    trader: Option<&Rc<str>>,
) -> Vec<TokenTrade> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for pool in pools {
        let Some((base, quote, money)) = pair(pool.legs) else { continue };
        let Some(trade) = trade(pool, (base, quote, money), balances, at) else { continue };
        let Ok(mint) = Mint::parse(base.mint) else { continue };
        let place = places.entry(base.mint).or_default();
        found.push(TokenTrade {
            mint,
            place: *place,
            trade: Trade { trader: trader.cloned(), ..trade },
            dex: venues.name(pool.standing).map(Rc::from),
        });
        *place += 1;
    }
    found
}

/// The token of two legs, and what its price is in; `None` where both are money or neither is.
pub(super) fn pair([one, other]: [Leg<'_>; 2]) -> Option<(Leg<'_>, Leg<'_>, Money)> {
    match (Money::of_mint(one.mint), Money::of_mint(other.mint)) {
        (Some(money), None) => Some((other, one, money)),
        (None, Some(money)) => Some((one, other, money)),
        _ => None,
    }
}

fn trade(
    pool: &Pool<'_>,
    (base, quote, money): (Leg<'_>, Leg<'_>, Money),
    balances: &Balances<'_>,
    at: ChainTime,
) -> Option<Trade> {
    let amount = Decimal::from_units(base.units.abs(), balances.decimals(base.mint)?);
    let quote_amount = Decimal::from_units(quote.units.abs(), balances.decimals(quote.mint)?);
    let price = quote_amount.over(&amount)?;
    // Others read numbers of some length only.
    Decimal::parse(&price.to_string())?;
    let side = if base.units < 0 { Side::Buy } else { Side::Sell };
    Some(Trade {
        at,
        side: pool.is_sure.then_some(side),
        amount,
        quote_amount,
        price,
        quote: Quote::parse(money.symbol())?,
        value_usd: None,
        phase: Some(pool.phase),
        trader: None,
        pool: Some(pool.owner.into()),
    })
}

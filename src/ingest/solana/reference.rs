//! What one SOL costs in dollars, by the pools of a transaction that hold nothing else. It must not know of tokens.

use super::hop::Hop;
use super::money::Money;
use crate::core::decimal::Decimal;

/// A dollar in units of either stable coin.
const DOLLAR: i128 = 1_000_000;

/// What changed in some pools, in units of SOL and of either stable coin.
#[derive(Clone, Copy, Default)]
struct Sum {
    sol: i128,
    usdc: i128,
    usdt: i128,
}

impl Sum {
    fn of(pool: &Hop<'_>) -> Option<Self> {
        let mut sum = Self::default();
        for leg in pool.legs {
            match Money::of_mint(leg.mint)? {
                Money::Sol => sum.sol = leg.units,
                Money::Usdc => sum.usdc = leg.units,
                Money::Usdt => sum.usdt = leg.units,
            }
        }
        Some(sum)
    }

    /// Whether what these pools got of one stable coin is what the others gave of it.
    fn is_chained_to(self, other: Self) -> bool {
        let meet = |one: i128, other: i128| one != 0 && one + other == 0;
        meet(self.usdc, other.usdc) || meet(self.usdt, other.usdt)
    }

    fn plus(self, other: Self) -> Self {
        Self { sol: self.sol + other.sol, usdc: self.usdc + other.usdc, usdt: self.usdt + other.usdt }
    }

    /// Dollars for one SOL; `None` where it isn't one for the other, or where less than a dollar changed hands.
    fn price(self) -> Option<Decimal> {
        let dollars = Decimal::from_units(self.usdc + self.usdt, Money::Usdc.decimals());
        let sol = Decimal::from_units(-self.sol, Money::Sol.decimals());
        let price = dollars.over(&sol)?;
        let is_dust = (self.usdc + self.usdt).abs() < DOLLAR;
        (price.is_positive() && !is_dust).then_some(price)
    }
}

/// The price from one end of a route to the other: of SOL bought with one stable coin that was bought with the other, what
/// the latter paid for it. Where SOL went both ways, the larger trade has the price.
pub(super) fn sol_usd(pools: &[Hop<'_>]) -> Option<Decimal> {
    let sums = pools.iter().filter(|pool| !pool.is_native).filter_map(Sum::of);
    let (with_sol, stable): (Vec<Sum>, Vec<Sum>) = sums.partition(|sum| sum.sol != 0);
    let is_one_way = with_sol.iter().all(|sum| sum.sol < 0) || with_sol.iter().all(|sum| sum.sol > 0);
    let trade = if is_one_way {
        with_sol.into_iter().reduce(Sum::plus)?
    } else {
        with_sol.into_iter().max_by_key(|sum| sum.sol.abs())?
    };
    let before = stable.into_iter().fold(Sum::default(), Sum::plus);
    let whole = if trade.is_chained_to(before) { trade.plus(before) } else { trade };
    whole.price()
}

#[cfg(test)]
mod tests {
    use super::super::hop::Leg;
    use super::super::money::WRAPPED_SOL;
    use super::*;
    use crate::core::tick::Phase;

    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    const USDT: &str = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

    fn price(pools: &[[(&'static str, i128); 2]]) -> Option<String> {
        let pool = |legs: &[(&'static str, i128); 2]| Hop {
            at: None,
            exchange: None,
            pool: "pool",
            legs: legs.map(|(mint, units)| Leg { mint, units }),
            is_native: false,
            phase: Phase::Amm,
            user: None,
            is_side_known: true,
        };
        sol_usd(&pools.iter().map(pool).collect::<Vec<_>>()).map(|price| price.to_string())
    }

    #[test]
    fn sol_costs_what_was_paid_at_the_start_of_the_route() {
        let sol = [(WRAPPED_SOL, -200_000_000), (USDT, 30_000_000)];
        assert_eq!(price(&[sol]).unwrap(), "150");
        assert_eq!(price(&[[(USDC, 30_030_000), (USDT, -30_000_000)], sol]).unwrap(), "150.15");
        let unrelated = [(USDC, 90_000_000_000), (USDT, -89_000_000_000)];
        assert_eq!(price(&[unrelated, sol]).unwrap(), "150", "no part of the route");
    }

    #[test]
    fn several_pools_one_way_have_one_price_and_of_both_ways_the_larger_has_it() {
        let one = [(WRAPPED_SOL, -1_000_000_000), (USDC, 150_000_000)];
        let more = [(WRAPPED_SOL, -3_000_000_000), (USDC, 462_000_000)];
        assert_eq!(price(&[one, more]).unwrap(), "153");
        let back = [(WRAPPED_SOL, 2_999_000_000), (USDC, -461_999_000)];
        assert_eq!(price(&[more, back]).unwrap(), "154");
    }

    #[test]
    fn dust_and_tokens_have_no_part_in_it() {
        assert_eq!(price(&[[(WRAPPED_SOL, -1), (USDC, 999_999)]]), None);
        assert_eq!(price(&[[("token", -1_000_000_000), (USDC, 150_000_000)]]), None);
        assert_eq!(price(&[[(USDT, -1_000_000_000), (USDC, 1_000_000_000)]]), None);
        assert_eq!(price(&[]), None);
    }
}

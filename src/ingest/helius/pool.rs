//! Who a transaction traded with: the owners among all whose tokens changed that are pools, or that filled a quote. It
//! must not know what a price is.

use super::balances::{Balances, Leg, Owner};
use super::venue::{Standing, Venues};
use crate::core::tick::Phase;
use crate::ingest::solana::{AddressKind, WRAPPED_SOL};

/// What an account costs to exist is a multiple of this, in lamports.
const RENT_STEP: i128 = 6_960;

/// Rent is no more than this, in lamports, for any account that comes and goes with a trade.
const MOST_RENT: i128 = 20_000_000;

/// Two sides of one trade differ by fees: by less than one part in this many.
const FEE_PART: i128 = 20;

/// The other side of a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool<'t> {
    pub(super) owner: &'t str,
    /// Its two legs, of opposite signs.
    pub(super) legs: [Leg<'t>; 2],
    pub(super) is_native: bool,
    pub(super) standing: Standing,
    pub(super) phase: Phase,
    /// Whether it is sure that this is the pool and not the one who traded with it.
    pub(super) is_sure: bool,
}

impl Pool<'_> {
    fn units(&self, mint: &str) -> i128 {
        self.legs.iter().find(|leg| leg.mint == mint).map_or(0, |leg| leg.units)
    }

    /// Whether these changes are what the other side would have. In SOL of an account of its own there are fees and rent.
    fn is_mirrored_by(&self, units: impl Fn(&str) -> i128) -> bool {
        self.legs.iter().all(|leg| {
            let other = units(leg.mint);
            let is_exact = !(self.is_native && leg.mint == WRAPPED_SOL);
            is_opposite(other, leg.units) && (!is_exact || is_close(other, leg.units))
        })
    }
}

/// The pools of a transaction, each for one trade.
pub(super) fn pools<'t>(
    balances: &Balances<'t>,
    venues: &Venues<'_>,
    fee_payer: Option<&str>,
) -> Vec<Pool<'t>> {
    let others = balances.owners.iter().filter(|owner| Some(owner.address) != fee_payer);
    let (mut programs, mut wallets) = (Vec::new(), Vec::new());
    for pool in others.filter_map(|owner| candidate(owner, balances, venues)) {
        match AddressKind::of(pool.owner) {
            AddressKind::Program => programs.push(pool),
            AddressKind::Wallet => wallets.push(pool),
            AddressKind::Invalid => {}
        }
    }
    let mut pools = without_traders(programs, balances, fee_payer);
    wallets.retain(|wallet| is_two_party(wallet, &pools, balances, fee_payer));
    // Whatever its SOL looks like, a wallet is no curve.
    pools.extend(wallets.into_iter().map(|wallet| Pool { phase: Phase::Amm, ..wallet }));
    pools
}

/// An owner with exactly two legs of opposite signs, neither an NFT nor rent.
fn candidate<'t>(owner: &Owner<'t>, balances: &Balances<'t>, venues: &Venues<'_>) -> Option<Pool<'t>> {
    let [one, other] = *owner.legs.as_slice() else { return None };
    let is_collectible = |leg: Leg<'_>| leg.units.abs() == 1 && balances.decimals(leg.mint) == Some(0);
    if !is_opposite(one.units, other.units) || is_collectible(one) || is_collectible(other) {
        return None;
    }
    let standing = venues.standing(owner.address);
    let phase = venues.phase(standing, owner.is_native);
    if owner.is_native && phase != Phase::Bonding && (is_rent(one) || is_rent(other)) {
        return None;
    }
    Some(Pool {
        owner: owner.address,
        legs: [one, other],
        is_native: owner.is_native,
        standing,
        phase,
        is_sure: true,
    })
}

fn is_rent(leg: Leg<'_>) -> bool {
    leg.mint == WRAPPED_SOL && leg.units % RENT_STEP == 0 && leg.units.abs() <= MOST_RENT
}

/// Leaves out programs' addresses that traded with the pools for somebody: a shared wallet, an order that was filled.
/// Such a one has what all the others together don't, and no exchange knows it as a pool.
fn without_traders<'t>(
    mut pools: Vec<Pool<'t>>,
    balances: &Balances<'t>,
    fee_payer: Option<&str>,
) -> Vec<Pool<'t>> {
    let mut at = 0;
    while let Some(pool) = pools.get(at) {
        let others = || pools.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, other)| other);
        let is_other_side = !pool.standing.is_pool
            && pool.is_mirrored_by(|mint| others().map(|other| other.units(mint)).sum())
            && !pool.legs.iter().any(|leg| is_party(leg.mint, balances, fee_payer));
        if is_other_side && others().any(|other| other.standing.is_pool) {
            pools.remove(at);
            continue;
        }
        if is_other_side && pools.len() == 2 {
            // One of the two is the pool. Either has the price; which one it was, nobody says.
            pools.remove(at);
            return pools.into_iter().map(|pool| Pool { is_sure: false, ..pool }).collect();
        }
        at += 1;
    }
    pools
}

/// Whether the fee payer has a part in what happened to a mint: a token's change, or some SOL more than before.
fn is_party(mint: &str, balances: &Balances<'_>, fee_payer: Option<&str>) -> bool {
    let Some(fee_payer) = fee_payer else { return false };
    let units = units_of(mint, balances, fee_payer);
    if mint == WRAPPED_SOL { units.max(balances.native(fee_payer)) > 0 } else { units != 0 }
}

/// Whether a wallet filled the fee payer's quote: each has what the other gave, and no pool had a part in it.
fn is_two_party(
    wallet: &Pool<'_>,
    pools: &[Pool<'_>],
    balances: &Balances<'_>,
    fee_payer: Option<&str>,
) -> bool {
    let owner = |address| balances.owners.iter().find(|owner| owner.address == address);
    let Some(fee_payer) = fee_payer.and_then(owner) else { return false };
    let has_both =
        |legs: &[Leg<'_>]| wallet.legs.iter().all(|own| legs.iter().any(|leg| leg.mint == own.mint));
    let units = |mint: &str| fee_payer.legs.iter().find(|leg| leg.mint == mint).map_or(0, |leg| leg.units);
    let mirrored = wallet.legs.iter().all(|leg| {
        // The fee payer's own SOL has fees and rent in it.
        let is_exact = leg.mint != WRAPPED_SOL;
        is_opposite(units(leg.mint), leg.units) && (!is_exact || is_close(units(leg.mint), leg.units))
    });
    fee_payer.legs.len() == 2 && mirrored && !pools.iter().any(|pool| has_both(&pool.legs))
}

fn units_of(mint: &str, balances: &Balances<'_>, address: &str) -> i128 {
    let owner = balances.owners.iter().find(|owner| owner.address == address);
    owner.and_then(|owner| owner.legs.iter().find(|leg| leg.mint == mint)).map_or(0, |leg| leg.units)
}

/// Whether one got and the other gave.
fn is_opposite(one: i128, other: i128) -> bool {
    one.signum() * other.signum() < 0
}

/// Whether two opposite changes are the two sides of one, but for fees.
fn is_close(one: i128, other: i128) -> bool {
    (one + other).abs() <= other.abs() / FEE_PART
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::super::instructions;
    use super::super::transaction::Transaction;
    use super::*;
    use crate::core::time::UnixMillis;

    const POOL: &str = "9Y4N73XDkU9N14PSHsh4niyNbTjEoRJpG39vBSDvtbzu";
    const VAULT: &str = "5SgCbsXtWLzuwtkBQj3YkGViQaLFKReUz9bAMtwzyFdG";
    const ANA: &str = "AY6k8bcjwLPjyq1DaaUDDs4whdtv5GyMVLHbxbVk8K6D";
    const MAKER: &str = "8pUaYBfT2yQ1R8jganspNgGxWpKjaGWxRrasStmmvhZx";
    const TOKEN: &str = "token";

    /// An instruction of Orca with a pool where its pools stand.
    const ORCA: &str =
        r#"[{"programId":"whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc","accounts":["t","u","POOL"]}]"#;

    /// The pools among owners with a change of a mint each, and with SOL of their own; whose fee payer is Ana.
    fn owners(changes: &[(&str, &str, i128)], native: &[(&str, i128)], is_told: bool) -> Vec<(String, bool)> {
        let tokens = changes.iter().map(|(owner, mint, units)| {
            let amount = format!(r#"{{"tokenAmount":"{units}","decimals":6}}"#);
            let change = format!(r#"{{"userAccount":"{owner}","mint":"{mint}","rawTokenAmount":{amount}}}"#);
            format!(r#"{{"tokenBalanceChanges":[{change}]}}"#)
        });
        let native = native
            .iter()
            .map(|(account, change)| format!(r#"{{"account":"{account}","nativeBalanceChange":{change}}}"#));
        let accounts: Vec<String> = tokens.chain(native).collect();
        let json = format!(r#"{{"signature":"s","accountData":[{}]}}"#, accounts.join(","));
        let item: &RawValue = serde_json::from_str(&json).unwrap();
        let transaction = Transaction::read(item, UnixMillis(0)).unwrap();
        let balances = Balances::of(&transaction).unwrap();
        let called = ORCA.replace("POOL", POOL);
        let instructions = instructions::read(is_told.then_some(called.as_str()));
        let venues = Venues { instructions: &instructions, source: None };
        let found = pools(&balances, &venues, Some(ANA));
        found.into_iter().map(|pool| (pool.owner.to_owned(), pool.is_sure)).collect()
    }

    fn sure(owner: &str) -> Vec<(String, bool)> {
        vec![(owner.to_owned(), true)]
    }

    #[test]
    fn a_programs_address_that_trades_with_a_pool_for_somebody_is_none() {
        let trade = [
            (VAULT, TOKEN, 990),
            (VAULT, WRAPPED_SOL, -1_010),
            (POOL, TOKEN, -1_000),
            (POOL, WRAPPED_SOL, 1_000),
        ];
        assert_eq!(owners(&trade, &[(ANA, -5)], true), sure(POOL));
        let unknown = owners(&trade, &[(ANA, -5)], false);
        assert!(matches!(unknown.as_slice(), [(_, false)]), "one trade, of whichever side: {unknown:?}");
        let gained = owners(&trade, &[(ANA, 10)], false);
        assert_eq!(gained.len(), 2, "two pools, and the fee payer has the difference: {gained:?}");
        let paid = [(VAULT, TOKEN, 1_000), (POOL, TOKEN, -1_000), (POOL, WRAPPED_SOL, 1_000)];
        assert_eq!(owners(&paid, &[(VAULT, -2_041_280)], true), sure(POOL), "rent is in what it paid");
    }

    #[test]
    fn a_wallet_that_fills_the_fee_payers_quote_is_the_other_side_and_no_other_wallet_is() {
        let filled =
            [(MAKER, TOKEN, -1_000), (MAKER, "money", 500), (ANA, TOKEN, 1_000), (ANA, "money", -500)];
        assert_eq!(owners(&filled, &[], false), sure(MAKER));
        let native = [(MAKER, TOKEN, -1_000), (ANA, TOKEN, 1_000)];
        assert_eq!(owners(&native, &[(MAKER, 500), (ANA, -5_500)], false), sure(MAKER), "with fees and rent");
        let more = [filled.as_slice(), &[(ANA, "third", 1)]].concat();
        assert_eq!(owners(&more, &[], false), []);
        let pooled = [filled.as_slice(), &[(POOL, TOKEN, -1_000), (POOL, "money", 500)]].concat();
        assert_eq!(owners(&pooled, &[], false), sure(POOL), "there is a pool that it was with");
        let unequal = [(MAKER, TOKEN, -1_000), (MAKER, "money", 500), (ANA, TOKEN, 10), (ANA, "money", -500)];
        assert_eq!(owners(&unequal, &[], false), [], "not between the two");
    }

    #[test]
    fn rent_is_no_price_but_on_a_curve_any_amount_is() {
        let locked = [(POOL, TOKEN, 1_000)];
        assert_eq!(owners(&locked, &[(POOL, -2_039_280)], true), []);
        assert_eq!(owners(&locked, &[(POOL, -2_039_281)], true), sure(POOL));
        assert_eq!(
            owners(&locked, &[(POOL, -2_039_280)], false),
            sure(POOL),
            "nothing says that it is no curve"
        );
    }

    #[test]
    fn two_legs_of_one_sign_and_more_than_two_are_no_trade() {
        assert_eq!(owners(&[(POOL, TOKEN, 1_000), (POOL, "money", 5)], &[], true), []);
        let shared = [(POOL, TOKEN, 1_000), (POOL, "money", -5), (POOL, "third", 1)];
        assert_eq!(owners(&shared, &[], true), []);
        assert_eq!(
            owners(&[(POOL, TOKEN, 1_000), (POOL, "money", -5), (POOL, "third", 0)], &[], true),
            sure(POOL)
        );
        assert_eq!(owners(&[("nobody", TOKEN, 1_000), ("nobody", "money", -5)], &[], true), []);
    }
}

//! The exchanges that are known: their programs, and where each of their instructions has the pool, its two vaults and the
//! trader. It must not know what was moved.
//!
//! Positions are those of the programs' published interfaces. Programs add accounts at the end, so an instruction may have
//! more than a row needs.

mod launchpads;
mod makers;
mod meteora;
mod orders;
mod raydium;
mod swaps;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::instruction::Instruction;
use super::money::WRAPPED_SOL;
use crate::core::tick::Phase;

/// The programs of pump.fun's curves, and of the exchange that their tokens move to.
pub const PUMP_FUN: &str = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
pub const PUMP_SWAP: &str = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";

/// An exchange.
#[derive(Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What it is called in publications.
    pub name: &'static str,
    /// Its program's address.
    pub program: &'static str,
    /// Whether its pools are bonding curves.
    pub phase: Phase,
    /// The owner of the vaults of all its pools, for those that have one.
    pub authority: Option<&'static str>,
    layouts: &'static [Layout],
}

/// What an instruction's data begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// Eight bytes, the first of them the highest, as programs made with Anchor have them.
    Anchor(u64),
    /// One byte, as older programs have it.
    Byte(u8),
    /// A version byte of 0 and four bytes, the first of them the lowest, as Serum and its heirs have them.
    Serum(u32),
}

/// What an instruction does to a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes one of its two mints and gives the other.
    Swap,
    /// Adds to its vaults, or withdraws from them.
    Liquidity,
    /// Makes the pool.
    Creation,
    /// Moves its vaults for another reason: an order, a fee, a rebalancing, a migration.
    Other,
}

/// Where an instruction has one side of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// A token account.
    Tokens(usize),
    /// The lamports of an account.
    Lamports(usize),
    /// The lamports of an account where the quote's mint is SOL, and else a token account.
    Quote { mint: usize, lamports: usize, tokens: usize },
    /// A token account, or the lamports of an account where the program's own address stands for none.
    Optional { tokens: usize, lamports: usize },
}

/// Where an instruction has a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PoolAccounts {
    pool: usize,
    vaults: [Side; 2],
    /// Where the mints of the two vaults stand, in an instruction that names them.
    mints: Option<[usize; 2]>,
}

/// The form of an instruction.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    tags: &'static [Tag],
    action: Action,
    /// How many accounts it has at least, where forms differ by that.
    least: usize,
    pools: &'static [PoolAccounts],
    user: Option<usize>,
}

/// One side of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault<'t> {
    /// A token account.
    Tokens(&'t str),
    /// SOL that isn't wrapped, in an account of its own.
    Lamports(&'t str),
}

impl<'t> Vault<'t> {
    /// The account's address.
    #[must_use]
    pub fn address(self) -> &'t str {
        let (Self::Tokens(address) | Self::Lamports(address)) = self;
        address
    }
}

/// A pool that an instruction of an exchange names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'t> {
    /// Which instruction it is.
    pub at: usize,
    /// The exchange.
    pub exchange: &'static Exchange,
    /// What it does.
    pub action: Action,
    /// The pool's address.
    pub pool: &'t str,
    /// Its two sides.
    pub vaults: [Vault<'t>; 2],
    /// The mints of the two, where the instruction names them.
    pub mints: Option<[&'t str; 2]>,
    /// Who signed for the trader's side.
    pub user: Option<&'t str>,
}

impl Call<'_> {
    /// Whether one side of the pool is SOL that isn't wrapped.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.vaults.iter().any(|vault| matches!(vault, Vault::Lamports(_)))
    }

    /// Whether the exchange's event is in the units of both vaults: pump.fun's is in SOL, whatever the quote is.
    #[must_use]
    pub fn has_event_in_units(&self) -> bool {
        self.is_native() || self.exchange.program != PUMP_FUN
    }
}

impl Exchange {
    /// The exchange of a program.
    #[must_use]
    pub fn of_program(program: &str) -> Option<&'static Self> {
        /// Every account of every transaction may be asked for.
        static BY_PROGRAM: LazyLock<BTreeMap<&str, &Exchange>> =
            LazyLock::new(|| exchanges().map(|exchange| (exchange.program, exchange)).collect());
        BY_PROGRAM.get(program).copied()
    }

    /// The exchange whose pools' vaults an address owns.
    #[must_use]
    pub fn of_authority(owner: &str) -> Option<&'static Self> {
        exchanges().find(|exchange| exchange.authority == Some(owner))
    }

    /// Whether an instruction names an address where this exchange has its pools.
    #[must_use]
    pub fn has_pool(&self, instruction: &Instruction<'_>, address: &str) -> bool {
        let pools = self.layouts.iter().flat_map(|layout| layout.pools);
        pools.into_iter().any(|accounts| instruction.account(accounts.pool) == Some(address))
    }

    /// The pools that one of its instructions names, where its form is known: one, or two in an instruction that swaps
    /// twice.
    pub fn calls<'t>(&'static self, at: usize, instruction: &'t Instruction<'_>) -> Vec<Call<'t>> {
        let Some(layout) = self.layout(instruction) else { return Vec::new() };
        let call = |accounts: &PoolAccounts| {
            let account = |position| instruction.account(position);
            let vault = |side| match side {
                Side::Tokens(position) => account(position).map(Vault::Tokens),
                Side::Lamports(position) => account(position).map(Vault::Lamports),
                Side::Quote { mint, lamports, .. } if account(mint) == Some(WRAPPED_SOL) => {
                    account(lamports).map(Vault::Lamports)
                }
                Side::Optional { tokens, lamports } if account(tokens) == Some(self.program) => {
                    account(lamports).map(Vault::Lamports)
                }
                Side::Optional { tokens, .. } | Side::Quote { tokens, .. } => {
                    account(tokens).map(Vault::Tokens)
                }
            };
            let [one, other] = accounts.vaults.map(vault);
            Some(Call {
                at,
                exchange: self,
                action: layout.action,
                pool: account(accounts.pool)?,
                vaults: [one?, other?],
                mints: accounts.mints.and_then(|[one, other]| Some([account(one)?, account(other)?])),
                user: layout.user.and_then(account),
            })
        };
        layout.pools.iter().filter_map(call).collect()
    }

    fn layout(&self, instruction: &Instruction<'_>) -> Option<&'static Layout> {
        if instruction.accounts.len() < 3 {
            return None;
        }
        let data = instruction.data()?;
        self.layouts.iter().find(|layout| {
            instruction.accounts.len() >= layout.least && layout.tags.iter().any(|tag| tag.begins(&data))
        })
    }
}

impl Tag {
    fn begins(self, data: &[u8]) -> bool {
        match self {
            Self::Anchor(tag) => data.first_chunk().is_some_and(|bytes| u64::from_be_bytes(*bytes) == tag),
            Self::Byte(tag) => data.first() == Some(&tag),
            Self::Serum(tag) => data.split_first_chunk().is_some_and(|([version], rest)| {
                *version == 0 && rest.first_chunk().is_some_and(|bytes| u32::from_le_bytes(*bytes) == tag)
            }),
        }
    }
}

const fn pool(pool: usize, one: usize, other: usize) -> PoolAccounts {
    PoolAccounts { pool, vaults: [Side::Tokens(one), Side::Tokens(other)], mints: None }
}

const fn curve(pool: usize, tokens: usize, quote: Side) -> PoolAccounts {
    PoolAccounts { pool, vaults: [Side::Tokens(tokens), quote], mints: None }
}

const fn quote(mint: usize, lamports: usize, tokens: usize) -> Side {
    Side::Quote { mint, lamports, tokens }
}

const fn optional(tokens: usize, lamports: usize) -> Side {
    Side::Optional { tokens, lamports }
}

impl PoolAccounts {
    const fn of(self, one: usize, other: usize) -> Self {
        Self { mints: Some([one, other]), ..self }
    }
}

const fn layout(action: Action, tags: &'static [Tag], pools: &'static [PoolAccounts]) -> Layout {
    Layout { tags, action, least: 0, pools, user: None }
}

const fn swap(tags: &'static [Tag], pools: &'static [PoolAccounts]) -> Layout {
    layout(Action::Swap, tags, pools)
}

const fn liquidity(tags: &'static [Tag], pools: &'static [PoolAccounts]) -> Layout {
    layout(Action::Liquidity, tags, pools)
}

const fn creation(tags: &'static [Tag], pools: &'static [PoolAccounts]) -> Layout {
    layout(Action::Creation, tags, pools)
}

const fn other(tags: &'static [Tag], pools: &'static [PoolAccounts]) -> Layout {
    layout(Action::Other, tags, pools)
}

impl Layout {
    const fn user(self, user: usize) -> Self {
        Self { user: Some(user), ..self }
    }

    const fn least(self, least: usize) -> Self {
        Self { least, ..self }
    }
}

/// The table, in parts.
const FAMILIES: [&[Exchange]; 6] = [
    launchpads::EXCHANGES,
    makers::EXCHANGES,
    meteora::EXCHANGES,
    orders::EXCHANGES,
    raydium::EXCHANGES,
    swaps::EXCHANGES,
];

fn exchanges() -> impl Iterator<Item = &'static Exchange> {
    FAMILIES.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::solana::address::AddressKind;

    #[test]
    fn every_address_of_the_table_is_one_and_an_authority_is_a_programs_own() {
        for (index, exchange) in exchanges().enumerate() {
            assert_ne!(AddressKind::of(exchange.program), AddressKind::Invalid, "{}", exchange.name);
            let is_program =
                exchange.authority.is_none_or(|owner| AddressKind::of(owner) == AddressKind::Program);
            assert!(is_program, "{}", exchange.name);
            let mut before = exchanges().take(index);
            assert!(before.all(|other| other.program != exchange.program), "{} twice", exchange.name);
            assert!(
                exchange.layouts.iter().any(|layout| layout.action == Action::Swap)
                    || exchange.name == "Jupiter DCA"
            );
        }
    }

    #[test]
    fn no_two_forms_of_an_instruction_are_told_apart_by_nothing() {
        for exchange in exchanges() {
            for (index, layout) in exchange.layouts.iter().enumerate() {
                for other in
                    exchange.layouts.iter().skip(index + 1).filter(|other| other.least == layout.least)
                {
                    let shared = layout.tags.iter().find(|tag| other.tags.contains(tag));
                    assert_eq!(shared, None, "{}", exchange.name);
                }
            }
        }
    }
}

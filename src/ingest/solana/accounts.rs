//! What a transaction says of token accounts besides their changes: what they hold, and which way it went. It must not know
//! which swap moved them.

use super::exchange::{Call, Vault};
use super::money::WRAPPED_SOL;
use super::swaps::Ledger;
use super::transaction::TokenAccount;
use super::transfers::mint_of;

impl<'t> Ledger<'t> {
    /// Whether an account has given most of what it got: it is one of who trades, as a pool keeps what it gets.
    pub fn passes_on(&self, account: &TokenAccount<'_>) -> bool {
        let transfers = self.transfers.iter().flatten();
        let own = transfers.filter(|transfer| [transfer.from, transfer.to].contains(&Some(&account.address)));
        own.map(|transfer| transfer.units).sum::<i128>() > 3 * account.change.abs()
    }

    /// Whether an account has got something and given something: liquidity comes or goes.
    pub fn goes_both_ways(&self, address: &str) -> bool {
        let transfers = || self.transfers.iter().flatten();
        transfers().any(|transfer| transfer.from == Some(address))
            && transfers().any(|transfer| transfer.to == Some(address))
    }

    /// Whether an account is a vault of a known pool.
    pub fn is_vault(&self, address: &str) -> bool {
        !address.is_empty()
            && self.calls.iter().any(|call| call.vaults.iter().any(|vault| vault.address() == address))
    }

    /// What the two vaults of a pool hold.
    pub fn mints(&self, call: &Call<'t>) -> Option<[&'t str; 2]> {
        let [one, other] = call.vaults.map(|vault| self.mint(vault));
        let [named, named_other] = call.mints.map_or([None; 2], |mints| mints.map(Some));
        Some([one.or(named)?, other.or(named_other)?])
    }

    /// What a vault holds: what its balance says, or that of the other side of a transfer.
    pub(super) fn mint(&self, vault: Vault<'t>) -> Option<&'t str> {
        let Vault::Tokens(address) = vault else { return Some(WRAPPED_SOL) };
        let account = |address| self.transaction.token_account(address);
        if let Some(account) = account(address) {
            return Some(&account.mint);
        }
        if let Some(mint) = self.named_mint(address) {
            return Some(mint);
        }
        let transfers = self.transfers.iter().flatten();
        let mut others = transfers.filter_map(|transfer| match (transfer.from, transfer.to) {
            (Some(from), Some(to)) if from == address => Some(to),
            (Some(from), Some(to)) if to == address => Some(from),
            _ => None,
        });
        others.find_map(|other| {
            account(other).map(|account| account.mint.as_ref()).or_else(|| self.named_mint(other))
        })
    }

    /// What an account holds by what instructions say: the payload leaves out accounts that hold as much as before.
    fn named_mint(&self, address: &str) -> Option<&'t str> {
        let by_exchange = self.calls.iter().find_map(|call| {
            let mut sides = call.vaults.into_iter().zip(call.mints?);
            sides.find_map(|(vault, mint)| (vault.address() == address).then_some(mint))
        });
        by_exchange.or_else(|| self.transaction.instructions.iter().find_map(|call| mint_of(call, address)))
    }
}

//! Pools, and who names what in their instructions. It must not know what is moved.

use super::address::{ASSOCIATED, Address, SYSTEM, TOKEN, TOKEN_2022, bystander};
use super::exchange::{DYNAMIC_VAULTS, Exchange, Form};
use super::mint::{Mint, SOL};
use super::state::State;

#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub exchange: Exchange,
    pub program: Address,
    pub address: Address,
    /// The base's side and the quote's. pump.fun's second is no token account but the curve itself.
    pub mints: [Mint; 2],
    pub vaults: [Address; 2],
    pub owners: [Address; 2],
    /// The token of those whose liquidity it is.
    pub share: Mint,
}

impl Pool {
    pub fn is_native(&self) -> bool {
        self.exchange == Exchange::PumpFun && self.mints[1] == SOL
    }

    pub fn has(&self, one: Mint, other: Mint) -> bool {
        self.mints == [one, other] || self.mints == [other, one]
    }

    pub fn is_taxed(&self) -> bool {
        self.mints.iter().any(|mint| mint.tax.is_some())
    }

    /// How much more each of its vaults holds than before the transaction.
    pub fn held(&self, state: &State) -> [i128; 2] {
        let tokens = |vault| state.token_accounts[vault].balance.change;
        let quote = if self.is_native() {
            state.lamports.get(self.address).map_or(0, |balance| balance.change)
        } else {
            tokens(self.vaults[1])
        };
        [tokens(self.vaults[0]), quote]
    }

    /// The dynamic vault's accounts of one side: where this pool's part of it is noted.
    pub fn note(&self, state: &mut State, side: usize) -> Address {
        let (_, share) = state.dynamic_vault(self.mints[side]);
        state.account_of(self.address, share)
    }
}

/// Who is named in an instruction besides pools.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub pool: &'a Pool,
    /// The side that comes in.
    pub input: usize,
    pub user: Address,
}

impl Names<'_> {
    /// The accounts of an instruction: those of `second` have roles that end in 2.
    pub fn accounts(self, state: &mut State, form: Form, second: Option<Names<'_>>) -> Vec<Address> {
        let roles = form.roles.split(' ');
        let account = |role: &str| match (role.strip_suffix('2'), second) {
            (Some(role), Some(second)) => second.account(state, role),
            _ => self.account(state, role),
        };
        roles.map(account).collect()
    }

    fn account(self, state: &mut State, role: &str) -> Address {
        let pool = self.pool;
        let (base, side) = match role.rsplit_once('_') {
            Some((base, "a")) => (base, 0),
            Some((base, "b")) => (base, 1),
            Some((base, "in")) => (base, self.input),
            Some((base, "out")) => (base, 1 - self.input),
            _ => (role, 2),
        };
        match (base, side) {
            // Accounts of wrapped SOL that are named and not used.
            ("vault" | "user", 1) if pool.is_native() => bystander(role),
            ("vault", 0 | 1) => pool.vaults[side],
            ("mint", 0 | 1) => pool.mints[side].address,
            ("owner", 0 | 1) => pool.owners[side],
            ("token_program", 0 | 1) => pool.mints[side].program,
            ("user", 0 | 1) => state.account_of(self.user, pool.mints[side]),
            ("lp", 0 | 1) => pool.note(state, side),
            ("lp_mint", 0 | 1) => state.dynamic_vault(pool.mints[side]).1.address,
            _ => match role {
                "pool" => pool.address,
                "authority" => pool.owners[0],
                "user" => self.user,
                "user_lp" => state.account_of(self.user, pool.share),
                "lp_mint" => pool.share.address,
                "program" => pool.program,
                "vault_program" => DYNAMIC_VAULTS,
                "token_program" => TOKEN,
                "token_2022" => TOKEN_2022,
                "system" => SYSTEM,
                "associated" => ASSOCIATED,
                _ => bystander(role),
            },
        }
    }
}

impl State {
    /// The owner of the one vault of a mint, whichever pool it trades for, and the token of those whose tokens are in it.
    fn dynamic_vault(&mut self, mint: Mint) -> (Address, Mint) {
        if let Some(known) = self.dynamic_vaults.get(mint.address) {
            return *known;
        }
        let owner = self.addresses.program();
        let share = Mint { address: self.addresses.program(), decimals: 6, program: TOKEN, tax: None };
        self.dynamic_vaults.insert(mint.address, (owner, share));
        (owner, share)
    }

    /// A pool that was there before.
    pub fn pool(&mut self, exchange: Exchange, mints: [Mint; 2], unlisted: (Address, Address)) -> Pool {
        let address = self.addresses.program();
        let program = exchange.program().unwrap_or(unlisted.0);
        let shared =
            if exchange == Exchange::UnlistedShared { Some(unlisted.1) } else { exchange.authority() };
        let mut owners = [shared.unwrap_or(address); 2];
        let mut vaults = [address; 2];
        for side in 0..2 {
            if exchange == Exchange::DammV1 {
                (owners[side], _) = self.dynamic_vault(mints[side]);
                vaults[side] = self.account_of(owners[side], mints[side]);
            } else if exchange == Exchange::Phoenix {
                vaults[side] = self.addresses.program();
                owners[side] = vaults[side];
                self.token_account(vaults[side], vaults[side], mints[side]);
            } else if exchange != Exchange::PumpFun || mints[side] != SOL {
                vaults[side] = self.addresses.program();
                self.token_account(vaults[side], owners[side], mints[side]);
            }
        }
        let share = Mint { address: self.addresses.program(), decimals: 6, program: TOKEN, tax: None };
        Pool { exchange, program, address, mints, vaults, owners, share }
    }
}

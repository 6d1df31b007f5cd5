//! A transaction as somebody may send it: routes over pools, for themselves or for others, with all that comes beside
//! them. It must not know how it is told of.

use super::address::{Address, BUDGET, TOKEN_2022, bystander};
use super::choices::Choices;
use super::exchange::Exchange;
use super::liquidity::{Liquidity, create, liquidity};
use super::mint::{Mint, SOL, USDC, USDT};
use super::payload::Trim;
use super::pool::Pool;
use super::state::State;
use super::swap::Hop;

/// A transaction, and what is known of it.
pub struct Scene {
    pub state: State,
    pub fee_payer: Address,
    /// Who signs too, for tokens of their own.
    pub customer: Address,
    pub hops: Vec<Hop>,
    pub liquidity: Vec<Liquidity>,
    /// What one of its payloads leaves out.
    pub trim: Trim,
}

/// Who trades, and through whom.
#[derive(Clone, Copy)]
pub(super) struct Party {
    /// Whose tokens they are.
    pub(super) owner: Address,
    /// Whom the exchanges see: the owner, or an aggregator's own address.
    pub(super) user: Address,
    /// At which height of the stack the exchanges run.
    pub(super) height: usize,
}

/// The transaction while it is made up.
pub(super) struct Stage<'c, 'b> {
    pub(super) choices: &'c mut Choices<'b>,
    pub(super) scene: Scene,
    /// Those that it has met.
    pools: Vec<Pool>,
    tokens: Vec<Mint>,
    /// The program of the exchanges that nobody knows, and the owner of all vaults of one of them.
    pub(super) unlisted: (Address, Address),
}

impl Scene {
    pub fn of(choices: &mut Choices<'_>) -> Self {
        let mut state = State::default();
        let (fee_payer, customer) = (state.addresses.wallet(), state.addresses.wallet());
        let unlisted = (state.addresses.program(), state.addresses.program());
        let tokens = (0..3).map(|_| Mint::token(&mut state.addresses, choices)).collect();
        let scene =
            Self { state, fee_payer, customer, hops: Vec::new(), liquidity: Vec::new(), trim: Trim::Nothing };
        let mut play = Stage { choices, scene, pools: Vec::new(), tokens, unlisted };
        play.scene.state.call(1, BUDGET, vec![], vec![2, 64, 13, 3, 0]);
        play.scene.state.move_lamports(fee_payer, bystander("validator"), 5_000);
        for _ in 0..=play.choices.below(3) {
            play.act();
        }
        play.scene.trim = play.choices.pick(&Trim::ALL);
        play.scene
    }
}

impl Stage<'_, '_> {
    fn act(&mut self) {
        match self.choices.below(10) {
            0 => self.tip(),
            1 => self.create_and_buy(),
            2 | 3 => self.fill(),
            _ => self.trade(),
        }
    }

    fn tip(&mut self) {
        let units = self.choices.pick(&[1_000, 10_000, 5_000_000]);
        let payer = self.scene.fee_payer;
        self.scene.state.send_lamports(1, payer, bystander("tips"), units);
    }

    fn party(&mut self) -> Party {
        let owner = if self.choices.once_in(4) { self.scene.customer } else { self.scene.fee_payer };
        let height = self.choices.pick(&[1, 2, 2, 3]);
        let user = if height > 1 && self.choices.once_in(3) { bystander("aggregator's own") } else { owner };
        Party { owner, user, height }
    }

    /// Liquidity, of a pool that is there or of a new one.
    fn fill(&mut self) {
        let exchange = self.choices.pick(&[
            Exchange::PumpSwap,
            Exchange::RaydiumV4,
            Exchange::Cpmm,
            Exchange::Clmm,
            Exchange::DammV1,
            Exchange::DammV2,
            Exchange::Dlmm,
            Exchange::Orca,
        ]);
        let known: Vec<Pool> = self.pools.iter().filter(|pool| pool.exchange == exchange).copied().collect();
        let pool = if let Some(pool) = known.first() {
            *pool
        } else {
            let [one, other] = self.pair();
            let Some(pool) = self.pool_of(exchange, one, other) else { return };
            pool
        };
        let is_added = self.choices.once_in(2);
        let user = self.scene.fee_payer;
        let found = liquidity(&mut self.scene.state, self.choices, &pool, (user, is_added), 1);
        self.scene.liquidity.extend(found);
    }

    fn create_and_buy(&mut self) {
        let exchange = self.choices.pick(&[Exchange::PumpFun, Exchange::LaunchLab, Exchange::Dbc]);
        let mut token = Mint::token(&mut self.scene.state.addresses, self.choices);
        if exchange != Exchange::LaunchLab {
            token.tax = None;
        }
        let creator = self.scene.fee_payer;
        let pool = create(&mut self.scene.state, self.choices, exchange, [token, SOL], creator, 1);
        self.pools.push(pool);
        for _ in 0..self.choices.below(3) {
            let party = Party { owner: creator, user: creator, height: 1 };
            self.route(&[SOL, token], &[pool], party);
        }
    }

    fn pair(&mut self) -> [Mint; 2] {
        let token = self.tokens[self.choices.below(self.tokens.len())];
        [token, self.choices.pick(&[SOL, SOL, USDC, USDT])]
    }

    /// A route over some pools, and now and then back.
    fn trade(&mut self) {
        let party = self.party();
        let mut mints = vec![self.any_mint()];
        let mut pools = Vec::new();
        for _ in 0..=self.choices.pick(&[0, 0, 1, 1, 2, 4]) {
            let Some(from) = mints.last().copied() else { return };
            let to = self.any_mint();
            if to == from {
                continue;
            }
            let exchange = self.choices.pick(&Exchange::ALL);
            if exchange == Exchange::PumpFun && party.user != party.owner {
                continue;
            }
            let Some(pool) = self.pool_of(exchange, from, to) else { continue };
            mints.push(to);
            pools.push(pool);
        }
        self.route(&mints, &pools, party);
        if self.choices.once_in(6) && pools.iter().all(|pool| pool.exchange.is_listed()) {
            mints.reverse();
            pools.reverse();
            self.route(&mints, &pools, party);
        }
    }

    fn any_mint(&mut self) -> Mint {
        match self.choices.below(8) {
            0..=3 => self.tokens[self.choices.below(self.tokens.len())],
            4..=6 => SOL,
            _ => self.choices.pick(&[USDC, USDT]),
        }
    }

    /// A pool of an exchange for two mints: one that is there, or another one; none where the exchange takes no such pair.
    fn pool_of(&mut self, exchange: Exchange, one: Mint, other: Mint) -> Option<Pool> {
        let is_taxed = one.tax.is_some() || other.tax.is_some();
        if is_taxed && !exchange.takes_taxed() {
            return None;
        }
        if !matches!(
            exchange,
            Exchange::Clmm
                | Exchange::Cpmm
                | Exchange::DammV2
                | Exchange::Dlmm
                | Exchange::Orca
                | Exchange::PumpSwap
                | Exchange::PumpFun
                | Exchange::Unlisted
                | Exchange::UnlistedShared
        ) && [one, other].iter().any(|mint| mint.program == TOKEN_2022)
        {
            return None;
        }
        let mints = match (one.money_symbol(), other.money_symbol()) {
            (None, Some(_)) => [one, other],
            (Some(_), None) => [other, one],
            _ if exchange.is_curve() => return None,
            _ => [one, other],
        };
        if exchange == Exchange::PumpFun && mints[1] == USDT {
            return None;
        }
        // Of one that nobody knows only balances tell, and of two swaps with it those say too little.
        let is_new = !exchange.is_listed() || (!exchange.is_curve() && self.choices.once_in(2));
        let known = self.pools.iter().find(|pool| pool.exchange == exchange && pool.has(one, other));
        if let Some(pool) = known.filter(|_| !is_new) {
            return Some(*pool);
        }
        let is_reversed = !exchange.is_curve() && self.choices.once_in(3);
        let mints = if is_reversed { [mints[1], mints[0]] } else { mints };
        let pool = self.scene.state.pool(exchange, mints, self.unlisted);
        self.pools.push(pool);
        Some(pool)
    }
}

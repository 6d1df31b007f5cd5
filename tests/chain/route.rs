//! Swaps along a route, called by whoever calls them, with the accounts and the fees that come with it. It must not know
//! which routes there are.

use super::address::{AGGREGATOR, Address, bystander, key};
use super::exchange::Exchange;
use super::mint::{Mint, SOL};
use super::pool::Pool;
use super::scene::{Party, Stage};
use super::state::{Instruction, State};
use super::swap::{Order, swap, two_hops};

/// The least that is sent, so that something is left of it whatever is withheld.
const LEAST: i128 = 2_000;

impl Stage<'_, '_> {
    /// Swaps along some mints, with the accounts that it takes.
    pub(super) fn route(&mut self, mints: &[Mint], pools: &[Pool], party: Party) {
        let [Some(first), Some(last)] = [mints.first(), mints.last()].map(Option::<&Mint>::copied) else {
            return;
        };
        if pools.is_empty() {
            return;
        }
        let payer = self.scene.fee_payer;
        let sent = self.choices.units().max(LEAST + self.choices.below(256) as i128);
        let mut opened = Vec::new();
        let state = &mut self.scene.state;
        let has = |state: &State, mint: Mint| {
            state
                .token_accounts
                .values()
                .any(|account| account.owner == party.owner && account.mint == mint && !account.is_closed)
        };
        if first == SOL && !pools[0].is_native() && !has(state, SOL) && self.choices.once_in(2) {
            let account = state.open(1, payer, party.owner, SOL);
            state.wrap(1, party.owner, account, sent + self.choices.below(3) as i128 * 1_000);
            opened.push(account);
        }
        if last != first && !has(state, last) && self.choices.once_in(2) {
            let account = state.open(1, payer, party.owner, last);
            if last == SOL {
                opened.push(account);
            }
        }
        let at = state.instructions.len();
        if party.height > 1 {
            self.swaps(mints, pools, party, sent);
            self.wrap_calls(at, party.height);
        } else {
            self.swaps(mints, pools, party, sent);
        }
        for account in opened {
            self.scene.state.close(1, account);
        }
    }

    /// Puts what has run since some instruction under those that called it, which name all accounts of it.
    fn wrap_calls(&mut self, at: usize, height: usize) {
        let instructions = &mut self.scene.state.instructions;
        let mut named: Vec<Address> = Vec::new();
        for instruction in &instructions[at..] {
            for address in instruction.accounts.iter().chain([&instruction.program]) {
                if !named.contains(address) {
                    named.push(address);
                }
            }
        }
        for height in (1..height).rev() {
            let program = if height == 1 && self.choices.once_in(4) { self.unlisted.1 } else { AGGREGATOR };
            let data = [0xc120_9b33_41d6_9c81_u64.to_be_bytes(), [9; 8]].concat();
            let call = Instruction { program, accounts: named.clone(), data, height };
            instructions.insert(at, call);
        }
    }

    fn swaps(&mut self, mints: &[Mint], pools: &[Pool], party: Party, sent: i128) {
        let height = party.height;
        let is_own = party.user == party.owner;
        let mut left = if is_own { sent } else { self.lend(mints[0], sent, party) };
        let mut at = 0;
        while let Some(pool) = pools.get(at) {
            if left < 2 * LEAST {
                left = if is_own { LEAST } else { left + self.lend(mints[at], LEAST * 3, party) };
            }
            let second = pools.get(at + 1).filter(|next| self.is_two_hop(pool, next));
            if let Some(second) = second {
                let [one, two] = self.two_orders(mints, [pool, second], (at, left), party.user);
                let hops = two_hops(&mut self.scene.state, self.choices, [pool, second], [one, two], height);
                left = two.given - mints[at + 2].withheld(two.given);
                self.scene.hops.extend(hops);
                at += 2;
            } else {
                // Some exchanges take their fees besides.
                let sent = if is_own { left } else { left - left / 50 };
                let order = self.order(pool, mints[at], sent, party.user);
                let hop = swap(&mut self.scene.state, self.choices, pool, order, height);
                left = order.given - order.given / 50 - mints[at + 1].withheld(order.given);
                self.scene.hops.push(hop);
                at += 1;
            }
            self.tell(pool, left, height);
            let is_wrapped = !pools.get(at).or(pools.last()).is_some_and(Pool::is_native);
            if height > 1 && left > LEAST && is_wrapped && self.choices.once_in(8) {
                self.charge(party.user, mints[at], left / 100);
                left -= left / 100;
            }
        }
        if let Some(mint) = mints.last().filter(|_| !is_own && left > 0) {
            let accounts = [party.user, party.owner].map(|owner| self.scene.state.account_of(owner, *mint));
            self.scene.state.transfer(height, accounts, left, true);
        }
    }

    fn is_two_hop(&mut self, one: &Pool, other: &Pool) -> bool {
        one.exchange == Exchange::Orca
            && other.exchange == Exchange::Orca
            && one.address != other.address
            && self.choices.once_in(2)
    }

    fn order(&mut self, pool: &Pool, from: Mint, sent: i128, user: Address) -> Order {
        let input = usize::from(pool.mints[0] != from);
        Order {
            input,
            sent: sent.max(LEAST),
            given: self.choices.units().max(LEAST + self.choices.below(256) as i128),
            user,
        }
    }

    /// What the first pool gives is what the second gets.
    fn two_orders(
        &mut self,
        mints: &[Mint],
        [one, other]: [&Pool; 2],
        (at, sent): (usize, i128),
        user: Address,
    ) -> [Order; 2] {
        let first = self.order(one, mints[at], sent, user);
        [first, self.order(other, mints[at + 1], first.given, user)]
    }

    /// What an aggregator writes of each swap.
    fn tell(&mut self, pool: &Pool, units: i128, height: usize) {
        if height > 1 && self.choices.once_in(2) {
            let mark = [0xe445_a52e_51cb_9a1d_u64, 0x40c6_cde8_2608_71e2].map(u64::to_be_bytes).concat();
            let units = units.to_le_bytes()[..8].to_vec();
            let data = [
                mark,
                key(pool.program),
                key(pool.mints[0].address),
                units.clone(),
                key(pool.mints[1].address),
                units,
            ]
            .concat();
            self.scene.state.call(height, AGGREGATOR, vec![bystander("aggregator's events")], data);
        }
    }

    /// What an aggregator's own account gets of somebody's.
    fn lend(&mut self, mint: Mint, units: i128, party: Party) -> i128 {
        let accounts = [party.owner, party.user].map(|owner| self.scene.state.account_of(owner, mint));
        self.scene.state.transfer(party.height, accounts, units, true)
    }

    /// An aggregator's fee.
    fn charge(&mut self, user: Address, mint: Mint, units: i128) {
        let accounts =
            [user, bystander("aggregator's fees")].map(|owner| self.scene.state.account_of(owner, mint));
        self.scene.state.transfer(2, accounts, units, true);
    }
}

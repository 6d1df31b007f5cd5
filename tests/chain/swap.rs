//! Swaps as their programs do them, step by step. It must not know which swaps there are, nor in which payload they come.

use super::address::{Address, bystander};
use super::choices::Choices;
use super::event;
use super::exchange::{DYNAMIC_VAULTS, Exchange, Form};
use super::pool::{Names, Pool};
use super::state::State;

/// A swap as its pool saw it: how much more each of its vaults has.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    pub pool: Pool,
    pub units: [i128; 2],
    pub user: Address,
}

/// What somebody wants of a pool: to send so much to one of its sides for so much of the other.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub input: usize,
    pub sent: i128,
    pub given: i128,
    pub user: Address,
}

/// Swaps at a height of the stack.
pub fn swap(state: &mut State, choices: &mut Choices<'_>, pool: &Pool, order: Order, height: usize) -> Hop {
    let forms = pool.exchange.swaps(order.input == 1, pool.is_taxed());
    // Only the newer ones are for other quotes than SOL.
    let is_other_quote = pool.exchange == Exchange::PumpFun && !pool.is_native();
    let mut forms = forms.into_iter().filter(|form| !is_other_quote || form.roles.contains("mint_b"));
    let skipped = choices.below(forms.clone().count());
    let form = forms.nth(skipped).unwrap();
    let names = Names { pool, input: order.input, user: order.user };
    let mut accounts = names.accounts(state, form, None);
    if pool.exchange != Exchange::RaydiumV4 && choices.once_in(8) {
        accounts.extend([bystander("remaining"), bystander("more")]);
    }
    state.call(height, pool.program, accounts, data(choices, form));
    let before = pool.held(state);
    let mut step = Step { state, choices, pool, order, height: height + 1 };
    if step.choices.once_in(3) {
        step.pay_out();
        step.pay_in();
    } else {
        step.pay_in();
        step.pay_out();
    }
    hop(state, choices, (pool, before), order, height + 1)
}

/// Two swaps of one instruction: what the first pool gives, the second takes.
pub fn two_hops(
    state: &mut State,
    choices: &mut Choices<'_>,
    pools: [&Pool; 2],
    orders: [Order; 2],
    height: usize,
) -> [Hop; 2] {
    // Only the second form moves tokens from pool to pool, and only it takes those that are taxed.
    let is_direct = choices.once_in(2) || pools.iter().any(|pool| pool.is_taxed());
    let form = Exchange::Orca.two_hops()[usize::from(is_direct)];
    let [first, second] = [0, 1].map(|place| Names {
        pool: pools[place],
        input: orders[place].input,
        user: orders[place].user,
    });
    let accounts = first.accounts(state, form, Some(second));
    let instruction = data(choices, form);
    state.call(height, pools[0].program, accounts, instruction);
    let before = pools.map(|pool| pool.held(state));
    let [one, two] = [0, 1].map(|place| orders[place]);
    Step { state, choices, pool: pools[0], order: one, height: height + 1 }.pay_in();
    if is_direct {
        let between = [pools[0].vaults[1 - one.input], pools[1].vaults[two.input]];
        state.transfer(height + 1, between, one.given, true);
    } else {
        Step { state, choices, pool: pools[0], order: one, height: height + 1 }.pay_out();
        Step { state, choices, pool: pools[1], order: two, height: height + 1 }.pay_in();
    }
    Step { state, choices, pool: pools[1], order: two, height: height + 1 }.pay_out();
    [0, 1].map(|place| Hop {
        pool: *pools[place],
        units: difference(pools[place].held(state), before[place]),
        user: orders[place].user,
    })
}

/// What an instruction begins with, and some arguments.
pub fn data(choices: &mut Choices<'_>, form: Form) -> Vec<u8> {
    let tag = u64::from_str_radix(form.tag, 16).unwrap().to_be_bytes();
    let tag = tag.into_iter().skip(tag.len() - form.tag.len() / 2);
    tag.chain(choices.number(40).to_le_bytes()).chain([0; 9]).collect()
}

fn difference(after: [i128; 2], before: [i128; 2]) -> [i128; 2] {
    [after[0] - before[0], after[1] - before[1]]
}

fn hop(
    state: &mut State,
    choices: &mut Choices<'_>,
    (pool, before): (&Pool, [i128; 2]),
    order: Order,
    height: usize,
) -> Hop {
    let hop = Hop { pool: *pool, units: difference(pool.held(state), before), user: order.user };
    for data in event::of(choices, &hop) {
        state.call(height, pool.program, vec![bystander("event_authority")], data);
    }
    hop
}

/// One swap while it happens.
struct Step<'s, 'c, 'b> {
    state: &'s mut State,
    choices: &'c mut Choices<'b>,
    pool: &'s Pool,
    order: Order,
    height: usize,
}

impl Step<'_, '_, '_> {
    fn pay_in(&mut self) {
        let Order { input, sent, user, .. } = self.order;
        let pool = self.pool;
        if pool.is_native() && input == 1 {
            self.state.send_lamports(self.height, user, pool.address, sent);
            for recipient in ["fee_recipient", "creator_vault"] {
                self.state.send_lamports(self.height, user, bystander(recipient), sent / 100);
            }
            return;
        }
        let account = self.state.account_of(user, pool.mints[input]);
        if pool.exchange == Exchange::DammV1 {
            self.fee(account, input, sent / 200);
            self.through_dynamic_vault(account, input, true, sent);
            return;
        }
        self.transfer([account, pool.vaults[input]], sent);
        if matches!(pool.exchange, Exchange::PumpSwap | Exchange::PumpFun) && input == 1 {
            self.fee(account, input, sent / 200);
            self.fee(account, input, sent / 1_000);
        } else if pool.exchange == Exchange::Dlmm && self.choices.once_in(4) {
            self.fee(account, input, sent / 500);
        }
    }

    fn pay_out(&mut self) {
        let Order { input, given, user, .. } = self.order;
        let (pool, output) = (self.pool, 1 - input);
        let fee = given / 100;
        if pool.is_native() && output == 1 {
            self.state.move_lamports(pool.address, user, given - fee);
            self.state.move_lamports(pool.address, bystander("fee_recipient"), fee);
            return;
        }
        let account = self.state.account_of(user, pool.mints[output]);
        if pool.exchange == Exchange::DammV1 {
            self.through_dynamic_vault(account, output, false, given);
            return;
        }
        let pays_fee = match pool.exchange {
            Exchange::PumpSwap | Exchange::PumpFun => output == 1,
            Exchange::Dbc | Exchange::DammV2 | Exchange::LaunchLab | Exchange::Unlisted => {
                self.choices.once_in(4)
            }
            _ => false,
        };
        let fee = if pays_fee { fee } else { 0 };
        self.transfer([pool.vaults[output], account], given - fee);
        self.fee(pool.vaults[output], output, fee);
    }

    fn transfer(&mut self, accounts: [Address; 2], units: i128) {
        let is_checked = self.choices.once_in(2);
        self.state.transfer(self.height, accounts, units, is_checked);
    }

    /// A part that goes to somebody else.
    fn fee(&mut self, from: Address, side: usize, units: i128) {
        if units > 0 {
            let recipient = self.state.account_of(bystander("fee_recipient"), self.pool.mints[side]);
            self.transfer([from, recipient], units);
        }
    }

    /// What the program of the dynamic vaults is called for: it moves the tokens, and notes whose they are.
    fn through_dynamic_vault(&mut self, account: Address, side: usize, is_deposit: bool, units: i128) {
        let pool = *self.pool;
        dynamic_vault(self.state, &pool, (account, self.order.user), side, is_deposit, units, self.height);
    }
}

/// One side's deposit or withdrawal.
pub fn dynamic_vault(
    state: &mut State,
    pool: &Pool,
    (account, user): (Address, Address),
    side: usize,
    is_deposit: bool,
    units: i128,
    height: usize,
) {
    let note = pool.note(state, side);
    let [owner, vault] = [pool.owners[side], pool.vaults[side]];
    let share = state.token_accounts[note].mint.address;
    let tag: u64 = if is_deposit { 0xf223_c689_52e1_f2b6 } else { 0xb712_469c_946d_a122 };
    let data = [tag.to_be_bytes(), 7_u64.to_le_bytes(), [0; 8]].concat();
    let accounts = vec![owner, vault, share, account, note, user, super::address::TOKEN];
    state.call(height, DYNAMIC_VAULTS, accounts, data);
    if is_deposit {
        state.transfer(height + 1, [account, vault], units, false);
        state.mint_to(height + 1, note, units / 3 + 1);
    } else {
        state.burn(height + 1, note, units / 3 + 1);
        state.transfer(height + 1, [vault, account], units, false);
    }
}

//! Liquidity that comes and goes, and curves that are made. It must not know of swaps.

use super::address::{Address, bystander, key};
use super::choices::Choices;
use super::exchange::Exchange;
use super::mint::Mint;
use super::pool::{Names, Pool};
use super::state::{RENT, State};
use super::swap::{data, dynamic_vault};

/// What came into a pool's vaults or went.
#[derive(Clone, Copy, Debug)]
pub struct Liquidity {
    pub pool: Pool,
    pub units: [i128; 2],
    pub user: Address,
}

/// Adds liquidity to a pool or takes some out, now and then on one side only.
pub fn liquidity(
    state: &mut State,
    choices: &mut Choices<'_>,
    pool: &Pool,
    (user, is_added): (Address, bool),
    height: usize,
) -> Option<Liquidity> {
    let forms = pool.exchange.liquidity(is_added, pool.is_taxed());
    let form = forms.first()?;
    let names = Names { pool, input: 0, user };
    let accounts = names.accounts(state, *form, None);
    let instruction = data(choices, *form);
    state.call(height, pool.program, accounts, instruction);
    let before = pool.held(state);
    let is_concentrated = matches!(pool.exchange, Exchange::Clmm | Exchange::Dlmm | Exchange::Orca);
    let only = if is_concentrated && choices.once_in(3) { Some(choices.below(2)) } else { None };
    for side in [0, 1].into_iter().filter(|side| only.is_none_or(|only| only == *side)) {
        let units = choices.units().max(20_000);
        let account = state.account_of(user, pool.mints[side]);
        if pool.exchange == Exchange::DammV1 {
            dynamic_vault(state, pool, (account, user), side, is_added, units, height + 1);
        } else {
            let vault = pool.vaults[side];
            let accounts = if is_added { [account, vault] } else { [vault, account] };
            let is_checked = choices.once_in(2);
            state.transfer(height + 1, accounts, units, is_checked);
        }
    }
    if !is_concentrated && pool.exchange != Exchange::DammV2 {
        let shares = state.account_of(user, pool.share);
        if is_added {
            state.mint_to(height + 1, shares, 1_000);
        } else {
            state.burn(height + 1, shares, 1_000);
        }
    }
    let after = pool.held(state);
    Some(Liquidity { pool: *pool, units: [after[0] - before[0], after[1] - before[1]], user })
}

/// Makes a curve, with all that there is of its token in it.
pub fn create(
    state: &mut State,
    choices: &mut Choices<'_>,
    exchange: Exchange,
    mints: [Mint; 2],
    user: Address,
    height: usize,
) -> Pool {
    let pool = state.pool(exchange, mints, ("", ""));
    let form = exchange.creation().unwrap();
    let accounts = Names { pool: &pool, input: 1, user }.accounts(state, form, None);
    let texts = ["Token", "TKN", "https://example.com/1.json"];
    let texts = texts
        .map(|text| [u32::try_from(text.len()).unwrap().to_le_bytes().as_slice(), text.as_bytes()].concat());
    let tag = data(choices, form).into_iter().take(8);
    let decimals = if exchange == Exchange::LaunchLab { vec![mints[0].decimals] } else { Vec::new() };
    let arguments = [decimals, texts.concat(), key(user), vec![0; 40]].concat();
    state.call(height, pool.program, accounts, tag.chain(arguments).collect());
    let vaults = if pool.is_native() { 1 } else { 2 };
    for vault in &pool.vaults[..vaults] {
        state.token_accounts.get_mut(vault).unwrap().is_opened = true;
        state.send_lamports(height + 1, user, vault, RENT);
    }
    state.send_lamports(height + 1, user, pool.address, 1_231_920);
    state.mint_to(height + 1, pool.vaults[0], 1 << 62);
    let event = [0xe445_a52e_51cb_9a1d_u64, 0x1b72_a94d_deeb_6376].map(u64::to_be_bytes).concat();
    state.call(height + 1, pool.program, vec![bystander("event_authority")], [event, vec![5; 60]].concat());
    pool
}

//! What has to hold of anything that is read from a payload of a known transaction. It must not know how it is read.

use std::collections::BTreeMap;

use glow_broadcast::core::found::TokenTrade;
use glow_broadcast::core::tick::{Phase, Side};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::ingest::helius::{Webhook, read};

use super::address::Address;
use super::liquidity::Liquidity;
use super::mint::Mint;
use super::payload::{Trim, enhanced, raw};
use super::pool::Pool;
use super::scene::Scene;
use super::swap::Hop;

/// A trade of a token, as its pool saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trade {
    mint: String,
    is_buy: bool,
    amount: String,
    quote_amount: String,
    quote: String,
}

/// What is known of a trade besides: where more than one answer is right, all of them.
struct Known {
    trade: Trade,
    is_certain: bool,
    is_curve: bool,
    pools: Vec<Address>,
    traders: Vec<Address>,
}

/// Says which rule what is read from the payloads of a transaction breaks, if any.
pub fn broken_rule(scene: &Scene) -> Option<String> {
    let mut trims = vec![Trim::Nothing, scene.trim];
    trims.dedup();
    trims.into_iter().find_map(|trim| {
        let payloads = [("enhanced", enhanced(scene, trim)), ("raw", raw(scene, trim))];
        payloads.into_iter().find_map(|(shape, payload)| {
            let is_raw = shape == "raw";
            let known: Vec<Known> = scene.hops.iter().filter_map(|hop| known(scene, hop, is_raw)).collect();
            let is_all_certain = scene.hops.iter().all(|hop| is_certain(scene, hop, is_raw));
            let webhook = read(&payload, UnixMillis(1_800_000_000_000)).unwrap();
            let broken = if trim == Trim::Nothing {
                misread(&webhook, &known, &filled(scene), is_all_certain)
            } else {
                let is_lost = is_blended(scene) && trim != Trim::Data;
                invented(&webhook, &known).filter(|_| !is_lost)
            };
            let swaps = scene.hops.iter().map(|hop| format!("{:?} {:?}", hop.pool.exchange, hop.units));
            let swaps = || swaps.collect::<Vec<_>>().join("\n");
            broken.map(|broken| format!("{shape} without {trim:?}: {broken}\n{}\n{payload}", swaps()))
        })
    })
}

fn trades(webhook: &Webhook) -> Vec<&TokenTrade> {
    webhook.found.iter().flat_map(|found| &found.trades).collect()
}

fn read_trade(found: &TokenTrade) -> Trade {
    let trade = &found.trade;
    Trade {
        mint: found.mint.to_string(),
        is_buy: trade.side == Some(Side::Buy),
        amount: trade.amount.to_string(),
        quote_amount: trade.quote_amount.to_string(),
        quote: trade.quote.as_str().to_owned(),
    }
}

/// All that is told is read: each trade once, in the order in which the pools were called, and nothing else.
fn misread(
    webhook: &Webhook,
    known: &[Known],
    filled: &[(String, bool)],
    is_all_certain: bool,
) -> Option<String> {
    let found = trades(webhook);
    let read: Vec<Trade> = found.iter().map(|trade| read_trade(trade)).collect();
    let say = |what: &str| {
        let expected: Vec<&Trade> = known.iter().map(|known| &known.trade).collect();
        Some(format!("{what}\nfound {read:#?}\nof {expected:#?}"))
    };
    if !webhook.skipped.is_empty() || (is_all_certain && !webhook.unexplained.is_empty()) {
        return say(&format!("not understood: {:?} {:?}", webhook.unexplained, webhook.skipped));
    }
    let mut rest = read.iter().zip(&found).peekable();
    for known in known {
        let Some((_, found)) = rest.next_if(|(read, _)| **read == known.trade) else {
            if known.is_certain {
                return say("other trades");
            }
            continue;
        };
        let trade = &found.trade;
        if known.is_curve != (trade.phase == Some(Phase::Bonding)) {
            return say(&format!("phase {:?} of {:?}", trade.phase, known.trade));
        }
        if !known.pools.iter().any(|pool| trade.pool.as_deref() == Some(pool)) {
            return say(&format!("pool {:?}, not {:?} of {:?}", trade.pool, known.pools, known.trade));
        }
        if !known.traders.iter().any(|trader| trade.trader.as_deref() == Some(trader)) {
            return say(&format!("trader {:?}, not {:?} of {:?}", trade.trader, known.traders, known.trade));
        }
    }
    if rest.next().is_some() {
        return say("more trades");
    }
    let liquidity = webhook.found.iter().flat_map(|found| &found.liquidity);
    let liquidity: Vec<String> = liquidity
        .map(|liquidity| {
            format!("{} of {}: {}", liquidity.mint, liquidity.change.pool, liquidity.change.change)
        })
        .collect();
    // What leaves one pool for another one counts as moved, and not as withdrawn.
    let is_out = |(line, _): &&(String, bool)| line.contains(": -");
    let is_one_way = filled.iter().all(|line| is_out(&line)) || !filled.iter().any(|line| is_out(&line));
    let is_told = filled.iter().all(|(line, is_certain)| !is_certain || liquidity.contains(line))
        && liquidity.iter().all(|line| filled.iter().any(|(known, _)| known == line));
    (is_all_certain && is_one_way && !is_told).then(|| format!("liquidity {liquidity:#?}, not {filled:#?}"))
}

/// What came into pools or went in money, and whether that can be known: where nothing of the token moved, the payload may
/// not say which it is.
fn filled(scene: &Scene) -> Vec<(String, bool)> {
    let mut pools: BTreeMap<Address, Hop> = BTreeMap::new();
    for &Liquidity { pool, units, user } in &scene.liquidity {
        let sum = pools.entry(pool.address).or_insert(Hop { pool, units: [0, 0], user });
        sum.units = [sum.units[0] + units[0], sum.units[1] + units[1]];
    }
    let lines = pools.values().filter_map(|sum| {
        let base = usize::from(sum.pool.mints[0].money_symbol().is_some());
        let (token, money) = (sum.pool.mints[base], sum.pool.mints[1 - base]);
        let units = sum.units[1 - base];
        let is_one_way = units != 0 && units.signum() * sum.units[base].signum() >= 0;
        let is_of_a_token = token.money_symbol().is_none() && money.money_symbol().is_some();
        let sign = if units < 0 { "-" } else { "" };
        (is_one_way && is_of_a_token)
            .then(|| {
                format!(
                    "{} of {}: {sign}{}",
                    token.address,
                    sum.pool.address,
                    text(units.abs(), money.decimals)
                )
            })
            .map(|line| (line, sum.units[base] != 0))
    });
    lines.collect()
}

/// Of less, no trade is read that there was not.
fn invented(webhook: &Webhook, known: &[Known]) -> Option<String> {
    let mut left: Vec<&Trade> = known.iter().map(|known| &known.trade).collect();
    trades(webhook).into_iter().find_map(|found| {
        let read = read_trade(found);
        let is_same = |known: &&Trade| {
            Trade { is_buy: known.is_buy, ..read.clone() } == **known
                && (found.trade.side.is_none() || read.is_buy == known.is_buy)
        };
        match left.iter().position(is_same) {
            Some(place) => {
                left.remove(place);
                None
            }
            None => Some(format!("invented {read:?}, there were {left:#?}")),
        }
    })
}

/// Whether several instructions moved one vault: of all that a payload without them looks like one.
fn is_blended(scene: &Scene) -> bool {
    let filled = scene.liquidity.iter().map(|filled| filled.pool);
    let pools = scene.hops.iter().map(|hop| hop.pool).chain(filled);
    let mut vaults: Vec<Address> = pools.flat_map(|pool| pool.vaults).collect();
    vaults.sort_unstable();
    vaults.is_empty() || vaults.windows(2).any(|pair| pair[0] == pair[1])
}

/// The trade that a swap is: none where both sides are money, or neither is.
fn known(scene: &Scene, hop: &Hop, is_raw: bool) -> Option<Known> {
    let pool = &hop.pool;
    let (base, quote) = match pool.mints.map(|mint| mint.money_symbol()) {
        [None, Some(quote)] => (0, quote),
        [Some(quote), None] => (1, quote),
        _ => return None,
    };
    let amount = |side: usize| text(hop.units[side].abs(), pool.mints[side].decimals);
    let signer = [hop.user].into_iter().find(|user| *user == scene.customer);
    let mut traders = vec![signer.unwrap_or(scene.fee_payer)];
    let mut pools = vec![pool.address];
    if !pool.exchange.is_listed() {
        // Nobody knows where it names who trades, nor which of its accounts is the pool.
        traders.push(scene.fee_payer);
        pools.extend(pool.owners);
    }
    Some(Known {
        trade: Trade {
            mint: pool.mints[base].address.to_owned(),
            is_buy: hop.units[base] < 0,
            amount: amount(base),
            quote_amount: amount(1 - base),
            quote: quote.to_owned(),
        },
        is_certain: is_certain(scene, hop, is_raw),
        is_curve: pool.exchange.is_curve(),
        pools,
        traders,
    })
}

/// Whether a swap can be read of a whole payload: nobody may say how much was withheld of each of several transfers, nor how
/// a mint counts.
fn is_certain(scene: &Scene, hop: &Hop, is_raw: bool) -> bool {
    let pool = &hop.pool;
    let came_to =
        |vault: Address| scene.state.transfers.iter().filter(|transfer| transfer.to == vault).count();
    let is_withheld = |side: usize| pool.mints[side].is_capped() && came_to(pool.vaults[side]) > 1;
    !is_withheld(0) && !is_withheld(1) && (is_raw || is_counted(scene, pool))
}

/// Whether an enhanced payload has to say what a pool's mints are and how they count: of accounts that hold as much as
/// before it says nothing.
fn is_counted(scene: &Scene, pool: &Pool) -> bool {
    let accounts = || scene.state.token_accounts.values();
    let changes = |mint: Mint| accounts().any(|account| account.mint == mint && account.balance.change != 0);
    pool.mints.iter().all(|mint| mint.money_symbol().is_some() || changes(*mint))
}

/// So many units as a decimal number.
fn text(units: i128, decimals: u8) -> String {
    let digits = format!("{units:0>width$}", width = usize::from(decimals) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(decimals));
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

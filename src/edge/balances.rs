//! Balances that were published, on their way into the table: after the wallet's sockets have them, and before their
//! publisher is told so. Where one can't be written down its publisher is to send it again; the same one is written down
//! once. It must not know what a balance says.

use worker::{Env, Result};

use super::runtime;
use super::store::balance_snapshots::{self, NewSnapshot};
use crate::core::balance_snapshot::{snapshot_id, wallet_of};
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::core::view::Kind;
use crate::wire::balance::taken_at;
use crate::wire::description::describe;
use crate::wire::room_protocol::Published;

/// Writes down what of `publications` is a balance of the wallet whose topic it is.
///
/// # Errors
/// What the database throws.
pub async fn write_down(
    env: &Env,
    topic: &Topic,
    publications: &[Keyed],
    published: &Published,
) -> Result<()> {
    let (Some(wallet), Some(epoch)) = (wallet_of(topic), published.epoch()) else {
        return Ok(());
    };
    let now = runtime::now();
    let snapshot = |(place, keyed): (usize, &Keyed)| {
        let payload = keyed.publication.as_json();
        (describe(&keyed.publication).kind == Kind::Balance).then(|| NewSnapshot {
            wallet: wallet.clone(),
            id: snapshot_id(epoch, published.outcome(place).seq),
            taken: taken_at(payload, now),
            payload: payload.to_owned(),
        })
    };
    let snapshots: Vec<NewSnapshot> = publications.iter().enumerate().filter_map(snapshot).collect();
    balance_snapshots::insert(env, &snapshots).await
}

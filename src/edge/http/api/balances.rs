//! `GET /users/:wallet/balances`. It must not know what a balance is.

use worker::Request;

use super::conditional::{self, Keep};
use super::problem::ApiError;
use super::resource::WalletPath;
use super::{Call, caller};
use crate::core::balance_snapshot::Snapshot;
use crate::edge::http::problems::HttpError;
use crate::edge::http::respond::Answer;
use crate::edge::runtime;
use crate::edge::store::balance_snapshots::{self, Found};
use crate::wire::balances::{self as bodies, BalancesQuery};
use crate::wire::page::Cursor;

/// A wallet's snapshots, and what it won or lost, for that wallet.
pub async fn list(request: &Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let wallet = caller::owner(request, call, wallet).await?;
    let query = BalancesQuery::decode(call.query, runtime::now()).map_err(ApiError::from)?;
    let Found { mut snapshots, ends } = balance_snapshots::find(call.env, &wallet, &query).await?;
    let cursor_of = |last: &Snapshot| Cursor { at: last.taken.seconds(), id: last.id.clone() };
    let next = query.page.cut_by_size(&mut snapshots, bodies::bytes_of, cursor_of);
    let body = bodies::balances(&snapshots, ends.as_ref(), next.as_deref());
    Ok(conditional::json(request, body, Keep::Private)?)
}

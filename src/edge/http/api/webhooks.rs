//! What those who watch the chain post: `POST /webhook/helius` and `POST /webhook/price`. It is published first; what goes
//! into tables does so after the answer. It must not know how a trade is found.

use worker::{Request, Response};

use super::Call;
use super::problem::ApiError;
use crate::auth::bearer;
use crate::core::decimal::Decimal;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::edge::http::body;
use crate::edge::http::messages::Wait;
use crate::edge::http::messages::{self, Published};
use crate::edge::http::problems::HttpError;
use crate::edge::http::publishers::count_wrong;
use crate::edge::http::respond::{self, Answer};
use crate::edge::http::rooms;
use crate::edge::store::hot_copies::{self, SolUsd};
use crate::edge::{chain_tokens, log, runtime};
use crate::ingest::account_update::Author;
use crate::ingest::helius::Webhook;
use crate::ingest::publications::{self, Posting, PostingKind};
use crate::ingest::{account_update, helius};
use crate::wire::batch::{self, Delivery};
use crate::wire::problem::Problem;
use crate::wire::request_body;
use crate::wire::webhook::WebhookAnswer;

/// The largest body of a webhook, in bytes: Helius puts at most 100 transactions into one, the largest of which have some
/// 100 kB.
const MAX_WEBHOOK_BYTES: usize = 16 * 1_048_576;

/// Transactions of Helius.
///
/// # Errors
/// [`HttpError`]. Where a room could not take its part, Helius is to send all of it again: what was published stays so.
pub async fn helius(mut request: Request, call: &Call<'_>) -> Result<Answer, HttpError> {
    authenticate(&request, call).await?;
    let body = body::read(&mut request, MAX_WEBHOOK_BYTES).await?;
    let text = request_body::text_of(&body).map_err(|_| ApiError::NotUtf8)?;
    let webhook = helius::read(text, runtime::now()).map_err(ApiError::Webhook)?;
    if !webhook.unexplained.is_empty() {
        log::swaps_unexplained(webhook.transactions, &webhook.unexplained);
    }
    let sol_usd = sol_usd(call, &webhook).await;
    let postings = publications::of(&webhook, sol_usd.as_ref());
    let (kinds, messages): (Vec<_>, Vec<_>) = postings.into_iter().map(into_message).unzip();
    let Published { outcomes, cause } = messages::publish(call.env, messages, Wait::ForNobody).await;
    let answer = tally(&webhook, &kinds, &outcomes);
    note_tokens(call, webhook);
    let answer = answer.ok_or_else(|| ApiError::Unpublished { cause: cause.unwrap_or_default() })?;
    Ok(respond::json(200, answer.encode())?.into())
}

/// What SOL costs in dollars, as it was lately. Where nobody knows yet, what this webhook tells will do, for this one and for
/// the next ones: the room of that market sets it right within a minute.
async fn sol_usd(call: &Call<'_>, webhook: &Webhook) -> Option<Decimal> {
    if let Some(known) = hot_copies::sol_usd(call.env).await {
        return Some(known.price);
    }
    let (price, at) = publications::sol_usd(webhook)?;
    let (env, first) = (call.env.clone(), SolUsd { price: price.clone(), at });
    call.context.wait_until(async move {
        if let Err(error) = hot_copies::put_sol_usd(&env, &first).await {
            log::hot_copy_failed(&error);
        }
    });
    Some(price.clone())
}

/// What an indexer of one's own posts of an account, to the topic that its header `x-token` names.
///
/// # Errors
/// [`HttpError`].
pub async fn price(mut request: Request, call: &Call<'_>) -> Result<Answer, HttpError> {
    let author = authenticate_either(&request, call).await?;
    let topic = request.headers().get("x-token")?.ok_or(ApiError::Nameless)?;
    let topic = Topic::parse(&topic)?;
    let body = body::read(&mut request, call.config.max_message_bytes).await?;
    let keyed = account_update::publication(&topic, &body, author).map_err(ApiError::AccountUpdate)?;
    let published = rooms::publish(call.env, &topic, &[keyed], Wait::ForRelays).await?;
    let delivery = Delivery::new(published.connections, published.outcome(0));
    let response: Response = respond::json(200, batch::delivered(delivery))?;
    Ok(Answer { connections: Some(delivery.connections), ..response.into() })
}

/// Lets in who sends the word that Helius was given. Helius repeats what is refused with anything but 403.
async fn authenticate(request: &Request, call: &Call<'_>) -> Result<(), HttpError> {
    let secret = call.config.helius_auth.as_ref().ok_or(ApiError::NoHeliusAuth)?;
    let authorization = request.headers().get("authorization")?.unwrap_or_default();
    let judged = if secret.is(&authorization) { Ok(()) } else { Err(ApiError::NotTheWebhook.into()) };
    count_wrong(request, call.env, call.config, judged).await
}

/// The same, or a publisher.
async fn authenticate_either(request: &Request, call: &Call<'_>) -> Result<Author, HttpError> {
    let authorization = request.headers().get("authorization")?.unwrap_or_default();
    match &call.config.publishers {
        Some(secrets) if bearer::is_publisher(&authorization, secrets) => Ok(Author::Publisher),
        _ => authenticate(request, call).await.map(|()| Author::Helius),
    }
}

/// A message as publishers' are, and what it is to be counted as.
fn into_message(posting: Posting) -> (PostingKind, Result<(Topic, Keyed), HttpError>) {
    (posting.kind, Ok((posting.topic, posting.keyed)))
}

/// What became of the trades.
fn tally(
    webhook: &Webhook,
    kinds: &[PostingKind],
    outcomes: &[Result<Delivery, Problem>],
) -> Option<WebhookAnswer> {
    let mut answer = WebhookAnswer {
        transactions: webhook.transactions,
        trades: 0,
        duplicates: webhook.duplicates,
        skipped: webhook.skipped.len() + webhook.failed,
        unexplained: webhook.unexplained.values().sum(),
    };
    for (kind, outcome) in kinds.iter().zip(outcomes) {
        let delivery = outcome.as_ref().ok()?;
        match kind {
            PostingKind::Trade if delivery.duplicate => answer.duplicates += 1,
            PostingKind::Trade => answer.trades += 1,
            PostingKind::Other => {}
        }
    }
    Some(answer)
}

/// Writes down the tokens that were made and those that left their curve, after the answer.
fn note_tokens(call: &Call<'_>, webhook: Webhook) {
    let env = call.env.clone();
    call.context.wait_until(async move {
        if let Err(error) = chain_tokens::note(&env, &webhook.found).await {
            log::tokens_not_noted(&error);
        }
    });
}

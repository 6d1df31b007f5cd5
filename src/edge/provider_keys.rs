//! The identity provider's keys, as this isolate knows them. It must not decide when they are fetched, nor what they
//! prove.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{StreamExt as _, pin_mut};
use worker::{AbortController, AbortSignal, Error, Fetch, Request, RequestInit, RequestRedirect, Response};

use super::pause::Pause;
use super::{log, runtime};
use crate::auth::key_refresh::{Decision, FETCH_TIME, KeyRefresh, Want};
use crate::auth::key_set::{KeySet, MOST_BYTES};
use crate::core::time::UnixMillis;

/// How often somebody who waits for keys that are being fetched looks for them, in milliseconds.
const LOOK_AGAIN: u64 = 20;

#[derive(Default)]
struct Known {
    keys: Rc<KeySet>,
    refresh: KeyRefresh,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Keys, and when they were fetched.
pub struct ProviderKeys {
    /// The keys.
    pub keys: Rc<KeySet>,
    /// When they were fetched; `None` where there are none because they never could be.
    pub fetched: Option<UnixMillis>,
}

/// The keys, fetched from `url` where that is due. While the provider can't be asked, they are those that were fetched
/// before.
pub async fn get(url: &str, want: Want) -> ProviderKeys {
    loop {
        // A request may not wait for what another has begun, so it looks again and again: a fetch is short, and rare.
        match KNOWN.with_borrow(|known| known.refresh.decide(want, runtime::now())) {
            Decision::Use => break,
            Decision::Fetch => refresh(url, want).await,
            Decision::Wait => Pause::of(Duration::from_millis(LOOK_AGAIN)).await,
        }
    }
    KNOWN.with_borrow(|known| ProviderKeys { keys: Rc::clone(&known.keys), fetched: known.refresh.fetched() })
}

async fn refresh(url: &str, want: Want) {
    KNOWN.with_borrow_mut(|known| known.refresh.begin(want, runtime::now()));
    let fetched = fetch_in_time(url).await;
    let now = runtime::now();
    match fetched {
        Ok(keys) => KNOWN.with_borrow_mut(|known| {
            known.keys = Rc::new(keys);
            known.refresh.succeed(now);
        }),
        Err(error) => {
            KNOWN.with_borrow_mut(|known| known.refresh.fail(now));
            log::keys_not_fetched(&error);
        }
    }
}

async fn fetch_in_time(url: &str) -> worker::Result<KeySet> {
    let abort = AbortController::default();
    let signal = abort.signal();
    let fetch = fetch(url, &signal);
    let timeout = Pause::of(Duration::from_millis(FETCH_TIME));
    pin_mut!(fetch);
    match select(fetch, timeout).await {
        Either::Left((fetched, _)) => fetched,
        Either::Right(_) => {
            abort.abort();
            Err(Error::RustError(format!("no whole answer in {FETCH_TIME} ms")))
        }
    }
}

async fn fetch(url: &str, signal: &AbortSignal) -> worker::Result<KeySet> {
    let mut init = RequestInit::new();
    // Keys are believed because of where they come from.
    init.with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(url, &init)?;
    let response = Fetch::Request(request).send_with_signal(signal).await?;
    match response.status_code() {
        200 => KeySet::parse(&read(response).await?).map_err(|error| Error::RustError(error.to_string())),
        status => Err(Error::RustError(format!("the provider answered {status}"))),
    }
}

async fn read(mut response: Response) -> worker::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut stream = response.stream()?;
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > MOST_BYTES {
            return Err(Error::RustError(format!("the answer has more than {MOST_BYTES} bytes")));
        }
    }
    Ok(body)
}

//! What is done every ten minutes: what is too old is thrown away, in steps of a bounded size. It must not decide how old
//! that is.

use worker::Env;

use super::store::{alert_rules, uploads};
use super::{log, runtime};

/// Does one round. Whatever it does not get to is done in the next one, and to do it twice changes nothing.
pub async fn run(env: &Env) {
    let now = runtime::now();
    if let Err(error) = uploads::sweep(env, now).await {
        log::sweep_failed("uploads", &error);
    }
    if let Err(error) = alert_rules::sweep(env, now).await {
        log::sweep_failed("alert_rules", &error);
    }
}

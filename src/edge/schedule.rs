//! What is done every ten minutes: what is too old is thrown away, in steps of a bounded size. It must not decide how old
//! that is.

use worker::Env;

use super::store::uploads;
use super::{log, runtime};

/// Does one round. Whatever it does not get to is done in the next one, and to do it twice changes nothing.
pub async fn run(env: &Env) {
    if let Err(error) = uploads::sweep(env, runtime::now()).await {
        log::sweep_failed("uploads", &error);
    }
}

//! What is done every ten minutes: what is too old is thrown away, in steps of a bounded size. It must not decide how old
//! that is.

use worker::Env;

/// Does one round. Whatever it does not get to is done in the next one, and to do it twice changes nothing.
pub async fn run(_env: &Env) {}

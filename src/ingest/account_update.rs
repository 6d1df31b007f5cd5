//! What an indexer of its own posts of an account: one object, whose transaction is called `txSignature`. It must not
//! make up a price where the object has none.

use thiserror::Error;

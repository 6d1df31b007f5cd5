//! What has to hold of a transaction whose every swap is known: it is read as its pools saw it, whatever the payload. It
//! must not know how a swap is found.

use super::chain::{Choices, Scene, broken_rule};

/// The input is what somebody chose, a byte for each choice, where a transaction is made up.
pub fn routes(bytes: &[u8]) {
    let scene = Scene::of(&mut Choices::of(bytes, 0));
    let broken = broken_rule(&scene);
    assert!(broken.is_none(), "{}", broken.unwrap_or_default());
}

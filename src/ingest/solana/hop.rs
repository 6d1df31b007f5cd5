//! One swap as its pool saw it. It must not know how it was found, nor what a price is.

use super::exchange::Exchange;
use crate::core::tick::Phase;

/// How much more of a mint a pool has than before; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg<'t> {
    /// The mint.
    pub mint: &'t str,
    /// How many units.
    pub units: i128,
}

/// What came into one vault of a pool and went out of its other one in a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<'t> {
    /// Which instruction swapped, where that is known.
    pub at: Option<usize>,
    /// The exchange, where it is known.
    pub exchange: Option<&'static Exchange>,
    /// The pool's address.
    pub pool: &'t str,
    /// The changes of its two vaults, of opposite signs.
    pub legs: [Leg<'t>; 2],
    /// Whether its SOL is in an account of its own, where it isn't wrapped.
    pub is_native: bool,
    /// On a bonding curve or in a pool.
    pub phase: Phase,
    /// Who signed for the trader's side, where the instruction or the exchange's event says so.
    pub user: Option<&'t str>,
    /// Whether this is the pool and not the one who traded with it: whether it is known who bought.
    pub is_side_known: bool,
}

/// Why a swap has no trade: nothing is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unexplained {
    /// Several instructions moved a vault, and the payload doesn't say how much each of them did.
    #[error("several instructions moved a vault, and the payload does not say how much each did")]
    NoTransfers,
    /// The transfers of a vault don't add up to the change of its balance.
    #[error("the transfers of a vault do not add up to its change")]
    Sum,
    /// An exchange's event contradicts the change of a balance.
    #[error("the event of an exchange contradicts the change of a balance")]
    Event,
    /// Both vaults of a pool grew, or both shrank.
    #[error("a swap that moved both vaults one way")]
    OneWay,
    /// An authority owns the vaults of several pools, and they can be paired in more than one way.
    #[error("vaults of one authority that can be paired in more than one way")]
    Pairing,
    /// The decimals of a mint are said nowhere.
    #[error("a mint whose decimals the payload does not say")]
    Decimals,
}

impl Unexplained {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::NoTransfers, Self::Sum, Self::Event, Self::OneWay, Self::Pairing, Self::Decimals];

    /// Its name, in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoTransfers => "no_transfers",
            Self::Sum => "sum",
            Self::Event => "event",
            Self::OneWay => "one_way",
            Self::Pairing => "pairing",
            Self::Decimals => "decimals",
        }
    }
}

/// Whether one side got and the other gave.
pub fn is_opposite(one: i128, other: i128) -> bool {
    one.signum() * other.signum() < 0
}

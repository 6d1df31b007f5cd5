//! What is known of a user, and why a change of it is refused. It must not know who asks, nor how it is stored.

use thiserror::Error;

use super::image_key::ImageKey;
use super::referral_code::ReferralCode;
use super::time::UnixMillis;
use super::wallet::Wallet;

/// What everybody may know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub wallet: Wallet,
    /// What they call themselves.
    pub name: Option<String>,
    /// What they say of themselves.
    pub bio: Option<String>,
    /// Their picture.
    pub image: Option<ImageKey>,
    /// The code by which they refer others.
    pub referral_code: ReferralCode,
    /// Who referred them.
    pub referrer: Option<Wallet>,
    /// How many they have referred.
    pub referrals: u64,
    /// When they were first here, in whole seconds.
    pub created: UnixMillis,
    /// When they last changed something, in whole seconds.
    pub updated: UnixMillis,
}

/// The most referrers in a row above somebody who has referred others: so many are looked at for a circle.
pub const MAX_REFERRERS: u32 = 1_000;

/// Why a change of a profile is refused. The texts are what clients are told.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ProfileRefusal {
    /// Nobody has the referral code.
    #[error("`referralCode` is nobody's")]
    UnknownCode,
    /// The code is the user's own.
    #[error("`referralCode` is your own: nobody refers themselves")]
    OwnCode,
    /// Somebody else has referred the user before.
    #[error("somebody else has referred this wallet already, and that never changes")]
    Referred,
    /// The user has referred, directly or through others, whose code it is.
    #[error("`referralCode` is of somebody whom this wallet has referred, directly or through others")]
    Circle,
    /// The chain of referrers is too long to be looked at.
    #[error("`referralCode` is of somebody with more than {MAX_REFERRERS} referrers above them")]
    TooLong,
    /// The picture was not uploaded for the user, or is there no longer.
    #[error("`image` has to be a picture that was uploaded for this wallet, by POST /users/:wallet/image")]
    Image,
}

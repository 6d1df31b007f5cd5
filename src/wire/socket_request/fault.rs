//! Why a frame on a socket with many topics, or one topic in it, was not understood: what its sender is told. It must
//! not repeat anything of the frame but the name of a topic.

use thiserror::Error;

use super::super::frame::{FrameFault, PING};
use super::super::problem::ErrorCode;
use super::super::subscription::MAX_SEQ;
use crate::core::topic::{MAX_TOPIC_LENGTH, TopicError};
use crate::core::wallet::WalletError;

/// The most faults of one frame that are told one by one, so that a small frame has no large answer.
pub const MAX_FAULTS: usize = 100;

/// Why a frame, or a part of it, was not understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SocketFault {
    /// A binary frame.
    #[error("binary frames are not accepted: send JSON as text")]
    Binary,
    /// Not JSON.
    #[error("the frame is not JSON")]
    NotJson,
    /// On a socket for one topic: JSON, but no object with a string `type`.
    #[error("{}", FrameFault::NoType)]
    NoType,
    /// On a socket for one topic: a `type` that it does not take.
    #[error("{}", FrameFault::UnknownType)]
    OnlyPing,
    /// JSON, but no object that says what it is.
    #[error("a frame is a JSON object with a string `type`, such as {PING}, or with a string `action`")]
    Shape,
    /// Both a `type` and an `action`.
    #[error("a frame has a `type` or an `action`, not both")]
    TypeAndAction,
    /// A `type` that this socket does not take.
    #[error("`type` is one of ping, subscribe, unsubscribe, authenticate")]
    UnknownType,
    /// An `action` that this socket does not take.
    #[error(
        "`action` is one of subscribePrice, unsubscribePrice, subscribeBalance, unsubscribeBalance, ping"
    )]
    UnknownAction,
    /// Neither `topics` nor a `channel`.
    #[error("say of what: `topics`, a list such as [\"SOL\"], or `channel`, such as \"prices\"")]
    NeitherTopicsNorChannel,
    /// Both of them.
    #[error("a frame has `topics` or a `channel`, not both")]
    TopicsAndChannel,
    /// `topics` is no list, or an empty one.
    #[error("`topics` is a list of at least one topic")]
    Topics,
    /// `since` is no object.
    #[error("`since` is an object with a place for each topic: {{\"SOL\":{{\"seq\":41,\"epoch\":\"…\"}}}}")]
    Since,
    /// `batch` is neither on nor off.
    #[error("`batch` is true or false")]
    Batch,
    /// No access token.
    #[error("`token` is an access token: a string that is not empty")]
    AccessToken,
    /// A `channel` that there is not.
    #[error("`channel` is one of prices, tokens, trades, alerts")]
    UnknownChannel,
    /// `params` is no object.
    #[error("`params` is an object")]
    Params,
    /// The tokens of a channel are no list, or an empty one.
    #[error("`params.tokens` is a list of at least one token; for trades, [\"*\"] is all of them")]
    Tokens,
    /// Parameters of new tokens without the one that there is, or with another value.
    #[error("the one parameter of tokens is `includeRecent`: true or false")]
    IncludeRecent,
    /// Parameters of alerts without the one that there is, or with no list.
    #[error(
        "`params.types` is a list of at least one of price, volume, whale, rug, *; without `params` it is all"
    )]
    AlertTypes,
    /// A type of alert that there is not.
    #[error("a type of alert is one of price, volume, whale, rug, *")]
    UnknownAlertType,
    /// An action for a price without a token.
    #[error("`token` says whose price: a string")]
    ActionToken,
    /// An action for a balance without a wallet.
    #[error("`wallet` says whose balance: a string")]
    ActionWallet,
    /// One topic that can't be what is asked for. The others of its frame are not concerned.
    #[error("{fault}")]
    Topic {
        /// The topic as it was written, at most [`MAX_TOPIC_LENGTH`] characters of it.
        topic: String,
        /// What is the matter with it.
        fault: TopicFault,
    },
    /// More faults than are told one by one.
    #[error("{count} more faults in this frame")]
    More {
        /// How many more.
        count: usize,
    },
}

impl From<FrameFault> for SocketFault {
    fn from(fault: FrameFault) -> Self {
        match fault {
            FrameFault::Binary => Self::Binary,
            FrameFault::NotJson => Self::NotJson,
            FrameFault::NoType => Self::NoType,
            FrameFault::UnknownType => Self::OnlyPing,
        }
    }
}

/// What is the matter with one topic.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TopicFault {
    /// It is no string.
    #[error("a topic is a string")]
    NotText,
    /// It is none by the grammar.
    #[error(transparent)]
    Grammar(#[from] TopicError),
    /// It is a topic, and not a token.
    #[error("a token has no colon: other topics are subscribed to by `topics`")]
    NotAToken,
    /// It stands for all tokens where each has to be named.
    #[error("prices are subscribed to token by token: there is no `*`")]
    AllPrices,
    /// It is no wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Its place in `since` is none.
    #[error(
        "a place in `since` is {{\"seq\":41,\"epoch\":\"…\"}}: a whole number from 0 to {MAX_SEQ}, a string"
    )]
    Place,
    /// It has a place in `since`, and is not among the `topics`.
    #[error("`since` has a place for a topic that is not among the `topics`")]
    NotListed,
}

impl SocketFault {
    /// The fault of one topic, named as it was written.
    pub(super) fn of(topic: &str, fault: impl Into<TopicFault>) -> Self {
        Self::Topic { topic: topic.chars().take(MAX_TOPIC_LENGTH).collect(), fault: fault.into() }
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotJson => ErrorCode::InvalidJson,
            Self::Since | Self::Batch => ErrorCode::InvalidQuery,
            Self::Topic { fault, .. } => fault.code(),
            _ => ErrorCode::InvalidPayload,
        }
    }

    /// The topic that it is about, as it was written.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Topic { topic, .. } => Some(topic),
            _ => None,
        }
    }
}

impl TopicFault {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Place | Self::NotListed => ErrorCode::InvalidQuery,
            Self::NotText | Self::Grammar(_) | Self::NotAToken | Self::AllPrices | Self::Wallet(_) => {
                ErrorCode::InvalidTopic
            }
        }
    }
}

/// The faults of a frame, as far as they are told one by one.
#[derive(Default)]
pub(super) struct Faults {
    told: Vec<SocketFault>,
    more: usize,
}

impl Faults {
    pub(super) fn add(&mut self, fault: SocketFault) {
        if self.told.len() < MAX_FAULTS {
            self.told.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// The value, where there is one; the fault is noted.
    pub(super) fn good<T>(&mut self, result: Result<T, SocketFault>) -> Option<T> {
        result.map_err(|fault| self.add(fault)).ok()
    }

    pub(super) fn into_list(mut self) -> Vec<SocketFault> {
        if self.more > 0 {
            self.told.push(SocketFault::More { count: self.more });
        }
        self.told
    }
}

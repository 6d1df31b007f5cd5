//! The instructions of a transaction in the order in which they ran. It must not know what a program does.

use std::borrow::Cow;

/// The longest data that is read, in characters of base58: a transaction has at most 1,232 bytes, and an instruction that
/// another one calls at most 10 KiB, of which nothing that is read here needs more.
const MAX_DATA: usize = 2_048;

/// The most that are read: the chain traces no more.
pub const MAX_INSTRUCTIONS: usize = 256;

/// One call of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// The program's address.
    pub program: Cow<'a, str>,
    /// The addresses that it is called with.
    pub accounts: Vec<Cow<'a, str>>,
    /// Which of the transaction's own instructions it belongs to.
    pub outer: usize,
    /// Its data in base58.
    pub data: Cow<'a, str>,
}

impl Instruction<'_> {
    /// Its data; `None` where that is no base58 or too long.
    #[must_use]
    pub fn data(&self) -> Option<Vec<u8>> {
        self.data_of_at_most(MAX_DATA)
    }

    /// Its data; `None` where that is no base58 or has more characters than these. The time that it takes grows with their
    /// square.
    #[must_use]
    pub fn data_of_at_most(&self, most: usize) -> Option<Vec<u8>> {
        (self.data.len() <= most).then(|| bs58::decode(self.data.as_ref()).into_vec().ok())?
    }

    /// The address at a position.
    #[must_use]
    pub fn account(&self, position: usize) -> Option<&str> {
        self.accounts.get(position).map(AsRef::as_ref)
    }

    /// Whether it is called with an address.
    #[must_use]
    pub fn names(&self, address: &str) -> bool {
        self.accounts.iter().any(|account| account == address)
    }
}

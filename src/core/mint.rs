//! The address of a token on Solana. It must not know what is known of the token.

use std::fmt;
use std::rc::Rc;

use super::wallet::{Wallet, WalletError};

/// A mint: 32 bytes in base58. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mint(Rc<str>);

impl Mint {
    /// Reads a mint.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn parse(text: &str) -> Result<Self, WalletError> {
        // An address is an address, whatever it is of.
        Wallet::parse(text)?;
        Ok(Self(text.into()))
    }

    /// The address in base58.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::topic::Topic;

    #[test]
    fn a_mint_is_the_topic_of_what_is_published_about_it() {
        let mint = Mint::parse("H74CYmXgMkYHYuSRsZt6RJb4NYp2u72Vw8BS5huApump").unwrap();
        assert_eq!(Topic::parse(mint.as_str()), Ok(Topic::of_mint(&mint)));
        assert!(Mint::parse("DROP").is_err());
    }
}

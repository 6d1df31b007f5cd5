//! A client's address as far as budgets need it: a number that is the same for the same line. It must not be one from
//! which the address could be found.

use std::fmt;

/// A client's address: the first 64 bits of a keyed hash of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub u64);

impl Address {
    /// Reads the 16 hexadecimal digits that an address is written as. Whatever follows an `@` is not the address's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.split('@').next()?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        let address = Address(0x00ab_cdef_0123_4567);
        assert_eq!(Address::parse(&address.to_string()), Some(address));
        assert_eq!(Address::parse(&format!("{address}@market:SOL")), Some(address));
        assert_eq!(Address::parse("somebody"), None);
    }
}

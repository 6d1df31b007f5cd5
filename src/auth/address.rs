//! Client addresses, kept only hashed: enough to count connections, not enough to tell whose they are. It must not
//! hand out an address in clear.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::secret::Secret;
use crate::core::topic::Topic;

/// Keeps these hashes apart from anything else that is signed with the same secret.
const PURPOSE: &[u8] = b"glow-broadcast client address\0";

/// How many bytes of the hash are kept: with 32,768 addresses, two share one with a probability of 3e-11.
const HASH_BYTES: usize = 8;

/// A client address, hashed with a key that only the service has, so that it can't be found by trying all addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressHash(String);

impl AddressHash {
    /// Hashes an address. For IPv6 only the first 64 bits count, as every subscriber line has at least that many
    /// addresses for itself. `None` when the text is no address.
    #[must_use]
    pub fn of(address: &str, key: &Secret) -> Option<Self> {
        let network = network_of(address.trim().parse().ok()?);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
        mac.update(PURPOSE);
        mac.update(network.as_bytes());
        let hash = mac.finalize().into_bytes();
        let mut text = String::with_capacity(2 * HASH_BYTES);
        for byte in hash.iter().take(HASH_BYTES) {
            write!(text, "{byte:02x}").ok()?;
        }
        Some(Self(text))
    }

    /// A hash that was taken elsewhere in the service and arrives as text.
    #[must_use]
    pub fn from_hashed(text: String) -> Self {
        Self(text)
    }

    /// The address as it counts for one topic alone, where sockets of several topics are held together.
    #[must_use]
    pub fn on(&self, topic: &Topic) -> Self {
        Self(format!("{}@{topic}", self.0))
    }

    /// The hash, as 16 hexadecimal digits; for one topic alone, with the topic behind it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(address: &str) -> Option<AddressHash> {
        AddressHash::of(address, &Secret::parse("key").unwrap().unwrap())
    }

    #[test]
    fn one_line_has_one_hash_and_another_line_another() {
        assert_eq!(hash("192.0.2.1"), hash("::ffff:192.0.2.1"));
        assert_eq!(hash("2001:db8:1:2::1"), hash("2001:db8:1:2:ffff::2"));
        assert_ne!(hash("2001:db8:1:2::1"), hash("2001:db8:1:3::1"));
        assert_ne!(hash("192.0.2.1"), hash("192.0.2.2"));
        assert_eq!(hash("not an address"), None);
    }

    #[test]
    fn the_hash_depends_on_the_key_and_does_not_hold_the_address() {
        let other = AddressHash::of("192.0.2.1", &Secret::parse("other").unwrap().unwrap());
        assert_ne!(hash("192.0.2.1"), other);
        assert_eq!(hash("192.0.2.1").unwrap().as_str().len(), 16);
    }

    #[test]
    fn an_address_counts_for_each_topic_apart() {
        let (address, topic) = (hash("192.0.2.1").unwrap(), |text| Topic::parse(text).unwrap());
        assert_ne!(address.on(&topic("A")), address.on(&topic("B")));
        assert_eq!(address.on(&topic("A")), hash("::ffff:192.0.2.1").unwrap().on(&topic("A")));
    }
}

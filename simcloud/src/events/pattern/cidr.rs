//! Ranges of IP addresses, as the match type `cidr` takes them.

use std::net::IpAddr;

/// An address and how many of its first bits count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if !bits.contains('/') => (address, bits),
            _ => return Err("Malformed CIDR, one '/' required".to_owned()),
        };
        let bits: u32 =
            bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let address: IpAddr = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        let bits_max = width(address);
        match u8::try_from(bits) {
            Ok(bits) if bits <= bits_max => Ok(Self { address, bits }),
            _ => Err(format!("Malformed CIDR, mask bits must not exceed {bits_max}")),
        }
    }

    /// Whether `text` is an address of this kind and within the range. What is no address is in no range.
    pub(super) fn contains(&self, text: &str) -> bool {
        let Ok(other) = text.parse::<IpAddr>() else { return false };
        let differing = match (self.address, other) {
            (IpAddr::V4(one), IpAddr::V4(other)) => u128::from(one.to_bits() ^ other.to_bits()),
            (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() ^ other.to_bits(),
            _ => return false,
        };
        let tail_bits = u32::from(width(self.address) - self.bits);
        differing.checked_shr(tail_bits).is_none_or(|differing| differing == 0)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, address: &str) -> bool {
        Cidr::parse(range).unwrap().contains(address)
    }

    #[test]
    fn the_first_bits_decide() {
        assert!(contains("10.1.0.0/16", "10.1.255.255") && !contains("10.1.0.0/16", "10.2.0.0"));
        assert!(contains("10.1.2.3/32", "10.1.2.3") && !contains("10.1.2.3/32", "10.1.2.2"));
        assert!(contains("10.1.2.3/0", "200.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:0db8:ffff::1") && !contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn what_is_no_such_address_is_outside() {
        for address in ["", "10.0.0.256", "10.0.0", "host", "::1"] {
            assert!(!contains("0.0.0.0/0", address), "{address}");
        }
        assert!(!contains("::/0", "10.0.0.1"));
    }

    #[test]
    fn what_is_no_range_says_why() {
        for (text, expected) in [
            ("10.0.0.0", "one '/' required"),
            ("10.0.0.0/8/8", "one '/' required"),
            ("10.0.0.0/x", "mask bits must be an integer"),
            ("10.0.x/8", "Nonstandard IP address: 10.0.x"),
            ("10.0.0.0/33", "must not exceed 32"),
            ("::/129", "must not exceed 128"),
        ] {
            assert!(Cidr::parse(text).unwrap_err().contains(expected), "{text}");
        }
    }
}

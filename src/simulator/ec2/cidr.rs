//! Ranges of IPv4 addresses, as VPCs and subnets have them.
//!
//! Owns reading, overlap and counting. Which sizes are allowed where belongs to the operations.

use std::fmt;
use std::net::Ipv4Addr;

/// A range such as `10.0.0.0/16`; bits beyond the prefix are zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cidr {
    base: u32,
    prefix: u8,
}

impl Cidr {
    /// Reads `a.b.c.d/n`; host bits are dropped, as AWS does.
    pub(super) fn parse(text: &str) -> Option<Cidr> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix): (Ipv4Addr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
        if prefix > 32 {
            return None;
        }
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        Some(Cidr { base: u32::from(address) & mask, prefix })
    }

    pub(super) fn prefix(self) -> u8 {
        self.prefix
    }

    /// Number of addresses.
    pub(super) fn size(self) -> u64 {
        1 << (32 - self.prefix)
    }

    /// The address at `index`, counted from the first.
    pub(super) fn address(self, index: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base.wrapping_add(index))
    }

    pub(super) fn contains(self, other: Cidr) -> bool {
        self.prefix <= other.prefix && self.overlaps(other)
    }

    pub(super) fn overlaps(self, other: Cidr) -> bool {
        let (start, end) = self.bounds();
        let (other_start, other_end) = other.bounds();
        start < other_end && other_start < end
    }

    fn bounds(self) -> (u64, u64) {
        (u64::from(self.base), u64::from(self.base) + self.size())
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn tells_ranges_that_touch_from_ranges_that_overlap() {
        let cidr = |text| Cidr::parse(text).unwrap();
        assert_eq!(cidr("10.0.7.9/16").to_string(), "10.0.0.0/16");
        assert!(cidr("10.0.0.0/16").contains(cidr("10.0.255.0/24")));
        assert!(!cidr("10.0.0.0/24").contains(cidr("10.0.0.0/16")));
        assert!(!cidr("10.0.0.0/25").overlaps(cidr("10.0.0.128/25")));
        assert!(cidr("0.0.0.0/0").contains(cidr("255.255.255.255/32")));
        assert_eq!([Cidr::parse("10.0.0.0"), Cidr::parse("10.0.0.0/33"), Cidr::parse("x/1")], [None; 3]);
    }
}

//! The addresses of one interface.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// Blocks of 4,096 addresses in 198.18.0.0/15 (RFC 2544).
const BLOCKS: u32 = 32;

/// The first address of them all.
const FIRST: u32 = u32::from_be_bytes([198, 18, 0, 0]);

/// Bits that differ within a block.
const BITS: u32 = 12;

/// What stands before addresses of names: the block itself, the interface, its resolver.
const RESERVED: u32 = 3;

/// 4,096 addresses: the interface's own, its resolver's, and those that names get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block(u32);

impl Block {
    /// Names that have an address at a time; the last one is the broadcast's.
    pub(super) const NAMES: u32 = (1 << BITS) - RESERVED - 1;

    /// The first block of which this machine has no address yet.
    pub(super) fn free() -> Option<Self> {
        // only own addresses can be bound
        (0..BLOCKS).map(Self).find(|block| UdpSocket::bind((block.own(), 0)).is_err())
    }

    fn at(self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(FIRST.saturating_add(self.0 << BITS).saturating_add(offset))
    }

    /// The interface's own address.
    pub(super) fn own(self) -> Ipv4Addr {
        self.at(1)
    }

    /// Where names are asked for.
    pub(super) fn resolver(self) -> Ipv4Addr {
        self.at(2)
    }

    /// The netmask.
    pub(super) fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::MAX << BITS)
    }

    /// The address of a name, by its number below [`Block::NAMES`].
    pub(super) fn of(self, number: u32) -> Ipv4Addr {
        self.at(number.saturating_add(RESERVED))
    }

    /// The number of the name that has an address; `None` for what is no name's.
    pub(super) fn number(self, address: Ipv4Addr) -> Option<u32> {
        let number = u32::from(address).checked_sub(u32::from(self.of(0)))?;
        (number < Self::NAMES).then_some(number)
    }

    /// Whether an address is of the block.
    pub(super) fn holds(self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => u32::from(v4) >> BITS == u32::from(self.own()) >> BITS,
            IpAddr::V6(_) => false,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.own(), u32::from(self.mask()).leading_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_share_no_address_and_stay_in_theirs() {
        for at in 0..BLOCKS {
            let block = Block(at);
            let (first, last) = (block.of(0), block.of(Block::NAMES - 1));
            assert_eq!(
                (block.number(first), block.number(last)),
                (Some(0), Some(Block::NAMES - 1))
            );
            for other in
                [block.own(), block.resolver(), block.at((1 << BITS) - 1), block.at(1 << BITS)]
            {
                assert_eq!(block.number(other), None, "{other}");
            }
            assert!(block.holds(last.into()) && block.holds(block.own().into()));
            assert!(!block.holds(block.at(1 << BITS).into()));
            assert!(last <= Ipv4Addr::new(198, 19, 255, 254));
        }
        assert_eq!(Block(1).to_string(), "198.18.16.1/20");
    }
}

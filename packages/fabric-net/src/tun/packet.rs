//! What a packet from the interface is about.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv4Repr, Ipv6Packet, TcpPacket, UdpPacket, UdpRepr};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where names are asked for.
const DNS: u16 = 53;

/// What is to be done with a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Somebody connects.
    Connects { from: SocketAddr, to: SocketAddr },
    /// Somebody asks for a name.
    Asks { from: (Ipv4Addr, u16), to: Ipv4Addr, query: Vec<u8> },
    /// The stack's.
    Other,
}

/// Looks at a packet; what can't be read is the stack's to drop.
pub(super) fn about(packet: &[u8]) -> About {
    read(packet).unwrap_or(About::Other)
}

fn read(packet: &[u8]) -> Option<About> {
    match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new_checked(packet).ok()?;
            let (from, to) = (ip.src_addr(), ip.dst_addr());
            match ip.next_header() {
                IpProtocol::Tcp => tcp(ip.payload(), from.into(), to.into()),
                IpProtocol::Udp => {
                    let udp = UdpPacket::new_checked(ip.payload()).ok()?;
                    let from = (from, udp.src_port());
                    let query = udp.payload().to_vec();
                    (udp.dst_port() == DNS).then_some(About::Asks { from, to, query })
                }
                _ => None,
            }
        }
        6 => {
            let ip = Ipv6Packet::new_checked(packet).ok()?;
            let tcp = |payload| tcp(payload, ip.src_addr().into(), ip.dst_addr().into());
            (ip.next_header() == IpProtocol::Tcp).then(|| tcp(ip.payload())).flatten()
        }
        _ => None,
    }
}

fn tcp(payload: &[u8], from: IpAddr, to: IpAddr) -> Option<About> {
    let tcp = TcpPacket::new_checked(payload).ok()?;
    let from = SocketAddr::new(from, tcp.src_port());
    let to = SocketAddr::new(to, tcp.dst_port());
    (tcp.syn() && !tcp.ack() && !tcp.rst()).then_some(About::Connects { from, to })
}

/// The packet that answers who asked for a name.
pub(super) fn answer(from: Ipv4Addr, to: (Ipv4Addr, u16), words: &[u8]) -> Vec<u8> {
    let (sums, udp) = (ChecksumCapabilities::default(), UdpRepr { src_port: DNS, dst_port: to.1 });
    let ip = Ipv4Repr {
        src_addr: from,
        dst_addr: to.0,
        next_header: IpProtocol::Udp,
        payload_len: udp.header_len().saturating_add(words.len()),
        hop_limit: 64,
    };
    let mut packet = vec![0; ip.buffer_len().saturating_add(ip.payload_len)];
    let mut written = Ipv4Packet::new_unchecked(&mut packet);
    ip.emit(&mut written, &sums);
    let mut within = UdpPacket::new_unchecked(written.payload_mut());
    let copy = |payload: &mut [u8]| payload.copy_from_slice(words);
    udp.emit(&mut within, &from.into(), &to.0.into(), words.len(), copy, &sums);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_answer_is_a_packet_from_whom_it_was_asked(words in proptest::collection::vec(any::<u8>(), 0..600), port: u16) {
            let (from, to) = (Ipv4Addr::new(198, 18, 0, 2), Ipv4Addr::new(198, 18, 0, 1));
            let packet = answer(from, (to, port), &words);
            let ip = Ipv4Packet::new_checked(&packet[..]).unwrap();
            prop_assert!(ip.verify_checksum());
            let udp = UdpPacket::new_checked(ip.payload()).unwrap();
            prop_assert!(udp.verify_checksum(&from.into(), &to.into()));
            prop_assert_eq!((udp.payload(), udp.dst_port()), (&words[..], port));
            // and turned round it is a query
            let asked = About::Asks { from: (from, DNS), to, query: words };
            prop_assert_eq!(about(&packet) == asked, port == DNS);
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in 4u8..7) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = version << 4 | (*first & 15);
            }
            let _ = about(&bytes);
        }
    }
}

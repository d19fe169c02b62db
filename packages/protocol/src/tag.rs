//! Every tag a key of ours ever signs under, in one table.
//!
//! A tag is 16 bytes of ASCII, `caplet/<name>/1` padded with NUL, and opens every signed layout, so
//! that a signature of one message kind never verifies as another (`PROTOCOL.md` 1).

/// A 16-byte tag.
pub type Tag = [u8; 16];

const fn tag(text: &str) -> Tag {
    let from = text.as_bytes();
    let mut out = [0u8; 16];
    let mut i = 0;
    while i < from.len() {
        out[i] = from[i];
        i = i.wrapping_add(1); // at most 16: a longer tag fails to compile on the line above
    }
    out
}

/// Which contract's domain a layout carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// Registry: identity, documents, enrolment.
    Registry,
    /// Auction: orders.
    Auction,
    /// Escrow: money.
    Escrow,
    /// The domain hash itself.
    Nobody,
}

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $under:ident;)*) => {
        $($(#[$doc])* pub const $name: Tag = tag($text);)*
        /// Every tag with its name and the contract whose domain it carries.
        pub const TABLE: &[(&str, Tag, Under)] = &[$(($text, $name, Under::$under)),*];
    };
}

tags! {
    /// The domain hash.
    DOMAIN = "caplet/domain/1", Nobody;
    /// Cumulative statement of what a consumer owes on a lease.
    VOUCHER = "caplet/voucher/1", Escrow;
    /// What a consumer owes on many leases at once.
    LIST = "caplet/list/1", Escrow;
    /// What a gateway acknowledges to a device it meters for.
    RECEIPT = "caplet/receipt/1", Escrow;
    /// The payee's statement that a lease is finished.
    CLOSING = "caplet/closing/1", Escrow;
    /// The hello of a metering session.
    SESSION = "caplet/session/1", Escrow;
    /// The salt of a hash chain.
    TICK = "caplet/tick/1", Escrow;
    /// An order to buy.
    DEMAND = "caplet/demand/1", Auction;
    /// An order to sell.
    ORDER = "caplet/order/1", Auction;
    /// Cancelling an order.
    CANCEL = "caplet/cancel/1", Auction;
    /// A capability or demand profile, by digest.
    PROFILE = "caplet/profile/1", Registry;
    /// A delegation to a gateway key.
    GRANT = "caplet/grant/1", Registry;
    /// An endpoint record: where a gateway is dialled.
    ENDPOINT = "caplet/endpt/1", Registry;
    /// A sealing key.
    SEALKEY = "caplet/sealkey/1", Registry;
    /// A login at a broker.
    LOGIN = "caplet/login/1", Registry;
    /// Proof of possession at registration.
    POSSESS = "caplet/possess/1", Registry;
    /// Consent of the old key to a new one.
    ROTATE = "caplet/rotate/1", Registry;
    /// A gateway's enrolment of a device.
    ENROL = "caplet/enrol/1", Registry;
    /// The enclave that works for a device.
    ENCLAVE = "caplet/enclave/1", Registry;
    /// An enclave's answer to a challenge of a lease.
    ENCLAVE_HELLO = "caplet/enchi/1", Escrow;
    /// An output of an enclave.
    ENCLAVE_OUTPUT = "caplet/encout/1", Escrow;
    /// What an enclave's report data bind.
    QUOTE = "caplet/quote/1", Registry;
    /// The MQTT envelope.
    ENVELOPE = "caplet/env/1", Registry;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_distinct_and_none_is_a_prefix_of_another() {
        for (i, (a, ta, _)) in TABLE.iter().enumerate() {
            assert!(a.len() <= 16 && a.ends_with("/1") && a.starts_with("caplet/"), "{a}");
            for (b, tb, _) in &TABLE[i + 1..] {
                assert_ne!(ta, tb);
                assert!(!a.starts_with(b) && !b.starts_with(a), "{a} {b}");
            }
        }
    }
}

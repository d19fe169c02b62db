//! How often a payer pays, and how far ahead.

/// The steps in which a payer pays: by units, by value or by time, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Most units that are paid before they are counted: what a stranger pays ahead, and the largest
    /// operation that can be asked for without credit. Either side loses at most this.
    pub segment: u64,
    /// Units between two statements; at most a segment, half of one lets payment overlap with service.
    pub units: u64,
    /// Base units between two statements.
    pub value: u128,
    /// Milliseconds after which what was counted is paid even if it is less; 0 for never.
    pub millis: u64,
    /// Ticks between vouchers, for payers to which a signature is dear.
    pub links: Option<Links>,
}

/// The hash chain that a voucher carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    /// Links in a chain, 1..=1024.
    pub count: u16,
    /// Units that a link is worth.
    pub units: u32,
}

impl Pace {
    /// A voucher every half segment, no chain.
    #[must_use]
    pub const fn vouchers(segment: u64) -> Self {
        let units = if segment < 2 { 1 } else { segment / 2 };
        Self { segment, units, value: u128::MAX, millis: 10_000, links: None }
    }

    /// A tick every `units` units, and a voucher after `count` of them; two ticks are a segment.
    #[must_use]
    pub const fn ticks(count: u16, units: u32) -> Self {
        #[allow(clippy::cast_lossless)] // `From` is not const
        let segment = (units as u64).saturating_mul(2);
        let links = Some(Links { count, units });
        Self { links, ..Self::vouchers(segment) }
    }
}

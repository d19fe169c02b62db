//! How often a payer pays, and how far ahead.

use caplet_protocol::chain::MAX_LINKS;

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

    /// The same segment, paid by the links of a chain that is worth no more than it: `count` of them, or as many as
    /// the segment has units. One signature then pays for a segment, in finer steps than a signature for each would;
    /// none for vouchers alone. At most [`MAX_LINKS`].
    #[must_use]
    pub fn with_chain(self, count: u16) -> Self {
        let count = u64::from(count.min(MAX_LINKS)).min(self.segment);
        let Some(units) = self.segment.checked_div(count) else { return self };
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let count = u16::try_from(count).unwrap_or(MAX_LINKS);
        Self { units: units.into(), links: Some(Links { count, units }), ..self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_worth_a_segment_at_most_and_never_has_more_links_than_units() {
        for (segment, count) in [(1, 16), (5, 16), (16, 16), (1_000, 16), (u64::MAX, 2_000)] {
            let pace = Pace::vouchers(segment).with_chain(count);
            let links = pace.links.unwrap();
            assert!(links.units > 0 && (1..=count.min(MAX_LINKS)).contains(&links.count));
            assert!(u64::from(links.units) * u64::from(links.count) <= segment);
            assert_eq!((pace.segment, pace.units), (segment, u64::from(links.units)));
        }
        assert_eq!(Pace::vouchers(9).with_chain(0), Pace::vouchers(9));
    }
}

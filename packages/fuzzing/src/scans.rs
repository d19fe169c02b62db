//! A scan's partial sums, as a contract keeps them between transactions.

use caplet_clearing::certificate::{Scan, StateError};
use caplet_clearing::{Class, Fill, Market, Terms};
use caplet_protocol::{Lots, OrderId};

/// Goes on from the bytes, over as many fills and classes as they claim; what was read is written as what reads the same.
pub(crate) fn scans(bytes: &[u8]) {
    let market = Market {
        tick_size: 1,
        fee_per_lot: 0,
        reliability_bps: vec![10_000],
        latency_ms: vec![vec![0]],
    };
    let (mut fills, mut classes): (Vec<Fill>, Vec<Option<Class>>) = (Vec::new(), Vec::new());
    match Scan::resume(terms(&market, &[]), &[], bytes) {
        Err(StateError::Foreign { fills: wanted, classes: slots, .. })
            if wanted.max(slots) <= 256 =>
        {
            let order = OrderId { page: 0, slot: 0 };
            fills = vec![Fill { offer: order, demand: order, lots: Lots(1) }; wanted];
            classes = vec![None; slots];
        }
        Err(_) => return,
        Ok(_) => {}
    }
    let terms = terms(&market, &classes);
    let written = Scan::resume(terms, &fills, bytes).unwrap().to_bytes();
    assert_eq!(Scan::resume(terms, &fills, &written).unwrap().to_bytes(), written);
}

const fn terms<'a>(market: &'a Market, classes: &'a [Option<Class>]) -> Terms<'a> {
    Terms { market, classes, vectors: &[] }
}

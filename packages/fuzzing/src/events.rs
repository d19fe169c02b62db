//! Events as a node shows them: a type, then attributes; a line each, key and value parted by a space.

use caplet_api::event::{
    AllowanceSet, CapMoved, Deposited, EpochCleared, LeaseClosed, LeaseRated, LeaseShared,
    LeasesClosing, LeasesOpened, LeasesToppedUp, NoticeGiven, OfferTaken, OrdersEnded,
    OrdersPlaced, Settled, Withdrawn,
};
use cosmwasm_std::Event;

/// Reads the lines as each event.
pub(crate) fn events(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs: Vec<(&str, &str)> =
        text.lines().take(64).map(|line| line.split_once(' ').unwrap_or((line, ""))).collect();
    macro_rules! read {
        ($($event:ident)*) => {$(
            let mut event = Event::new(format!("wasm-{}", $event::NAME));
            for (key, value) in &pairs {
                if !key.is_empty() {
                    event = event.add_attribute(*key, *value);
                }
            }
            if let Ok(read) = $event::try_from(&event) {
                let written = Event::from(read.clone());
                assert_eq!($event::try_from(&written).unwrap(), read);
            }
        )*};
    }
    read! {
        AllowanceSet CapMoved Deposited EpochCleared LeaseClosed LeaseRated LeaseShared LeasesClosing
        LeasesOpened LeasesToppedUp NoticeGiven OfferTaken OrdersEnded OrdersPlaced Settled Withdrawn
    }
}

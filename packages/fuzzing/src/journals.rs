//! What the sides of a metering session keep on disk.

use caplet_metering::sqlite::Durable;
use caplet_metering::{PayeeState, PayerState, Rates};

/// States of both sides, and rates alone: a power cut may leave anything.
pub(crate) fn journals(bytes: &[u8]) {
    macro_rules! same {
        ($($state:ident)*) => {$(
            if let Some(state) = <$state as Durable>::decode(bytes) {
                assert_eq!(<$state as Durable>::decode(&state.encode()), Some(state));
                let _ = state.worth();
            }
        )*};
    }
    same! { PayerState PayeeState }
    if let Some(rates) = Rates::decode(bytes) {
        assert_eq!(rates.encode(), bytes);
    }
}

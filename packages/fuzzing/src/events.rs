//! Events as a node shows them: attributes, a line each, key and value parted by a space.

use caplet_api::event;
use cosmwasm_std::Event;

/// Reads the lines as each event.
pub(crate) fn events(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs: Vec<(&str, &str)> =
        text.lines().take(64).map(|line| line.split_once(' ').unwrap_or((line, ""))).collect();
    macro_rules! read {
        ($($name:ident)*) => {$(
            // not by way of an Event: that one panics at a key which begins with an underscore, as a node's own do
            if let Ok(read) = event::$name::read(event::$name::NAME, pairs.iter().copied()) {
                let written = Event::from(read.clone());
                assert_eq!(event::$name::try_from(&written).unwrap(), read);
            }
        )*
            assert_eq!([$(event::$name::NAME),*].len(), event::ALL.len(), "an event is not read here");
        };
    }
    read! {
        AccountOpened AdminChanged AllowanceSet AttestationCounted AttesterSet BidPlaced CapMoved
        CellAssigned DeliveryReckoned Deposited DeviceMoved DeviceRegistered EnclaveRegistered
        EndpointPublished EpochCleared EpochLapsed FeesSwept FutureExercised GrantRecorded
        IndexObserved KeyRotated LeaseClosed LeaseRated LeaseServed LeaseShared LeasesClosing
        LeasesOpened LeasesToppedUp LieProven ListingChanged MarginChanged MarketCreated
        MemberChallenged MemberChanged MemberPaid NoticeGiven OffersMoved OfferTaken OperatorSet
        OrdersEnded OrdersPlaced PositionMoved PositionSettled PriceMoved ProfileAnnounced
        QuoteVerified RevenueCredited RttMeasured RulesSet SaleEnded ScanAdvanced SeriesClosed
        SeriesDefaulted SeriesIssued Settled StakeChanged StatusChanged SuspensionChanged Withdrawn
    }
}

//! Storage that contracts read of each other, and the fixed layouts of keys.

use caplet_api::layout::{
    ATTESTATIONS, AllowanceRecord, AttestationRecord, BALANCES, BalanceRecord, CAPACITY,
    CapacityRecord, DEALS, DEVICES, DealRecord, DemandRecord, DeviceRecord, EVIDENCE,
    EvidenceRecord, KEYS, LANES, LaneRecord, ORDER_SEQUENCES, OfferRecord, OrderPageHeader,
    REDEEMED, RESERVED, STAKED, STANDINGS, STATES, StakedRecord, StandingRecord, StateRecord,
    TermsRecord,
};
use caplet_api::opened::Opened;
use caplet_base::peer::OldKey;
use caplet_protocol::layout::{PublicKey, QosReport};

/// Records at every place of a page, terms, keys, reports.
pub(crate) fn pages(bytes: &[u8]) {
    let place = bytes.first().copied().unwrap_or_default().into();
    let all = [
        DEVICES,
        KEYS,
        ATTESTATIONS,
        ORDER_SEQUENCES,
        CAPACITY,
        RESERVED,
        STANDINGS,
        EVIDENCE,
        STAKED,
        BALANCES,
        REDEEMED,
        LANES,
        DEALS,
        STATES,
    ];
    for pages in all {
        assert!(pages.slice(bytes, place).len() <= pages.width);
        let records = pages.records(bytes.to_vec());
        assert_eq!(trimmed(&pages.records(pages.stored(&records))), trimmed(&records));
    }
    if let Ok((header, records)) = OrderPageHeader::read(bytes)
        && let Some(page) = header.page(&records)
    {
        assert_eq!(trimmed(&OrderPageHeader::read(&page).unwrap().1), trimmed(&records));
    }
    macro_rules! same {
        ($($record:ident)*) => {$(
            let record = $record::decode(bytes);
            assert_eq!($record::decode(&record.encode()), record);
        )*};
    }
    same! {
        DeviceRecord StandingRecord BalanceRecord LaneRecord DealRecord StateRecord OfferRecord
        DemandRecord OrderPageHeader EvidenceRecord StakedRecord AllowanceRecord TermsRecord
        CapacityRecord AttestationRecord
    }
    if let Ok(opened) = Opened::read(bytes) {
        // terms in JSON have no time of opening
        let again = Opened::read(&Opened::store(&opened.terms, opened.at.unwrap_or(9))).unwrap();
        assert_eq!((again.terms, again.at), (opened.terms, opened.at.or(Some(9))));
    }
    if let Some(keys) = OldKey::list(bytes) {
        let written: Vec<u8> = keys.iter().flat_map(OldKey::encode).collect();
        assert_eq!(OldKey::list(&written).unwrap(), keys);
    }
    if let Some(key) = PublicKey::decode(bytes) {
        assert_eq!(PublicKey::decode(&key.encode()), Some(key));
    }
    if let Some(report) = QosReport::decode(bytes) {
        assert_eq!(QosReport::decode(&report.encode()), Some(report));
    }
}

/// Without zeros at the end, which are not stored.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| *byte != 0);
    last.and_then(|last| bytes.get(..=last)).unwrap_or_default()
}

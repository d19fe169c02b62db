//! Vouchers and ticks on a lease that is served here: verified by the consumer's registered key, on
//! disk before service goes on, answered with a receipt.

use super::{Session, count};
use crate::bridge::{Refuse, is_signed};
use crate::exchange::key_of;
use crate::leases::Lease;
use crate::observe;
use crate::settler::vouchers::{self, Accepted};
use caplet_api::escrow::{LaneResponse, LeaseState};
use caplet_api::packed::VoucherItem;
use caplet_protocol::{
    DeviceId, Domain, Lane,
    layout::{PublicKey, QosReport, Receipt, Voucher},
    topics::Dn,
    wire::{
        Layout as _, Pause, PauseReason, RefusalCode as Code, Signed, SignedReceipt, SignedVoucher,
        Tick,
    },
};
use std::time::Duration;

/// How old the first look at a key may be.
const KNOWN: Duration = Duration::from_secs(5);

/// How old the second look may be, after the first did not fit.
const NOW: Duration = Duration::from_secs(1);

impl Session {
    /// The receipt that answers a voucher.
    pub(super) async fn vouched(
        &self,
        lease: &Lease,
        message: &SignedVoucher,
    ) -> Result<Vec<u8>, Refuse> {
        let signed = Signed::<Voucher>::try_from(message)?;
        let revealed = message.revealed_link()?;
        let report = message.report.as_ref().map(QosReport::try_from).transpose()?;
        let report = report.map(|report| report.encode().to_vec());
        let (k, link) = revealed.unwrap_or((0, [0; 32]));
        let item = VoucherItem { voucher: signed.layout, k, link, signature: signed.signature };
        let lane = lane_of(lease, item.voucher.lane)?;
        self.is_payers(lane, &signed).await?;
        fits(lease, lane, &item, &self.escrow)?;
        if let Some(report) = &report
            && QosReport::decode(report).map(|r| r.evidence()) != Some(item.voucher.evidence)
        {
            return Err(Refuse::new(
                Code::OutOfRange,
                "the QoS report is not the one whose SHA-256 the voucher carries as evidence",
                "send the report that was signed for",
            ));
        }
        if report.is_some()
            && let Err(error) = self.measures.keep(&self.context.store, lease)
        {
            // it only says whom to give credit
            observe::room_failed("rates", &error);
        }
        self.accept(lease, &item, report).await
    }

    /// The receipt that answers a tick: the best voucher of its lane, with one link more.
    pub(super) async fn ticked(&self, lease: &Lease, tick: &Tick) -> Result<Vec<u8>, Refuse> {
        let (lane, amount, k, link) = tick.parts()?;
        let row = lane_of(lease, lane)?;
        let best = vouchers::best(&self.context.store, lease.id, lane)
            .map_err(|e| Refuse::internal(&e))?
            .filter(|best| best.item.voucher.amount == amount);
        let Some(best) = best else {
            return Err(Refuse::new(
                Code::OutOfRange,
                format!("the tick extends a voucher of {amount}, which is not the best one here"),
                "send the voucher that carries the chain first",
            ));
        };
        let item = VoucherItem { k, link, ..best.item };
        fits(lease, row, &item, &self.escrow)?;
        let receipt = self.accept(lease, &item, best.report).await?;
        if self.is_wanted(lease, lane) {
            return self.ask_to_consolidate(lease);
        }
        Ok(receipt)
    }

    /// Whether the settler waits for a voucher without links on a lane.
    fn is_wanted(&self, lease: &Lease, lane: Lane) -> bool {
        let wanted = self.parts.wanted.as_ref();
        wanted.is_some_and(|wanted| wanted.borrow().contains_key(&(lease.id, lane)))
    }

    /// Answers a tick in place of a receipt: it is kept, and a voucher over the same is cheaper to redeem.
    /// A consumer that only ticks on is served on; its links are redeemed when the settler's patience ends.
    fn ask_to_consolidate(&self, lease: &Lease) -> Result<Vec<u8>, Refuse> {
        let pause = Pause {
            lease: lease.id.0,
            reason: PauseReason::Unspecified.into(),
            words: "the tick is kept; sign a voucher over the same: it is about to be redeemed"
                .into(),
            unpaid: Vec::new(),
        };
        self.parts.post.sealed(&pause).map_err(|e| Refuse::internal(&e))
    }

    /// Whether the lane's key signed it, as the registry has that key now.
    async fn is_payers(&self, lane: &LaneResponse, signed: &Signed<Voucher>) -> Result<(), Refuse> {
        let good = |key: &PublicKey| is_signed(signed, &self.escrow, key).then_some(());
        self.by_key_of(lane.signer, good).await?.ok_or_else(|| {
            Refuse::new(
                Code::BadSignature,
                format!("the voucher is not signed by device {}'s key for this chain", lane.signer),
                "sign its layout under the escrow's domain with the registered key",
            )
        })
    }

    async fn accept(
        &self,
        lease: &Lease,
        item: &VoucherItem,
        report: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Refuse> {
        let store = &self.context.store;
        let accepted = vouchers::accept(store, item, report, self.parts.clock.now())
            .map_err(|e| Refuse::internal(&e))?;
        let worth = item.voucher.worth(item.k);
        let held = match accepted {
            Accepted::Best { .. } => worth,
            Accepted::Stale { best } => best,
        };
        // an older voucher says nothing of what is owed now, and the same one once more nothing new
        if matches!(accepted, Accepted::Best { .. }) {
            self.compare(lease, units_of(item), worth).await?;
        }
        let units = if held == worth { units_of(item) } else { 0 };
        let receipt = Receipt { lease: lease.id, lane: item.voucher.lane, amount: held, units };
        let signed = receipt.sign(&self.escrow, &self.context.key);
        self.parts.post.sealed(&SignedReceipt::from(signed)).map_err(|e| Refuse::internal(&e))
    }

    /// Holds the consumer's count against the provider's; the provider hears of a difference, and may
    /// finish the lease.
    async fn compare(&self, lease: &Lease, units: u64, worth: u128) -> Result<(), Refuse> {
        let (differs, count) =
            count::change(&self.context.store, lease.id, |count| (count.agree(units), *count))
                .map_err(|e| Refuse::internal(&e))?;
        observe::vouched(lease.id, worth, differs);
        if differs {
            let words = if count.is_over() {
                "too often: nothing more is served, finish the lease"
            } else {
                "it is waited for a voucher that counts them"
            };
            let pause = Pause {
                lease: lease.id.0,
                reason: PauseReason::CountMismatch.into(),
                words: format!(
                    "the consumer counts {units} units, fewer than were served; {} times in a row: {words}",
                    count.mismatches
                ),
                unpaid: Vec::new(),
            };
            self.parts.post.tell(lease.serving(), Dn::Pause(lease.id), &pause).await;
        }
        Ok(())
    }

    /// What `check` finds with a device's key as it was known here, or as the chain has it now.
    pub(super) async fn by_key_of<T>(
        &self,
        device: DeviceId,
        mut check: impl FnMut(&PublicKey) -> Option<T>,
    ) -> Result<Option<T>, Refuse> {
        let directory = &self.parts.exchange.directory;
        for age in [KNOWN, NOW] {
            let known = directory.device_within(device, age).await.map_err(|error| {
                Refuse::unavailable(format!("the key of device {device} cannot be read: {error}"))
            })?;
            if let Some(found) = key_of(&known).ok().and_then(|key| check(&key)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Units that a voucher with its revealed links stands for.
fn units_of(item: &VoucherItem) -> u64 {
    let links = u64::from(item.voucher.link_units).saturating_mul(item.k.into());
    item.voucher.units.saturating_add(links)
}

fn lane_of(lease: &Lease, lane: Lane) -> Result<&LaneResponse, Refuse> {
    lease.lanes.iter().find(|row| row.lane == lane).ok_or_else(|| {
        Refuse::new(
            Code::OutOfRange,
            format!("lease {} has {} lanes, {lane} is none of them", lease.id, lease.lanes.len()),
            "use the lane of the lease notice",
        )
    })
}

fn fits(
    lease: &Lease,
    lane: &LaneResponse,
    item: &VoucherItem,
    escrow: &Domain,
) -> Result<(), Refuse> {
    if lease.state == LeaseState::Closed {
        return Err(Refuse::new(
            Code::UnknownLease,
            format!("lease {} is closed", lease.id),
            "nothing is paid on it any more",
        ));
    }
    let (worth, cap) = (item.voucher.worth(item.k), u128::from(lane.cap.u64()));
    if worth > cap {
        return Err(Refuse::new(
            Code::OutOfRange,
            format!("the voucher is worth {worth}, lane {} has a cap of {cap}", lane.lane),
            "sign for what was served, at most the cap",
        ));
    }
    if item.k != 0 && !item.voucher.proves(escrow, item.k, &item.link) {
        return Err(Refuse::new(
            Code::BadSignature,
            format!("link {} does not lead to the voucher's anchor", item.k),
            "reveal the links of the chain that the voucher carries, in order",
        ));
    }
    Ok(())
}

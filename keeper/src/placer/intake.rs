//! What is asked of demands and signed orders before they are kept.

use super::{Placer, demands, express, market, orders, rules};
use crate::bridge::{Refuse, ack_of, is_signed};
use crate::outbox::Lane;
use crate::registrar::{LocalDevice, bad_signature, profiles};
use caplet_api::auction::{CancelInput, ExecuteMsg};
use caplet_chain::Msg;
use caplet_protocol::{
    DeviceId, MarketId, layout,
    wire::{
        Layout, Opened, RefusalCode as Code, Signed, SignedCancel, SignedDemand,
        SignedDemandProfile, SignedOffer,
    },
};

/// Demands that a device may have open at a time.
const DEMANDS: u32 = 64;

impl Placer {
    /// Takes a demand profile: it must be one that a market can serve.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) async fn demand_profile(
        &self,
        device: &LocalDevice,
        opened: &Opened,
    ) -> Result<(), Refuse> {
        let message = opened.read::<SignedDemandProfile>()?;
        let (profile, statement) = message.view().open()?;
        self.stands_by(device, &statement)?;
        let wanted = profile.view();
        wanted.check()?;
        self.not_over("demand", wanted.not_after)?;
        let store = &self.context.store;
        let id = wanted.id;
        if let Some(known) = demands::get(store, device.id, id).map_err(|e| Refuse::internal(&e))? {
            if known.profile.digest() == profile.digest() {
                return Ok(());
            }
            self.follows(wanted.sequence, known.profile.view().sequence)?;
        }
        if let Some(last) =
            demands::last_sequence(store, device.id).map_err(|e| Refuse::internal(&e))?
        {
            self.follows(wanted.sequence, last)?;
        }
        let open = demands::count(store, device.id).map_err(|e| Refuse::internal(&e))?;
        if open >= DEMANDS {
            return Err(Refuse::new(
                Code::Capacity,
                format!("the device has {open} demands open, at most {DEMANDS} are kept"),
                "wait until some are filled or over",
            ));
        }
        express::demand(device.id, wanted, market::all(&self.books))?;
        let order = message.view().order.clone();
        let kept = demands::Kept {
            device: device.id,
            profile,
            answer: ack_of(&opened.header, 0),
            ordered: false,
        };
        demands::keep(store, &kept).map_err(|e| Refuse::internal(&e))?;
        if let Some(mut order) = order {
            order.profile = id;
            self.keep_demand(device, opened, &order)?;
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Takes a signed offer.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn offer(&self, device: &LocalDevice, opened: &Opened) -> Result<(), Refuse> {
        let message = opened.read::<SignedOffer>()?;
        let signed = Signed::<layout::Offer>::try_from(message.view())?;
        let order = signed.layout;
        self.signed_by(device, order.device, &signed)?;
        let market = self.market(order.market)?;
        rules::offer(&order, &market, self.clock.now())?;
        let kept = orders::Kept {
            body: orders::Body::Offer(order),
            signature: signed.signature,
            reference: message.view().capability.into(),
            answer: ack_of(&opened.header, 0),
            state: orders::State::New,
        };
        if self.is_new(device.id, &kept)? {
            rules::relay_fee(order.relay_fee, self.relay_fee(&market))?;
            self.has_capacity(device, &kept)?;
            self.keep(&kept)?;
        }
        Ok(())
    }

    /// Takes a signed demand.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn demand(&self, device: &LocalDevice, opened: &Opened) -> Result<(), Refuse> {
        let message = opened.read::<SignedDemand>()?;
        self.keep_demand(device, opened, message.view())
    }

    fn keep_demand(
        &self,
        device: &LocalDevice,
        opened: &Opened,
        message: &SignedDemand,
    ) -> Result<(), Refuse> {
        let signed = Signed::<layout::Demand>::try_from(message)?;
        let order = signed.layout;
        self.signed_by(device, order.device, &signed)?;
        let market = self.market(order.market)?;
        rules::demand(&order, &market, self.clock.now())?;
        let kept = orders::Kept {
            body: orders::Body::Demand(order),
            signature: signed.signature,
            reference: message.profile,
            answer: ack_of(&opened.header, 0),
            state: orders::State::New,
        };
        if self.is_new(device.id, &kept)? {
            rules::relay_fee(order.relay_fee, self.relay_fee(&market))?;
            self.keep(&kept)?;
            demands::set_ordered(&self.context.store, device.id, message.profile, true)
                .map_err(|e| Refuse::internal(&e))?;
        }
        Ok(())
    }

    /// Sends a cancel alone; it is answered when the chain has.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn cancel(&self, device: &LocalDevice, opened: &Opened) -> Result<(), Refuse> {
        let message = opened.read::<SignedCancel>()?;
        let signed = Signed::<layout::Cancel>::try_from(message.view())?;
        let order = signed.layout;
        self.signed_by(device, order.device, &signed)?;
        self.market(order.market)?;
        let input = CancelInput {
            side: order.side,
            order: order.order.to_u64().into(),
            signature: Some(signed.signature.into()),
        };
        let cancel = ExecuteMsg::Cancel { market: order.market, orders: vec![input] };
        let msg = Msg::execute(&self.context.deployment.contracts.auction, &cancel)
            .map_err(|e| Refuse::internal(&e.into()))?;
        crate::bridge::send_alone(&self.context, &self.post, Lane::Orders, device.id, opened, msg);
        Ok(())
    }

    fn stands_by(
        &self,
        device: &LocalDevice,
        statement: &Signed<layout::ProfileStatement>,
    ) -> Result<(), Refuse> {
        own(device, statement.layout.device, "demand")?;
        if is_signed(statement, &self.registry, &device.key) {
            Ok(())
        } else {
            Err(bad_signature("demand"))
        }
    }

    fn signed_by<L: Layout>(
        &self,
        device: &LocalDevice,
        named: DeviceId,
        signed: &Signed<L>,
    ) -> Result<(), Refuse> {
        own(device, named, "order")?;
        if is_signed(signed, &self.auction, &device.key) {
            Ok(())
        } else {
            Err(bad_signature("order"))
        }
    }

    fn not_over(&self, what: &str, not_after: u64) -> Result<(), Refuse> {
        let now = self.clock.now();
        if not_after > now {
            return Ok(());
        }
        Err(Refuse::new(
            Code::Expired,
            format!("the {what} ended at {not_after}, it is {now}"),
            "sign one that ends later",
        ))
    }

    fn follows(&self, sequence: u64, last: u64) -> Result<(), Refuse> {
        if sequence > last {
            return Ok(());
        }
        Err(Refuse::new(
            Code::Replay,
            format!("demand sequence {sequence} is not above {last}"),
            "sign it with a higher sequence",
        ))
    }

    fn market(&self, id: MarketId) -> Result<market::Market, Refuse> {
        let markets = market::all(&self.books);
        if markets.is_empty() {
            return Err(Refuse::unavailable("this gateway has not read the markets yet"));
        }
        let last = markets.iter().map(|market| market.id.0).max().unwrap_or(0);
        markets.into_iter().find(|market| market.id == id).ok_or_else(|| {
            Refuse::new(
                Code::UnknownMarket,
                format!("there is no market {id}, the last one is {last}"),
                "choose one of the market sheets",
            )
        })
    }

    /// Whether the order is not kept yet; a repetition is taken again, another one of its sequence not.
    fn is_new(&self, device: DeviceId, kept: &orders::Kept) -> Result<bool, Refuse> {
        let store = &self.context.store;
        let sequence = kept.body.sequence();
        let known = orders::get(store, device, sequence).map_err(|e| Refuse::internal(&e))?;
        if known.is_some_and(|known| known.body == kept.body) {
            return Ok(false);
        }
        let last = orders::last_sequence(store, device).map_err(|e| Refuse::internal(&e))?;
        if sequence > last {
            return Ok(true);
        }
        Err(Refuse::new(
            Code::Replay,
            format!("order sequence {sequence} is not above {last}"),
            "sign it with a higher sequence",
        ))
    }

    /// An offer is for a capability of the latest profile, and for no more than is free of it.
    fn has_capacity(&self, device: &LocalDevice, kept: &orders::Kept) -> Result<(), Refuse> {
        let profile = device.profile.map(|digest| profiles::document(&self.context.store, &digest));
        let profile = profile.transpose().map_err(|e| Refuse::internal(&e))?.flatten();
        let capability = profile.as_ref().and_then(|profile| {
            let mut all = profile.view().capabilities.iter();
            all.find(|capability| u64::from(capability.id) == kept.reference)
        });
        let Some(capability) = capability else {
            return Err(Refuse::new(
                Code::OutOfRange,
                format!(
                    "the offer is for capability {}, which the profile does not have",
                    kept.reference
                ),
                "announce it first, and name its id in the offer",
            ));
        };
        let lots = capability.capacity.as_ref().map_or(0, |capacity| capacity.lots);
        let used = self.used(device.id, kept.body.market()).map_err(|e| Refuse::internal(&e))?;
        let free = lots.saturating_sub(used);
        if kept.body.lots() <= free {
            return Ok(());
        }
        Err(Refuse::new(
            Code::Capacity,
            format!(
                "{} lots are offered, {free} of the {lots} of capability {} are free",
                kept.body.lots(),
                kept.reference
            ),
            "lower the lots, or wait until leases end",
        ))
    }

    fn keep(&self, kept: &orders::Kept) -> Result<(), Refuse> {
        orders::keep(&self.context.store, kept).map_err(|e| Refuse::internal(&e))?;
        self.wake.notify_one();
        Ok(())
    }
}

fn own(device: &LocalDevice, named: DeviceId, what: &str) -> Result<(), Refuse> {
    if named == device.id {
        return Ok(());
    }
    Err(Refuse::new(
        Code::NotPermitted,
        format!("the {what} is device {named}'s, the sender is device {}", device.id),
        "send your own",
    ))
}

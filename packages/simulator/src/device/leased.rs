//! What a device does on its leases: it serves, uses, counts and pays.

use super::{Life, Link};
use crate::lane::{Answer, Lane};
use crate::{Fault, Saying};
use caplet_protocol::LeaseId;
use caplet_protocol::layout::{Closing, QosReport, Voucher};
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{self, Layout as _};

/// Number of `ConsumerClosed` among escrow's close reasons.
const CONSUMER_CLOSED: u8 = 3;

impl Life {
    pub(super) fn noticed(&mut self, notice: wire::LeaseNotice) {
        let over = matches!(notice.state(), wire::LeaseState::Closing | wire::LeaseState::Closed);
        let lease = LeaseId(notice.lease);
        if over {
            self.lanes.remove(&lease.0);
            if self.leases.remove(&lease.0).is_some() {
                self.tell(Saying::LeaseEnded(lease, notice.reason));
            }
            self.consumer.ended(lease);
            return;
        }
        if self.leases.insert(lease.0, notice.clone()).is_none() {
            self.tell(Saying::LeaseOpened(Box::new(notice.clone())));
        }
        if notice.role() == wire::Role::Consumer {
            self.lanes.entry(lease.0).or_insert_with(|| Lane::new(notice.clone()));
            self.consumer.opened(notice);
        }
    }

    pub(super) async fn called(
        &mut self,
        link: &Link,
        call: &wire::ServiceCall,
    ) -> anyhow::Result<()> {
        let fault = *self.fault.borrow();
        let Some(kind) = self.leases.get(&call.lease).map(wire::LeaseNotice::kind) else {
            tracing::debug!(
                device = self.name,
                lease = call.lease,
                "call on a lease I was not told of"
            );
            return Ok(());
        };
        let (call, reply) = match self.opened(call) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(device = self.name, lease = call.lease, %error, "a call that is not for me");
                return Ok(());
            }
        };
        let call = &call;
        if let Some(mut result) = self.provider.serve(kind, call, fault).await {
            if let Some(reply) = reply {
                result.body = reply.seal(&result.body);
            }
            self.send(link, Up::Result(LeaseId(call.lease)), &result, false).await?;
        }
        Ok(())
    }

    pub(super) fn answered(&mut self, result: &wire::ServiceResult) {
        let lease = LeaseId(result.lease);
        let Some(result) = &self.unsealed(result) else { return };
        match self.consumer.answered(result) {
            Some(Ok((units, total))) => self.tell(Saying::Used(lease, units, total)),
            Some(Err(error)) => self.tell(Saying::CallFailed(lease, error)),
            None => {}
        }
    }

    pub(super) async fn paused(&mut self, link: &Link, pause: &wire::Pause) -> anyhow::Result<()> {
        let lease = LeaseId(pause.lease);
        self.tell(Saying::Paused(lease, pause.words.clone()));
        match self.consumer.paused(lease) {
            Some(voucher) => self.vouch(link, &voucher, None).await,
            None => Ok(()),
        }
    }

    /// Its gateway asks it to sign.
    pub(super) async fn asked(&mut self, link: &Link, ask: &wire::LaneAsk) -> anyhow::Result<()> {
        let lease = LeaseId(ask.lease);
        if *self.fault.borrow() == Fault::NoVoucher {
            return Ok(());
        }
        let Some(lane) = self.lanes.get_mut(&ask.lease) else { return Ok(()) };
        match lane.answer(ask, &self.identity.key, &self.provision) {
            Ok(Answer::Signature(signature)) => {
                if let Some(wire::lane_ask::What::Voucher(voucher)) = &ask.what {
                    let amount = Voucher::try_from(voucher).map_or(0, |voucher| voucher.amount);
                    self.tell(Saying::Vouched(lease, amount));
                }
                self.send(link, Up::Signature(lease), &signature, false).await
            }
            Ok(Answer::Last(last, close)) => {
                let (voucher, report) = *last;
                self.vouch(link, &voucher, Some(report)).await?;
                if close { self.give_up(link, lease).await } else { Ok(()) }
            }
            Err(why) => {
                self.tell(Saying::NotSigned(lease, why));
                Ok(())
            }
        }
    }

    pub(super) async fn vouch(
        &mut self,
        link: &Link,
        voucher: &Voucher,
        report: Option<QosReport>,
    ) -> anyhow::Result<()> {
        if *self.fault.borrow() == Fault::NoVoucher || voucher.amount == 0 && report.is_none() {
            return Ok(());
        }
        self.tell(Saying::Vouched(voucher.lease, voucher.amount));
        let mut body =
            wire::SignedVoucher::from(voucher.sign(&self.provision.escrow, &self.identity.key));
        body.report = report.as_ref().map(wire::QosReport::from);
        self.send(link, Up::Voucher(voucher.lease), &body, false).await
    }

    pub(super) async fn give_up(&mut self, link: &Link, lease: LeaseId) -> anyhow::Result<()> {
        self.tell(Saying::GaveUp(lease));
        let closing = Closing { lease, reason: CONSUMER_CLOSED };
        let body =
            wire::SignedClosing::from(closing.sign(&self.provision.escrow, &self.identity.key));
        self.send(link, Up::Closing(lease), &body, false).await
    }
}

//! Redeems vouchers, finishes, closes, pokes, sweeps and rates leases. Each kind of work is a
//! reconciler of its own, so that one that waits for a block holds up no other.

mod batch;
pub mod closings;
mod end;
mod expire;
mod rate;
mod redeem;
mod turn;
mod value;
pub mod vouchers;

use crate::config::SettleConfig;
use crate::context::Context;
use crate::leases::Leases;
use crate::reconcile;

/// Starts the settler in `context.tasks`.
pub fn start(context: &Context, leases: &Leases, policy: SettleConfig) {
    let wakes = || leases.changed();
    let duty = || Duty { context: context.clone(), leases: leases.clone(), policy };
    reconcile::start(context, redeem::Redeem::new(duty()), wakes());
    reconcile::start(context, end::End::new(duty()), wakes());
    reconcile::start(context, expire::Expire::poke(duty()), wakes());
    reconcile::start(context, expire::Expire::sweep(duty()), wakes());
    reconcile::start(context, rate::Rate::new(duty()), wakes());
}

/// What every kind of work looks at.
#[derive(Clone)]
struct Duty {
    context: Context,
    leases: Leases,
    policy: SettleConfig,
}

impl Duty {
    fn escrow(&self) -> &str {
        &self.context.deployment.contracts.escrow
    }

    fn head(&self) -> caplet_chain::Head {
        *self.context.chain.watch().borrow()
    }
}

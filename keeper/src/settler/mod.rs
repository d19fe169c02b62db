//! Redeems vouchers, finishes, closes, pokes, sweeps and rates leases. Each kind of work is a
//! reconciler of its own, so that one that waits for a block holds up no other.

mod batch;
pub mod closings;
mod due;
mod end;
mod expire;
mod rate;
mod redeem;
mod refill;
mod suspended;
mod turn;
pub(crate) mod value;
pub mod vouchers;
mod wanted;
mod watch;

pub use wanted::{Asked, Wanted};

use crate::config::SettleConfig;
use crate::context::Context;
use crate::leases::Leases;
use crate::reconcile;

/// Starts the settler in `context.tasks`; what it asks of consumers is for whoever reaches them.
pub fn start(context: &Context, leases: &Leases, policy: SettleConfig) -> Wanted {
    let wakes = || leases.changed();
    let duty = || Duty { context: context.clone(), leases: leases.clone(), policy };
    let wanted = Wanted::default();
    reconcile::start(context, redeem::Redeem::new(duty(), wanted.clone()), wakes());
    reconcile::start(context, end::End::new(duty()), wakes());
    reconcile::start(context, expire::Expire::poke(duty()), wakes());
    reconcile::start(context, expire::Expire::sweep(duty()), wakes());
    reconcile::start(context, rate::Rate::new(duty()), wakes());
    reconcile::start(context, watch::Watch::new(duty()), wakes());
    reconcile::start(context, refill::Refill::new(duty()), wakes());
    wanted
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

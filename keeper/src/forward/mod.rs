//! Futures and pools: what `caplet_forward` decides, asked of the chain and sent to it.
//!
//! Series are issued for devices by policy (`issuer`), covered within limits (`cover`), used by consumers when that
//! beats spot (`exerciser`), watched while short and settled when over (`tidy`); the index is told of trades (`feed`).
//! Devices join pools and leave them, and pools are offered, by policy (`members`). Members serve, answer for each other
//! and are paid (`pools`); who serves a pool's lease now is what `ByPool` says.

mod ask;
mod cover;
mod curve;
mod exerciser;
mod feed;
mod issuer;
mod members;
mod pools;
mod recent;
mod serving;
mod tidy;

pub use curve::{Forward, read};
pub use serving::ByPool;

use crate::config::{ForwardConfig, SettleConfig};
use crate::context::Context;
use crate::exchange::Exchange;
use crate::leases::Leases;
use crate::outbox::{Lane, OutboxError};
use crate::session::Silence;
use crate::{observe, reconcile};
use caplet_api::pool::{ConfigResponse, QueryMsg};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::DeviceId;
use cosmwasm_schema::serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds for which what was refused is not asked for again.
const REST_SECS: u64 = 10;

/// Seconds for which what costs more than it brings is not tried again: gas does not get cheaper from block to block.
const POOR_SECS: u64 = 300;

/// Starts what the deployment has contracts for, in `context.tasks`. Without an exchange nobody's liveness is
/// known, and no member is challenged. `silence` is what the gateway knows of devices that answer nothing.
pub fn start(
    context: &Context,
    leases: &Leases,
    exchange: Option<&Exchange>,
    silence: &Silence,
    config: &ForwardConfig,
    settle: SettleConfig,
) {
    let wakes = || leases.changed();
    let binding = Arc::<tokio::sync::Mutex<()>>::default();
    let duty = |contract: &str| Duty {
        context: context.clone(),
        leases: leases.clone(),
        config: config.clone(),
        settle,
        contract: contract.to_owned(),
        refused: Arc::default(),
        binding: Arc::clone(&binding),
    };
    if let Some(futures) = &context.deployment.contracts.futures {
        reconcile::start(context, issuer::Issuer::new(duty(futures)), wakes());
        reconcile::start(context, cover::Cover::new(duty(futures)), wakes());
        reconcile::start(context, exerciser::Exerciser::new(duty(futures)), wakes());
        reconcile::start(context, tidy::Tidy::new(duty(futures)), wakes());
        reconcile::start(context, feed::Feed::new(duty(futures)), wakes());
    }
    for pool in &context.deployment.contracts.pools {
        let pools = pools::Pools::new(duty(pool), exchange.cloned(), silence.clone());
        reconcile::start(context, pools, wakes());
        reconcile::start(context, members::Members::new(duty(pool)), wakes());
    }
    let known = &context.deployment.contracts.pools;
    let listed =
        config.join.iter().map(|of| &of.pool).chain(config.offer.iter().map(|of| &of.pool));
    for pool in listed.filter(|pool| !known.contains(pool)) {
        observe::pool_unknown(pool);
    }
}

/// Notes what local devices are to commit, so that it is not offered for themselves meanwhile.
///
/// # Errors
/// If a pool that is listed cannot be asked for its market.
pub async fn commit(
    context: &Context,
    leases: &Leases,
    config: &ForwardConfig,
) -> anyhow::Result<()> {
    for of in config.join.iter().filter(|of| context.deployment.contracts.pools.contains(&of.pool))
    {
        let pool: ConfigResponse = context.chain.query(&of.pool, &QueryMsg::Config {}).await?;
        leases.commit(DeviceId(of.device), pool.market, of.lots.into());
    }
    Ok(())
}

/// What every kind of work looks at.
#[derive(Clone)]
struct Duty {
    context: Context,
    leases: Leases,
    config: ForwardConfig,
    /// What money is worth in gas.
    settle: SettleConfig,
    /// The futures contract, or the pool.
    contract: String,
    /// Maps what was refused to the chain's second from which it is tried again.
    refused: Arc<Mutex<BTreeMap<String, u64>>>,
    /// Held from when it is read what series bind until what binds more is decided: the limit is for both who do.
    binding: Arc<tokio::sync::Mutex<()>>,
}

impl Duty {
    /// Block time, Unix seconds.
    fn now(&self) -> u64 {
        crate::follow::seconds(*self.context.chain.watch().borrow())
    }

    /// Sends one message alone, so that what is refused spoils nothing else; whether it went through.
    async fn send<T: Serialize + Sync>(
        &self,
        what: &'static str,
        to: &str,
        msg: &T,
    ) -> anyhow::Result<bool> {
        self.send_worth(what, to, msg, None).await
    }

    /// As [`Duty::send`], unless it costs more than it is `worth`, in the smallest unit of the gas denomination.
    async fn send_worth<T: Serialize + Sync>(
        &self,
        what: &'static str,
        to: &str,
        msg: &T,
        worth: Option<u128>,
    ) -> anyhow::Result<bool> {
        let (key, now) = (format!("{what} {}", serde_json::to_string(msg)?), self.now());
        if self.rests(&key, now) {
            return Ok(false);
        }
        let msgs = vec![Msg::execute(to, msg)?];
        match self.context.outbox.submit_worth(Lane::Orders, msgs, worth).await {
            Ok(_) => {
                observe::forward_done(what);
                Ok(true)
            }
            Err(error @ OutboxError::Failed { .. }) => {
                observe::forward_refused(what, &error);
                self.rest(key, now.saturating_add(REST_SECS));
                Ok(false)
            }
            Err(OutboxError::Uneconomic { .. }) => {
                self.rest(key, now.saturating_add(POOR_SECS));
                Ok(false)
            }
            // said by the outbox already; what is due then is computed anew
            Err(_) => Ok(false),
        }
    }

    fn rest(&self, key: String, until: u64) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(key, until);
    }

    /// Whether this was refused a moment ago; what was refused is not asked for at every block.
    fn rests(&self, key: &str, now: u64) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, until| *until > now);
        refused.contains_key(key)
    }

    async fn tell<T: Serialize + Sync>(&self, what: &'static str, msg: &T) -> anyhow::Result<bool> {
        self.send(what, &self.contract, msg).await
    }
}

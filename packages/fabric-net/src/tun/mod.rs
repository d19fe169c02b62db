//! A leased uplink as a network interface: what is routed into it goes over the lease, names are resolved there.
//!
//! The interface is a TUN device of this process and goes with it, and so do its routes. TCP ends here in a small stack
//! (smoltcp): a connection is answered once the provider has connected, and refused if it has not, so that programs see
//! what they would see on a network of their own. A name has an address of the interface's block (RFC 2544, which is
//! routed nowhere) for as long as it is used; the provider is given the name. There is no UDP but for asking names.

mod block;
mod device;
mod names;
mod packet;
mod queue;
mod run;
mod stack;
mod stream;

pub(crate) use device::TunError;

use caplet_fabric::client::Client;
use serde::Serialize;
use std::net::Ipv4Addr;

/// An interface that is wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunPlan {
    /// Its name: 1 to 15 letters, digits, '-', '_' and '.'.
    pub name: String,
    /// What is routed into it, as `192.0.2.0/24`; nothing when empty. Never everything.
    pub routes: Vec<String>,
}

/// An interface that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TunShown {
    /// Its name.
    pub name: String,
    /// Its own address, and with the prefix those that names get.
    pub address: String,
    /// Where names are asked for.
    pub resolver: Ipv4Addr,
    /// What is routed into it beside that.
    pub routes: Vec<String>,
}

/// Makes the interface, and serves it as long as the session lasts.
pub(crate) async fn start(plan: &TunPlan, client: &Client) -> Result<TunShown, TunError> {
    let (tun, block) = device::make(plan).await?;
    let shown = TunShown {
        name: plan.name.clone(),
        address: block.to_string(),
        resolver: block.resolver(),
        routes: plan.routes.clone(),
    };
    let served = client.clone();
    client.spawn(async move { run::run(tun, block, served).await });
    Ok(shown)
}

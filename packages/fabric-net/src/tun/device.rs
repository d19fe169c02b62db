//! The interface itself.

use super::TunPlan;
use super::block::Block;
use smoltcp::wire::IpCidr;
use std::io;
use std::process::Stdio;
use tokio::process::Command;
use tokio_tun::Tun;

/// Bytes of a packet: what goes through here goes over no wire, and fewer packets are less work.
pub(super) const MTU: u16 = 16_384;

/// Where interfaces are made.
const DEVICE: &str = "/dev/net/tun";

/// What a program may need to be allowed.
const RIGHT: &str = "it needs CAP_NET_ADMIN: run the keeper as root, or with AmbientCapabilities=CAP_NET_ADMIN in its systemd \
                     unit";

/// Why there is no interface. The lease is a proxy all the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TunError {
    /// No name for one.
    #[error("{0:?} is no interface's name: 1 to 15 letters, digits, '-', '_' and '.'")]
    Name(String),
    /// It is there already.
    #[error("an interface {0} is there already, and not of this lease: take another name")]
    Taken(String),
    /// No route.
    #[error("{0:?} is no route: write a network as 192.0.2.0/24")]
    Route(String),
    /// All that there is.
    #[error(
        "{0} is everything, this gateway's own links to the provider too, which would lead into themselves: name the networks, or route by rules of your own (ip rule) or from a network namespace"
    )]
    Everything(String),
    /// No block of addresses is free.
    #[error("all blocks of 198.18.0.0/15 are in use on this machine: detach another interface")]
    Addresses,
    /// The kernel makes none.
    #[error("the interface {name} can't be made: {why}")]
    Refused {
        /// What it was to be called.
        name: String,
        /// What the system said, and the remedy.
        why: String,
    },
    /// A route is not to be had.
    #[error("the route {route} into {name} can't be set: {why}")]
    Routing {
        /// The network.
        route: String,
        /// The interface.
        name: String,
        /// What the system said.
        why: String,
    },
}

/// Makes the interface with its routes; dropped, it is gone with them.
pub(super) async fn make(plan: &TunPlan) -> Result<(Tun, Block), TunError> {
    check(plan)?;
    let name = &plan.name;
    if there_is(name) {
        return Err(TunError::Taken(name.clone()));
    }
    let refused = |why: String| TunError::Refused { name: name.clone(), why };
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open(DEVICE) {
        return Err(refused(match error.kind() {
            io::ErrorKind::NotFound => format!(
                "there is no {DEVICE}: load the module (modprobe tun), or give the container the device"
            ),
            _ => format!("{DEVICE}: {error}; {RIGHT}"),
        }));
    }
    let block = Block::free().ok_or(TunError::Addresses)?;
    let made = Tun::builder()
        .name(name)
        .mtu(MTU.into())
        .address(block.own())
        .netmask(block.mask())
        .up()
        .build();
    let made = made.map_err(|error| refused(format!("{error}; {RIGHT}")))?;
    let tun = made.into_iter().next().ok_or_else(|| refused("none came".to_owned()))?;
    for route in &plan.routes {
        set(name, route).await?;
    }
    Ok((tun, block))
}

/// Whether this network namespace has such an interface.
fn there_is(name: &str) -> bool {
    let all = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    all.lines().any(|line| line.trim_start().strip_prefix(name).is_some_and(|l| l.starts_with(':')))
}

fn check(plan: &TunPlan) -> Result<(), TunError> {
    let name = &plan.name;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if !first || name.len() > 15 || !name.chars().all(fine) {
        return Err(TunError::Name(name.clone()));
    }
    for route in &plan.routes {
        let network: IpCidr = route.parse().map_err(|()| TunError::Route(route.clone()))?;
        if network.prefix_len() == 0 {
            return Err(TunError::Everything(route.clone()));
        }
    }
    Ok(())
}

/// Sets a route, by iproute2; it goes with the interface.
async fn set(name: &str, route: &str) -> Result<(), TunError> {
    let why = |why: String| TunError::Routing { route: route.into(), name: name.into(), why };
    let ran = Command::new("ip")
        .args(["route", "add", route, "dev", name])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let ran = ran.map_err(|error| why(format!("ip (of iproute2): {error}")))?;
    if ran.status.success() {
        return Ok(());
    }
    Err(why(String::from_utf8_lossy(&ran.stderr).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_routes_are_checked_before_anything_is_made() {
        let plan = |name: &str, routes: &[&str]| TunPlan {
            name: name.into(),
            routes: routes.iter().map(|route| (*route).to_owned()).collect(),
        };
        for name in ["", "-x", "a/b", "sixteen-letters-", "..", "a b"] {
            assert!(matches!(check(&plan(name, &[])), Err(TunError::Name(_))), "{name:?}");
        }
        for route in ["", "everything", "192.0.2.0", "192.0.2.0/33", "192.0.2.0/24 via 10.0.0.1"] {
            assert!(matches!(check(&plan("a", &[route])), Err(TunError::Route(_))), "{route:?}");
        }
        for route in ["0.0.0.0/0", "::/0"] {
            assert!(matches!(check(&plan("a", &[route])), Err(TunError::Everything(_))));
        }
        check(&plan("caplet0", &["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"])).unwrap();
    }
}

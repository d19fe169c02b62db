//! TCP as the interface's side of a connection sees it.

use super::queue::Queue;
use super::stream::Stream;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpListenEndpoint};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Bytes each way that a connection holds at most.
const ROOM: usize = 128 * 1024;

/// The longest that nothing is looked at.
const IDLE: Duration = Duration::from_secs(10);

/// Who connects, to where.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// The stack. Clones are the same.
#[derive(Clone)]
pub(super) struct Stack {
    inner: Arc<Mutex<Inner>>,
    /// Something was read, written or closed: the stack has to say so.
    pub(super) work: Arc<Notify>,
}

pub(super) struct Inner {
    iface: Interface,
    pub(super) sockets: SocketSet<'static>,
    queue: Queue,
    open: BTreeMap<Ends, SocketHandle>,
    /// Sockets whose streams are gone.
    pub(super) ended: Vec<SocketHandle>,
}

impl Stack {
    /// One that answers for every address.
    pub(super) fn new(mtu: usize, seed: u64) -> Self {
        let mut queue = Queue::new(mtu);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut iface = Interface::new(config, &mut queue, Instant::now());
        // whatever is routed here is for here: an own address that leads everywhere
        let (v4, v6) = (Ipv4Addr::new(0, 0, 0, 1), Ipv6Addr::LOCALHOST);
        iface.update_ip_addrs(|addresses| {
            for address in [IpAddress::Ipv4(v4), IpAddress::Ipv6(v6)] {
                // there is room for two
                let _ = addresses.push(IpCidr::new(address, 0));
            }
        });
        let _ = iface.routes_mut().add_default_ipv4_route(v4);
        let _ = iface.routes_mut().add_default_ipv6_route(v6);
        iface.set_any_ip(true);
        let (sockets, open, ended) = (SocketSet::new(Vec::new()), BTreeMap::new(), Vec::new());
        let inner = Inner { iface, sockets, queue, open, ended };
        Self { inner: Arc::new(Mutex::new(inner)), work: Arc::default() }
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a packet in.
    pub(super) fn take(&self, packet: Vec<u8>) {
        self.locked().queue.incoming.push_back(packet);
    }

    /// Whether there is such a connection.
    pub(super) fn has(&self, ends: &Ends) -> bool {
        self.locked().open.contains_key(ends)
    }

    /// Connections.
    pub(super) fn count(&self) -> usize {
        self.locked().open.len()
    }

    /// Answers who connects: `packet` is its first.
    pub(super) fn welcome(&self, ends: Ends, packet: Vec<u8>) -> Option<Stream> {
        let buffer = || SocketBuffer::new(vec![0; ROOM]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        let to = IpListenEndpoint { addr: Some(ends.1.ip().into()), port: ends.1.port() };
        socket.listen(to).ok()?;
        let mut inner = self.locked();
        let handle = inner.sockets.add(socket);
        inner.open.insert(ends, handle);
        inner.queue.incoming.push_back(packet);
        // before another comes for the same place
        inner.poll();
        drop(inner);
        Some(Stream::new(self.clone(), handle))
    }

    /// Lets the stack work: packets for the interface, and when it is to work again at the latest.
    pub(super) fn turn(&self) -> (VecDeque<Vec<u8>>, Duration) {
        let mut inner = self.locked();
        let now = inner.poll();
        inner.reap();
        let Inner { iface, sockets, queue, .. } = &mut *inner;
        let wait = iface.poll_delay(now, sockets).map_or(IDLE, Duration::from);
        (std::mem::take(&mut queue.outgoing), wait.min(IDLE))
    }
}

impl Inner {
    fn poll(&mut self) -> Instant {
        let now = Instant::now();
        self.iface.poll(now, &mut self.queue, &mut self.sockets);
        now
    }

    /// Forgets sockets that are over on both sides.
    fn reap(&mut self) {
        let Self { sockets, open, ended, .. } = self;
        ended.retain(|handle| {
            let state = sockets.get::<Socket<'_>>(*handle).state();
            let over = matches!(state, State::Closed | State::TimeWait);
            if over {
                sockets.remove(*handle);
                open.retain(|_, of| of != handle);
            }
            !over
        });
    }
}

//! What goes on while the interface is there.

use super::block::Block;
use super::device::MTU;
use super::names::Names;
use super::packet::{About, about, answer};
use super::stack::{Ends, Stack};
use crate::local::open;
use caplet_fabric::Stop;
use caplet_fabric::client::{Client, ClientOp};
use caplet_fabric::kinds::relay;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use tokio::sync::mpsc;
use tokio_tun::Tun;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at a time, those that are being made included; who comes then is answered later.
const MOST: usize = 256;

/// A connection that the provider has made, or not, and the packet that asked for it.
struct Dialled {
    ends: Ends,
    packet: Vec<u8>,
    opened: Result<ClientOp, Stop>,
}

/// The interface, in use.
struct Running {
    client: Client,
    block: Block,
    names: Names,
    stack: Stack,
    dialling: BTreeSet<Ends>,
    dialled: mpsc::Sender<Dialled>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Serves the interface until it fails; dropped, nothing of it is left.
pub(super) async fn run(tun: Tun, block: Block, client: Client) {
    let (dialled, mut made) = mpsc::channel(MOST);
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let mut running = Running {
        client,
        block,
        names: Names::new(block),
        stack: Stack::new(MTU.into(), seed()),
        dialling: BTreeSet::new(),
        dialled,
        tasks: TaskTracker::new(),
        stop,
    };
    let mut buffer = vec![0; usize::from(MTU)];
    loop {
        let (packets, wait) = running.stack.turn();
        for packet in packets {
            // an interface that somebody has taken down: TCP sends it again
            let _ = tun.send(&packet).await;
        }
        let work = std::sync::Arc::clone(&running.stack.work);
        tokio::select! {
            got = tun.recv(&mut buffer) => match got {
                Ok(got) => {
                    let reply = running.hear(buffer.get(..got).unwrap_or_default());
                    if let Some(reply) = reply {
                        let _ = tun.send(&reply).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the interface of an uplink is gone");
                    return;
                }
            },
            Some(dialled) = made.recv() => running.dialled(dialled),
            () = work.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// For sequence numbers that nobody on this machine guesses.
fn seed() -> u64 {
    let mut seed = [0; 8];
    if getrandom::fill(&mut seed).is_err() {
        seed = caplet_fabric::health::wall_millis().to_be_bytes();
    }
    u64::from_be_bytes(seed)
}

impl Running {
    /// Takes a packet of the interface; a packet that answers it at once.
    fn hear(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        match about(packet) {
            About::Asks { from, to, query } => {
                return self.names.answer(&query).map(|words| answer(to, from, &words));
            }
            About::Connects { from, to } if !self.stack.has(&(from, to)) => {
                let busy = self.stack.count().saturating_add(self.dialling.len()) >= MOST;
                if !busy && self.dialling.insert((from, to)) {
                    self.dial((from, to), packet.to_vec());
                }
            }
            About::Connects { .. } | About::Other => self.stack.take(packet.to_vec()),
        }
        None
    }

    /// Where an address leads: the name that has it, or itself.
    fn host(&mut self, to: SocketAddr) -> Result<String, Stop> {
        if let IpAddr::V4(v4) = to.ip()
            && let Some(name) = self.names.name(v4)
        {
            return Ok(name);
        }
        if self.block.holds(to.ip()) {
            return Err(Stop::refused("unknown host: no name has that address any more"));
        }
        Ok(to.ip().to_string())
    }

    /// Has the provider connect.
    fn dial(&mut self, ends: Ends, packet: Vec<u8>) {
        let (client, host, dialled) =
            (self.client.clone(), self.host(ends.1), self.dialled.clone());
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let opening = async {
                let opened = match host {
                    Ok(host) => open(&client, host, ends.1.port()).await,
                    Err(stop) => Err(stop),
                };
                let _ = dialled.send(Dialled { ends, packet, opened }).await;
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = opening => {}
            }
        });
    }

    /// Answers who asked for the connection: the stack refuses where nobody listens.
    fn dialled(&mut self, dialled: Dialled) {
        let Dialled { ends, packet, opened } = dialled;
        self.dialling.remove(&ends);
        let op = match opened {
            Ok(op) => op,
            Err(stop) => {
                tracing::debug!(%stop, to = %ends.1, "a connection through an interface is refused");
                return self.stack.take(packet);
            }
        };
        let Some(stream) = self.stack.welcome(ends, packet) else { return };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let (from, to) = tokio::io::split(stream);
            let relayed = tokio::select! {
                () = stop.cancelled() => return,
                relayed = relay::pump(op, from, to) => relayed,
            };
            if let Err(stop) = relayed {
                tracing::debug!(%stop, to = %ends.1, "a connection through an interface ended");
            }
        });
    }
}

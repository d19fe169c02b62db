//! A bad network between two endpoints: a UDP forwarder that loses, delays and reorders packets.
//!
//! What is behind it is the real transport, so what a test sees is how that recovers. Its choices come
//! from a seed: the same seed and packets, the same losses.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How bad the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Packets lost in a thousand.
    pub loss: u16,
    /// One way.
    pub delay: Duration,
    /// Packets in a thousand that take twice the delay, so that later ones overtake them.
    pub late: u16,
    /// What the choices come from.
    pub seed: u64,
}

/// A forwarder to one address. Dropping it makes the address behind it unreachable.
pub struct Lossy {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Lossy {
    /// Forwards between whoever sends to [`Self::address`] and `target`.
    ///
    /// # Errors
    /// If no socket can be had.
    pub async fn to(target: SocketAddr, weather: Weather) -> io::Result<Self> {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let (address, stop) = (front.local_addr()?, CancellationToken::new());
        let forwarder =
            Forwarder { front, target, weather, stop: stop.clone(), tasks: TaskTracker::new() };
        let tasks = forwarder.tasks.clone();
        tasks.spawn(forwarder.run());
        Ok(Self { address, stop })
    }

    /// Where to dial.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Forwarder {
    front: Arc<UdpSocket>,
    target: SocketAddr,
    weather: Weather,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Forwarder {
    async fn run(self) {
        let mut backs: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
        let mut dice = Dice(self.weather.seed);
        let mut packet = vec![0; 65_535];
        loop {
            let (len, from) = tokio::select! {
                () = self.stop.cancelled() => return,
                got = self.front.recv_from(&mut packet) => match got {
                    Ok(got) => got,
                    Err(_) => continue,
                },
            };
            let back = match backs.get(&from) {
                Some(back) => Arc::clone(back),
                None => match self.back(from, dice.roll()).await {
                    Ok(back) => Arc::clone(backs.entry(from).or_insert(back)),
                    Err(_) => continue,
                },
            };
            let bytes = packet.get(..len).unwrap_or_default().to_vec();
            self.pass(&mut dice, back, self.target, bytes);
        }
    }

    /// The socket that stands for one sender, with the way back.
    async fn back(&self, to: SocketAddr, seed: u64) -> io::Result<Arc<UdpSocket>> {
        let back = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let (socket, front, stop) = (Arc::clone(&back), Arc::clone(&self.front), self.stop.clone());
        let way = Self {
            front: Arc::clone(&self.front),
            target: to,
            weather: self.weather,
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        };
        self.tasks.spawn(async move {
            let mut dice = Dice(seed);
            let mut packet = vec![0; 65_535];
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    got = socket.recv(&mut packet) => if let Ok(len) = got {
                        let bytes = packet.get(..len).unwrap_or_default().to_vec();
                        way.pass(&mut dice, Arc::clone(&front), to, bytes);
                    },
                }
            }
        });
        Ok(back)
    }

    fn pass(&self, dice: &mut Dice, socket: Arc<UdpSocket>, to: SocketAddr, bytes: Vec<u8>) {
        if dice.under(self.weather.loss) {
            return;
        }
        let twice = if dice.under(self.weather.late) { 2 } else { 1 };
        let delay = self.weather.delay.saturating_mul(twice);
        self.tasks.spawn(async move {
            tokio::time::sleep(delay).await;
            // a packet that can't be sent is lost, as on any network
            let _ = socket.send_to(&bytes, to).await;
        });
    }
}

/// splitmix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn under(&mut self, thousandths: u16) -> bool {
        self.roll().checked_rem(1_000).is_some_and(|roll| roll < u64::from(thousandths))
    }
}

//! What whoever stands in between sees: everything between devices and brokers, and between gateways,
//! passes a tap that searches it for what must not be readable there.

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::CancellationToken;

use crate::tasks::Group;

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// What passed, and what was readable of it. Clones share it.
#[derive(Clone, Debug)]
pub struct Recorder {
    markers: Arc<[Vec<u8>]>,
    bytes: Arc<AtomicU64>,
    seen: Arc<AtomicU64>,
}

impl Recorder {
    /// Searches for these.
    #[must_use]
    pub fn new(markers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let markers = markers.into_iter().filter(|marker| !marker.is_empty()).collect();
        Self { markers, bytes: Arc::default(), seen: Arc::default() }
    }

    /// Another count of the same markers.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { markers: Arc::clone(&self.markers), bytes: Arc::default(), seen: Arc::default() }
    }

    /// Bytes that passed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How often a marker was readable.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Looks at what passes; `tail` is the end of what passed before on the same way.
    fn look(&self, tail: &mut Vec<u8>, bytes: &[u8]) {
        self.bytes.fetch_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let before = tail.len();
        tail.extend_from_slice(bytes);
        for marker in self.markers.iter() {
            let found = tail.windows(marker.len()).enumerate().filter(|(at, window)| {
                // what lies in the tail alone was counted when it passed
                at.saturating_add(marker.len()) > before && window == marker
            });
            let found = u64::try_from(found.count()).unwrap_or(u64::MAX);
            self.seen.fetch_add(found, Ordering::Relaxed);
        }
        let longest = self.markers.iter().map(Vec::len).max().unwrap_or(0);
        let keep = longest.saturating_sub(1).min(tail.len());
        tail.drain(..tail.len().saturating_sub(keep));
    }
}

/// A forwarder that looks at what it forwards. Its target is set when that is known.
#[derive(Clone)]
pub struct Tap {
    address: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
}

impl Tap {
    /// Where to connect instead of at the target.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where it leads; the first word counts.
    pub fn lead_to(&self, target: SocketAddr) {
        let _ = self.target.set(target);
    }

    /// A tap on connections.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn tcp(recorder: &Recorder, tasks: &Group) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
        let tap = Self { address: listener.local_addr()?, target: Arc::default() };
        let (runs, recorder, stop) = (tap.clone(), recorder.clone(), tasks.stop_token());
        let group = tasks.clone();
        tasks.spawn("tap", async move {
            loop {
                let came = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    came = listener.accept() => came,
                };
                let (Ok((stream, _)), Some(target)) = (came, runs.target.get().copied()) else {
                    continue;
                };
                let (recorder, stop) = (recorder.clone(), stop.clone());
                group.spawn("tapped connection", async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        // a connection that breaks is for its two ends to notice
                        _ = connection(stream, target, &recorder) => {}
                    }
                    Ok(())
                });
            }
        });
        Ok(tap)
    }

    /// A tap on datagrams.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn udp(recorder: &Recorder, tasks: &Group) -> anyhow::Result<Self> {
        let front = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        let tap = Self { address: front.local_addr()?, target: Arc::default() };
        let (runs, recorder, group) = (tap.clone(), recorder.clone(), tasks.clone());
        tasks.spawn("tap", async move {
            let stop = group.stop_token();
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                ended = datagrams(front, runs, recorder, &group) => ended,
            }
        });
        Ok(tap)
    }
}

async fn connection(
    near: TcpStream,
    target: SocketAddr,
    recorder: &Recorder,
) -> std::io::Result<()> {
    let far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::try_join!(pass(near_in, far_out, recorder), pass(far_in, near_out, recorder))?;
    Ok(())
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    recorder: &Recorder,
) -> std::io::Result<()> {
    let (mut buffer, mut tail) = (vec![0; BUFFER], Vec::new());
    loop {
        let got = from.read(&mut buffer).await?;
        let bytes = buffer.get(..got).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        recorder.look(&mut tail, bytes);
        to.write_all(bytes).await?;
    }
}

async fn datagrams(
    front: Arc<UdpSocket>,
    tap: Tap,
    recorder: Recorder,
    tasks: &Group,
) -> anyhow::Result<()> {
    let mut backs: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let Ok((got, from)) = front.recv_from(&mut buffer).await else { continue };
        let Some(target) = tap.target.get().copied() else { continue };
        let datagram = buffer.get(..got).unwrap_or_default();
        recorder.look(&mut Vec::new(), datagram);
        let back = match backs.get(&from) {
            Some(back) => Arc::clone(back),
            None => {
                let back = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
                backs.insert(from, Arc::clone(&back));
                let stop = tasks.stop_token();
                let (front, back_in, recorder) =
                    (Arc::clone(&front), Arc::clone(&back), recorder.clone());
                tasks.spawn("tapped datagrams", async move {
                    back_to(&back_in, &front, from, &recorder, &stop).await;
                    Ok(())
                });
                back
            }
        };
        // a datagram may be lost on the way, here as anywhere
        let _ = back.send_to(datagram, target).await;
    }
}

async fn back_to(
    back: &UdpSocket,
    front: &UdpSocket,
    to: SocketAddr,
    recorder: &Recorder,
    stop: &CancellationToken,
) {
    let mut buffer = vec![0; BUFFER];
    loop {
        let got = tokio::select! {
            () = stop.cancelled() => return,
            got = back.recv_from(&mut buffer) => got,
        };
        let Ok((got, _)) = got else { continue };
        let datagram = buffer.get(..got).unwrap_or_default();
        recorder.look(&mut Vec::new(), datagram);
        let _ = front.send_to(datagram, to).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MARK: &[u8] = b"a secret in the clear";

    fn recorder() -> Recorder {
        Recorder::new([MARK.to_vec(), b"other".to_vec()])
    }

    #[test]
    fn a_marker_is_seen_wherever_it_is_cut_and_counted_once() {
        let whole = [b"before ".as_slice(), MARK, b" after"].concat();
        for cut in 0..whole.len() {
            let (recorder, mut tail) = (recorder(), Vec::new());
            let (first, second) = whole.split_at(cut);
            recorder.look(&mut tail, first);
            recorder.look(&mut tail, second);
            recorder.look(&mut tail, b"");
            assert_eq!((recorder.seen(), recorder.bytes()), (1, whole.len() as u64), "{cut}");
        }
        let (recorder, mut tail) = (recorder(), Vec::new());
        for byte in &whole {
            recorder.look(&mut tail, std::slice::from_ref(byte));
        }
        assert_eq!(recorder.seen(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_sent_in_the_clear_through_a_tap_is_seen_both_ways() {
        let (recorder, tasks) = (recorder(), Group::new("test"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tap = Tap::tcp(&recorder, &tasks).await.unwrap();
        tap.lead_to(listener.local_addr().unwrap());
        let mut near = TcpStream::connect(tap.address()).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        near.write_all(MARK).await.unwrap();
        let mut heard = vec![0; MARK.len()];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!((heard.as_slice(), recorder.seen()), (MARK, 1));
        far.write_all(b"and the other").await.unwrap();
        near.read_exact(&mut heard[..13]).await.unwrap();
        assert_eq!(recorder.seen(), 2);
        tasks.drain(Duration::from_secs(5)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_sent_in_a_datagram_through_a_tap_is_seen_both_ways() {
        let (recorder, tasks) = (recorder(), Group::new("test"));
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tap = Tap::udp(&recorder, &tasks).await.unwrap();
        tap.lead_to(far.local_addr().unwrap());
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        near.send_to(MARK, tap.address()).await.unwrap();
        let mut heard = vec![0; 100];
        let (got, from) = far.recv_from(&mut heard).await.unwrap();
        assert_eq!((&heard[..got], recorder.seen()), (MARK, 1));
        far.send_to(b"other", from).await.unwrap();
        near.recv_from(&mut heard).await.unwrap();
        assert_eq!(recorder.seen(), 2);
        tasks.drain(Duration::from_secs(5)).await;
    }
}

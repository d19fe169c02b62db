//! What is asked of consuming devices to sign. A gateway counts for its device and keeps the session; the
//! device's own key, which is the lane's, stays on the device and signs by the device's own terms.

use super::sight::Sight;
use crate::bridge::{ChainRule, Post, Refuse, ed25519};
use crate::registrar::LocalDevice;
use crate::tasks::Group;
use caplet_metering::Sign;
use caplet_protocol::layout::{SessionHello, Voucher};
use caplet_protocol::sign::Signature;
use caplet_protocol::topics::Dn;
use caplet_protocol::wire::lane_ask::What;
use caplet_protocol::wire::{LaneAsk, LaneSignature, RefusalCode as Code, Verifier as _};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId, content};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// After which an ask that is still wanted is said again.
const AGAIN: Duration = Duration::from_secs(1);

/// After which an ask that nobody wants any more is forgotten.
const OLD: Duration = Duration::from_secs(60);

/// Asks that wait.
const WAITING: usize = 1_024;

type Digest = [u8; 32];

struct Asked {
    device: DeviceId,
    lease: LeaseId,
    preimage: Vec<u8>,
    said: Instant,
    signature: Option<Signature>,
}

/// Asks and their answers. Clones share them.
#[derive(Clone)]
pub(crate) struct Asks {
    waiting: Arc<Mutex<BTreeMap<Digest, Asked>>>,
    say: mpsc::Sender<(DeviceId, LaneAsk)>,
}

impl Asks {
    /// Asks go out in a task of `tasks`.
    pub(crate) fn start(post: Post, tasks: &Group) -> Self {
        let (say, mut said) = mpsc::channel::<(DeviceId, LaneAsk)>(WAITING);
        let stop = tasks.stop_token();
        tasks.spawn("lane asks", async move {
            loop {
                let next = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    next = said.recv() => next,
                };
                let Some((device, ask)) = next else { return Ok(()) };
                post.tell(device, Dn::Ask(LeaseId(ask.lease)), &ask).await;
            }
        });
        Self { waiting: Arc::default(), say }
    }

    /// Says something to a device that is answered in another way.
    pub(super) async fn tell(&self, device: DeviceId, ask: LaneAsk) {
        // fails only once the keeper is stopping
        let _ = self.say.send((device, ask)).await;
    }

    /// The device's signature, if it has signed; else it is asked, or asked again.
    fn signature(
        &self,
        device: DeviceId,
        lease: LeaseId,
        preimage: &[u8],
        what: impl FnOnce() -> What,
    ) -> Option<Signature> {
        let digest = content::digest(preimage);
        let mut waiting = self.locked();
        match waiting.get_mut(&digest) {
            Some(asked) if asked.signature.is_some() => {
                return waiting.remove(&digest).and_then(|asked| asked.signature);
            }
            Some(asked) if asked.said.elapsed() < AGAIN => return None,
            Some(asked) => asked.said = Instant::now(),
            None => {
                if waiting.len() >= WAITING {
                    waiting.retain(|_, asked| asked.said.elapsed() < OLD);
                }
                if waiting.len() >= WAITING {
                    return None; // asked once there is room
                }
                let (preimage, said) = (preimage.to_vec(), Instant::now());
                let asked = Asked { device, lease, preimage, said, signature: None };
                waiting.insert(digest, asked);
            }
        }
        drop(waiting);
        let ask = LaneAsk { lease: lease.0, what: Some(what()) };
        // a full queue is asked again
        let _ = self.say.try_send((device, ask));
        None
    }

    /// Takes a device's signature.
    ///
    /// # Errors
    /// [`Refuse`] if nobody asked it for that, or it does not verify.
    pub(crate) fn answer(
        &self,
        device: &LocalDevice,
        answer: &LaneSignature,
    ) -> Result<(), Refuse> {
        let nobody = || {
            let words = format!(
                "device {} was not asked to sign this for lease {}",
                device.id, answer.lease
            );
            Refuse::new(Code::UnknownLease, words, "answer what was asked, once")
        };
        let digest: Digest = answer.digest.as_slice().try_into().map_err(|_| nobody())?;
        let signature: Signature = answer.signature.as_slice().try_into().map_err(|_| {
            Refuse::new(Code::Malformed, "a signature has 64 bytes", "send it whole")
        })?;
        let mut waiting = self.locked();
        let asked = waiting.get_mut(&digest).ok_or_else(nobody)?;
        if asked.device != device.id || asked.lease.0 != answer.lease {
            return Err(nobody());
        }
        let key = ed25519(&device.key);
        if !key.is_some_and(|key| ChainRule.verify(&key, &asked.preimage, &signature)) {
            return Err(crate::registrar::bad_signature("lane signature"));
        }
        asked.signature = Some(signature);
        Ok(())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lane key of a device.
pub(super) struct DeviceKey {
    pub(super) asks: Asks,
    pub(super) device: DeviceId,
    pub(super) lease: LeaseId,
    /// Where its registered keys are seen, as they are now.
    pub(super) sight: Arc<Sight>,
    pub(super) lane: Lane,
}

impl Sign for DeviceKey {
    fn voucher(&self, voucher: &Voucher, domain: &Domain) -> Option<Signature> {
        let what = || What::Voucher(voucher.into());
        self.asks.signature(self.device, self.lease, &voucher.preimage(domain), what)
    }

    fn hello(&self, hello: &SessionHello, domain: &Domain) -> Option<Signature> {
        let what = || What::Hello(hello.into());
        self.asks.signature(self.device, self.lease, &hello.preimage(domain), what)
    }

    fn signed(&self, preimage: &[u8; Voucher::LEN], signature: &Signature) -> bool {
        let keys = self.sight.keys((self.lease, self.lane));
        keys.iter().any(|key| ChainRule.verify(key, preimage, signature))
    }
}

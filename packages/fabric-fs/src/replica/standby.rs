//! Takes what fellow members bring.

use super::wire::{self, Ask, AskError, Hold, NAMES, Said, What};
use super::{Wards, wire::PATIENCE};
use crate::provider::{MOST_CHUNK, MOST_MANIFEST, Refusal, Shelf, Shelves, name, sequence};
use caplet_fabric::Stop;
use caplet_fabric::link::{Link, Stream};
use caplet_protocol::{DeviceId, LeaseId};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Questions that are answered at a time, a link; more wait at the link.
const ASKED: usize = 8;

/// Replicas that are brought at a time.
const LINKS: usize = 256;

/// Between looks whether who brings it still may.
const LOOK: Duration = Duration::from_secs(1);

/// Links by what they bring, each with its number.
type Held = BTreeMap<(LeaseId, DeviceId), (u64, CancellationToken)>;

/// Stands by for leases that fellow members serve. Nothing of it is metered; the quota of the lease holds, and what is
/// brought is only taken of who serves the lease by the chain.
pub struct Standby {
    wards: Arc<dyn Wards>,
    stop: CancellationToken,
    held: Mutex<Held>,
}

impl Standby {
    /// By what `wards` lets in, until `stop`.
    #[must_use]
    pub fn new(wards: Arc<dyn Wards>, stop: CancellationToken) -> Self {
        Self { wards, stop, held: Mutex::default() }
    }

    /// Takes what is brought on one link, to its end.
    pub async fn serve(&self, link: Arc<dyn Link>) {
        let opened = async {
            let mut stream = link.accept().await?;
            let (hold, _) = wire::heard::<Hold>(&mut stream, |_| 0).await?;
            Ok::<_, AskError>((stream, hold))
        };
        let Ok(Ok((mut stream, hold))) = tokio::time::timeout(PATIENCE, opened).await else {
            return link.close("no replica was opened");
        };
        let (lease, at) = (LeaseId(hold.lease), DeviceId(hold.at));
        let claim = match self.admitted(&*link, &hold).await {
            Ok(shelves) => self.claim(lease, at).map(|claim| (claim, shelves)),
            Err(why) => Err(why),
        };
        let ((number, over), shelves) = match claim {
            Ok(claimed) => claimed,
            Err(why) => {
                self.wards.refused(lease, link.peer(), &why);
                return turn_away(&*link, stream, why).await;
            }
        };
        let why = if wire::send(&mut stream, &Said::default(), &[]).await.is_ok() {
            tokio::select! {
                () = self.stop.cancelled() => "this gateway is going down".to_owned(),
                () = over.cancelled() => "it is brought on another link".to_owned(),
                why = self.admitted_no_more(&*link, &hold) => why,
                why = answer(&*link, &shelves, lease) => why,
            }
        } else {
            "the link failed".to_owned()
        };
        self.release(lease, at, number);
        link.close(&why);
    }

    async fn admitted(&self, link: &dyn Link, hold: &Hold) -> Result<Arc<Shelves>, String> {
        if hold.version != wire::VERSION {
            return Err(format!("version {} is spoken, this is {}", hold.version, wire::VERSION));
        }
        let (lease, at) = (LeaseId(hold.lease), DeviceId(hold.at));
        let (standing, shelves) = self.wards.standing(lease, at).await?;
        standing.admits(link.peer(), link.local()).map_err(|why| why.to_string())?;
        Ok(shelves)
    }

    /// Looks again and again: the chain may pass the lease on.
    async fn admitted_no_more(&self, link: &dyn Link, hold: &Hold) -> String {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(why) = self.admitted(link, hold).await {
                self.wards.refused(LeaseId(hold.lease), link.peer(), &why);
                return why;
            }
        }
    }

    /// A later link of the same replica takes the place of an earlier one.
    fn claim(&self, lease: LeaseId, at: DeviceId) -> Result<(u64, CancellationToken), String> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= LINKS && !held.contains_key(&(lease, at)) {
            return Err(format!("{LINKS} replicas are brought here now: come again"));
        }
        let number = held.values().map(|(number, _)| *number).max().unwrap_or(0).wrapping_add(1);
        let over = CancellationToken::new();
        if let Some((_, earlier)) = held.insert((lease, at), (number, over.clone())) {
            earlier.cancel();
        }
        Ok((number, over))
    }

    fn release(&self, lease: LeaseId, at: DeviceId, number: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&(lease, at)).is_some_and(|(now, _)| *now == number) {
            held.remove(&(lease, at));
        }
    }
}

/// Says why not, and gives that a moment to arrive.
async fn turn_away(link: &dyn Link, mut stream: Stream, why: String) {
    let said = Said { error: why.clone(), ..Said::default() };
    if wire::send(&mut stream, &said, &[]).await.is_ok() {
        let _ = tokio::time::timeout(Duration::from_secs(1), link.closed()).await;
    }
    link.close(&why);
}

/// Answers until the link is gone; dropped, it leaves what is under way.
async fn answer(link: &dyn Link, shelves: &Arc<Shelves>, lease: LeaseId) -> String {
    let mut asked = FuturesUnordered::new();
    loop {
        tokio::select! {
            stream = link.accept(), if asked.len() < ASKED => match stream {
                Ok(stream) => asked.push(tokio::time::timeout(PATIENCE, one(shelves, lease, stream))),
                Err(error) => return error.to_string(),
            },
            Some(_) = asked.next(), if !asked.is_empty() => {}
        }
    }
}

const fn most(ask: &Ask) -> usize {
    match &ask.what {
        Some(What::Put(_)) => MOST_CHUNK,
        Some(What::Commit(_)) => MOST_MANIFEST,
        Some(What::Prove(_) | What::Drop(_)) => 32 * NAMES,
        Some(What::List(_)) | None => 0,
    }
}

async fn one(shelves: &Shelves, lease: LeaseId, mut stream: Stream) -> Result<(), AskError> {
    let (ask, body) = wire::heard(&mut stream, most).await?;
    let what = ask.what.ok_or(AskError::Meaningless)?;
    let done = match check(&what, &body) {
        Ok(()) => shelves.with(lease, move |shelf| work(shelf, &what, &body)).await,
        Err(stop) => return refuse(&mut stream, &stop).await,
    };
    match done {
        Ok((sequence, body)) => {
            let said = Said { sequence, ..Said::default() };
            Ok(wire::send(&mut stream, &said, &body).await?)
        }
        Err(refusal) => refuse(&mut stream, &refusal.said(shelves.quota())).await,
    }
}

async fn refuse(stream: &mut Stream, stop: &Stop) -> Result<(), AskError> {
    let said = Said { error: stop.to_string(), ..Said::default() };
    Ok(wire::send(stream, &said, &[]).await?)
}

/// Whether the bytes are what they are said to be, before the shelf is touched.
fn check(what: &What, body: &[u8]) -> Result<(), Stop> {
    let meaningless = |_| Stop::refused("its bytes are no names: 32 bytes each");
    match what {
        What::Put(name) if blake3::hash(body).as_bytes().as_slice() != name => {
            Err(Stop::refused("the chunk is not the one that was named: send it again"))
        }
        What::Prove(key) if key.len() != 32 => Err(Stop::refused("a key has 32 bytes")),
        What::Prove(_) | What::Drop(_) => wire::names(body).map(|_| ()).map_err(meaningless),
        What::Put(_) | What::List(_) | What::Commit(_) => Ok(()),
    }
}

/// What is asked, done on a lease's shelf: the number of the manifest there, and the answer's bytes.
fn work(shelf: &mut Shelf, what: &What, body: &[u8]) -> Result<(u64, Vec<u8>), Refusal> {
    let mut answer = Vec::new();
    let mut last = 0;
    match what {
        What::List(after) => {
            let after = hex::encode(after);
            let page = shelf.chunks().filter(|name| **name > *after).take(NAMES);
            answer.extend(page.filter_map(|name| hex::decode(name).ok()).flatten());
        }
        What::Put(named) => shelf.put(&hex::encode(named), body)?,
        What::Prove(key) => {
            let key: [u8; 32] = key.as_slice().try_into().unwrap_or_default();
            for named in body.chunks(32) {
                answer.extend(shown(shelf, named, &key)?);
            }
        }
        What::Commit(number) => {
            shelf.follow(*number, body)?;
            last = shelf.manifest()?.map_or(0, |stored| sequence(&stored));
        }
        What::Drop(_) => {
            let names: Result<Vec<_>, Stop> = body.chunks(32).map(name).collect();
            shelf.drop_chunks(&names.unwrap_or_default())?;
        }
    }
    Ok((last, answer))
}

/// The proof of a chunk; zeros if it is not here, or not whole any more.
fn shown(shelf: &mut Shelf, named: &[u8], key: &[u8; 32]) -> Result<[u8; 32], Refusal> {
    let text = hex::encode(named);
    let bytes = match shelf.chunk(&text) {
        // lost by the disk: brought again, it is there again
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => read?,
    };
    match bytes {
        Some(bytes) if blake3::hash(&bytes).as_bytes().as_slice() == named => {
            shelf.is_whole(&text);
            Ok(*blake3::keyed_hash(key, &bytes).as_bytes())
        }
        _ => {
            shelf.is_torn(&text);
            Ok([0; 32])
        }
    }
}

//! The live source of a leased unit as a local camera: pictures are asked for one by one, by who is there to take them.

use super::MAX_FRAME;
use crate::client::{Client, ClientOp};
use crate::desk::{failed, unavailable};
use crate::end::Stop;
use crate::health::Health;
use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two pictures of an MJPEG stream.
const BOUNDARY: &str = "caplet-frame";

/// How long a first picture is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Before a stream whose connection failed is taken up on the next one.
const AGAIN: Duration = Duration::from_millis(100);

/// A picture of a leased camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its media type: `image/jpeg` or `image/png`.
    pub kind: &'static str,
    /// The picture.
    pub bytes: Bytes,
}

impl Picture {
    fn of(bytes: Vec<u8>) -> Option<Self> {
        let kind = match bytes.as_slice() {
            [0xff, 0xd8, ..] => "image/jpeg",
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            _ => return None,
        };
        Some(Self { kind, bytes: bytes.into() })
    }
}

/// Watches a live source: a unit is counted for each picture that came.
pub struct Watch {
    op: ClientOp,
}

impl Watch {
    /// Asks for nothing yet.
    pub(super) async fn begin(client: &Client) -> Result<Self, Stop> {
        Ok(Self { op: client.open_op("watch", Vec::new(), 0).await? })
    }

    /// Asks for a picture: the latest that this one has not had, or the next. `None` if there are no more.
    ///
    /// # Errors
    /// [`Stop::Refused`] with the provider's words if its source shows nothing, or if what comes is no picture, which is
    /// not counted; [`Stop::Ended`] or [`Stop::Stream`] if the connection fails.
    pub async fn next(&mut self) -> Result<Option<Picture>, Stop> {
        let asked = self.op.writer.write(&[1]).await;
        let came = match asked {
            Ok(()) => self.op.reader.read_frame(MAX_FRAME).await,
            Err(stop) => Err(stop),
        };
        match came {
            Ok(Some(bytes)) => {
                let none = || Stop::refused("what came from the camera is no JPEG and no PNG");
                let picture = Picture::of(bytes).ok_or_else(none)?;
                self.op.accept(1).await;
                Ok(Some(picture))
            }
            // the outcome says whether there are no more, or why
            Ok(None) | Err(Stop::Stream(_)) => self.op.outcome().await.map(|_| None),
            Err(stop) => Err(stop),
        }
    }
}

/// The camera of a leased unit. Clones are the same.
#[derive(Clone)]
pub(super) struct Camera {
    client: Client,
    /// Why it shows nothing, once it has shown something.
    dark: Arc<watch::Sender<Option<String>>>,
    /// Whether it has: a unit need not have a camera, and one that has none has not failed.
    seen: Arc<AtomicBool>,
}

impl Camera {
    pub(super) fn new(client: Client) -> Self {
        Self { client, dark: Arc::new(watch::Sender::new(None)), seen: Arc::default() }
    }

    /// Why it shows nothing, as that changes.
    pub(super) fn dark(&self) -> watch::Receiver<Option<String>> {
        self.dark.subscribe()
    }

    /// How the unit is, with its camera.
    pub(super) fn state(&self) -> Response {
        let dark = self.dark.borrow().clone();
        match dark {
            Some(words) => unavailable(&Health::Paused(words)),
            None => Json(Health::Up.json()).into_response(),
        }
    }

    /// One picture.
    pub(super) async fn snapshot(&self) -> Response {
        match self.look().await {
            Ok((_, Picture { kind, bytes })) => {
                let head = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
                (head, bytes).into_response()
            }
            Err(stop) => self.refused(&stop),
        }
    }

    /// Pictures without end, each asked for when the one before was taken. It goes on over connections that fail, and
    /// ends where the source does.
    pub(super) async fn mjpeg(&self) -> Response {
        let (watch, first) = match self.look().await {
            Ok(looked) => looked,
            Err(stop) => return self.refused(&stop),
        };
        let state = (self.clone(), watch, Some(first));
        let parts = stream::unfold(state, |(camera, mut watch, first)| async move {
            let picture = match first {
                Some(picture) => picture,
                None => camera.more(&mut watch).await?,
            };
            Some((Ok::<_, Infallible>(part(&picture)), (camera, watch, None)))
        });
        let kind = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
        ([(header::CONTENT_TYPE, kind)], Body::from_stream(parts)).into_response()
    }

    /// Begins to watch: with its first picture this is an operation as others are, served or failed.
    async fn look(&self) -> Result<(Watch, Picture), Stop> {
        let began = Instant::now();
        let first = async {
            let mut watch = Watch::begin(&self.client).await?;
            let none = || Stop::refused("the camera has no more pictures");
            let picture = watch.next().await?.ok_or_else(none)?;
            Ok::<_, Stop>((watch, picture))
        };
        let ms = u32::try_from(PATIENCE.as_millis()).unwrap_or(u32::MAX);
        let looked = tokio::time::timeout(PATIENCE, first).await;
        let looked = looked.unwrap_or(Err(Stop::Deadline(ms)));
        match &looked {
            Ok(_) => self.shows(began.elapsed()),
            Err(stop) => self.fails(stop),
        }
        looked
    }

    /// The next picture of a stream; `None` once it is over.
    async fn more(&self, watch: &mut Watch) -> Option<Picture> {
        let mut came = watch.next().await;
        loop {
            match came {
                Ok(picture) => return picture,
                Err(stop) if !is_interrupted(&stop) => {
                    self.fails(&stop);
                    return None;
                }
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
            came = match Watch::begin(&self.client).await {
                Ok(again) => {
                    *watch = again;
                    watch.next().await
                }
                Err(stop) => Err(stop),
            };
        }
    }

    fn shows(&self, took: Duration) {
        self.seen.store(true, Ordering::Release);
        self.client.observe(took, true);
        self.dark.send_if_modified(|dark| dark.take().is_some());
    }

    fn fails(&self, stop: &Stop) {
        let session = matches!(stop, Stop::Ended(_) | Stop::Stream(_) | Stop::Exhausted(_));
        if !session && self.seen.load(Ordering::Acquire) {
            self.client.observe(Duration::ZERO, false);
            self.dark.send_replace(Some(stop.to_string()));
        }
    }

    fn refused(&self, stop: &Stop) -> Response {
        let dark = self.dark.borrow().clone();
        dark.map_or_else(|| failed(stop), |words| unavailable(&Health::Paused(words)))
    }
}

/// Whether the connection failed and the session goes on.
fn is_interrupted(stop: &Stop) -> bool {
    match stop {
        Stop::Ended(end) => !end.is_final(),
        Stop::Stream(_) => true,
        _ => false,
    }
}

fn part(picture: &Picture) -> Bytes {
    let Picture { kind, bytes } = picture;
    let head =
        format!("--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", bytes.len());
    [head.as_bytes(), &**bytes, &b"\r\n"[..]].concat().into()
}

/// How the unit is, as `shown`: as its session, and held back while that is up and its camera shows nothing any more.
/// Follows both to the end of the session.
pub(super) async fn follow(
    mut session: watch::Receiver<Health>,
    mut dark: watch::Receiver<Option<String>>,
    shown: watch::Sender<Health>,
) {
    let mut there = true;
    loop {
        let now = session.borrow_and_update().clone();
        let why = dark.borrow_and_update().clone();
        let is = match (&now, why) {
            (Health::Up, Some(words)) => Health::Paused(words),
            _ => now.clone(),
        };
        shown.send_if_modified(|was| {
            let changed = *was != is;
            *was = is;
            changed
        });
        if matches!(now, Health::Closed(_)) {
            return;
        }
        tokio::select! {
            changed = session.changed() => if changed.is_err() { return },
            changed = dark.changed(), if there => there = changed.is_ok(),
        }
    }
}

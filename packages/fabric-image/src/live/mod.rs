//! A live camera: what a program or a file shows, taken while somebody looks. One picture is kept, the last.

mod jpeg;
mod origin;

pub use origin::Origin;

use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::kinds::jobs::{Frame, FrameSource};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// Bytes of a live picture.
pub const MAX_PICTURE: usize = 8 << 20;

/// A source that shows nothing new for so long is taken for dead.
const SILENT: Duration = Duration::from_secs(30);

/// Before a source that died is begun anew.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a source goes on when nobody looks any more.
const LINGER: Duration = Duration::from_secs(10);

/// What there is to see.
#[derive(Clone, Default)]
struct Shown {
    /// Pictures taken so far.
    taken: u64,
    last: Option<Frame>,
    /// Why no more come.
    why: Option<String>,
}

impl Shown {
    /// The last picture, for somebody who has had those up to this number.
    fn after(&self, number: u64) -> Option<&Frame> {
        self.last.as_ref().filter(|frame| frame.number > number)
    }
}

struct Scene {
    origin: Origin,
    shown: watch::Sender<Shown>,
    /// How many wait for a picture now.
    looking: watch::Sender<usize>,
}

/// Pictures of an [`Origin`]. It is not begun before somebody looks, ends when nobody does, and is begun anew when it dies.
pub struct LiveCamera {
    scene: Arc<Scene>,
    _taking: AbortOnDropHandle<()>,
}

impl LiveCamera {
    /// Must be called within a runtime.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        let (shown, looking) = (watch::Sender::new(Shown::default()), watch::Sender::new(0));
        let scene = Arc::new(Scene { origin, shown, looking });
        let takes = Arc::clone(&scene);
        let taking = TaskTracker::new().spawn(async move { takes.run().await });
        Self { scene, _taking: AbortOnDropHandle::new(taking) }
    }
}

#[async_trait]
impl FrameSource for LiveCamera {
    async fn next(&self, after: u64) -> Result<Option<Frame>, String> {
        let _look = Look::begin(&self.scene.looking);
        let mut shown = self.scene.shown.subscribe();
        let newer = |shown: &Shown| shown.after(after).is_some() || shown.why.is_some();
        let found = shown.wait_for(newer).await.map_err(|e| e.to_string())?.clone();
        // a picture goes before the end of what has shown it: a program may take one and end
        match (found.after(after).cloned(), found.why) {
            (None, Some(why)) => Err(why),
            (frame, _) => Ok(frame),
        }
    }
}

/// Somebody who waits for a picture.
struct Look<'a>(&'a watch::Sender<usize>);

impl<'a> Look<'a> {
    fn begin(looking: &'a watch::Sender<usize>) -> Self {
        looking.send_modify(|now| *now = now.saturating_add(1));
        Self(looking)
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|now| *now = now.saturating_sub(1));
    }
}

impl Scene {
    async fn run(&self) {
        loop {
            let mut looking = self.looking.subscribe();
            // this keeps the sender
            let _ = looking.wait_for(|now| *now > 0).await;
            tokio::select! {
                () = self.is_left() => {}
                () = self.keep_taking() => {}
            }
            // who comes later is not shown what was before
            self.shown.send_modify(|shown| (shown.last, shown.why) = (None, None));
        }
    }

    /// Returns when nobody has looked for a while.
    async fn is_left(&self) {
        let mut looking = self.looking.subscribe();
        loop {
            let changed = tokio::time::timeout(LINGER, looking.changed()).await;
            if changed.is_err() && *looking.borrow() == 0 {
                return;
            }
        }
    }

    async fn keep_taking(&self) {
        loop {
            let why = self.take().await;
            self.shown.send_modify(|shown| {
                if shown.why.as_ref() != Some(&why) {
                    tracing::warn!(%why, "a camera shows nothing");
                }
                shown.why = Some(why);
            });
            tokio::time::sleep(AGAIN).await;
            // by now it shows nothing any more
            self.shown.send_modify(|shown| shown.last = None);
        }
    }

    /// Takes pictures until none come any more; why.
    async fn take(&self) -> String {
        let mut source = match self.origin.open() {
            Ok(source) => source,
            Err(why) => return why,
        };
        loop {
            match tokio::time::timeout(SILENT, source.next()).await {
                Ok(Ok(bytes)) => self.show(bytes),
                Ok(Err(why)) => return why,
                Err(_) => return format!("the camera showed nothing for {} s", SILENT.as_secs()),
            }
        }
    }

    fn show(&self, bytes: Bytes) {
        self.shown.send_modify(|shown| {
            shown.taken = shown.taken.saturating_add(1);
            shown.last = Some(Frame { number: shown.taken, bytes });
            shown.why = None;
        });
    }
}

//! A run as the body of an answer: frames of what it writes, and how it ended in the last one.

use super::{ERR, EXIT, Ended, FAILED, OUT, Output, Said};
use crate::desk::Failure;
use crate::end::Stop;
use crate::frame;
use async_trait::async_trait;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// Frames that wait for whoever reads the answer; then the program waits.
const AHEAD: usize = 8;

/// Where a run's frames go.
pub(super) struct Frames(mpsc::Sender<Bytes>);

#[async_trait]
impl Output for Frames {
    async fn take(&mut self, from: Said, bytes: &[u8]) -> Result<(), Stop> {
        let tag = match from {
            Said::Out => OUT,
            Said::Err => ERR,
        };
        let sent = self.0.send(framed(tag, &[bytes])).await;
        sent.map_err(|_| Stop::refused("nobody takes what it writes any more"))
    }
}

fn framed(tag: u8, parts: &[&[u8]]) -> Bytes {
    let body = [&[tag], &*parts.concat()].concat();
    // frames of a link are far below the 4 GiB that have no prefix
    let prefix = frame::prefix(&body).unwrap_or_default();
    [&prefix[..], &*body].concat().into()
}

fn last(ended: Result<Ended, Failure>) -> Bytes {
    match ended {
        Ok(Ended { exit, units, .. }) => framed(EXIT, &[&exit.to_be_bytes(), &units.to_be_bytes()]),
        Err(failure) => framed(FAILED, &[failure.reason.as_bytes()]),
    }
}

type Run = BoxFuture<'static, Result<Ended, Failure>>;

struct State {
    run: Option<Run>,
    frames: mpsc::Receiver<Bytes>,
    last: Option<Bytes>,
}

impl State {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let Some(run) = &mut self.run else {
                // what was written before the end comes before it
                return match self.frames.recv().await {
                    Some(frame) => Some(frame),
                    None => self.last.take(),
                };
            };
            tokio::select! {
                biased;
                Some(frame) = self.frames.recv() => return Some(frame),
                ended = run => {
                    self.last = Some(last(ended));
                    self.run = None;
                }
            }
        }
    }
}

/// The answer that `run` makes of the frames it is given. The run is part of it: whoever drops the answer gives it up.
pub(super) fn answer(run: impl FnOnce(Frames) -> Run) -> Response {
    let (sender, frames) = mpsc::channel(AHEAD);
    let state = State { run: Some(run(Frames(sender))), frames, last: None };
    let frames = stream::unfold(state, |mut state| async move {
        let frame = state.next().await?;
        Some((Ok::<_, Infallible>(frame), state))
    });
    ([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(frames)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn body(ended: Result<Ended, Failure>) -> Vec<u8> {
        let answer = answer(|mut frames| {
            Box::pin(async move {
                for _ in 0..20 {
                    frames.take(Said::Out, b"ab").await.unwrap();
                }
                frames.take(Said::Err, b"c").await.unwrap();
                ended
            })
        });
        to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn what_was_written_comes_in_order_and_the_end_comes_last() {
        let out = [0, 0, 0, 3, OUT, b'a', b'b'].repeat(20);
        let err = [0, 0, 0, 2, ERR, b'c'];
        let exit = [0, 0, 0, 13, EXIT, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9];
        let said = body(Ok(Ended { exit: 7, units: 9, ..Ended::default() })).await;
        assert_eq!(said, [&out[..], &err, &exit].concat());
        let failed = [&[0, 0, 0, 3, FAILED][..], b"no"].concat();
        let said = body(Err(Failure::new(axum::http::StatusCode::BAD_GATEWAY, "no"))).await;
        assert_eq!(said, [&out[..], &err, &failed].concat());
    }
}

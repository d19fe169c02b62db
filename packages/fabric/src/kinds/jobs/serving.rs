//! The other end of [`super::Program`]: an executor, served over standard input and output.

use super::program::{joined, split};
use super::{Executor, MAX_FRAME, Work};
use crate::frame;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::TaskTracker;

/// Requests that are worked on at a time, and results on their way: further ones are not read.
const WAITING: usize = 32;

#[derive(Deserialize)]
struct Request {
    id: u64,
    job: String,
    params: String,
}

#[derive(Serialize)]
struct Reply {
    id: u64,
    ok: bool,
    units: u64,
}

/// Serves jobs from `from` until it ends; results go to `to` as they come.
///
/// # Errors
/// If a stream breaks, or what comes is no request.
pub async fn serve(
    executor: Arc<dyn Executor>,
    mut from: impl AsyncRead + Send + Unpin,
    to: impl AsyncWrite + Send + Unpin + 'static,
) -> io::Result<()> {
    let (results, queue) = mpsc::channel(WAITING);
    let greeting = serde_json::json!({ "jobs": executor.jobs() });
    let greeting =
        joined(greeting.to_string().as_bytes(), b"").ok_or(io::ErrorKind::InvalidData)?;
    // nobody reads the results if the writer has ended: the reader sees its end
    let _ = results.send(greeting).await;
    let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(WAITING)));
    let writer = tasks.spawn(write(to, queue));
    while let Some(request) =
        frame::read(&mut from, MAX_FRAME + 1_024).await.map_err(io::Error::other)?
    {
        let (head, body) = split(&request).ok_or(io::ErrorKind::InvalidData)?;
        let head: Request = serde_json::from_slice(head)?;
        let body = Bytes::copy_from_slice(body);
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        let (executor, results) = (Arc::clone(&executor), results.clone());
        tasks.spawn(async move {
            let (reply, body) = match executor.run(&head.job, &head.params, body).await {
                Ok(Work { output, units }) => (Reply { id: head.id, ok: true, units }, output),
                Err(words) => (Reply { id: head.id, ok: false, units: 0 }, Bytes::from(words)),
            };
            let framed = serde_json::to_vec(&reply).ok().and_then(|head| joined(&head, &body));
            if let Some(framed) = framed {
                let _ = results.send(framed).await;
            }
            drop(place);
        });
    }
    drop(results);
    writer.await.map_err(io::Error::other)?
}

async fn write(
    mut to: impl AsyncWrite + Send + Unpin,
    mut queue: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    while let Some(result) = queue.recv().await {
        frame::write(&mut to, &result).await.map_err(io::Error::other)?;
        to.flush().await?;
    }
    Ok(())
}

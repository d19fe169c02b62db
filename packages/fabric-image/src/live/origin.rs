//! Where live pictures come from.

use super::MAX_PICTURE;
use super::jpeg::{Pictures, is_whole};
use bytes::Bytes;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout, Command};

/// Between looks at a file.
const LOOK: Duration = Duration::from_millis(50);

/// How long a program that has closed its output is waited for.
const LAST: Duration = Duration::from_secs(1);

/// Where live pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A program that writes JPEGs to its standard output, one after another, as MJPEG is; killed when nobody looks.
    Program {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        args: Vec<String>,
        /// Where it runs.
        folder: PathBuf,
    },
    /// A file, a JPEG or a PNG, that is written anew for each picture.
    File(PathBuf),
}

impl Origin {
    /// Begins.
    ///
    /// # Errors
    /// Why it can't; the words go to consumers and name no path.
    pub(super) fn open(&self) -> Result<Source, String> {
        let (program, args, folder) = match self {
            Self::Program { program, args, folder } => (program, args, folder),
            Self::File(path) => return Ok(Source::File { path: path.clone(), last: None }),
        };
        let mut command = Command::new(program);
        command.args(args).current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let started = command.spawn();
        let mut child = started.map_err(|e| format!("the camera's program does not start: {e}"))?;
        let stdout = child.stdout.take().ok_or("the camera's program has no output")?;
        Ok(Source::Program { child, pictures: Pictures::new(stdout) })
    }
}

/// Pictures as they come.
pub(super) enum Source {
    Program { child: Child, pictures: Pictures<ChildStdout> },
    File { path: PathBuf, last: Option<(SystemTime, u64)> },
}

impl Source {
    /// The next one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn next(&mut self) -> Result<Bytes, String> {
        match self {
            Self::Program { child, pictures } => match pictures.next().await? {
                Some(picture) => Ok(picture),
                None => Err(match tokio::time::timeout(LAST, child.wait()).await {
                    Ok(Ok(status)) => format!("the camera's program ended: {status}"),
                    _ => "the camera's program has closed its output".to_owned(),
                }),
            },
            Self::File { path, last } => loop {
                let about = tokio::fs::metadata(&*path).await.map_err(unread)?;
                if !about.is_file() {
                    return Err("the camera's file is no file".to_owned());
                }
                let now = (about.modified().map_err(unread)?, about.len());
                // one that is not whole is still being written
                if *last != Some(now)
                    && let Some(picture) = read(path).await?
                {
                    *last = Some(now);
                    return Ok(picture);
                }
                tokio::time::sleep(LOOK).await;
            },
        }
    }
}

async fn read(path: &std::path::Path) -> Result<Option<Bytes>, String> {
    let file = tokio::fs::File::open(path).await.map_err(unread)?;
    let most = u64::try_from(MAX_PICTURE).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).await.map_err(unread)?;
    if bytes.len() > MAX_PICTURE {
        return Err(format!("the camera's file has more than {MAX_PICTURE} bytes"));
    }
    Ok(is_whole(&bytes).then(|| bytes.into()))
}

fn unread(error: std::io::Error) -> String {
    format!("the camera's file can't be read: {error}")
}

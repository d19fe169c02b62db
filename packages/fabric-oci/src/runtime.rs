//! The programs that make containers: libcontainer's, which is called `youki`, and `runc`. Both are told what to do by
//! the same command line; what they do otherwise is known here.

use crate::netns::Space;
use serde_json::Value;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program of libcontainer.
pub const YOUKI: &str = "youki";

/// What there is on nearly every machine with containers.
pub const RUNC: &str = "runc";

/// What a runtime leaves to who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sets up no loopback; enters a network from within the container's user namespace, to which that has to belong;
    /// leaves a guest the groups of its own process; and ends with a signal's number if its guest is ended by one.
    Libcontainer,
    /// Nothing of that; with a guest that a signal ends it ends with 128 and the number.
    Runc,
}

/// A runtime of containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    program: PathBuf,
    kind: Kind,
    version: String,
}

/// Why a runtime is passed over.
#[derive(Debug, thiserror::Error)]
#[error("{}: {lack} ({})", .runtime.display(), .lack.remedy(.runtime))]
pub struct Unfit {
    /// The program.
    pub runtime: PathBuf,
    /// What it lacks.
    pub lack: Lack,
}

/// What a runtime lacks.
#[derive(Debug, thiserror::Error)]
pub enum Lack {
    /// It is not there, or fails.
    #[error("{0}")]
    Runs(io::Error),
    /// It would leave the list of system calls out.
    #[error("it was built without seccomp, and would run guests with every system call")]
    Seccomp,
    /// It can't use this machine's control groups.
    #[error("it was built without version {0} of control groups, the one of this machine")]
    Groups(u8),
    /// It enters networks that can't be made here.
    #[error("no network can be made for it: {0}")]
    Network(io::Error),
}

impl Lack {
    /// What helps.
    fn remedy(&self, runtime: &Path) -> &'static str {
        if let Self::Network(_) = self {
            return "apt-get install iproute2 util-linux, and run the keeper as root";
        }
        if runtime.file_name() == Some(OsStr::new(YOUKI)) {
            return "cargo install youki --locked --no-default-features --features v1,v2,seccomp, as scripts/youki does";
        }
        "apt-get install runc"
    }
}

impl Runtime {
    /// A program with `runc`'s command line and its ways, unseen.
    #[must_use]
    pub fn like_runc(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), kind: Kind::Runc, version: String::new() }
    }

    /// Looks at one, on a machine with its control groups at `cgroups`. Takes its time: call it where that holds up
    /// nobody.
    ///
    /// # Errors
    /// [`Unfit`] with the remedy.
    pub fn examine(program: &Path, cgroups: &Path) -> Result<Self, Unfit> {
        let unfit = |lack| Unfit { runtime: program.to_path_buf(), lack };
        let said = said(program, "--version").map_err(|why| unfit(Lack::Runs(why)))?;
        let features = said_features(program);
        // youki's features say nothing of seccomp; with it, its version names the library, as runc's does
        let named = said.lines().any(|line| line.starts_with("libseccomp:"));
        if !named && features.pointer("/linux/seccomp/enabled") != Some(&Value::Bool(true)) {
            return Err(unfit(Lack::Seccomp));
        }
        let number = if cgroups.join("cgroup.controllers").exists() { 2 } else { 1 };
        if features.pointer(&format!("/linux/cgroup/v{number}")) == Some(&Value::Bool(false)) {
            return Err(unfit(Lack::Groups(number)));
        }
        let version: String = said.lines().next().unwrap_or_default().chars().take(80).collect();
        let kind = if version.starts_with(YOUKI) { Kind::Libcontainer } else { Kind::Runc };
        if kind == Kind::Libcontainer {
            Space::make().map_err(|why| unfit(Lack::Network(why)))?;
        }
        Ok(Self { program: program.to_path_buf(), kind, version })
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, version, .. } = self;
        match version.as_str() {
            "" => write!(f, "{}", program.display()),
            version => write!(f, "{} ({version})", program.display()),
        }
    }
}

/// What it says to one argument.
fn said(program: &Path, arg: &str) -> io::Result<String> {
    let mut asked = Command::new(program);
    asked.arg(arg).stdin(Stdio::null()).stderr(Stdio::null());
    let answered = asked.output()?;
    if !answered.status.success() {
        return Err(io::Error::other(format!("`{arg}` fails: {}", answered.status)));
    }
    Ok(String::from_utf8_lossy(&answered.stdout).into_owned())
}

/// The features that it names; nothing where it is too old to know the question.
fn said_features(program: &Path) -> Value {
    let said = said(program, "features").unwrap_or_default();
    serde_json::from_str(&said).unwrap_or_default()
}

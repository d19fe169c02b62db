//! Whether this machine can run containers within their limits: found out before any is let out.

use crate::runtime::{Runtime, Unfit};
use std::io;
use std::path::{Path, PathBuf};

/// Where the kernel's control groups are.
pub const CGROUPS: &str = "/sys/fs/cgroup";

/// What a container's limits are kept by.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// What a machine lacks.
#[derive(Debug, thiserror::Error)]
pub enum ReadyError {
    /// There is no runtime that is fit.
    #[error(
        "containers need a runtime, and none of fabric.container_runtime is fit: {}; install one, or unset fabric.container_root",
        listed(.0)
    )]
    Runtime(Vec<Unfit>),
    /// There is no such control group.
    #[error(
        "containers would have no limit: {at} has no controller {controller}; turn it on (cgroup_enable={controller} on the kernel's command line, or the controllers that a container of the keeper's own is given)"
    )]
    Controller {
        /// Where it should be.
        at: PathBuf,
        /// Which.
        controller: &'static str,
    },
    /// Control groups can't be made.
    #[error(
        "containers would have no limits: no control group can be made in {at}: {why}; run the keeper as root, and where it is in a container itself with {at} writable"
    )]
    Group {
        /// Where.
        at: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

fn listed(unfit: &[Unfit]) -> String {
    unfit.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The first of the runtimes that is fit, and why those before it are not; if memory, processes and processor time can be
/// limited below `cgroups`, of either version. Takes its time: call it where that holds up nobody.
///
/// # Errors
/// [`ReadyError`] with the remedy.
pub fn ready(runtimes: &[PathBuf], cgroups: &Path) -> Result<(Runtime, Vec<Unfit>), ReadyError> {
    let mut unfit = Vec::new();
    let fit = runtimes
        .iter()
        .find_map(|program| Runtime::examine(program, cgroups).map_err(|why| unfit.push(why)).ok());
    let Some(runtime) = fit else { return Err(ReadyError::Runtime(unfit)) };
    // version 2 has one tree, and lists what it can do there; version 1 a tree for each
    let listed = std::fs::read_to_string(cgroups.join("cgroup.controllers")).ok();
    for controller in CONTROLLERS {
        let at = match &listed {
            Some(listed) if listed.split_ascii_whitespace().any(|one| one == controller) => {
                cgroups.to_path_buf()
            }
            None if cgroups.join(controller).is_dir() => cgroups.join(controller),
            _ => return Err(ReadyError::Controller { at: cgroups.to_path_buf(), controller }),
        };
        probe(&at).map_err(|why| ReadyError::Group { at, why })?;
    }
    Ok((runtime, unfit))
}

/// Makes a group and removes it.
fn probe(at: &Path) -> io::Result<()> {
    let group = at.join(format!("caplet-{}", std::process::id()));
    // one that is there is another's who tries at this moment, or was killed then
    if let Err(error) = std::fs::create_dir(&group)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    let _ = std::fs::remove_dir(&group);
    Ok(())
}

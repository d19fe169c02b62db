//! The processor time of a container, read where the kernel counts it: no program is run to ask.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where a container's time is counted, once it is known.
pub(crate) struct Usage {
    /// Where the runtime writes the number of the container's first process.
    pid_file: PathBuf,
    /// The container's name, which is in the name of its control group.
    id: String,
    counter: OnceLock<Counter>,
}

/// The file with the count, of either version of control groups.
#[derive(Debug, PartialEq, Eq)]
enum Counter {
    /// Nanoseconds and nothing else.
    One(PathBuf),
    /// A line with microseconds among others.
    Two(PathBuf),
}

impl Usage {
    pub(crate) fn new(pid_file: PathBuf, id: String) -> Self {
        Self { pid_file, id, counter: OnceLock::new() }
    }

    /// Milliseconds that it has used; `None` before it runs and when it is over.
    pub(crate) fn cpu_ms(&self) -> Option<u64> {
        let counter = match self.counter.get() {
            Some(counter) => counter,
            None => {
                let found = self.find()?;
                self.counter.get_or_init(|| found)
            }
        };
        counter.read()
    }

    fn find(&self) -> Option<Counter> {
        let text = |path: &Path| std::fs::read_to_string(path).ok();
        let pid: u32 = text(&self.pid_file)?.trim().parse().ok()?;
        let groups = text(Path::new(&format!("/proc/{pid}/cgroup")))?;
        counter(&groups, &text(Path::new("/proc/self/mountinfo"))?, &self.id)
    }
}

impl Counter {
    fn read(&self) -> Option<u64> {
        match self {
            Self::One(file) => {
                let nanoseconds: u64 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
                Some(nanoseconds / 1_000_000)
            }
            Self::Two(file) => {
                let said = std::fs::read_to_string(file).ok()?;
                let line = said.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
                let microseconds: u64 = line.trim().parse().ok()?;
                Some(microseconds / 1_000)
            }
        }
    }
}

/// The file, from a process's groups (`proc(5)`: `number:controllers:path`) and what is mounted. A group without the
/// container's name is another's: the process is over, and its number given away.
fn counter(groups: &str, mounts: &str, id: &str) -> Option<Counter> {
    let of = |wanted: &str| {
        groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            (controllers.split(',').any(|one| one == wanted) && path.contains(id)).then_some(path)
        })
    };
    // where both versions are mounted, the first has the controllers
    if let Some(path) = of("cpuacct") {
        let folder = mounted(mounts, path, |kind, options| {
            kind == "cgroup" && options.split(',').any(|one| one == "cpuacct")
        })?;
        return Some(Counter::One(folder.join("cpuacct.usage")));
    }
    let folder = mounted(mounts, of("")?, |kind, _| kind == "cgroup2")?;
    Some(Counter::Two(folder.join("cpu.stat")))
}

/// Where a group's folder is, from `/proc/self/mountinfo`: `.. .. .. root point .. - kind source options`.
fn mounted(mounts: &str, path: &str, fits: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, tree) = line.split_once(" - ")?;
        let mut tree = tree.split(' ');
        let (kind, options) = (tree.next()?, tree.nth(1)?);
        if !fits(kind, options) {
            return None;
        }
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        // in a container of the keeper's own the mount begins further down
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::{Counter, counter};

    const ONE: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
38 31 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const TWO: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_count_of_either_version_of_control_groups_is_found() {
        let groups = "9:cpuset:/x\n2:cpu,cpuacct:/box/caplet-7\n1:name=systemd:/\n0::/\n";
        let found = counter(groups, ONE, "caplet-7");
        let file = "/sys/fs/cgroup/cpu,cpuacct/box/caplet-7/cpuacct.usage";
        assert_eq!(found, Some(Counter::One(file.into())));
        let found = counter("0::/system.slice/caplet-7\n", TWO, "caplet-7");
        let file = "/sys/fs/cgroup/system.slice/caplet-7/cpu.stat";
        assert_eq!(found, Some(Counter::Two(file.into())));
    }

    #[test]
    fn a_keeper_in_a_container_of_its_own_sees_the_groups_below_its_own() {
        let mounts = TWO.replace("0:26 / ", "0:26 /outer ");
        let found = counter("0::/outer/caplet-7\n", &mounts, "caplet-7");
        assert_eq!(found, Some(Counter::Two("/sys/fs/cgroup/caplet-7/cpu.stat".into())));
        assert_eq!(counter("0::/other/caplet-7\n", &mounts, "caplet-7"), None);
    }

    #[test]
    fn a_process_of_another_group_is_not_the_container_s() {
        assert_eq!(counter("2:cpu,cpuacct:/\n0::/\n", ONE, "caplet-7"), None);
        assert_eq!(counter("0::/user.slice\n", TWO, "caplet-7"), None);
        assert_eq!(counter("", TWO, "caplet-7"), None);
    }
}

//! The `config.json` of a run (OCI runtime specification 1.0).

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// What a container may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, swap included.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u32,
    /// Hundredths of a core.
    pub cpu_percent: u32,
    /// Wall time, pauses not counted.
    pub time: Duration,
    /// Bytes of its scratch folder `/tmp`.
    pub scratch: u64,
    /// Bytes of output, standard error included.
    pub output: usize,
    /// Bytes of input.
    pub input: usize,
    /// Containers at a time.
    pub runs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 128 << 20,
            processes: 64,
            cpu_percent: 100,
            time: Duration::from_secs(120),
            scratch: 16 << 20,
            output: 16 << 20,
            input: 16 << 20,
            runs: 4,
        }
    }
}

/// First of the host's user ids that a guest's are mapped to; nobody of the host has them.
pub(crate) const USERS: u32 = 1_000_000_000;

/// How many they are.
pub(crate) const RANGE: u32 = 65_536;

/// The user and group that a guest is, inside.
const INSIDE: u32 = 1_000;

/// The host's user and group that a guest is.
pub(crate) const GUEST: u32 = USERS + INSIDE;

/// Folders of a root file system on which something is mounted.
pub(crate) const MOUNTED: [&str; 3] = ["proc", "dev", "tmp"];

/// System calls that no guest needs and that have let guests out before.
const DENIED: &[&str] = &[
    "acct",
    "add_key",
    "bpf",
    "clock_adjtime",
    "clock_settime",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "vhangup",
];

/// What a process may not be cloned into: in a user namespace of its own a guest would have all capabilities again, and
/// with them much more of the kernel to try. `CLONE_NEWNS`, `_NEWCGROUP`, `_NEWUTS`, `_NEWIPC`, `_NEWUSER`, `_NEWPID`,
/// `_NEWNET`.
const NAMESPACES: [u64; 7] =
    [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];

/// The error that `clone3`, whose flags no filter sees, is answered with: C libraries then take `clone`.
const ENOSYS: u32 = 38;

/// The list of system calls.
fn seccomp() -> Value {
    let mut calls = vec![
        json!({ "names": DENIED, "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }),
        json!({ "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS }),
    ];
    calls.extend(NAMESPACES.iter().map(|flag| {
        let args =
            json!([{ "index": 0, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ" }]);
        json!({ "names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": args })
    }));
    json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": calls })
}

/// What is run, and where.
pub(crate) struct Run<'a> {
    /// The root file system.
    pub(crate) root: &'a Path,
    /// The command.
    pub(crate) args: &'a [String],
    /// Its environment.
    pub(crate) env: &'a [String],
    /// A network namespace that was made for it; one with nothing in it if there is none.
    pub(crate) network: Option<&'a Path>,
    /// The user namespace that was made with it; one of its own if there is none.
    pub(crate) users: Option<&'a Path>,
    /// The name of its control group below the root of them; as the runtime names them if there is none.
    pub(crate) group: Option<&'a str>,
}

/// The configuration of one run.
pub(crate) fn config(run: &Run<'_>, limits: &Limits) -> Value {
    let Run { root, args, env, network, users, group } = run;
    let namespaces: Vec<Value> = ["pid", "network", "ipc", "uts", "mount", "cgroup", "user"]
        .iter()
        .map(|kind| match (*kind, network, users) {
            ("network", Some(path), _) | ("user", _, Some(path)) => {
                json!({ "type": kind, "path": path })
            }
            _ => json!({ "type": kind }),
        })
        .collect();
    let ids = json!([{ "containerID": 0, "hostID": USERS, "size": RANGE }]);
    let mut config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": { "uid": INSIDE, "gid": INSIDE },
            "args": args,
            "env": env,
            "cwd": "/",
            "capabilities":
                { "bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": [] },
            "rlimits": [
                { "type": "RLIMIT_NOFILE", "hard": 256, "soft": 256 },
                { "type": "RLIMIT_CORE", "hard": 0, "soft": 0 },
            ],
            "noNewPrivileges": true,
        },
        "root": { "path": root, "readonly": true },
        "hostname": "leased",
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc",
              "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
              "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
              "options": ["nosuid", "nodev", "uid=1000", "gid=1000", format!("size={}", limits.scratch)] },
        ],
        "linux": {
            "namespaces": namespaces,
            "uidMappings": ids,
            "gidMappings": ids,
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/sched_debug", "/proc/scsi", "/proc/sysrq-trigger"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
            "resources": {
                "devices": [{ "allow": false, "access": "rwm" }],
                "memory": { "limit": limits.memory, "swap": limits.memory },
                "pids": { "limit": limits.processes },
                "cpu": { "quota": u64::from(limits.cpu_percent).saturating_mul(1_000), "period": 100_000 },
            },
            "seccomp": seccomp(),
        },
    });
    let linux = config.get_mut("linux").and_then(Value::as_object_mut);
    if let (Some(group), Some(linux)) = (group, linux) {
        linux.insert("cgroupsPath".to_owned(), format!("/{group}").into());
    }
    config
}

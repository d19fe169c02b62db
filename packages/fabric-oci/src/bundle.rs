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
const USERS: u32 = 1_000_000_000;

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
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
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

/// The configuration of one run.
pub(crate) fn config(root: &Path, args: &[String], env: &[String], limits: &Limits) -> Value {
    let namespaces: Vec<Value> = ["pid", "network", "ipc", "uts", "mount", "cgroup", "user"]
        .iter()
        .map(|kind| json!({ "type": kind }))
        .collect();
    let ids = json!([{ "containerID": 0, "hostID": USERS, "size": 65_536 }]);
    json!({
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
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [{ "names": DENIED, "action": "SCMP_ACT_ERRNO", "errnoRet": 1 }],
            },
        },
    })
}

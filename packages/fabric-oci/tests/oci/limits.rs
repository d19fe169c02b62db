//! What keeps a container in its bounds, each by itself: without it the test fails.

use super::support::{open_folder, out, program, root, world};
use caplet_fabric_oci::{CGROUPS, Limits, ReadyError, YOUKI, ready};
#[cfg(target_arch = "x86_64")]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_what_the_limit_says_and_no_more() {
    let (root, gulp) = (root(), "/bin/busybox dd if=/dev/zero of=/dev/null bs=64M count=1");
    let (_roomy, client) = world(root.path(), Limits { memory: 128 << 20, ..Limits::default() });
    assert_eq!(out(&client, gulp).await.0, 0, "64 MiB of 128");
    client.detach().await;
    let (_tight, client) = world(root.path(), Limits { memory: 16 << 20, ..Limits::default() });
    // as a shell tells it; youki ends with the signal's number itself
    let killed = if program().ends_with(YOUKI) { 9 } else { 137 };
    assert_eq!(out(&client, gulp).await.0, killed, "killed: 64 MiB of 16");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_of_a_core_takes_ten_times_as_long() {
    let root = root();
    let (_world, client) = world(root.path(), Limits { cpu_percent: 10, ..Limits::default() });
    let began = Instant::now();
    let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; times";
    let (code, times) = out(&client, script).await;
    let took = began.elapsed();
    assert_eq!(code, 0, "{times}");
    // "0m0.210s 0m0.000s", its own first
    let own = times.split_ascii_whitespace().next().and_then(|own| own.strip_suffix('s')).unwrap();
    let (minutes, seconds) = own.split_once('m').unwrap();
    let (minutes, seconds): (f64, f64) = (minutes.parse().unwrap(), seconds.parse().unwrap());
    let used = minutes * 60.0 + seconds;
    assert!(used > 0.05, "too little to tell: {times}");
    // a period's share of it may be used at once; on a busy machine it takes longer still
    assert!(took.as_secs_f64() > used * 5.0, "{took:?} for {used} s of processor time");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_nobody_of_the_host_has_no_capability_and_can_gain_none() {
    let root = root();
    let (_world, client) = world(root.path(), Limits::default());
    let (_, map) = out(&client, "/bin/busybox cat /proc/self/uid_map /proc/self/gid_map").await;
    let map: Vec<&str> = map.split_ascii_whitespace().collect();
    assert_eq!(map, ["0", "1000000000", "65536", "0", "1000000000", "65536"]);
    let (_, status) = out(&client, "/bin/busybox cat /proc/self/status").await;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_ascii_whitespace().nth(1)).map(str::to_owned).unwrap()
    };
    for name in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(field(name), "0000000000000000", "{name}");
    }
    assert_eq!((field("NoNewPrivs:").as_str(), field("Seccomp:").as_str()), ("1", "2"));
    // and is in no group of the keeper's
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    assert_eq!(groups.trim(), "", "{groups}");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_on_the_list_fail_that_would_work_without_it() {
    let root = root();
    let (_world, client) = world(root.path(), Limits::default());
    // an unprivileged program may have a user namespace, and all capabilities in it, where nothing forbids it
    let (code, words) = out(&client, "/bin/busybox unshare -U /bin/busybox id").await;
    assert!(code != 0 && words.contains("not permitted"), "{words}");
    // by the call beneath, for which no program of a shell is needed; the plain one that makes processes is not on it
    #[cfg(target_arch = "x86_64")]
    for (call, first, errno) in [(56, 0x1000_0011, 1), (435, 0, 38)] {
        let at = root.path().join("bin/call");
        std::fs::write(&at, calling(call, first)).unwrap();
        std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (code, words) = out(&client, "/bin/call").await;
        assert_eq!(code, errno, "{call}, {first:x}: {words}");
    }
    // and programs, threads and pipes go on as they do anywhere
    let (code, words) = out(&client, "(echo a & wait) | /bin/busybox cat").await;
    assert_eq!((code, words.as_str()), (0, "a\n"));
    client.detach().await;
}

/// A program that makes one system call, with zeros after its first argument, and ends with its error as exit code.
#[cfg(target_arch = "x86_64")]
fn calling(call: u32, first: u32) -> Vec<u8> {
    // mov eax, call; mov edi, first; xor esi, edx, r10, r8; syscall; mov edi, eax; neg edi; mov eax, 60; syscall
    let code = [
        &[0xb8][..],
        &call.to_le_bytes(),
        &[0xbf],
        &first.to_le_bytes(),
        &[0x31, 0xf6, 0x31, 0xd2, 0x4d, 0x31, 0xd2, 0x4d, 0x31, 0xc0, 0x0f, 0x05],
        &[0x89, 0xc7, 0xf7, 0xdf, 0xb8, 60, 0, 0, 0, 0x0f, 0x05],
    ]
    .concat();
    // an ELF header and one segment that is all of the file
    let size = 120 + code.len() as u64;
    let words = |all: &[u64]| all.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let halves = |all: &[u16]| all.iter().flat_map(|half| half.to_le_bytes()).collect::<Vec<u8>>();
    [
        &b"\x7fELF\x02\x01\x01"[..],
        &[0; 9],
        &halves(&[2, 62, 1, 0]),
        &words(&[0x40_0078, 64, 0]),
        &halves(&[0, 0, 64, 56, 1, 0, 0, 0]),
        &halves(&[1, 0, 5, 0]),
        &words(&[0, 0x40_0000, 0x40_0000, size, size, 0x1000]),
        &code,
    ]
    .concat()
}

#[test]
fn a_machine_that_can_not_keep_the_limits_runs_no_containers_and_says_what_it_lacks() {
    let (runtime, cgroups) = (program(), Path::new(CGROUPS));
    let ready = |runtime: &Path, cgroups: &Path| ready(&[PathBuf::from(runtime)], cgroups);
    ready(&runtime, cgroups).unwrap();
    let gone = ready(Path::new("caplet-no-such-runtime"), cgroups).unwrap_err();
    assert!(matches!(gone, ReadyError::Runtime(_)), "{gone}");
    assert!(gone.to_string().contains("apt-get install runc"), "{gone}");
    let broken = ready(Path::new("false"), cgroups).unwrap_err();
    assert!(matches!(broken, ReadyError::Runtime(_)), "{broken}");

    // version 1: a tree for each controller
    let folder = open_folder();
    for controller in ["memory", "cpu"] {
        std::fs::create_dir(folder.path().join(controller)).unwrap();
    }
    let lacking = ready(&runtime, folder.path()).unwrap_err();
    assert!(matches!(lacking, ReadyError::Controller { controller: "pids", .. }), "{lacking}");
    std::fs::create_dir(folder.path().join("pids")).unwrap();
    ready(&runtime, folder.path()).unwrap();
    // version 2: one tree, which lists them
    let folder = open_folder();
    let list = folder.path().join("cgroup.controllers");
    std::fs::write(&list, "cpuset cpu io memory\n").unwrap();
    let lacking = ready(&runtime, folder.path()).unwrap_err();
    assert!(matches!(lacking, ReadyError::Controller { controller: "pids", .. }), "{lacking}");
    std::fs::write(&list, "cpuset cpu io memory pids\n").unwrap();
    ready(&runtime, folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of a try");
    // where nothing can be made, as in a container without control groups of its own
    let folder = open_folder();
    std::os::unix::fs::symlink("/proc", folder.path().join("memory")).unwrap();
    let closed = ready(&runtime, folder.path()).unwrap_err();
    assert!(matches!(closed, ReadyError::Group { .. }), "{closed}");
    assert!(closed.to_string().contains("as root"), "{closed}");
}

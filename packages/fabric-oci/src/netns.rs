//! A network of a container's own: nothing but a loopback, and on it, where a run gets out, a proxy that this process
//! answers.
//!
//! A socket belongs to the namespace in which it was made, whoever holds it. So the listener is made in there before the
//! container is, and nothing of the host's network is ever inside: no interface, no route, no program that forwards.
//!
//! The namespace belongs to a user namespace that is made with it, with the users of guests: whoever enters a network from
//! inside a user namespace, as libcontainer does, enters none that belongs to another.

use crate::bundle::{RANGE, USERS};
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Where the proxy is, inside.
const PORT: u16 = 1080;

/// The two namespaces, for as long as somebody holds this. Who holds them is a process that does nothing: the kernel
/// makes no user namespace for a thread, and it goes when this process does, however that ends.
pub(crate) struct Space {
    holder: Child,
}

impl Space {
    /// Makes one, its loopback up. Takes its time: call it where that holds up nobody.
    pub(crate) fn make() -> io::Result<Self> {
        let mut command = Command::new("unshare");
        command.args(["--user", "--net", "cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn();
        let started =
            started.map_err(|why| io::Error::other(format!("unshare (of util-linux): {why}")))?;
        let mut space = Self { holder: started };
        if let Err(why) = space.answered() {
            return Err(space.complaint(why));
        }
        for map in ["uid_map", "gid_map"] {
            let line = format!("0 {USERS} {RANGE}");
            std::fs::write(format!("/proc/{}/{map}", space.holder.id()), line)?;
        }
        space.inside(up)?;
        Ok(space)
    }

    /// What comes to the proxy in there.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        self.inside(|| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        })
    }

    /// Where a program that this process starts finds the network.
    pub(crate) fn network(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.holder.id()).into()
    }

    /// And the users to which it belongs.
    pub(crate) fn users(&self) -> PathBuf {
        format!("/proc/{}/ns/user", self.holder.id()).into()
    }

    /// Waits until the holder is in them: it says what it is told once it is.
    fn answered(&mut self) -> io::Result<()> {
        let Child { stdin: Some(to), stdout: Some(from), .. } = &mut self.holder else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        to.write_all(b"\n")?;
        from.read_exact(&mut [0])
    }

    /// Why the holder did not, in its own words if it has any.
    fn complaint(&mut self, why: io::Error) -> io::Error {
        let _ = self.holder.kill();
        let mut said = String::new();
        if let Some(from) = &mut self.holder.stderr {
            let _ = from.read_to_string(&mut said);
        }
        if said.trim().is_empty() { why } else { io::Error::other(said.trim().to_owned()) }
    }

    /// Does something in this network.
    fn inside<T: Send + 'static>(&self, act: fn() -> io::Result<T>) -> io::Result<T> {
        let network = File::open(self.network())?;
        // a thread that enters a namespace stays in it: this one is for nothing else, and ends
        let thread = std::thread::Builder::new().name("netns".to_owned()).spawn(move || {
            setns(network, CloneFlags::CLONE_NEWNET)?;
            act()
        })?;
        thread.join().map_err(|_| io::Error::other("a network namespace can't be entered"))?
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn up() -> io::Result<()> {
    // as a child of this thread it is in there too
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).stdin(Stdio::null()).output();
    let up = up.map_err(|error| io::Error::other(format!("ip (of iproute2): {error}")))?;
    if up.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&up.stderr).trim().to_owned()))
}

/// What tells programs of the proxy. The names are customs, some programs read one, some the other.
pub(crate) fn environment() -> Vec<String> {
    let (http, socks) = (format!("http://127.0.0.1:{PORT}"), format!("socks5h://127.0.0.1:{PORT}"));
    let own = "localhost,127.0.0.1".to_owned();
    [("http_proxy", &http), ("https_proxy", &http), ("all_proxy", &socks), ("no_proxy", &own)]
        .iter()
        .flat_map(|(name, value)| {
            [format!("{name}={value}"), format!("{}={value}", name.to_ascii_uppercase())]
        })
        .collect()
}

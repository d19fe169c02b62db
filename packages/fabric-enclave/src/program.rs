//! Programs as what an enclave computes: the module, its arguments and its input come sealed, and what it
//! wrote goes back sealed, so the machine outside learns not even what is run.

use super::inside::Job;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::kinds::programs::{Exec, Ran};
use caplet_fabric_wasi::{Limits, Machine, run_alone};
use prost::Message;

/// Output of a program in an enclave: sealed, it fits one message.
const OUTPUT: usize = 15 << 20;
/// Memory of a program in an enclave: enclaves have less than machines.
const MEMORY: usize = 64 << 20;

/// A program with its input, inside a sealed input.
#[derive(Clone, PartialEq, Message)]
struct Asked {
    #[prost(bytes = "bytes", tag = "1")]
    module: Bytes,
    #[prost(string, repeated, tag = "2")]
    args: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    env: Vec<String>,
    #[prost(bytes = "bytes", tag = "4")]
    input: Bytes,
    #[prost(uint64, tag = "5")]
    max_units: u64,
}

/// What it did, inside a sealed output.
#[derive(Clone, PartialEq, Message)]
struct Done {
    #[prost(sint32, tag = "1")]
    exit: i32,
    #[prost(bytes = "vec", tag = "2")]
    stdout: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    stderr: Vec<u8>,
    /// Why it has no exit code; empty if it has.
    #[prost(string, tag = "4")]
    failed: String,
}

/// What the enclave is sent to run a program.
#[must_use]
pub fn asking(exec: &Exec) -> Vec<u8> {
    let Exec { module, args, env, input, max_units, .. } = exec.clone();
    let module = module.unwrap_or_default();
    Asked { module, args, env, input, max_units }.encode_to_vec()
}

/// What the enclave's output says that the program did, for `units`.
///
/// # Errors
/// Why it did not run to its end, or that the enclave runs no programs.
pub fn done(output: &[u8], units: u64) -> Result<Ran, String> {
    let done = Done::decode(output).map_err(|_| {
        "the enclave's output is no program's: it runs something else, POST its input to call"
            .to_owned()
    })?;
    if done.failed.is_empty() {
        return Ok(Ran { exit: done.exit, units, stdout: done.stdout, stderr: done.stderr });
    }
    Err(done.failed)
}

/// Runs WASI programs inside the enclave, for the units that `caplet-fabric-wasi` bills.
pub struct Programs {
    machine: Machine,
    limits: Limits,
}

impl Programs {
    /// On this machine.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        let limits = Limits { output: OUTPUT, memory: MEMORY, ..Limits::default() };
        Self { machine, limits }
    }
}

#[async_trait]
impl Job for Programs {
    async fn run(&self, input: &[u8]) -> (Vec<u8>, u64) {
        let (ran, units) = match Asked::decode(input) {
            Ok(Asked { module, args, env, input, max_units }) => {
                let module = Some(module);
                let exec = Exec { module, args, env, input, max_units, ..Exec::default() };
                run_alone(&self.machine, self.limits, &exec).await
            }
            Err(error) => (Err(format!("the input is no program ({error})")), 0),
        };
        let done = match ran {
            Ok(Ran { exit, stdout, stderr, .. }) => {
                Done { exit, stdout, stderr, failed: String::new() }
            }
            Err(failed) => Done { failed, ..Done::default() },
        };
        (done.encode_to_vec(), units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_done_reads_back() {
        let exec = Exec {
            module: Some(vec![1, 2].into()),
            args: vec!["a".into()],
            env: vec!["B=c".into()],
            input: vec![3].into(),
            max_units: 7,
            ..Exec::default()
        };
        let asked = Asked::decode(asking(&exec).as_slice()).unwrap();
        assert_eq!((Some(asked.module), asked.args, asked.max_units), (exec.module, exec.args, 7));
        let said = Done { exit: -3, stdout: vec![9], ..Done::default() }.encode_to_vec();
        let ran = done(&said, 5).unwrap();
        assert_eq!((ran.exit, ran.units, ran.stdout), (-3, 5, vec![9]));
        let said = Done { failed: "out of fuel".into(), ..Done::default() }.encode_to_vec();
        assert_eq!(done(&said, 5), Err("out of fuel".to_owned()));
        assert!(done(b"SHOUTED BACK", 1).is_err());
    }
}

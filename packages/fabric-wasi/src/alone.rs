//! A run that nobody follows: all it may cost is allowed before, all that it wrote is there at its end.

use crate::io::From;
use crate::job::{Job, Stdin, Task};
use crate::machine::{Limits, Machine};
use crate::price::UNIT;
use caplet_fabric::kinds::programs::{Exec, Ran};

/// Runs a program to its end, for at most `exec.max_units`. What it did, or why it ended otherwise, and the
/// units that it cost, which are the same for the same program and input everywhere.
pub async fn run_alone(
    machine: &Machine,
    limits: Limits,
    exec: &Exec,
) -> (Result<Ran, String>, u64) {
    let module = exec.module.as_deref().unwrap_or_default();
    if module.len() > limits.module || exec.input.len() > limits.input {
        let (module, input) = (limits.module, limits.input);
        let words = format!("at most {module} bytes of module and {input} of input are taken");
        return (Err(words), 0);
    }
    let module = match machine.module(module.to_vec()).await {
        Ok(module) => module,
        Err(error) => return (Err(error.to_string()), 1),
    };
    let env = exec.env.iter().filter_map(|pair| pair.split_once('='));
    let task = Task {
        module,
        args: exec.args.clone(),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        input: Stdin::Whole(exec.input.clone()),
        max_units: exec.max_units.min(u64::MAX / UNIT),
        paid: u64::MAX,
        slot: None,
    };
    let job = Job::begin(machine, limits, task);
    let _given_up = job.pay.stop.clone().drop_guard();
    let mut finished = job.finished.subscribe();
    let finished = match finished.wait_for(Option::is_some).await {
        Ok(finished) => finished.clone(),
        Err(_) => None,
    };
    let Some(finished) = finished else { return (Err("the run was lost".to_owned()), 0) };
    let units = finished.units;
    let ran = finished.exit.map(|exit| {
        let mut ran = Ran { exit, units, ..Ran::default() };
        let mut at = 0;
        while let Some((from, bytes)) = job.output.from(at) {
            at = at.saturating_add(bytes.len());
            match from {
                From::Out => ran.stdout.extend(bytes),
                From::Err => ran.stderr.extend(bytes),
            }
        }
        ran
    });
    (ran.map_err(|why| why.words), units)
}

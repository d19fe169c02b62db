//! What a canary asks for. Everything is drawn: the program and how often it is run, the picture and what becomes of it, names
//! and sizes of files, pauses. From one seed comes always the same, and the seed is nobody's but this gateway's.

use caplet_fabric::Service;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Duration;

/// Bytes of a program's input.
const INPUT: (u32, u32) = (16, 4_096);
/// Bytes that a program has room for: more than its input, so that it sees the end.
const ROOM: u32 = 8_192;
/// Runs of one program, before another one takes its place.
const RUNS: (u32, u32) = (1, 12);
/// Pixels of a picture's side.
const SIDE: (u32, u32) = (24, 320);

/// What is asked of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Program { module: Vec<u8>, args: Vec<String>, input: Vec<u8> },
    Job { job: &'static str, params: String, picture: Vec<u8> },
    File { name: String, bytes: Vec<u8> },
}

/// What a lease is used for, one after another.
pub(super) struct Work {
    service: Service,
    dice: Dice,
    /// The program in use, and how often it is run again.
    program: Option<(Vec<u8>, u32)>,
}

impl Work {
    pub(super) const fn new(service: Service, seed: [u8; 32]) -> Self {
        Self { service, dice: Dice { seed, thrown: 0 }, program: None }
    }

    /// How long nothing is asked for: often short, at times longer.
    pub(super) fn pause(&mut self) -> Duration {
        let doubled = self.dice.within((0, 4));
        let least = 125u32.saturating_mul(1u32.checked_shl(doubled).unwrap_or(1));
        Duration::from_millis(self.dice.within((least, least.saturating_mul(2))).into())
    }

    /// One of so many.
    pub(super) fn pick(&mut self, of: usize) -> usize {
        self.dice.pick(of)
    }

    /// What is asked for next.
    ///
    /// # Errors
    /// If it can't be made.
    pub(super) fn next(&mut self) -> anyhow::Result<Ask> {
        if self.service == Service::JOBS {
            return self.dice.job();
        }
        if self.service == Service::STORE {
            return Ok(self.dice.file());
        }
        let (module, left) = match self.program.take() {
            Some((module, left)) if left > 0 => (module, left.saturating_sub(1)),
            _ => (wat::parse_str(self.dice.program())?, self.dice.within(RUNS).saturating_sub(1)),
        };
        self.program = Some((module.clone(), left));
        let args = (0..self.dice.within((0, 3))).map(|_| self.dice.word((1, 9))).collect();
        Ok(Ask::Program { module, args, input: self.dice.input() })
    }
}

/// Throws that nobody foresees without the seed: hashes of it and their number.
struct Dice {
    seed: [u8; 32],
    thrown: u64,
}

impl Dice {
    fn throw(&mut self) -> u64 {
        let hash = Sha256::new().chain_update(self.seed).chain_update(self.thrown.to_be_bytes());
        self.thrown = self.thrown.wrapping_add(1);
        let hash: [u8; 32] = hash.finalize().into();
        hash.first_chunk::<8>().map_or(0, |eight| u64::from_be_bytes(*eight))
    }

    /// From the first to the second, both of them included.
    fn within(&mut self, (least, most): (u32, u32)) -> u32 {
        let all = u64::from(most.saturating_sub(least)).saturating_add(1);
        let thrown = self.throw().checked_rem(all).unwrap_or(0);
        least.saturating_add(u32::try_from(thrown).unwrap_or(0))
    }

    fn bytes(&mut self, len: u32) -> Vec<u8> {
        let len = usize::try_from(len).unwrap_or(0);
        let mut bytes = Vec::with_capacity(len.saturating_add(8));
        while bytes.len() < len {
            bytes.extend(self.throw().to_be_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    /// A word of small letters and digits.
    fn word(&mut self, len: (u32, u32)) -> String {
        let len = self.within(len);
        let letter = |_| char::from_digit(self.within((0, 35)), 36).unwrap_or('x');
        (0..len).map(letter).collect()
    }

    /// Bytes as they come, or readings in lines.
    fn input(&mut self) -> Vec<u8> {
        let len = self.within(INPUT);
        if self.within((0, 1)) == 0 {
            return self.bytes(len);
        }
        let mut lines = String::new();
        let full = usize::try_from(len).unwrap_or(0);
        while lines.len() < full {
            // nothing fails that writes to memory
            let _ = writeln!(lines, "{}.{}", self.within((0, 99)), self.within((0, 9)));
        }
        lines.truncate(full);
        lines.into_bytes()
    }

    /// A picture, and what becomes of it. What a picture is classified as could be guessed, so that is not asked for.
    fn job(&mut self) -> anyhow::Result<Ask> {
        let (job, params) = match self.within((0, 2)) {
            0 => {
                let (width, height) = (self.within(SIDE), self.within(SIDE));
                ("resize", format!(r#"{{"width":{width},"height":{height}}}"#))
            }
            1 => ("blur", format!(r#"{{"radius":{}}}"#, self.within((1, 12)))),
            _ => ("edges", String::new()),
        };
        let (width, height) = (self.within(SIDE), self.within(SIDE));
        let tiles = self.bytes(64);
        let tiles = tiles.first_chunk::<64>().unwrap_or(&[0; 64]);
        let picture = caplet_fabric_image::scene(tiles, width, height);
        Ok(Ask::Job { job, params, picture: picture.map_err(anyhow::Error::msg)? })
    }

    fn file(&mut self) -> Ask {
        let doubled = self.within((0, 6));
        let least = 256u32.saturating_mul(1u32.checked_shl(doubled).unwrap_or(1));
        let len = self.within((least, least.saturating_mul(2)));
        Ask::File { name: self.word((6, 24)), bytes: self.bytes(len) }
    }

    /// A program that reads what comes, goes over it many times and writes what that adds up to: its functions, what they
    /// reckon, its constants, its memory and how much it writes are drawn. No names and no sections of its own: as a compiler
    /// leaves it that was told to strip them.
    fn program(&mut self) -> String {
        let functions = self.within((1, 4));
        let mut text = String::from(
            r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
"#,
        );
        let _ = writeln!(text, r#"  (memory (export "memory") {})"#, self.within((1, 17)));
        for _ in 0..functions {
            let body = self.reckoning();
            let _ = writeln!(text, "  (func (param i64 i64) (result i64) {body})");
        }
        let vector = self.within((0, 8)).saturating_mul(16);
        let (long, got) = (vector.saturating_add(4), vector.saturating_add(8));
        let out = self.within((32, 64)).saturating_mul(8);
        let buffer = self.within((64, 128)).saturating_mul(16);
        let rounds = self.within((10_000, 80_000));
        // every function in turn, each on what the one before made of it; the first two are the imports. Only one takes the
        // byte that was read: what two took, the second might undo
        let byte = format!(
            "(i64.load8_u (i32.add (i32.const {buffer}) (i32.rem_u (local.get 0) (local.get 2))))"
        );
        let round =
            (1..functions).fold(format!("(call 2 (local.get 1) {byte})"), |of, function| {
                format!(
                    "(call {} {of} (i64.extend_i32_u (local.get 0)))",
                    function.saturating_add(2)
                )
            });
        let _ = writeln!(
            text,
            r#"  (func (export "_start") (local i32 i64 i32)
    (loop
      (i32.store (i32.const {vector}) (i32.add (i32.const {buffer}) (local.get 2)))
      (i32.store (i32.const {long}) (i32.sub (i32.const {ROOM}) (local.get 2)))
      (i32.store (i32.const {got}) (i32.const 0))
      (drop (call 0 (i32.const 0) (i32.const {vector}) (i32.const 1) (i32.const {got})))
      (local.set 2 (i32.add (local.get 2) (i32.load (i32.const {got}))))
      (br_if 0 (i32.load (i32.const {got}))))
    (loop
      (local.set 1 {round})
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const {rounds}))))"#
        );
        let words = self.within((1, 8));
        for word in 0..words {
            let at = out.saturating_add(word.saturating_mul(8));
            let _ = writeln!(
                text,
                "    (i64.store (i32.const {at}) (local.get 1))
    (local.set 1 (call 2 (local.get 1) (i64.const {word})))"
            );
        }
        let written = words.saturating_mul(8);
        let _ = write!(
            text,
            "    (i32.store (i32.const {vector}) (i32.const {out}))
    (i32.store (i32.const {long}) (i32.const {written}))
    (drop (call 1 (i32.const 1) (i32.const {vector}) (i32.const 1) (i32.const {got})))))"
        );
        text
    }

    /// From two numbers a third. Each step can be undone, so that nothing of what was read is lost; the first multiplies, so
    /// that what is read again and again does not cancel out.
    fn reckoning(&mut self) -> String {
        let steps = self.within((2, 7));
        let takes = self.within((0, steps.saturating_sub(1)));
        (0..steps).fold("(local.get 0)".to_owned(), |of, step| {
            let of = if step == takes {
                let how = ["i64.xor", "i64.add", "i64.sub"];
                let how = how.get(self.pick(how.len())).unwrap_or(&"i64.xor");
                format!("({how} {of} (local.get 1))")
            } else {
                of
            };
            let drawn = self.throw();
            let which = if step == 0 { 0 } else { self.within((0, 4)) };
            match which {
                0 => format!("(i64.mul {of} (i64.const {}))", drawn | 1),
                1 => format!("(i64.add {of} (i64.const {drawn}))"),
                2 => format!("(i64.rotl {of} (i64.const {}))", self.within((1, 63))),
                3 => format!("(i64.xor {of} (i64.const {drawn}))"),
                _ => format!("(i64.sub {of} (i64.const {drawn}))"),
            }
        })
    }

    /// One of so many.
    fn pick(&mut self, of: usize) -> usize {
        let last = u32::try_from(of).unwrap_or(u32::MAX).saturating_sub(1);
        usize::try_from(self.within((0, last))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_fabric::kinds::jobs::Executor as _;
    use caplet_fabric::kinds::programs::Exec;
    use caplet_fabric_image::ImageUnit;
    use caplet_fabric_wasi::{Limits, Machine, run_alone};
    use std::collections::BTreeSet;

    /// What a canary asks for first, by seed.
    fn first(service: Service, seed: u8) -> Ask {
        Work::new(service, [seed; 32]).next().unwrap()
    }

    /// Numbers of a module's sections, in their order (WebAssembly 2.0, section 5.5.2).
    fn sections(module: &[u8]) -> Vec<u8> {
        let (mut rest, mut found) = (&module[8..], Vec::new());
        while let Some((number, after)) = rest.split_first() {
            found.push(*number);
            let (mut size, mut at) = (0usize, 0);
            for byte in after {
                size |= usize::from(byte & 0x7f) << (7 * at);
                at += 1;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            rest = &after[at + size..];
        }
        found
    }

    #[tokio::test]
    async fn canaries_are_programs_that_run_and_no_two_are_the_same() {
        let machine = Machine::new().unwrap();
        let (mut modules, mut sizes, mut answers) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for seed in 0..24 {
            let Ask::Program { module, args, input } = first(Service::WASM, seed) else {
                panic!("no program")
            };
            // as of a program that was stripped: types, imports, functions, memory, exports, code
            assert_eq!(sections(&module), [1, 2, 3, 5, 7, 10], "seed {seed}");
            sizes.insert(module.len());
            let of = |input: Vec<u8>| Exec {
                module: Some(module.clone().into()),
                args: args.clone(),
                input: input.into(),
                max_units: 1_000_000,
                ..Exec::default()
            };
            let mut other = input.clone();
            other[0] ^= 1;
            let one = run_alone(&machine, Limits::default(), &of(input)).await.0.unwrap();
            let two = run_alone(&machine, Limits::default(), &of(other)).await.0.unwrap();
            assert_eq!((one.exit, one.stdout.len() % 8), (0, 0), "seed {seed}");
            assert_ne!(one.stdout, two.stdout, "it reads all that comes: seed {seed}");
            answers.insert(one.stdout.to_vec());
            modules.insert(module);
        }
        assert_eq!((modules.len(), answers.len()), (24, 24), "no two are the same");
        assert!(sizes.len() > 12, "nor is their size one that gives them away: {sizes:?}");
    }

    #[test]
    fn a_program_is_run_on_other_input_until_another_one_is_sent() {
        let mut work = Work::new(Service::WASM, [9; 32]);
        let (mut runs, mut inputs) = (Vec::new(), BTreeSet::new());
        let mut before = Vec::new();
        for _ in 0..60 {
            let Ask::Program { module, input, .. } = work.next().unwrap() else {
                panic!("no program")
            };
            inputs.insert(input);
            if module == before {
                *runs.last_mut().unwrap() += 1;
            } else {
                runs.push(1u32);
            }
            before = module;
        }
        assert_eq!(inputs.len(), 60);
        assert!(runs.iter().all(|runs| (RUNS.0..=RUNS.1).contains(runs)), "{runs:?}");
        assert!(
            runs.iter().collect::<BTreeSet<_>>().len() > 2,
            "no rhythm gives it away: {runs:?}"
        );
    }

    #[tokio::test]
    async fn pictures_jobs_and_files_of_canaries_have_no_size_of_their_own() {
        let unit = ImageUnit::new(1);
        let (mut jobs, mut pictures) = (BTreeSet::new(), BTreeSet::new());
        let (mut files, mut names) = (BTreeSet::new(), BTreeSet::new());
        for seed in 0..40 {
            let Ask::Job { job, params, picture } = first(Service::JOBS, seed) else {
                panic!("no job")
            };
            jobs.insert(job);
            pictures.insert(picture.len());
            unit.run(job, &params, picture.into()).await.unwrap();
            let Ask::File { name, bytes } = first(Service::STORE, seed) else { panic!("no file") };
            files.insert(bytes.len());
            names.insert(name);
        }
        assert_eq!(jobs, BTreeSet::from(["blur", "edges", "resize"]));
        assert!(pictures.len() > 30 && files.len() > 30, "{pictures:?} {files:?}");
        assert_eq!(names.len(), 40);
        assert!(files.iter().all(|bytes| (256..=32_768).contains(bytes)), "{files:?}");
    }

    #[test]
    fn one_seed_gives_one_course_and_pauses_have_no_rhythm() {
        for service in [Service::WASM, Service::JOBS, Service::STORE] {
            let (mut one, mut same) = (Work::new(service, [1; 32]), Work::new(service, [1; 32]));
            for _ in 0..4 {
                assert_eq!(one.pause(), same.pause());
                assert_eq!(one.next().unwrap(), same.next().unwrap());
            }
            assert_ne!(first(service, 1), first(service, 2));
        }
        let mut work = Work::new(Service::STORE, [3; 32]);
        let pauses: BTreeSet<Duration> = (0..100).map(|_| work.pause()).collect();
        assert!(pauses.len() > 80, "{pauses:?}");
        let (least, most) = (Duration::from_millis(125), Duration::from_secs(4));
        assert!(pauses.iter().all(|pause| (least..=most).contains(pause)), "{pauses:?}");
    }
}

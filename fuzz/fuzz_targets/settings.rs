//! Fuzz target; what it runs is in `packages/fuzzing`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| caplet_fuzzing::run("settings", bytes));

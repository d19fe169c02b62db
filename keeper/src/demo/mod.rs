//! `caplet demo`: the whole path on embedded defaults, live view and closing report.

mod closing;
mod lines;
mod run;
mod view;

pub use run::{DemoOptions, run, stage};

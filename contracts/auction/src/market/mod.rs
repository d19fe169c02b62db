//! Markets: what governance defines, where each stands, and its clock.

mod config;
mod epoch;
mod list;
mod price;
mod state;

pub use config::ConfigError;
pub(crate) use config::check;
pub(crate) use epoch::{ends, freeze_time, roll};
pub(crate) use list::{config, create, numbers};
pub(crate) use price::{posted, reprice};
pub(crate) use state::{MarketState, load, save};

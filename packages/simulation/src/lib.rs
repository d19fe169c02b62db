//! What the mechanisms do over time: simulations with the real clearing and the real arithmetic, shown as tables
//! and plots.
//!
//! A simulation makes an [`Outcome`] from a seed: the same seed, the same outcome. All money and quantities in it
//! are integers; floating-point numbers exist for display only.
//!
//! - [`books`]: small books and large random ones, for tests and benchmarks of the clearing.
//! - [`market`]: a day of shifting demand under fixed prices, auctions, and the mix of both.
//! - [`futures`]: a volatile month with and without futures, and waves of defaults.
//! - [`pool`]: devices behind one provider identity, beside the same devices alone.
//! - [`reputation`]: attacks on a reputation with the money counted, beside other ways to rate.
#![forbid(unsafe_code)]

pub mod books;
pub mod futures;
pub mod market;
mod outcome;
mod plot;
pub mod pool;
mod random;
pub mod reputation;
mod spread;
mod table;

pub use outcome::Outcome;
pub use plot::{Chart, PlotError, Series, svg};
pub use random::Random;
pub use spread::Spread;
pub use table::Table;

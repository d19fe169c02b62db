//! The end-to-end story that demo and tests tell, on any chain: fourteen devices on two gateways
//! trade five kinds of capability, some of it goes wrong, every unit is accounted for, and nothing that is leased
//! can be read in between. Beside it capability is bought ahead, and a gateway of a pool dies in the middle of a lease.

mod apps;
mod busy;
mod cast;
mod counts;
mod faulty;
mod forward;
mod happening;
mod ledger;
mod listen;
mod play;
mod register;
mod report;
mod setup;
mod spec;
mod stage;
mod tap;

pub use counts::{Counts, Tally};
pub use forward::{Ahead, Exercised, Failover};
pub use happening::{Happening, Reading, Teller};
pub use play::{Stopped, Timing, play, play_until};
pub use register::register;
pub use report::{AssetReport, Captured, LeaseLine, Money, Report, Standing};
pub use spec::spec;
pub use stage::Stage;
pub use tap::{Recorder, Tap};

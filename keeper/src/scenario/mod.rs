//! The end-to-end story that demo and tests tell, on any chain: thirteen devices on two gateways
//! trade five kinds of capability, some of it goes wrong, every unit is accounted for, and nothing that is leased
//! can be read in between.

mod apps;
mod busy;
mod cast;
mod faulty;
mod forward;
mod happening;
mod ledger;
mod listen;
mod play;
mod report;
mod setup;
mod stage;
mod tap;

pub use forward::Ahead;
pub use happening::{Happening, Teller};
pub use play::{Timing, play};
pub use report::{AssetReport, Captured, Money, Report, Standing};
pub use stage::Stage;
pub use tap::{Recorder, Tap};

//! The end-to-end story that demo and tests tell, on any chain: thirteen devices on two gateways
//! trade five kinds of capability, some of it goes wrong, and every unit is accounted for.

mod busy;
mod cast;
mod forward;
mod happening;
mod ledger;
mod play;
mod report;
mod stage;

pub use forward::Ahead;
pub use happening::{Happening, Teller};
pub use play::{Timing, play};
pub use report::{AssetReport, Money, Report, Standing};
pub use stage::Stage;

//! Serving and using leases: admission, counting, vouchers, risk cap.

mod risk;
mod table;

pub use risk::Risk;
pub use table::TABLES;

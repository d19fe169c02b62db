//! The JSON book format of `docs/book-format.md`: a book in, its clearing out, so that anybody can check
//! the matcher against another solver. Offline only: the batch path never parses JSON.

mod book;
mod convert;
mod money;
mod report;

pub use book::{
    BookFile, ClassEntry, DemandEntry, FormatError, MarketEntry, OfferEntry, VectorEntry,
};
pub use money::{Money, Sum};
pub use report::{ClassReport, FillReport, Report, ReportError};

//! `caplet clear`: the matcher on a book in a file (docs/book-format.md).

use anyhow::Context as _;
use caplet_clearing::Book;
use caplet_clearing::json::{BookFile, Report};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The book, as docs/book-format.md says.
    #[arg(long, value_name = "FILE")]
    book: PathBuf,
    /// Where the clearing goes; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let shown = args.book.display();
    let text = std::fs::read_to_string(&args.book)
        .with_context(|| format!("cannot read the book {shown}"))?;
    let file: BookFile = serde_json::from_str(&text)
        .with_context(|| format!("{shown} is no book: see docs/book-format.md"))?;
    let book = Book::try_from(&file).with_context(|| format!("the book {shown}"))?;
    let report = Report::of(&book).with_context(|| format!("clearing {shown}"))?;
    let json = format!("{}\n", serde_json::to_string_pretty(&report)?);
    match &args.out {
        Some(path) => {
            std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            print!("{json}");
            Ok(())
        }
    }
}

//! `caplet clear`: a book in, its clearing out.

use super::args::ClearArgs;
use super::exit::BadInput;
use anyhow::Context as _;
use caplet_clearing::Book;
use caplet_clearing::json::{BookFile, Report};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Clears a book offline.
///
/// # Errors
/// If the file is no book, or the result cannot be written.
pub(super) fn clear(args: &ClearArgs) -> anyhow::Result<()> {
    let text = read(&args.book)?;
    let file: BookFile = serde_json::from_str(&text).map_err(|error| {
        BadInput(format!(
            "{} is no book: {error}; docs/book-format.md has the format",
            args.book.display()
        ))
    })?;
    let book = Book::try_from(&file).with_context(|| args.book.display().to_string())?;
    let report = Report::of(&book).with_context(|| args.book.display().to_string())?;
    write(&args.out, &format!("{}\n", serde_json::to_string_pretty(&report)?))
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| BadInput(format!("cannot read the book {}: {error}", path.display())))?;
    Ok(text)
}

/// Whole or not at all: what stood there before stays if writing fails.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = include_str!("../../../docs/book-format.md");

    fn args(folder: &Path, book: &str) -> ClearArgs {
        let path = folder.join("book.json");
        std::fs::write(&path, book).unwrap();
        ClearArgs { book: path, out: folder.join("out.json") }
    }

    #[test]
    fn the_example_of_the_format_page_clears_as_shown() {
        let mut blocks =
            DOC.split("```json\n").skip(1).map(|part| part.split("```").next().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path(), blocks.next().unwrap());
        clear(&args).unwrap();
        let written = std::fs::read_to_string(&args.out).unwrap();
        let (found, shown): (Report, Report) = (
            serde_json::from_str(&written).unwrap(),
            serde_json::from_str(blocks.next().unwrap()).unwrap(),
        );
        assert_eq!(found, shown);
    }

    #[test]
    fn what_is_no_book_says_so_and_leaves_the_old_result() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("out.json"), "old").unwrap();
        for bad in ["", "{}", "[1]", r#"{"market": 1}"#] {
            let error = clear(&args(folder.path(), bad)).unwrap_err();
            assert!(
                error.is::<BadInput>() && error.to_string().contains("book-format.md"),
                "{error}"
            );
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("out.json")).unwrap(), "old");
        let nowhere = ClearArgs { book: "no/such/file".into(), out: "-".into() };
        assert!(clear(&nowhere).unwrap_err().is::<BadInput>());
    }
}

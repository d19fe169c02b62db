//! The book format: what `docs/book-format.md` shows is what happens.

use crate::books::{any_book, simple};
use caplet_clearing::{
    Book,
    json::{BookFile, FormatError, Report},
};
use proptest::prelude::*;

const DOC: &str = include_str!("../../../docs/book-format.md");

/// The JSON blocks of the page, in order.
fn blocks() -> Vec<&'static str> {
    let parts = DOC.split("```json\n").skip(1);
    parts.map(|part| part.split("```").next().expect("a block ends")).collect()
}

fn book(text: &str) -> Book {
    let file: BookFile = serde_json::from_str(text).unwrap();
    Book::try_from(&file).unwrap()
}

#[test]
fn the_worked_example_of_the_page_replays() {
    let [input, output] = blocks()[..] else { panic!("the page has a book and its clearing") };
    let report = Report::of(&book(input)).unwrap();
    let shown: Report = serde_json::from_str(output).unwrap();
    assert_eq!(report, shown, "{}", serde_json::to_string_pretty(&report).unwrap());
}

proptest! {
    #[test]
    fn a_book_comes_back_as_it_was(book in any_book()) {
        let text = serde_json::to_string(&BookFile::from(&book)).unwrap();
        let mut back: Book = (&serde_json::from_str::<BookFile>(&text).unwrap()).try_into().unwrap();
        // free slots at the end are not written
        back.classes.resize(book.classes.len(), None);
        prop_assert_eq!(back, book);
    }

    #[test]
    fn a_report_comes_back_as_it_was_and_has_no_gap(book in any_book()) {
        let report = Report::of(&book).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(report.gap.0, 0);
        prop_assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let good = blocks()[0];
    let says = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let file: Result<BookFile, _> = serde_json::from_str(&good.replacen(from, to, 1));
        match file.map(|file| Book::try_from(&file)) {
            Err(e) => e.to_string(),
            Ok(Err(e)) => e.to_string(),
            Ok(Ok(book)) => Report::of(&book).unwrap_err().to_string(),
        }
    };
    for (from, to, what) in [
        ("\"rho\"", "\"roh\"", "unknown field `roh`"),
        ("\"tick_size\": \"100\"", "\"tick_size\": 100", "invalid type: integer `100`"),
        ("\"tick_size\": \"100\"", "\"tick_size\": \"1e2\"", "is not an amount of 0 to 1844"),
        ("\"tick_size\": \"100\"", "\"tick_size\": \"0100\"", "is not an amount"),
        ("\"tick_size\": \"100\"", "\"tick_size\": \"0\"", "is not one of 0 to 65535 ticks of 0"),
        ("\"ask\": \"400\"", "\"ask\": \"450\"", "price 450 is not one of 0 to 65535 ticks of 100"),
        ("\"ask\": \"400\"", "\"ask\": \"-1\"", "is not an amount"),
        ("\"slot\": 1", "\"slot\": 0", "two classes have the slot 0"),
        ("\"slot\": 1", "\"slot\": 9999", "class slot 9999 is not below 4096"),
        ("\"id\": 1,", "\"id\": 0,", "two orders of one side have the id 0"),
        ("\"id\": 1,", "\"id\": 1099511627776,", "is not below 2^40"),
        ("\"class\": 1", "\"class\": 7", "class 7, which the book does not list"),
        ("\"lots\": 2", "\"lots\": 70000", "invalid value: integer `70000`"),
        ("\"lots\": 2", "\"lots\": -1", "invalid value: integer `-1`"),
    ] {
        let found = says(from, to);
        assert!(found.contains(what), "{found}");
    }
}

#[test]
fn prices_are_money_on_the_ladder() {
    let mut file = BookFile::from(&simple(7, &[(3, 1)], &[]));
    assert_eq!(file.offers[0].ask.0, 21);
    file.offers[0].ask.0 = 65_536 * 7;
    let off = FormatError::Price { id: 0, price: 458_752, tick: 7 };
    assert_eq!(Book::try_from(&file), Err(off));
}

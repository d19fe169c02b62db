//! A scan that goes on in another transaction ends as one that does not.

use crate::books::{any_book, check, cleared, simple};
use caplet_clearing::{Book, Fill, Reject, Verified, certificate::Scan, certificate::StateError};
use proptest::prelude::*;

/// Verifies with the state through bytes after every `every` orders.
fn in_pieces(
    book: &Book,
    fills: &[Fill],
    witness: &[Option<u64>],
    every: usize,
) -> Result<Verified, Reject> {
    let terms = book.terms();
    let mut scan = Scan::start(terms, fills, witness)?;
    for (i, demand) in book.demands.iter().enumerate() {
        scan.demand(demand)?;
        if i % every == 0 {
            scan = Scan::resume(terms, fills, &scan.to_bytes()).expect("its own bytes");
        }
    }
    for (i, offer) in book.offers.iter().enumerate() {
        scan.offer(offer)?;
        if i % every == 0 {
            scan = Scan::resume(terms, fills, &scan.to_bytes()).expect("its own bytes");
        }
    }
    scan.finish()
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(book in any_book(), every in 1..9usize, drop: bool) {
        let (clearing, _) = cleared(&book);
        let mut fills = clearing.fills;
        if drop {
            fills.pop();
        }
        let pieces = in_pieces(&book, &fills, &clearing.prices, every);
        match (check(&book, &fills, &clearing.prices), pieces) {
            // what explains a gap is not carried along
            (Err(Reject::Gap { welfare, bound, .. }), Err(Reject::Gap { welfare: w, bound: b, .. })) => {
                prop_assert_eq!((welfare, bound), (w, b));
            }
            (whole, pieces) => prop_assert_eq!(whole, pieces),
        }
    }

    #[test]
    fn damaged_bytes_are_refused_and_never_panic(bytes: Vec<u8>, book in any_book(), cut: u16, flip: u16) {
        let (clearing, _) = cleared(&book);
        let resume = |bytes: &[u8]| Scan::resume(book.terms(), &clearing.fills, bytes);
        let _ = resume(&bytes);
        let mut state = Scan::start(book.terms(), &clearing.fills, &clearing.prices).unwrap();
        book.demands.iter().for_each(|d| state.demand(d).unwrap());
        let mut state = state.to_bytes();
        prop_assert!(resume(&state).is_ok());
        let cut = usize::from(cut) % state.len();
        prop_assert!(resume(&state[..cut]).is_err());
        let flip = usize::from(flip) % (state.len() * 8);
        state[flip / 8] ^= 1 << (flip % 8);
        if let Ok(mut scan) = resume(&state) {
            for offer in &book.offers {
                if scan.offer(offer).is_err() {
                    return Ok(());
                }
            }
            let _ = scan.finish();
        }
    }
}

#[test]
fn the_state_of_another_clearing_is_refused() {
    let book = simple(1, &[(1, 1)], &[(2, 1)]);
    let (clearing, _) = cleared(&book);
    let state = Scan::start(book.terms(), &clearing.fills, &clearing.prices).unwrap().to_bytes();
    let foreign = Scan::resume(book.terms(), &[], &state).unwrap_err();
    assert_eq!(foreign, StateError::Foreign { fills: 1, given: 0, classes: 1, live: 1 });
    assert!(foreign.to_string().contains("covers 1 fills and 1 class slots, given are 0 and 1"));
    let mut old = state.clone();
    old[0] = 0;
    let version = Scan::resume(book.terms(), &clearing.fills, &old).unwrap_err();
    assert_eq!(version, StateError::Version(Some(0)));
    let long = [state.as_slice(), &[0]].concat();
    let damaged = Scan::resume(book.terms(), &clearing.fills, &long).unwrap_err();
    assert_eq!(damaged, StateError::Damaged);
}

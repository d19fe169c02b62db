//! The forward curve.

use caplet_forward::curve::{OnSale, Point, curve};

#[test]
fn windows_of_a_market_are_shown_by_time_with_their_best_and_mean_price() {
    let sale = |market, first, lots, price| OnSale { market, first, slots: 4, lots, price };
    let points = curve(&[
        sale(2, 8, 1, 9),
        sale(1, 8, 3, 100),
        sale(1, 4, 1, 50),
        sale(1, 8, 1, 200),
        sale(1, 12, 0, 1),
    ]);
    let point =
        |market, first, best, mean, lots| Point { market, first, slots: 4, best, mean, lots };
    assert_eq!(points, [point(1, 4, 50, 50, 1), point(1, 8, 100, 125, 4), point(2, 8, 9, 9, 1)]);
    assert!(curve(&[]).is_empty());
}

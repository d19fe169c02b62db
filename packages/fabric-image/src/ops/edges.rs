//! Edges: the Sobel operator (Sobel and Feldman 1968) on luma, |gx| + |gy| clipped.

use super::luma;
use image::{GrayImage, Luma, RgbImage};

/// How much brightness changes at each pixel.
pub(crate) fn edges(picture: &RgbImage) -> GrayImage {
    let gray = luma(picture);
    let (width, height) = gray.dimensions();
    let at = |x: u32, y: u32| {
        let (x, y) = (x.min(width.saturating_sub(1)), y.min(height.saturating_sub(1)));
        i32::from(gray.get_pixel(x, y).0[0])
    };
    GrayImage::from_fn(width, height, |x, y| {
        let (left, right) = (x.saturating_sub(1), x.saturating_add(1));
        let (top, bottom) = (y.saturating_sub(1), y.saturating_add(1));
        let column = |x| sum(at(x, top), at(x, y), at(x, bottom));
        let row = |y| sum(at(left, y), at(x, y), at(right, y));
        let gx = column(right).wrapping_sub(column(left));
        let gy = row(bottom).wrapping_sub(row(top));
        let strength = gx.unsigned_abs().saturating_add(gy.unsigned_abs());
        Luma([u8::try_from(strength).unwrap_or(u8::MAX)])
    })
}

/// 1, 2, 1: at most 1,020.
fn sum(a: i32, b: i32, c: i32) -> i32 {
    a.wrapping_add(b.wrapping_mul(2)).wrapping_add(c)
}

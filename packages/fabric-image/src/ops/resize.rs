//! Resizing by the mean of what a pixel covers (box filter), in integers.

use crate::decode::fits;
use image::{Rgb, RgbImage};

/// The picture at `width` x `height`.
pub(crate) fn resize(picture: &RgbImage, width: u32, height: u32) -> Result<RgbImage, String> {
    fits(width, height)?;
    let mut out = RgbImage::new(width, height);
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let (left, right) = span(x, width, picture.width());
        let (top, bottom) = span(y, height, picture.height());
        *pixel = mean(picture, (left, right), (top, bottom));
    }
    Ok(out)
}

/// The pixels of a side of `from` that pixel `at` of `to` covers: at least one.
fn span(at: u32, to: u32, from: u32) -> (u32, u32) {
    let place = |at: u32| {
        let scaled = u64::from(at).saturating_mul(from.into()).checked_div(to.into());
        u32::try_from(scaled.unwrap_or(0)).unwrap_or(from).min(from)
    };
    let first = place(at).min(from.saturating_sub(1));
    (first, place(at.saturating_add(1)).max(first.saturating_add(1)))
}

fn mean(picture: &RgbImage, xs: (u32, u32), ys: (u32, u32)) -> Rgb<u8> {
    let mut sums = [0u64; 3];
    for y in ys.0..ys.1 {
        for x in xs.0..xs.1 {
            for (sum, value) in sums.iter_mut().zip(picture.get_pixel(x, y).0) {
                *sum = sum.wrapping_add(value.into()); // 2^30 pixels of 2^8
            }
        }
    }
    let area = u64::from(xs.1.abs_diff(xs.0)).saturating_mul(ys.1.abs_diff(ys.0).into());
    Rgb(sums.map(|sum| u8::try_from(sum.checked_div(area).unwrap_or(0)).unwrap_or(u8::MAX)))
}

//! The jobs, one file each.

mod blur;
mod classify;
mod edges;
mod resize;

pub(crate) use blur::blur;
pub(crate) use classify::classify;
pub(crate) use edges::edges;
pub(crate) use resize::resize;

use image::{GrayImage, RgbImage};

/// Luma in integers (ITU-R BT.601: 77, 150, 29 of 256).
pub(crate) fn luma(picture: &RgbImage) -> GrayImage {
    let mut gray = GrayImage::new(picture.width(), picture.height());
    for (from, to) in picture.pixels().zip(gray.pixels_mut()) {
        let [r, g, b] = from.0.map(u32::from);
        let sum =
            r.wrapping_mul(77).wrapping_add(g.wrapping_mul(150)).wrapping_add(b.wrapping_mul(29));
        to.0 = [u8::try_from(sum >> 8).unwrap_or(u8::MAX)]; // at most 255 * 256 / 256
    }
    gray
}

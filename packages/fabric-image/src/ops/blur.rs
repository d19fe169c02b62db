//! Blur: three box blurs, which is close to a Gaussian (Kovesi 2010), in integers.

use image::RgbImage;

/// The picture blurred over `radius` pixels, 1..=64.
pub(crate) fn blur(picture: &RgbImage, radius: u32) -> Result<RgbImage, String> {
    if !(1..=64).contains(&radius) {
        return Err(format!("a radius of {radius}, 1 to 64 is taken"));
    }
    let mut out = picture.clone();
    for _ in 0..3 {
        out = along(&along(&out, radius, true), radius, false);
    }
    Ok(out)
}

/// One direction: a window that slides, so that the radius costs nothing.
fn along(picture: &RgbImage, radius: u32, rows: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (lines, length) = if rows { (height, width) } else { (width, height) };
    let mut out = RgbImage::new(width, height);
    let place = |line, at: u32| {
        let at = at.min(length.saturating_sub(1)); // the edge goes on
        if rows { (at, line) } else { (line, at) }
    };
    let count = radius.saturating_mul(2).saturating_add(1);
    for line in 0..lines {
        let pixel = |at| {
            let (x, y) = place(line, at);
            picture.get_pixel(x, y).0.map(u32::from)
        };
        let mut sums = pixel(0).map(|value| value.wrapping_mul(radius));
        for at in 0..=radius {
            sums = zip(sums, pixel(at), u32::wrapping_add);
        }
        for at in 0..length {
            let (x, y) = place(line, at);
            let mean = sums.map(|sum| sum.checked_div(count).unwrap_or(0));
            out.get_pixel_mut(x, y).0 = mean.map(|mean| u8::try_from(mean).unwrap_or(u8::MAX));
            sums = zip(sums, pixel(at.saturating_sub(radius)), u32::wrapping_sub);
            sums = zip(sums, pixel(at.saturating_add(radius).saturating_add(1)), u32::wrapping_add);
        }
    }
    out
}

fn zip(a: [u32; 3], b: [u32; 3], by: fn(u32, u32) -> u32) -> [u32; 3] {
    let ([r, g, b_], [x, y, z]) = (a, b);
    [by(r, x), by(g, y), by(b_, z)]
}

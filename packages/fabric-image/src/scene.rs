//! A picture that nobody has seen before.

use crate::decode::{fits, png};
use image::{Rgb, RgbImage};

/// Tiles in a row.
const TILES: u32 = 8;

/// A PNG of so many pixels that looks as if a camera had made it, as far as its size goes: tiles whose colours are these
/// bytes, each a slope, under the noise of a sensor.
///
/// # Errors
/// If it has no pixels or more than are worked on, or can't be packed.
pub fn scene(tiles: &[u8; 64], width: u32, height: u32) -> Result<Vec<u8>, String> {
    fits(width, height)?;
    let mut noise = tiles
        .iter()
        .fold(1u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)) | 1);
    let place = |at: u32, of: u32| at.saturating_mul(TILES).checked_div(of).unwrap_or(0);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let tile = place(y, height).saturating_mul(TILES).saturating_add(place(x, width));
        let shade = usize::try_from(tile).ok().and_then(|tile| tiles.get(tile).copied());
        // Marsaglia 2003: enough for noise
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let [grain, ..] = noise.to_be_bytes();
        let slope = x.saturating_add(y).to_le_bytes().first().copied().unwrap_or(0) >> 3;
        let shade = shade.unwrap_or(0).wrapping_add(slope).wrapping_add(grain & 7);
        Rgb([shade, shade.rotate_left(3), !shade])
    });
    png(&picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageUnit;

    #[test]
    fn a_scene_has_the_size_that_was_asked_for_and_is_worked_on() {
        let scene = |byte, width, height| scene(&[byte; 64], width, height);
        let (one, other) = (scene(1, 40, 30).unwrap(), scene(2, 40, 30).unwrap());
        assert_ne!(one, other);
        assert_eq!(scene(1, 40, 30).unwrap(), one);
        assert_eq!(crate::decode::decode(&one).unwrap().dimensions(), (40, 30));
        assert!(one.len() > 40 * 30 / 4, "noise packs badly: {} bytes", one.len());
        ImageUnit::work("blur", r#"{"radius":2}"#, &one).unwrap();
        ImageUnit::work("edges", "", &one).unwrap();
        assert!(scene(1, 0, 30).is_err());
    }
}

//! A picture that nobody has seen before.

use crate::decode::png;
use image::{Rgb, RgbImage};

/// Tiles in a row, and pixels of a tile's side.
const TILES: u32 = 8;
const TILE: u32 = 4;

/// A PNG of tiles whose colours are these bytes.
///
/// # Errors
/// If it can't be packed.
pub fn mosaic(dice: &[u8; 64]) -> Result<Vec<u8>, String> {
    let side = TILES.saturating_mul(TILE);
    let picture = RgbImage::from_fn(side, side, |x, y| {
        let tile = (y / TILE).saturating_mul(TILES).saturating_add(x / TILE);
        let shade = usize::try_from(tile).ok().and_then(|tile| dice.get(tile).copied());
        let shade = shade.unwrap_or(0);
        Rgb([shade, shade.rotate_left(3), !shade])
    });
    png(&picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageUnit;

    #[test]
    fn a_mosaic_is_a_picture_that_the_unit_works_on() {
        let (one, other) = (mosaic(&[1; 64]).unwrap(), mosaic(&[2; 64]).unwrap());
        assert_ne!(one, other);
        ImageUnit::work("edges", "", &one).unwrap();
    }
}

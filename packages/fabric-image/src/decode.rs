//! Pictures in and out. What comes is not trusted: its size is looked at before it is unpacked.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{GrayImage, ImageEncoder as _, ImageFormat, ImageReader, Limits, RgbImage};
use std::io::Cursor;

/// Pixels of a picture, in or out: 100 MB of RGB at most.
pub const MAX_PIXELS: u64 = 32 << 20;

/// Pixels of a side.
pub const MAX_SIDE: u32 = 16_384;

/// Unpacks a JPEG or PNG.
pub(crate) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let reader = || {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let mut reader = reader.map_err(|e| e.to_string())?;
        if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
            return Err("no picture: send a JPEG or a PNG".to_owned());
        }
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_PIXELS.saturating_mul(8));
        reader.limits(limits);
        Ok(reader)
    };
    let (width, height) = reader()?.into_dimensions().map_err(|e| format!("no picture: {e}"))?;
    fits(width, height)?;
    Ok(reader()?.decode().map_err(|e| format!("no picture: {e}"))?.into_rgb8())
}

/// Whether a picture of this size is taken.
pub(crate) fn fits(width: u32, height: u32) -> Result<(), String> {
    let pixels = u64::from(width).saturating_mul(height.into());
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(format!(
            "a picture of {width} x {height}, at most {MAX_SIDE} a side and {MAX_PIXELS} in all are \
             worked on: send a smaller one"
        ));
    }
    Ok(())
}

/// Packs a picture as PNG: without loss, so that equal pictures are equal bytes.
pub(crate) fn png(picture: &RgbImage) -> Result<Vec<u8>, String> {
    pack(picture.as_raw(), picture.width(), picture.height(), image::ExtendedColorType::Rgb8)
}

/// Packs a gray picture.
pub(crate) fn gray_png(picture: &GrayImage) -> Result<Vec<u8>, String> {
    pack(picture.as_raw(), picture.width(), picture.height(), image::ExtendedColorType::L8)
}

fn pack(
    bytes: &[u8],
    width: u32,
    height: u32,
    color: image::ExtendedColorType,
) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Sub);
    encoder.write_image(bytes, width, height, color).map_err(|e| e.to_string())?;
    Ok(out)
}

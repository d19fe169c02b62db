//! Where a JPEG ends (ITU-T T.81, annex B), for pictures that are written one after another with anything in between.

use super::MAX_PICTURE;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes read at a time.
const READ: usize = 64 * 1024;

/// How a PNG begins, and how it ends.
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const IEND: [u8; 8] = *b"IEND\xae\x42\x60\x82";

/// Markers: start and end of an image, start of a scan.
const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Where in a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before it.
    Before,
    /// At what may be its first byte.
    First,
    /// A marker is due.
    Marker,
    /// Its code is due.
    Code,
    /// The length of a segment is due; whether a scan follows it.
    Length { scan: bool },
    /// The rest of the length is.
    Low { scan: bool, high: u8 },
    /// In a segment.
    Segment { scan: bool, left: u16 },
    /// In the data of a scan, where no marker is announced.
    Scan,
    /// After a 0xff in it.
    ScanCode,
    /// After its last byte.
    Ended,
}

impl At {
    /// Where the next byte leads; `None` if it has no place there.
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Before | Self::First, 0xff) => Self::First,
            (Self::First, SOI) => Self::Marker,
            (Self::Before | Self::First, _) => Self::Before,
            (Self::Marker | Self::Code, 0xff) => Self::Code,
            (Self::Marker, _) | (Self::Code, 0x00) | (Self::Code | Self::ScanCode, SOI) => {
                return None;
            }
            (Self::Code | Self::ScanCode, EOI) => Self::Ended,
            // stuffing and restarts are the scan's own
            (Self::ScanCode, 0x00 | 0xd0..=0xd7) => Self::Scan,
            (Self::Scan | Self::ScanCode, 0xff) => Self::ScanCode,
            (Self::Scan, _) => Self::Scan,
            // markers that stand alone
            (Self::Code, 0x01 | 0xd0..=0xd7) => Self::Marker,
            (Self::Code | Self::ScanCode, code) => Self::Length { scan: code == SOS },
            (Self::Length { scan }, high) => Self::Low { scan, high },
            (Self::Low { scan, high }, low) => {
                // it counts itself
                segment(scan, u16::from_be_bytes([high, low]).checked_sub(2)?)
            }
            (Self::Segment { scan, left }, _) => segment(scan, left.saturating_sub(1)),
            (Self::Ended, _) => Self::Ended,
        })
    }
}

const fn segment(scan: bool, left: u16) -> At {
    match (left, scan) {
        (0, true) => At::Scan,
        (0, false) => At::Marker,
        _ => At::Segment { scan, left },
    }
}

/// Whether these bytes are a JPEG or a PNG from its first byte to its last, as far as its frame goes.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    if bytes.starts_with(&PNG) {
        return bytes.ends_with(&IEND);
    }
    let mut at = At::Before;
    for byte in bytes {
        let Some(next) = at.next(*byte) else { return false };
        at = next;
    }
    at == At::Ended && bytes.starts_with(&[0xff, SOI])
}

/// JPEGs of a stream.
pub(super) struct Pictures<R> {
    from: R,
    /// What was read and is of no picture that was given yet.
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Pictures<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: BytesMut::new() }
    }

    /// The next one, from its first byte to its last; `None` at the end of the stream.
    ///
    /// # Errors
    /// If the stream fails, or has something else than JPEGs of at most [`MAX_PICTURE`] bytes.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        let (mut at, mut seen, mut begins) = (At::Before, 0usize, 0usize);
        loop {
            while let Some(byte) = self.buffer.get(seen).copied() {
                at = at.next(byte).ok_or("what the camera's program writes is no MJPEG")?;
                if at == At::First {
                    begins = seen;
                }
                seen = seen.saturating_add(1);
                if at == At::Ended {
                    let mut picture = self.buffer.split_to(seen);
                    return Ok(Some(picture.split_off(begins).freeze()));
                }
            }
            if at == At::Before {
                self.buffer.clear();
                seen = 0;
            }
            if seen.saturating_sub(begins) > MAX_PICTURE {
                return Err(format!("a picture of the camera has more than {MAX_PICTURE} bytes"));
            }
            self.buffer.reserve(READ);
            let got = self.from.read_buf(&mut self.buffer).await.map_err(|e| e.to_string())?;
            if got == 0 {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};
    use proptest::prelude::*;
    use std::io::Cursor;

    fn jpeg(side: u32, shade: u8) -> Vec<u8> {
        let picture = RgbImage::from_fn(side, side, |x, y| {
            let noise = u8::try_from((x * 7 + y * 13) % 256).unwrap();
            Rgb([noise, shade, noise ^ shade])
        });
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, 90).encode_image(&picture).unwrap();
        out
    }

    /// With a comment that holds a whole picture, as a thumbnail does.
    fn with_thumbnail(jpeg: &[u8], inner: &[u8]) -> Vec<u8> {
        let len = u16::try_from(inner.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xfe], &len, inner, &jpeg[2..]].concat()
    }

    async fn all(stream: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut pictures = Pictures::new(Cursor::new(stream));
        let mut all = Vec::new();
        while let Some(picture) = pictures.next().await? {
            all.push(picture.to_vec());
        }
        Ok(all)
    }

    #[tokio::test]
    async fn pictures_one_after_another_come_apart_as_they_were() {
        let small = jpeg(8, 1);
        let sent = [jpeg(8, 1), jpeg(300, 77), with_thumbnail(&jpeg(40, 9), &small), small];
        let stream = sent.join(&b"\0\0\xff\xff--boundary\r\n"[..]);
        assert_eq!(all(&stream).await.unwrap(), sent);
        let cut = stream.len() - 1;
        assert_eq!(all(&stream[..cut]).await.unwrap(), sent[..3], "half a picture is none");
    }

    #[tokio::test]
    async fn what_is_no_picture_or_too_large_a_one_is_refused() {
        let broken = [&jpeg(8, 1)[..2], b"not a marker"].concat();
        assert!(all(&broken).await.unwrap_err().contains("no MJPEG"));
        let endless = [&[0xff, 0xd8, 0xff, 0xda, 0, 2][..], &vec![7; MAX_PICTURE + READ]].concat();
        assert!(all(&endless).await.unwrap_err().contains("more than"));
        assert!(all(&vec![7; 3 * READ]).await.unwrap().is_empty(), "nothing of it is kept");
    }

    #[test]
    fn a_file_that_is_still_being_written_is_not_whole() {
        let jpeg = jpeg(30, 5);
        let png = crate::scene(&[3; 64], 32, 32).unwrap();
        for whole in [&jpeg, &png] {
            assert!(is_whole(whole));
            assert!((0..whole.len()).all(|cut| !is_whole(&whole[..cut])));
        }
        assert!(!is_whole(b"GIF89a"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn no_bytes_do_harm(
            bytes in proptest::collection::vec(any::<u8>(), 0..400), at: usize, bit: u8,
        ) {
            let _ = is_whole(&bytes);
            let mut picture = jpeg(8, 1);
            let at = at % picture.len();
            picture[at] ^= bit;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for stream in [&bytes, &picture] {
                if let Ok(found) = runtime.block_on(all(stream)) {
                    prop_assert!(found.iter().all(|one| is_whole(one)));
                }
            }
        }
    }
}

//! A simple classifier: brightness, colour and texture of a picture, and the nearest of a few classes.
//!
//! Nearest centroid over four features in 0..=255. It is small and says no more than it knows; an
//! operator with a network on an accelerator puts it behind the same job name.

use super::{edges, luma};
use image::RgbImage;

/// Class and its centroid: brightness, red against blue, green against both, texture.
const CLASSES: &[(&str, [i64; 4])] = &[
    ("night", [20, 128, 128, 10]),
    ("sky", [170, 90, 125, 10]),
    ("foliage", [100, 128, 170, 30]),
    ("sunset", [120, 185, 120, 20]),
    ("document", [225, 128, 128, 60]),
    ("gray", [128, 128, 128, 20]),
];

/// The classes from the nearest on, as JSON, with squared distances.
pub(crate) fn classify(picture: &RgbImage) -> String {
    let features = features(picture);
    let mut ranked: Vec<(i64, &str)> = CLASSES
        .iter()
        .map(|(name, centroid)| {
            let squares = features.iter().zip(centroid).map(|(a, b)| {
                let off = a.saturating_sub(*b);
                off.saturating_mul(off)
            });
            (squares.sum(), *name)
        })
        .collect();
    ranked.sort_unstable();
    let class = ranked.first().map_or("", |(_, name)| *name);
    let all: Vec<_> = ranked
        .iter()
        .map(|(distance, name)| serde_json::json!({ "class": name, "distance": distance }))
        .collect();
    serde_json::json!({ "class": class, "ranked": all, "features": features }).to_string()
}

fn features(picture: &RgbImage) -> [i64; 4] {
    let mut sums = [0i64; 3];
    for pixel in picture.pixels() {
        for (sum, value) in sums.iter_mut().zip(pixel.0) {
            *sum = sum.saturating_add(value.into());
        }
    }
    let count = i64::try_from(picture.pixels().len()).unwrap_or(i64::MAX).max(1);
    let [red, green, blue] = sums.map(|sum| sum.checked_div(count).unwrap_or(0));
    let mean =
        |of: &[u8]| of.iter().map(|v| i64::from(*v)).sum::<i64>().checked_div(count).unwrap_or(0);
    let both = red.saturating_add(blue) / 2;
    [
        mean(luma(picture).as_raw()),
        red.saturating_sub(blue).div_euclid(2).saturating_add(128),
        green.saturating_sub(both).div_euclid(2).saturating_add(128),
        mean(edges(picture).as_raw()),
    ]
}

//! An image unit that finds edges (Sobel operator) in 64 x 64 grey frames.

use super::{Call, Serve, Served, Use, pattern};

const SIDE: usize = 64;

/// Edge strength by the Sobel operator, saturated; the border is 0. `None` unless the frame is 64 x 64.
#[allow(clippy::arithmetic_side_effects)] // indices stay inside 64 x 64, sums inside 8 * 255
fn edges(frame: &[u8]) -> Option<Vec<u8>> {
    if frame.len() != SIDE * SIDE {
        return None;
    }
    let at = |x: usize, y: usize| i32::from(frame.get(y * SIDE + x).copied().unwrap_or(0));
    let mut out = vec![0u8; SIDE * SIDE];
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let gx = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1)
                - at(x - 1, y - 1)
                - 2 * at(x - 1, y)
                - at(x - 1, y + 1);
            let gy = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1)
                - at(x - 1, y - 1)
                - 2 * at(x, y - 1)
                - at(x + 1, y - 1);
            let strength = (gx.abs() + gy.abs()).min(255);
            if let Some(pixel) = out.get_mut(y * SIDE + x) {
                *pixel = u8::try_from(strength).unwrap_or(u8::MAX);
            }
        }
    }
    Some(out)
}

/// The unit.
pub struct ImageUnit;

impl Serve for ImageUnit {
    async fn serve(&mut self, op: &str, body: &[u8]) -> Result<Served, String> {
        if op != "edge" {
            return Err(format!("the image unit knows \"edge\", not \"{op}\""));
        }
        let body = edges(body).ok_or_else(|| {
            format!("a frame has {} bytes, {} were sent", SIDE * SIDE, body.len())
        })?;
        Ok(Served { units: 1, body })
    }
}

/// Sends frames and recomputes the edges.
pub(super) struct Photographer;

impl Use for Photographer {
    fn call(&mut self, n: u64) -> Call {
        Call { op: "edge", body: pattern(n, SIDE * SIDE) }
    }

    fn check(&mut self, _n: u64, call: &Call, body: &[u8]) -> Result<u64, String> {
        match edges(&call.body) {
            Some(right) if right == body => Ok(1),
            _ => Err("these are not the frame's edges".to_owned()),
        }
    }
}

//! An image unit: what a device with a camera accelerator lets out, in integers, so that the same picture
//! gives the same bytes on every machine and a consumer can check a result by doing it again.
//!
//! It runs in the device's process ([`ImageUnit`]), or as the program `caplet-image-unit` behind
//! `caplet_fabric::kinds::jobs::Program`, where any accelerator may stand in its place.

mod decode;
mod live;
mod ops;
mod scene;
mod unit;

pub use decode::{MAX_PIXELS, MAX_SIDE};
pub use live::{LiveCamera, MAX_PICTURE, Origin};
pub use scene::scene;
pub use unit::{Camera, ImageUnit};

//! Uploading code: nodes take gzip, and refuse larger request bodies than a plain module may need.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::ChainError;
use crate::msg::Msg;

/// Messages with their wasm modules compressed; everything else as it is. The same module always
/// gives the same bytes, so that a transaction signed twice is the same.
///
/// # Errors
/// [`ChainError::BadMessage`] if compressing fails.
pub(super) fn compressed(msgs: &[Msg]) -> Result<Vec<Msg>, ChainError> {
    msgs.iter().map(compress).collect()
}

fn compress(msg: &Msg) -> Result<Msg, ChainError> {
    match msg {
        Msg::Store { wasm } if wasm.starts_with(b"\0asm") => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            let packed = gzip.write_all(wasm).and_then(|()| gzip.finish());
            let wasm = packed.map_err(|e| ChainError::BadMessage(format!("wasm module: {e}")))?;
            Ok(Msg::Store { wasm })
        }
        other => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn only_plain_modules_are_compressed_and_come_back_whole() {
        let module = [b"\0asm\x01\0\0\0".as_slice(), &[7; 10_000]].concat();
        let store = |wasm: &[u8]| Msg::Store { wasm: wasm.to_vec() };
        let once = compressed(&[store(&module)]).unwrap();
        let [Msg::Store { wasm }] = once.as_slice() else { unreachable!("one message") };
        assert!(wasm.len() < 200);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(wasm.as_slice()).read_to_end(&mut back).unwrap();
        assert_eq!(back, module);
        assert_eq!(compressed(&once).unwrap(), once);
        assert_eq!(compressed(&[store(&module)]).unwrap(), once);
    }
}

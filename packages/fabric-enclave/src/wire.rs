//! Sealed messages as bytes: the encapsulated key (32), then the ciphertext; an output has its signature (64)
//! before that.

use caplet_attest::session::{Output, Sealed};

/// Bytes of a sealed input.
#[must_use]
pub fn sealed(sealed: &Sealed) -> Vec<u8> {
    [&sealed.key[..], &sealed.text[..]].concat()
}

/// A sealed input; `None` if it is too short to be one.
#[must_use]
pub fn open_sealed(bytes: &[u8]) -> Option<Sealed> {
    let (key, text) = bytes.split_first_chunk::<32>()?;
    Some(Sealed { key: *key, text: text.to_vec() })
}

/// Bytes of an output.
#[must_use]
pub fn output(output: &Output) -> Vec<u8> {
    [&output.signature[..], &output.sealed.key[..], &output.sealed.text[..]].concat()
}

/// An output; `None` if it is too short to be one.
#[must_use]
pub fn open_output(bytes: &[u8]) -> Option<Output> {
    let (signature, rest) = bytes.split_first_chunk::<64>()?;
    Some(Output { sealed: open_sealed(rest)?, signature: *signature })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_back_and_short_ones_are_none() {
        let input = Sealed { key: [1; 32], text: vec![2; 17] };
        assert_eq!(open_sealed(&sealed(&input)), Some(input.clone()));
        let out = Output { sealed: input, signature: [3; 64] };
        assert_eq!(output(&out), [&[3u8; 64][..], &[1; 32], &[2; 17]].concat());
        assert_eq!(open_output(&output(&out)), Some(out));
        assert_eq!(open_sealed(&[0; 31]), None);
        assert_eq!(open_output(&[0; 95]), None);
    }
}

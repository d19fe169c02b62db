//! What a service answers, read. Nothing of it is believed: a verifier judges what becomes of it.

use percent_encoding::percent_decode;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A signed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its exact text: that is what is signed.
    pub text: String,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Certificates (PEM) from a header, where they are percent-encoded; `None` if it is no text.
#[must_use]
pub fn chain(header: &[u8]) -> Option<String> {
    if !header.is_ascii() {
        return None;
    }
    Some(percent_decode(header).decode_utf8().ok()?.into_owned())
}

/// The document `name` of a body, and the signature beside it.
///
/// # Errors
/// What is wrong with the body.
pub fn signed(body: &[u8], name: &str) -> Result<Signed, String> {
    let parts: BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let part = |name: &str| {
        parts.get(name).map(|value| value.get()).ok_or_else(|| format!("no {name} in it"))
    };
    let signature: String =
        serde_json::from_str(part("signature")?).map_err(|error| error.to_string())?;
    let signature = hex::decode(signature).map_err(|error| error.to_string())?;
    Ok(Signed { text: part(name)?.to_owned(), signature })
}

/// The root's revocation list (DER), which a caching service gives in hexadecimal.
#[must_use]
pub fn list(body: Vec<u8>) -> Vec<u8> {
    match hex::decode(body.trim_ascii()) {
        Ok(list) => list,
        Err(_) => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_decoded_if_it_is_text() {
        assert_eq!(chain(b"-%0A%2b+").as_deref(), Some("-\n++"));
        assert_eq!(chain(b"5%").as_deref(), Some("5%"), "an escape that is none stands for itself");
        assert_eq!(chain(b"%FF"), None);
        assert_eq!(chain("\u{e4}".as_bytes()), None, "it came unescaped");
    }

    #[test]
    fn a_document_is_what_was_signed_to_the_letter() {
        let body = br#"{"signature": "0aFF", "tcbInfo": {"b": 1,  "a":[ ]} }"#;
        let read = signed(body, "tcbInfo").unwrap();
        assert_eq!((read.text.as_str(), read.signature), (r#"{"b": 1,  "a":[ ]}"#, vec![10, 255]));
        for (body, says) in [
            (r#"{"tcbInfo":{}}"#, "no signature"),
            (r#"{"signature":"00"}"#, "no tcbInfo"),
            (r#"{"signature":12,"tcbInfo":{}}"#, "string"),
            (r#"{"signature":"0","tcbInfo":{}}"#, "Odd"),
            (r#"{"signature":"00","tcbInfo":"#, "EOF"),
        ] {
            let error = signed(body.as_bytes(), "tcbInfo").unwrap_err();
            assert!(error.contains(says), "{body}: {error}");
        }
    }

    #[test]
    fn a_list_comes_in_hexadecimal_or_as_it_is() {
        assert_eq!(list(b" 30fF\n".to_vec()), [0x30, 0xff]);
        assert_eq!(list(vec![0x30, 0x82]), [0x30, 0x82]);
    }
}

//! Quotes that enclaves of this gateway's devices made, as files that their operator puts into a folder.

use anyhow::Context as _;
use caplet_attest::MAX_QUOTE;
use caplet_protocol::DeviceId;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;

/// A folder of quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quotes {
    folder: PathBuf,
}

impl Quotes {
    /// Quotes in a folder, which need not be there.
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The quote of a device's enclave of this sequence.
    ///
    /// # Errors
    /// If the file is there and cannot be read, or is too long for a quote.
    pub(crate) fn find(&self, device: DeviceId, sequence: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.folder.join(format!("{device}-{sequence}.quote"));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let most = u64::try_from(MAX_QUOTE)?;
        let mut quote = Vec::new();
        file.take(most.saturating_add(1))
            .read_to_end(&mut quote)
            .with_context(|| path.display().to_string())?;
        anyhow::ensure!(
            quote.len() <= MAX_QUOTE,
            "{} has more than {MAX_QUOTE} bytes: it is no quote",
            path.display()
        );
        Ok(Some(quote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_found_by_device_and_sequence_and_a_file_too_long_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let quotes = Quotes::new(folder.path().to_owned());
        std::fs::write(folder.path().join("7-2.quote"), b"quote").unwrap();
        assert_eq!(quotes.find(DeviceId(7), 2).unwrap().as_deref(), Some(&b"quote"[..]));
        assert_eq!(quotes.find(DeviceId(7), 1).unwrap(), None);
        std::fs::write(folder.path().join("7-3.quote"), vec![0; MAX_QUOTE + 1]).unwrap();
        let refused = quotes.find(DeviceId(7), 3).unwrap_err().to_string();
        assert!(refused.contains("it is no quote"), "{refused}");
    }
}

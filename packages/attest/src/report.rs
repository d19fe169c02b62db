//! Reading a quote: bytes from strangers.

use crate::{AttestError, Measurement, Tee};
use dcap_qvl::quote::{Quote, Report};

/// Most bytes of a quote. SGX and TDX quotes with their certificates are about 5 KiB.
pub const MAX_QUOTE: usize = 16 * 1024;

/// What a quote says, before anything of it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteFacts {
    /// Which kind of enclave.
    pub tee: Tee,
    /// What it measures.
    pub measurement: Measurement,
    /// Whether its host can look inside.
    pub debug: bool,
    /// The 64 bytes that the enclave chose.
    pub report_data: [u8; 64],
}

/// Reads a quote without believing it.
///
/// # Errors
/// If it is too long or no quote.
pub fn read(quote: &[u8]) -> Result<QuoteFacts, AttestError> {
    Ok(facts(&parse(quote)?.report))
}

pub(crate) fn parse(quote: &[u8]) -> Result<Quote, AttestError> {
    if quote.len() > MAX_QUOTE {
        return Err(AttestError::Long { what: "quote", length: quote.len(), most: MAX_QUOTE });
    }
    Quote::parse(quote).map_err(|error| AttestError::NoQuote { reason: format!("{error:#}") })
}

pub(crate) fn facts(report: &Report) -> QuoteFacts {
    let (tee, debug, report_data) = match report {
        // bit 1 of the attributes (Intel SDM 3D, SECS.ATTRIBUTES)
        Report::SgxEnclave(report) => {
            (Tee::Sgx, first(&report.attributes) & 0x02, report.report_data)
        }
        Report::TD10(report) => (Tee::Tdx, untrusted(&report.td_attributes), report.report_data),
        Report::TD15(report) => {
            (Tee::Tdx, untrusted(&report.base.td_attributes), report.base.report_data)
        }
        Report::TD15Ex(report) => {
            let base = &report.base.base;
            (Tee::Tdx, untrusted(&base.td_attributes), base.report_data)
        }
    };
    QuoteFacts { tee, measurement: Measurement::report(report), debug: debug != 0, report_data }
}

/// The bits of a TD that let its host look inside: debugging and profiling (Intel TDX module ABI, ATTRIBUTES.TUD).
fn untrusted(attributes: &[u8]) -> u8 {
    first(attributes) & 0x71
}

fn first(bytes: &[u8]) -> u8 {
    bytes.first().copied().unwrap_or_default()
}

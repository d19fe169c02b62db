//! The SGX extension of a platform's certificate (Intel SGX PCK Certificate and CRL Profile Specification, 1.3.5).

/// OID 1.2.840.113741.1.13.1, under which everything of the extension is.
pub(super) const SGX: [u64; 7] = [1, 2, 840, 113_741, 1, 13, 1];
const SGX_BODY: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF8, 0x4D, 0x01, 0x0D, 0x01];

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const ENUMERATED: u8 = 0x0A;
const SEQUENCE: u8 = 0x30;

/// What every synthetic platform is.
pub(super) const FMSPC: [u8; 6] = [0, 0xCA, 0x91, 0xE7, 0, 0];
/// Security version of every component.
pub(super) const SVN: u8 = 5;

/// The extension's value.
pub(super) fn extension(smt: bool) -> Vec<u8> {
    let configuration = [
        item(&[7, 1], BOOLEAN, &[0]),
        item(&[7, 2], BOOLEAN, &[0]),
        item(&[7, 3], BOOLEAN, &[truth(smt)]),
    ]
    .concat();
    let parts = [
        item(&[1], OCTETS, &[0x11; 16]),
        item(&[2], SEQUENCE, &tcb()),
        item(&[3], OCTETS, &[0, 0]),
        item(&[4], OCTETS, &FMSPC),
        item(&[5], ENUMERATED, &[1]),
        item(&[6], OCTETS, &[0x22; 16]),
        item(&[7], SEQUENCE, &configuration),
    ];
    value(SEQUENCE, &parts.concat())
}

fn tcb() -> Vec<u8> {
    let components = (1..=16).map(|component| item(&[2, component], INTEGER, &[SVN]));
    let pce = item(&[2, 17], INTEGER, &[SVN]);
    let all = item(&[2, 18], OCTETS, &[SVN; 16]);
    components.chain([pce, all]).flatten().collect()
}

/// An OID under the extension's own, and what it names.
fn item(under: &[u8], tag: u8, content: &[u8]) -> Vec<u8> {
    let oid = value(OID, &[&SGX_BODY, under].concat());
    value(SEQUENCE, &[oid, value(tag, content)].concat())
}

/// Tag, length, content (X.690, 8.1).
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let mut out = vec![tag];
    match (high, low) {
        (0, 0..=127) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend(content);
    out
}

fn truth(value: bool) -> u8 {
    if value { 0xFF } else { 0 }
}

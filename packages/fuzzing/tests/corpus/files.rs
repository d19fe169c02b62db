//! Seeds of what is unpacked: archives, pictures, and what is said of platforms, and by whom.

use std::path::PathBuf;

/// A seed: target, file, bytes.
type Seed = (&'static str, &'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    seeds.extend(archives().into_iter().map(|(name, bytes)| ("archives", name, bytes)));
    seeds.extend(pictures().into_iter().map(|(name, bytes)| ("pictures", name, bytes)));
    seeds.extend(collateral().into_iter().map(|(name, bytes)| ("collateral", name, bytes)));
    seeds.extend(services().into_iter().map(|(name, bytes)| ("services", name, bytes)));
    seeds
}

/// One entry of a tar (POSIX ustar): its header with `size` written into it, then the content, padded.
fn sized(name: &str, kind: u8, link: &str, content: &[u8], mode: &str, size: &str) -> Vec<u8> {
    let mut header = vec![0u8; 512];
    let mut put = |at: usize, bytes: &[u8]| {
        for (to, from) in header[at..].iter_mut().zip(bytes) {
            *to = *from;
        }
    };
    put(0, name.as_bytes());
    put(100, mode.as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, size.as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar");
    put(263, b"00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (to, from) in header[148..].iter_mut().zip(format!("{sum:06o}\0").bytes()) {
        *to = from;
    }
    let mut entry = [&header[..], content].concat();
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

fn entry(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
    sized(name, kind, link, content, "0000755", &format!("{:011o}", content.len()))
}

fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1_024]].concat()
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let file = |name: &str| entry(name, b'0', "", b"x");
    let folder = |name: &str| entry(name, b'5', "", b"");
    let link = |name: &str, to: &str| entry(name, b'2', to, b"");
    let config = |json: &str| entry("config.json", b'0', "", json.as_bytes());
    let program = entry("bin/a", b'0', "", b"#!");
    let again = entry("./a", b'0', "", b"y");
    let rights = sized("a", b'0', "", b"x", "0006777", "00000000001");
    vec![
        (
            "root",
            tar(&[folder("bin/"), program, link("bin/b", "a"), entry("c", b'1', "bin/a", b"")]),
        ),
        (
            "bundle",
            tar(&[config(r#"{"process":{"args":["a"],"env":["A=1"]}}"#), folder("rootfs/")]),
        ),
        ("bad_config", tar(&[config(r#"{"root":{"path":"../../etc"}}"#), folder("rootfs/")])),
        ("climbs", tar(&[file("../a")])),
        ("absolute", tar(&[file("/a")])),
        ("through_link", tar(&[link("l", "../.."), file("l/a")])),
        ("below_link", tar(&[folder("d/"), link("d/l", "/"), file("d/l/a")])),
        ("hard_link_out", tar(&[entry("a", b'1', "/etc/passwd", b"")])),
        ("twice", tar(&[file("a"), again])),
        ("device", tar(&[entry("d", b'3', "", b"")])),
        ("lends_rights", tar(&[rights])),
        ("oversized", tar(&[sized("a", b'0', "", b"x", "0000755", "77777777777")])),
        ("cut", file("a")[..600].to_vec()),
        ("mount_is_link", tar(&[link("proc", "tmp")])),
        ("zip_cut", vec![0x1f, 0x8b, 8, 0, 0, 0]),
    ]
}

/// Two by two pixels, stored as they are.
const PNG: &str = "\
    89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a730000001949444154780101\
    0e00f1ff0000285078a0c800285078a0c8f01eae05a1f7badef80000000049454e44ae426082";
/// The same, said to be 16,384 by 16,384.
const HUGE: &str = "\
    89504e470d0a1a0a0000000d494844520000400000004000080200000026aa87d30000001949444154780101\
    0e00f1ff0000285078a0c800285078a0c8f01eae05a1f7badef80000000049454e44ae426082";
/// The same, said to be 20,000 wide.
const WIDE: &str = "\
    89504e470d0a1a0a0000000d4948445200004e20000000010802000000b4d609d90000001949444154780101\
    0e00f1ff0000285078a0c800285078a0c8f01eae05a1f7badef80000000049454e44ae426082";
/// Eight by eight gray pixels.
const JPEG: &str = "\
    ffd8ffdb00430001010101010101010101010101010101010101010101010101010101010101010101010101\
    010101010101010101010101010101010101010101010101010101ffc0000b080008000801011100ffc40014\
    000100000000000000000000000000000000ffc40014100100000000000000000000000000000000ffda0008\
    010100003f003fffd9";

fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let [png, huge, wide, jpeg] = [PNG, HUGE, WIDE, JPEG].map(|text| hex::decode(text).unwrap());
    vec![
        ("png_cut", png[..png.len() - 20].to_vec()),
        // its header comes again
        ("png_repeated", [&png[..33], &png[8..]].concat()),
        ("jpeg_cut", jpeg[..jpeg.len() - 4].to_vec()),
        ("png", png),
        ("huge", huge),
        ("wide", wide),
        ("jpeg", jpeg),
        ("params", br#"{"width":4294967296}"#.to_vec()),
        ("params_repeated", br#"{"radius":1,"radius":2}"#.to_vec()),
    ]
}

fn sample(name: &str) -> String {
    let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../attest/samples");
    std::fs::read_to_string(samples.join(name)).unwrap()
}

/// As a caching service answers: a header with certificates, a line feed, a body.
fn services() -> Vec<(&'static str, Vec<u8>)> {
    let all: serde_json::Value =
        serde_json::from_str(&sample("sgx_quote_collateral.json")).unwrap();
    let part = |name: &str| all[name].as_str().unwrap().to_owned();
    let chain = part("tcb_info_issuer_chain").replace('\n', "%0A").replace(' ', "%20");
    let (info, signature) = (part("tcb_info"), part("tcb_info_signature"));
    let answer = |body: &str| format!("{chain}\n{body}").into_bytes();
    let body = format!(r#"{{"tcbInfo": {info} , "signature": "{signature}"}}"#);
    vec![
        ("tcb", answer(&body)),
        ("later", answer(&body.replacen("2025", "2026", 2))),
        ("other_key", answer(&body.replacen("tcbInfo", "tcb_info", 1))),
        ("twice", answer(&body.replacen('{', r#"{"tcbInfo":{},"#, 1))),
        ("number", answer(&body.replace(&format!("\"{signature}\""), "12"))),
        ("cut", answer(&body[..body.len() / 2])),
        ("list", format!("\n{}\n", part("root_ca_crl").to_uppercase()).into()),
        ("no_text", b"%FF%\n0".to_vec()),
    ]
}

/// Of real platforms; cut off, and with a bit of a certificate or of a revocation list changed.
fn collateral() -> Vec<(&'static str, Vec<u8>)> {
    let (sgx, tdx) = (sample("sgx_quote_collateral.json"), sample("tdx_quote_collateral.json"));
    let parts = [
        "pck_crl_issuer_chain",
        "root_ca_crl",
        "pck_crl",
        "tcb_info_issuer_chain",
        "tcb_info",
        "tcb_info_signature",
        "qe_identity_issuer_chain",
        "qe_identity",
        "qe_identity_signature",
    ];
    let empty = parts.map(|part| {
        let json = matches!(part, "tcb_info" | "qe_identity");
        format!("\"{part}\":\"{}\"", if json { "{}" } else { "" })
    });
    let measured = "0f".repeat(32);
    let policy =
        format!(r#"{{"debug":true,"least_evaluation":4294967295,"measurements":["{measured}"]}}"#);
    vec![
        ("cut", sgx.as_bytes()[..9_000].to_vec()),
        ("changed", sgx.replacen("MIIC", "MIID", 1).into()),
        ("list_changed", sgx.replacen("3082", "3083", 1).into()),
        ("sgx", sgx.into()),
        ("tdx", tdx.into()),
        ("empty", format!("{{{}}}", empty.join(",")).into()),
        ("policy", policy.into()),
        ("measurement", measured.to_uppercase().into()),
    ]
}

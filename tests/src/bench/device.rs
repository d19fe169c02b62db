//! What a microcontroller carries: code and memory of the programs that `scripts/bench device` has built.

use anyhow::Context as _;
use caplet_protocol::chain::Revealer;
use serde_json::json;
use std::path::Path;

/// Bytes of a program by where they live.
#[derive(Default)]
struct Size {
    /// Code and constants: flash.
    code: u64,
    /// Variables: RAM, beside the stack.
    ram: u64,
}

/// Prints the size of each program in `target/device`, named by target and features.
///
/// # Errors
/// If there is none, or one is no ELF file.
pub fn device() -> anyhow::Result<()> {
    let folder = Path::new("target/device");
    let entries = std::fs::read_dir(folder).context("run this through scripts/bench device")?;
    let mut files = entries.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let size =
            size(&std::fs::read(file.path())?).with_context(|| format!("{name} is no ELF"))?;
        let chain = if name.contains("empty") { 0 } else { size_of::<Revealer>() };
        let line = json!({
            "bench": "device", "program": name, "code_bytes": size.code,
            "static_ram_bytes": size.ram, "chain_on_the_stack_bytes": chain,
        });
        println!("{line}");
    }
    Ok(())
}

/// The sections of a 32-bit little-endian ELF file that are loaded (System V ABI, 4.1: section header).
fn size(elf: &[u8]) -> Option<Size> {
    let number = |at: usize, length: usize| {
        let bytes = elf.get(at..at.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    if elf.get(..6)? != b"\x7fELF\x01\x01" {
        return None;
    }
    let table = usize::try_from(number(0x20, 4)?).ok()?;
    let (length, count) = (number(0x2e, 2)?, number(0x30, 2)?);
    let mut size = Size::default();
    for section in 0..count {
        let at = table.checked_add(usize::try_from(section.checked_mul(length)?).ok()?)?;
        let (flags, bytes) = (number(at.checked_add(8)?, 4)?, number(at.checked_add(20)?, 4)?);
        const WRITE: u64 = 1;
        const ALLOC: u64 = 2;
        if flags & ALLOC != 0 {
            let place = if flags & WRITE == 0 { &mut size.code } else { &mut size.ram };
            *place = place.saturating_add(bytes);
        }
    }
    Some(size)
}

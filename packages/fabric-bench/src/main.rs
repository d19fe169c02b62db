//! The benchmarks of `scripts/bench fabric`: what the virtualization layer costs, each figure beside the
//! raw thing in the same run. JSON lines on standard output; no arguments for all, or names of some.

mod ends;
mod exec;
mod folder;
mod images;
mod proxy;
mod sensors;
mod tunnel;
mod watch;

use anyhow::bail;

const ALL: [&str; 6] = ["tunnel", "exec", "folder", "proxy", "sensors", "images"];

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let which: Vec<&str> =
        if asked.is_empty() { ALL.to_vec() } else { asked.iter().map(String::as_str).collect() };
    let runtime = tokio::runtime::Runtime::new()?;
    for one in which {
        runtime.block_on(async {
            match one {
                "tunnel" => tunnel::run().await,
                "exec" => exec::run().await,
                "folder" => folder::run().await,
                "proxy" => proxy::run().await,
                "sensors" => sensors::run().await,
                "images" => images::run().await,
                other => bail!("no bench {other:?}: {}", ALL.join(", ")),
            }
        })?;
    }
    Ok(())
}

//! A small program by lease, to its end, beside wasmtime and container runtimes on this machine. It says one line, so
//! its end is a few microseconds after its first byte.

use crate::ends::{By, options, world};
use crate::watch::{line, spread};
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use caplet_fabric::kinds::programs::{Exec, Input, Ran};
use caplet_fabric::{Service, Tariff};
use caplet_fabric_oci::{CGROUPS, Limits as Room, OciAdapter, RUNC, Runtime, YOUKI};
use caplet_fabric_wasi::{Limits, Machine, WasiAdapter};
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::{WasiCtxBuilder, p1, p2::pipe::MemoryOutputPipe};

const TURNS: u32 = 60;
const BOXES: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(60);

/// Says `hello`; `salt` makes it another program.
fn program(salt: u32) -> anyhow::Result<Bytes> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\06\00\00\00")
            (data (i32.const 16) "hello\n")
            (data (i32.const 32) "{salt:08}")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    );
    Ok(wat::parse_str(&text)?.into())
}

pub(crate) async fn run() -> anyhow::Result<()> {
    wasi().await?;
    containers().await
}

async fn wasi() -> anyhow::Result<()> {
    let mut config = wasmtime::Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config).map_err(|e| anyhow::anyhow!("{e}"))?;
    let folder = tempfile::tempdir()?;
    let world = world(By::Iroh, Service::WASM, options()).await?;
    world.keep_on_disk(folder.path());
    world.offer(Arc::new(WasiAdapter::new(Machine::new()?, Limits::default())));
    let lease = world.lease(1, Service::WASM);
    let client = world.client(&lease, Tariff::Declared);
    let mut times: [Vec<Duration>; 4] = Default::default();
    for turn in 0..TURNS {
        let bytes = program(turn)?;
        // cold: compiled; warm: the same again, on an input of its own
        let started = Instant::now();
        let module = Module::from_binary(&engine, &bytes).map_err(|e| anyhow::anyhow!("{e}"))?;
        local(&engine, &module).await?;
        times[0].push(started.elapsed());
        let started = Instant::now();
        local(&engine, &module).await?;
        times[1].push(started.elapsed());
        for at in [2, 3] {
            let input = Bytes::from(format!("{turn} {at}"));
            let args = vec!["program".into()];
            let exec = Exec { module: Some(bytes.clone()), args, input, ..Exec::default() };
            let started = Instant::now();
            let ran = exec.run(&client, PATIENCE).await?;
            times[at].push(started.elapsed());
            ensure!(ran.stdout == b"hello\n", "the program said {:?}", ran.stdout);
        }
    }
    client.detach().await;
    let names = ["wasmtime here, cold", "wasmtime here, warm", "leased, cold", "leased, warm"];
    for (name, times) in names.iter().zip(times) {
        told(name, times);
    }
    Ok(())
}

/// As short as it goes with wasmtime and WASI.
async fn local(engine: &Engine, module: &Module) -> anyhow::Result<()> {
    let out = MemoryOutputPipe::new(64);
    let wasi = WasiCtxBuilder::new().stdout(out.clone()).build_p1();
    let ran = async {
        let mut store = Store::new(engine, wasi);
        store.set_fuel(1_000_000)?;
        let mut linker = Linker::new(engine);
        p1::add_to_linker_async(&mut linker, |wasi: &mut p1::WasiP1Ctx| wasi)?;
        let instance = linker.instantiate_async(&mut store, module).await?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        start.call_async(&mut store, ()).await
    };
    ran.await.map_err(|e| anyhow::anyhow!("{e}"))?;
    ensure!(*out.contents() == *b"hello\n", "the program said nothing");
    Ok(())
}

async fn containers() -> anyhow::Result<()> {
    if !Path::new("/bin/busybox").exists() {
        line("exec", "containers: not measured, busybox-static is missing", &json!({}));
        return Ok(());
    }
    for program in [RUNC, YOUKI] {
        let examine = move || Runtime::examine(Path::new(program), Path::new(CGROUPS));
        match tokio::task::spawn_blocking(examine).await? {
            Ok(runtime) => boxed(program, runtime).await?,
            Err(unfit) => line("exec", &format!("containers: not measured, {unfit}"), &json!({})),
        }
    }
    Ok(())
}

async fn boxed(program: &str, runtime: Runtime) -> anyhow::Result<()> {
    let root = root()?;
    let world = world(By::Iroh, Service::OCI, options()).await?;
    world.offer(Arc::new(OciAdapter::new(root.path(), Room::default()).with_runtime(runtime)));
    let lease = world.lease(1, Service::OCI);
    let client = world.client(&lease, Tariff::Declared);
    let bundle = bundle(program, root.path()).await?;
    let (mut here, mut leased) = (Vec::new(), Vec::new());
    for turn in 0..BOXES {
        let started = Instant::now();
        let ran = tokio::process::Command::new(program)
            .args(["run", &format!("caplet-bench-{}-{turn}", std::process::id())])
            .current_dir(bundle.path())
            .stdin(Stdio::null())
            .output()
            .await?;
        here.push(started.elapsed());
        ensure!(ran.stdout == b"hello\n", "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        let args = ["/bin/busybox", "echo", "hello"].map(str::to_owned).to_vec();
        let started = Instant::now();
        let (exec, mut ran) = (Exec { args, ..Exec::default() }, Ran::default());
        let ended = exec.once(&client, Input::from(Bytes::new()), &mut ran).await?;
        leased.push(started.elapsed());
        ensure!(ended.exit == 0 && ran.stdout == b"hello\n", "the container said {ran:?}");
    }
    client.detach().await;
    told(&format!("{program} here"), here);
    told(&format!("container leased, {program}"), leased);
    Ok(())
}

fn root() -> anyhow::Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir()?;
    for folder in ["bin", "proc", "dev", "tmp", "etc"] {
        std::fs::create_dir(root.path().join(folder))?;
    }
    std::fs::copy("/bin/busybox", root.path().join("bin/busybox"))?;
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(root)
}

/// A runtime's own default configuration around the same program.
async fn bundle(program: &str, root: &Path) -> anyhow::Result<tempfile::TempDir> {
    let bundle = tempfile::tempdir()?;
    let made =
        tokio::process::Command::new(program).arg("spec").current_dir(bundle.path()).status();
    ensure!(made.await?.success(), "{program} spec failed");
    let at = bundle.path().join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&at)?)?;
    let process = config.get_mut("process").context("no process")?;
    process["terminal"] = json!(false);
    process["args"] = json!(["/bin/busybox", "echo", "hello"]);
    config["root"] = json!({ "path": root, "readonly": true });
    std::fs::write(&at, serde_json::to_vec(&config)?)?;
    Ok(bundle)
}

fn told(name: &str, times: Vec<Duration>) {
    let (median, p99) = spread(times);
    line("exec", name, &json!({ "median_us": median, "p99_us": p99 }));
}

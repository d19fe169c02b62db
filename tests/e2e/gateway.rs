//! A gateway as its owner runs it on a real wasmd chain: the contracts put there by the script, the program started on the
//! file that this wrote, asked what it is doing, and stopped by Ctrl-C. And a chain of four validators.

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// For one step of what is waited for.
const PATIENCE: Duration = Duration::from_secs(180);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program that was built with these tests: beside the folder that they are in.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a program");
    let built = own.parent().and_then(Path::parent).expect("it lies in target").join("caplet");
    assert!(built.exists(), "{} is not there: cargo test --workspace builds it", built.display());
    built
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).expect("it is there");
    serde_json::from_slice(&text).expect("it is JSON")
}

/// Ends a child that a test leaves behind.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &mut Command) -> String {
    let done = command.output().expect("it can be run");
    let (out, why) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{command:?}: {}\n{out}\n{why}", done.status);
    out.into_owned()
}

#[test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
fn the_program_runs_on_what_the_script_has_deployed_and_drains_at_ctrl_c() {
    let home = std::env::var_os("CAPLET_LOCALNET").expect("CAPLET_LOCALNET names the chain's home");
    let home = PathBuf::from(home);
    let folder = tempfile::tempdir().unwrap();
    let deployment = folder.path().join("deployment.json");
    let deploy = root().join("scripts/deploy");
    let mut deploy = Command::new(deploy);
    deploy
        .env("CAPLET_PROGRAM", program())
        .arg("--localnet")
        .arg(&home)
        .arg("--out")
        .arg(&deployment);
    run(&mut deploy);
    let (net, written) = (json(&home.join("net.json")), json(&deployment));
    assert_eq!(written["chain_id"], net["chain_id"]);

    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let accounts = json(&home.join("accounts.json"));
    let account =
        accounts.as_array().unwrap().iter().find(|one| one["name"] == "keeper-3").unwrap();
    std::fs::write(data.join("account.key"), account["private_key"].as_str().unwrap()).unwrap();
    run(Command::new(program()).args(["keys", "new", "--out"]).arg(data.join("gateway.key")));
    let config = folder.path().join("caplet.toml");
    let text = format!(
        "data = {:?}\ndeployment = {:?}\n\n[chain]\nkind = \"cosmos\"\n\n[chain.cosmos]\nrpc = [{}]\nchain_id = {}\n\n\
         [mqtt.embedded]\nlisten = \"127.0.0.1:0\"\n\n[exchange]\nlisten = \"127.0.0.1:0\"\n\n\
         [fabric]\nlisten = \"127.0.0.1:0\"\ndesk = \"127.0.0.1:0\"\n",
        data, deployment, net["rpc"][0], net["chain_id"],
    );
    std::fs::write(&config, text).unwrap();

    let mut keeper = Command::new(program());
    keeper.args(["run", "--json", "--config"]).arg(&config).stdout(Stdio::piped());
    let mut keeper = Ends(keeper.spawn().unwrap());
    let mut out = BufReader::new(keeper.0.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&ready["ready"], &ready["account"]), (&Value::Bool(true), &account["address"]));

    let url = format!("http://{}", ready["exchange"].as_str().unwrap());
    let ask = || -> Value {
        let mut status = Command::new(program());
        status.args(["status", "--json", "--url", &url, "--config"]).arg(&config);
        serde_json::from_str(&run(&mut status)).unwrap()
    };
    let first = ask();
    let keeper_says = &first["keeper"];
    assert_eq!(keeper_says["chain"]["id"], net["chain_id"], "{first}");
    assert_eq!(keeper_says["contracts"], written, "{first}");
    assert!(keeper_says["markets"].as_u64().unwrap() > 0, "it has read the markets: {first}");
    assert_eq!(keeper_says["devices"], 0, "{first}");
    assert!(first["node"].is_object(), "the node is asked too: {first}");
    let height = |status: &Value| status["keeper"]["chain"]["height"].as_u64().unwrap();
    let began = Instant::now();
    while height(&ask()) <= height(&first) {
        assert!(began.elapsed() < PATIENCE, "it sees no new block");
        std::thread::park_timeout(Duration::from_millis(200));
    }

    run(Command::new("kill").args(["-INT", &keeper.0.id().to_string()]));
    let began = Instant::now();
    let ended = loop {
        match keeper.0.try_wait().unwrap() {
            Some(ended) => break ended,
            None if began.elapsed() > PATIENCE => panic!("it does not stop at Ctrl-C"),
            None => std::thread::park_timeout(Duration::from_millis(50)),
        }
    };
    assert!(ended.success(), "{ended}: it drains, and ends well");
    let mut status = Command::new(program());
    let done = status.args(["status", "--url", &url, "--config"]).arg(&config).output().unwrap();
    assert!(!done.status.success());
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(words.contains("no keeper answers") && words.contains("caplet run"), "{words}");
}

/// Stops the chain that a test has started.
struct Stops(PathBuf);

impl Drop for Stops {
    fn drop(&mut self) {
        let mut stop = Command::new(root().join("scripts/localnet"));
        let _ = stop.args(["stop", "--home"]).arg(&self.0).output();
    }
}

#[test]
#[ignore = "starts a chain of its own: scripts/test has built wasmd for it"]
fn four_validators_make_the_same_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("net");
    let _stops = Stops(home.clone());
    let localnet = |words: &[&str]| -> Value {
        let mut command = Command::new(root().join("scripts/localnet"));
        let text = run(command.args(words).arg("--home").arg(&home));
        serde_json::from_str(&text).unwrap()
    };
    let net = localnet(&["start", "--validators", "4", "--block-ms", "200"]);
    assert_eq!(net["rpc"].as_array().unwrap().len(), 4);
    let heights = || -> Vec<u64> {
        let status = localnet(&["status"]);
        assert_eq!(status["running"], true, "{status}");
        status["heights"].as_array().unwrap().iter().map(|h| h.as_u64().unwrap_or(0)).collect()
    };
    let (began, before) = (Instant::now(), heights());
    // all four go on, none of them alone
    while heights().iter().zip(&before).any(|(now, then)| now < &(then + 3)) {
        assert!(began.elapsed() < PATIENCE, "{:?} after {before:?}", heights());
        std::thread::park_timeout(Duration::from_millis(200));
    }
    let rpc = net["rpc"].as_array().unwrap();
    let hashes: Vec<String> =
        rpc.iter().map(|node| hash(node.as_str().unwrap(), before[0])).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0] && !hash.is_empty()), "{hashes:?}");
}

/// The hash of a block as a node has it.
fn hash(node: &str, height: u64) -> String {
    let url = format!("{node}/block?height={height}");
    let script =
        "fetch(process.argv[1]).then(a => a.json()).then(a => console.log(a.result.block_id.hash))";
    run(Command::new("node").args(["-e", script, &url])).trim().to_owned()
}

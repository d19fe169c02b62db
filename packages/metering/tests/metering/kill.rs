//! Kill -9 of either gateway, hundreds of times, with the money counted.

use crate::lane::{public, terms};
use crate::process::{self, CAP, Orders, PACE, REPORT_SCORE, RISK};
use caplet_metering::sqlite::{Durable, LaneJournal, Options, Store};
use caplet_metering::*;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 300;

#[test]
#[ignore = "one end of the session that the test below starts and kills"]
fn end() {
    if let Some(orders) = Orders::from_env() {
        match std::env::var("CAPLET_METERING_SIDE").as_deref() {
            Ok("payer") => process::payer(&orders),
            _ => process::payee(&orders),
        }
    }
}

fn start(side: &str, orders: &Orders) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::end", "--ignored", "--nocapture", "--test-threads", "1"])
        .env("CAPLET_METERING_END", orders.to_text())
        .env("CAPLET_METERING_SIDE", side)
        .stdout(Stdio::null())
        .stderr(
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(orders.dir.join(format!("{side}.err")))
                .unwrap(),
        )
        .spawn()
        .unwrap()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// What a store says of its lane when its process is dead.
fn read<S: Durable>(dir: &Path, name: &str) -> Option<S> {
    let store = Store::open(&dir.join(name), Options::default()).unwrap();
    let terms = terms(PACE);
    let mut journal: LaneJournal<S> = store.journal(terms.lease, terms.lane);
    journal.load().unwrap()
}

fn had(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("had")).map_or(0, |file| file.len())
}

struct Books {
    orders: Orders,
    random: Random,
    believed: u64,
    payer_before: u64,
    payee_restores: u64,
    /// The highest that was ever seen on the payee's disk.
    paid: u128,
}

impl Books {
    fn payer_died(&mut self) {
        let state: Option<PayerState> = read(&self.orders.dir, "payer.db");
        let believed = state.map_or(0, |state| state.believed);
        self.believed += believed.saturating_sub(self.payer_before);
        self.payer_before = believed;
        let signed = state.map_or(0, |state| state.worth());
        let most = had(&self.orders.dir) + self.believed + PACE.segment;
        let owed = terms(PACE).owed(most);
        assert!(signed <= owed, "{signed} is signed for, at most {owed} was agreed");
    }

    /// The settler looks at the disk of a dead gateway and redeems what it finds.
    fn payee_died(&mut self) {
        let state: PayeeState = read(&self.orders.dir, "payee.db").unwrap_or_default();
        let terms = terms(PACE);
        if let Some(best) = state.best {
            assert!(public().signed(&best.voucher.preimage(&terms.domain), &best.signature));
            assert!(best.k == 0 || best.voucher.proves(&terms.domain, best.k, &best.link));
        }
        assert!(state.worth() >= self.paid, "a voucher was lost");
        self.paid = state.worth();
        self.orders.redeemed = u64::try_from(self.paid).unwrap();
        let given_up = match state.written_off {
            0 => 0,
            units => terms.owed(units) + 1,
        };
        let lost_with_backups = terms.owed(PACE.segment * self.payee_restores) + 1;
        let most = RISK.cap.max(given_up) + lost_with_backups;
        let loss = terms.owed(had(&self.orders.dir)).saturating_sub(self.paid);
        assert!(loss <= most, "the payee has lost {loss}, at most {most} was agreed");
    }

    /// Chain time goes on, sometimes by a leap; a header may even be a little older than the last.
    fn pass_time(&mut self) {
        let leap = [0, 10, 1_000, 86_400_000][self.random.below(4) as usize];
        let back = self.random.below(50);
        self.orders.time = (self.orders.time + 100 + leap).saturating_sub(back);
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits until the application has had `units`; the children are given three minutes, which no working
/// pair needs.
fn wait_for(dir: &Path, units: u64, children: [&mut Child; 2]) {
    let since = Instant::now();
    while had(dir) < units {
        for child in [&*children[0], &*children[1]] {
            assert!(
                Path::new(&format!("/proc/{}/exe", child.id())).read_link().is_ok(),
                "an end died by itself: {}",
                errors(dir)
            );
        }
        assert!(since.elapsed() < Duration::from_secs(180), "no service: {}", errors(dir));
        std::thread::yield_now();
    }
}

fn errors(dir: &Path) -> String {
    ["payer.err", "payee.err"]
        .map(|name| std::fs::read_to_string(dir.join(name)).unwrap_or_default())
        .concat()
}

#[test]
fn three_hundred_kills_lose_no_voucher_and_pay_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_owned();
    let orders = Orders { dir: dir.clone(), time: 1_000_000, redeemed: 0, units: 0 };
    let mut books = Books {
        orders,
        random: Random(7),
        believed: 0,
        payer_before: 0,
        payee_restores: 0,
        paid: 0,
    };
    let mut payee = start("payee", &books.orders);
    let mut payer = start("payer", &books.orders);
    for round in 0..ROUNDS {
        let more = 1 + books.random.below(40);
        wait_for(&dir, had(&dir) + more, [&mut payer, &mut payee]);
        for _ in 0..books.random.below(3_000) {
            std::hint::spin_loop();
        }
        books.pass_time();
        let which = books.random.below(3);
        if which != 0 {
            kill(&mut payee);
            books.payee_died();
            let backup = dir.join("payee.backup");
            match round % 50 {
                10 => copy(&dir.join("payee.db"), &backup),
                40 if backup.exists() => {
                    copy(&backup, &dir.join("payee.db"));
                    books.payee_restores += 1;
                }
                _ => {}
            }
        }
        if which != 1 {
            kill(&mut payer);
            books.payer_died();
            let backup = dir.join("payer.backup");
            match round % 50 {
                20 => copy(&dir.join("payer.db"), &backup),
                30 if backup.exists() => {
                    copy(&backup, &dir.join("payer.db"));
                    let state: Option<PayerState> = read(&dir, "payer.db");
                    books.payer_before = state.map_or(0, |state| state.believed);
                }
                _ => {}
            }
        }
        if which != 0 {
            payee = start("payee", &books.orders);
        }
        if which != 1 {
            payer = start("payer", &books.orders);
        }
    }
    kill(&mut payer);
    books.payer_died();
    finish(&mut books, payee);
}

fn copy(from: &Path, to: &Path) {
    // what is not in the main file yet is in the log beside it; opening it once brings it in
    drop(Store::open(from, Options::default()).unwrap());
    for ending in ["-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{ending}", to.display())));
    }
    std::fs::copy(from, to).unwrap();
}

/// A last stretch without kills, the last voucher, and the books.
fn finish(books: &mut Books, mut payee: Child) {
    let dir = books.orders.dir.clone();
    books.orders.units = 50;
    let mut payer = start("payer", &books.orders);
    for child in [&mut payer, &mut payee] {
        assert!(child.wait().unwrap().success(), "{}", errors(&dir));
    }
    books.payer_died();
    books.payee_died();
    let payer: PayerState = read(&dir, "payer.db").unwrap();
    let payee: PayeeState = read(&dir, "payee.db").unwrap();
    let terms = terms(PACE);
    assert!(payer.exact && payer.ended);
    assert_eq!(payee.end, Some(End::ConsumerClosed));
    assert_eq!(payee.best, payer.best);
    assert_eq!(payee.report.unwrap().score.0, REPORT_SCORE);
    let had = had(&dir);
    let paid = payee.worth();
    assert!(paid >= terms.owed(payer.counted), "what is counted is paid");
    assert!(paid <= terms.owed(had + books.believed + PACE.segment));
    assert!(paid <= u128::from(CAP));
    eprintln!(
        "had {had} units worth {}, counted {}, paid {paid}; believed {}, written off {}, {} backups of the payee",
        terms.owed(had),
        payer.counted,
        books.believed,
        payee.written_off,
        books.payee_restores
    );
}

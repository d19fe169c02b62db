//! The same market as a network for other solvers, with as few arcs as an exact one needs: buckets, free
//! disposal from better to lesser tiers within a cell, and arcs from the least class that serves a vector
//! in each cell. Written as little-endian integers: counts of nodes and arcs, then tails, heads, capacities,
//! costs, each 64 bits. Node 0 ships all demanded lots, node 1 receives them.

use caplet_clearing::{Book, Class, ClassIndex};
use caplet_protocol::VectorId;
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Command};

#[derive(Debug, Default)]
pub(crate) struct Net {
    pub(crate) nodes: i64,
    pub(crate) supply: i64,
    pub(crate) arcs: Vec<[i64; 4]>,
}

pub(crate) fn network(book: &Book) -> Net {
    let terms = book.terms();
    let (classes, vectors) = (book.classes.len() as i64, book.vectors.len() as i64);
    let mut net = Net { nodes: 2 + classes + vectors, ..Net::default() };
    let mut supply: BTreeMap<(u16, u16), i64> = BTreeMap::new();
    for o in &book.offers {
        *supply.entry((o.class.0, o.ask.0)).or_default() += i64::from(o.lots.0);
    }
    let mut demand: BTreeMap<(u16, u16), i64> = BTreeMap::new();
    for d in &book.demands {
        *demand.entry((d.vector.0, d.limit.0)).or_default() += i64::from(d.lots.0);
    }
    let tick = book.market.tick_size as i64;
    for ((class, ask), lots) in supply {
        net.arcs.push([0, 2 + i64::from(class), lots, i64::from(ask) * tick]);
    }
    for ((vector, limit), lots) in demand {
        net.supply += lots;
        net.arcs.push([2 + classes + i64::from(vector), 1, lots, -i64::from(limit) * tick]);
    }
    net.arcs.push([0, 1, net.supply, 0]);
    let all: Vec<(ClassIndex, &Class)> = terms.live().collect();
    let most = net.supply;
    // classes of one cell and reliability, so that disposal changes no cost
    let mut groups: BTreeMap<(u16, u8), Vec<(ClassIndex, &Class)>> = BTreeMap::new();
    for &(i, c) in &all {
        groups.entry((c.cell.0, c.reliability)).or_default().push((i, c));
    }
    let minimal = |of: &[(ClassIndex, &Class)]| -> Vec<ClassIndex> {
        let free = |&&(i, c): &&(ClassIndex, &Class)| {
            !of.iter().any(|&(j, d)| j != i && c.dominates(d) && (!d.dominates(c) || j < i))
        };
        of.iter().filter(free).map(|&(i, _)| i).collect()
    };
    for group in groups.values() {
        for &(i, class) in group {
            let below: Vec<_> =
                group.iter().copied().filter(|&(j, c)| j != i && class.dominates(c)).collect();
            // the greatest of those below: nothing lies between
            for &(j, c) in &below {
                if !below.iter().any(|&(k, d)| k != j && d.dominates(c)) {
                    net.arcs.push([2 + i64::from(i.0), 2 + i64::from(j.0), most, 0]);
                }
            }
        }
    }
    for v in 0..book.vectors.len() as u16 {
        let mut known: BTreeMap<u16, ()> = BTreeMap::new();
        let vector = &book.vectors[usize::from(v)];
        for ((_, _), group) in &groups {
            let serving: Vec<_> =
                group.iter().copied().filter(|(_, c)| vector.accepts(c)).collect();
            for i in minimal(&serving) {
                if let Some(cost) = terms.cost(i, VectorId(v)) {
                    known.insert(i.0, ());
                    net.arcs.push([
                        2 + i64::from(i.0),
                        2 + classes + i64::from(v),
                        most,
                        cost as i64,
                    ]);
                }
            }
        }
    }
    net
}

impl Net {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = vec![self.nodes, self.arcs.len() as i64, self.supply];
        for field in 0..4 {
            all.extend(self.arcs.iter().map(|arc| arc[field]));
        }
        all.iter().flat_map(|n| n.to_le_bytes()).collect()
    }
}

/// Has OR-Tools solve the same markets, if its Python is named, and prints how long that took. It stops where the welfare
/// that it finds is not ours.
pub(crate) fn run(name: &str, runs: usize, books: &[Book], welfare: i128) {
    let Some(python) = std::env::var_os("CAPLET_ORACLES") else {
        eprintln!("no anchor: CAPLET_ORACLES names no Python, scripts/oracles makes one");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracles/anchor.py");
    let mut command = Command::new(python);
    command.arg(script).arg(runs.to_string());
    for (at, book) in books.iter().enumerate() {
        let file = folder.path().join(at.to_string());
        std::fs::write(&file, network(book).bytes()).unwrap();
        command.arg(file);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        line["welfare"],
        json!(welfare.to_string()),
        "{name}: OR-Tools finds another optimum"
    );
    line["bench"] = json!("OR-Tools, solving alone, one thread");
    line["of"] = json!(name);
    line["runs"] = json!(runs);
    println!("{line}");
}

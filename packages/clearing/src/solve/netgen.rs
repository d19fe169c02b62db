//! The engine on a public instance of another kind of network than a market's.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small instance")]
#![allow(clippy::arithmetic_side_effects, reason = "a small instance")]

use super::{
    circulation::{Arc, Circulation, NO_LIMIT},
    start::Start,
};

/// Above what any path of the instance costs.
const FAR: i64 = 1 << 40;

/// A transshipment problem as a circulation: every unit that a supply ships saves FAR.
fn circulation(instance: &str) -> (Circulation, i64) {
    let mut rows = instance.lines().filter(|line| !line.starts_with('c'));
    let nodes: u32 = rows.next().unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut network = Circulation::default();
    for _ in 0..nodes {
        let from = network.add_node();
        network.root_by([Arc { from, to: 0, cost: 2 * FAR, tie: 0, capacity: NO_LIMIT }]);
    }
    let mut shipped = 0;
    for row in rows {
        let field: Vec<_> = row.split(' ').collect();
        let number = |i: usize| field[i].parse::<i64>().unwrap();
        let arc = match (field[0], field.len()) {
            ("n", 3) if number(2) > 0 => {
                shipped += number(2);
                Arc {
                    from: 0,
                    to: number(1) as u32,
                    cost: -FAR,
                    tie: 0,
                    capacity: number(2) as u64,
                }
            }
            ("n", 3) => Arc {
                from: number(1) as u32,
                to: 0,
                cost: 0,
                tie: 0,
                capacity: number(2).unsigned_abs(),
            },
            _ => Arc {
                from: number(1) as u32,
                to: number(2) as u32,
                cost: number(4),
                tie: 0,
                capacity: number(3) as u64,
            },
        };
        network.add_curve([arc]);
    }
    (network, shipped)
}

fn least_cost(instance: &str) -> i128 {
    let (network, shipped) = circulation(instance);
    let solution = network.solve(&Start::default(), &|_, _| 0);
    let value = |(arc, &flow): (&Arc, &u64)| i128::from(flow) * i128::from(arc.cost);
    let cost: i128 = solution.arcs.iter().zip(&solution.flow).map(value).sum();
    cost + i128::from(shipped) * i128::from(FAR)
}

#[test]
fn a_public_instance_has_its_published_optimum() {
    assert_eq!(least_cost(include_str!("../../tests/data/netgen-2.txt")), 6_749_969_302);
}

/// Optima of the problems 1 to 15 with seed 13502460.
const STANDARD: [i128; 15] = [
    2_054_059, 1_818_866, 1_646_007, 1_332_598, 1_374_153, 2_135_438, 1_818_475, 1_803_322,
    1_650_449, 1_988_555, 4_991, 3_843, 3_048, 2_392, 2_460,
];

#[test]
fn the_standard_problems_have_their_published_optima() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracles/netgen.py");
    let folder = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("python3").arg(script).arg(folder.path()).status();
    assert!(status.unwrap().success(), "python3 writes the instances");
    for (at, optimum) in (1..).zip(STANDARD) {
        let instance = std::fs::read_to_string(folder.path().join(format!("{at}.txt"))).unwrap();
        assert_eq!(least_cost(&instance), optimum, "problem {at}");
    }
}

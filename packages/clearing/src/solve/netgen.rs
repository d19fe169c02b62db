//! The engine on a public instance of another kind of network than a market's.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small instance")]
#![allow(clippy::arithmetic_side_effects, reason = "a small instance")]

use super::{
    simplex::{Arc, Circulation, NO_LIMIT},
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

#[test]
fn a_public_instance_has_its_published_optimum() {
    let (network, shipped) = circulation(include_str!("../../tests/data/netgen-2.txt"));
    let solution = network.solve(&Start::default(), &|_, _| 0);
    let value = |(arc, &flow): (&Arc, &u64)| i128::from(flow) * i128::from(arc.cost);
    let cost: i128 = solution.arcs.iter().zip(&solution.flow).map(value).sum();
    assert_eq!(cost + i128::from(shipped) * i128::from(FAR), 6_749_969_302);
}

//! Whatever is sent, in whatever order, no coin is made or lost.

use caplet_chain::{Chain, Coin, Msg};
use proptest::prelude::*;

use crate::setup::{IBC, RICH, balance, quick, run, signer};

#[derive(Clone, Debug)]
struct Move {
    from: u8,
    to: u8,
    amounts: Vec<(bool, u128)>,
}

fn any_move() -> impl Strategy<Value = Move> {
    let amount = prop_oneof![0..=3u128, 0..=2 * RICH, Just(u128::MAX)];
    let amounts = prop::collection::vec((any::<bool>(), amount), 1..4);
    (1..=4u8, 1..=6u8, amounts).prop_map(|(from, to, amounts)| Move { from, to, amounts })
}

async fn supply(chain: &dyn Chain, denom: &str) -> u128 {
    let mut sum = 0;
    for n in 1..=6 {
        sum += balance(chain, n, denom).await;
    }
    sum
}

async fn play(moves: Vec<Move>) {
    let chain = quick().await;
    for Move { from, to, amounts } in moves {
        let before = [balance(&chain, from, "ucap").await, balance(&chain, from, IBC).await];
        let msgs = amounts.into_iter().map(|(ibc, amount)| Msg::Send {
            to: signer(to).address().to_owned(),
            coins: vec![Coin::new(amount, if ibc { IBC } else { "ucap" })],
        });
        if run(&chain, from, msgs.collect()).await.is_err() {
            let after = [balance(&chain, from, "ucap").await, balance(&chain, from, IBC).await];
            assert_eq!(before, after, "a failed transaction must change nothing");
        }
        assert_eq!(supply(&chain, "ucap").await, 4 * RICH);
        assert_eq!(supply(&chain, IBC).await, 4 * RICH);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn sends_conserve_supply(moves in prop::collection::vec(any_move(), 1..20)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(moves));
    }
}

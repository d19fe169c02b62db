//! Money in and out, and what the same costs without Caplet.

use super::bed::{Bed, Row, ucap};
use anyhow::Context as _;
use caplet_api::cw20::Cw20ExecuteMsg;
use caplet_api::escrow::{
    AssetKind, AssetsResponse, ExecuteMsg as Escrow, QueryMsg as AskEscrow, ReceiveMsg,
};
use caplet_chain::{ChainExt as _, Coin, Msg};
use caplet_protocol::AssetId;
use cosmwasm_std::Uint128;

/// Base units that the buyer puts into escrow.
const DEPOSIT: u128 = 1_000_000_000;
/// The coin and the token among escrow's assets.
const COIN: AssetId = AssetId(1);
const TOKEN: AssetId = AssetId(3);

/// Transfers of a coin and of a cw20 token, for comparison.
pub(super) async fn transfers(bed: &Bed) -> anyhow::Result<()> {
    let to = bed.keeper.address();
    let coin =
        Msg::Send { to: to.to_owned(), coins: vec![Coin { denom: "ucap".to_owned(), amount: 1 }] };
    let transfer = Cw20ExecuteMsg::Transfer { recipient: to.to_owned(), amount: Uint128::one() };
    let token = Msg::execute(token(bed).await?, &transfer)?;
    for (what, msg) in [("bank transfer", coin), ("cw20 transfer", token)] {
        // the first one makes the receiver's entry
        bed.send(&bed.buyer, vec![msg.clone()]).await?;
        for n in [1, 100] {
            let row = Row { what, how: "a message each", n, by: &bed.buyer };
            bed.measure(row, vec![msg.clone(); n]).await?;
        }
    }
    Ok(())
}

async fn token(bed: &Bed) -> anyhow::Result<String> {
    let answer: AssetsResponse =
        bed.chain.query(&bed.contracts.escrow, &AskEscrow::Assets {}).await?;
    let asset = answer.assets.into_iter().find(|asset| asset.asset == TOKEN);
    match asset.map(|asset| asset.kind) {
        Some(AssetKind::Cw20 { address }) => Ok(address),
        _ => anyhow::bail!("the local deployment's third asset is no token"),
    }
}

/// Deposits of a coin and of a token; the second of each is measured, when the balance is there.
pub(super) async fn deposits(bed: &Bed) -> anyhow::Result<()> {
    let escrow = &bed.contracts.escrow;
    let coin = Msg::execute_with(escrow, &Escrow::Deposit { account: None }, ucap(DEPOSIT))?;
    let send = Cw20ExecuteMsg::Send {
        contract: escrow.clone(),
        amount: DEPOSIT.into(),
        msg: serde_json::to_vec(&ReceiveMsg::Deposit { account: None })?.into(),
    };
    let token = Msg::execute(token(bed).await?, &send)?;
    for (how, msg) in [("coin", coin), ("cw20 token", token)] {
        bed.send(&bed.buyer, vec![msg.clone()]).await?;
        bed.measure(Row { what: "deposit", how, n: 1, by: &bed.buyer }, vec![msg]).await?;
    }
    Ok(())
}

/// Withdrawals of a coin and of a token.
pub(super) async fn withdrawals(bed: &Bed) -> anyhow::Result<()> {
    for (how, asset) in [("coin", COIN), ("cw20 token", TOKEN)] {
        let withdraw = Escrow::Withdraw { asset, amount: Some(1u128.into()), to: None };
        let row = Row { what: "withdraw", how, n: 1, by: &bed.buyer };
        bed.measure(row, vec![bed.escrow(&withdraw)?]).await.context("nothing is free")?;
    }
    Ok(())
}

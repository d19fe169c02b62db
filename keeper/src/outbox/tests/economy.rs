//! A chain that takes fees.

use super::super::sign::check_worth;
use super::*;
use caplet_chain::{SignedTx, TxHash};
use cosmrs::crypto::secp256k1::SigningKey;
use cosmrs::tx::{Body, Fee, SignDoc, SignerInfo};

/// A transaction that offers `fee`, made as a wallet makes it.
fn offering(fee: u128) -> SignedTx {
    let key = SigningKey::from_slice(&[1; 32]).unwrap();
    let sender = key.public_key().account_id("wasm").unwrap();
    let coin = cosmrs::Coin { denom: "ucap".parse().unwrap(), amount: fee };
    let send = cosmrs::bank::MsgSend {
        from_address: sender.clone(),
        to_address: sender,
        amount: vec![coin.clone()],
    };
    let body = Body::new([cosmrs::tx::Msg::to_any(&send).unwrap()], "", 100u32);
    let auth = SignerInfo::single_direct(Some(key.public_key()), 0)
        .auth_info(Fee::from_amount_and_gas(coin, 200_000u64));
    let document = SignDoc::new(&body, &auth, &"test-1".parse().unwrap(), 1).unwrap();
    let bytes = document.sign(&key).unwrap().to_bytes().unwrap();
    let hash = TxHash::of(&bytes);
    SignedTx { bytes, hash, signer: signer(1).address().to_owned(), sequence: 0, timeout_height: 9 }
}

#[test]
fn a_fee_above_the_worth_is_refused_where_gas_is_metered_only() {
    let tx = offering(500);
    let refused = OutboxError::Uneconomic { cost: 500, worth: 499 };
    assert_eq!(check_worth(true, "wasm", Some(499), &tx), Err(refused));
    assert_eq!(check_worth(true, "wasm", Some(500), &tx), Ok(()));
    assert_eq!(check_worth(true, "wasm", None, &tx), Ok(()));
    assert_eq!(check_worth(false, "wasm", Some(0), &tx), Ok(()));
}

//! Putting a transaction together and signing it (SIGN_MODE_DIRECT of the Cosmos SDK).

use cosmrs::proto::cosmos::tx::v1beta1::mode_info::{Single, Sum};
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw,
};
use cosmrs::proto::prost::Message;
use cosmrs::tx::SignMode;

use crate::coin::Coin;
use crate::error::ChainError;
use crate::head::Account;
use crate::msg::Msg;
use crate::signer::Signer;
use crate::tx::encode::{coins, encode};
use crate::tx::{SignedTx, TxHash};

/// Everything around the messages.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) chain_id: String,
    pub(crate) prefix: String,
    pub(crate) gas_limit: u64,
    pub(crate) fee: Vec<Coin>,
    pub(crate) timeout_height: u64,
    pub(crate) memo: String,
}

/// A signed transaction.
pub(crate) fn sign(
    signer: &Signer,
    msgs: &[Msg],
    envelope: &Envelope,
    account: Account,
) -> Result<SignedTx, ChainError> {
    let body_bytes = body(signer, msgs, envelope)?;
    let auth_info_bytes = auth_info(signer, envelope, account.sequence)?;
    let document = SignDoc {
        body_bytes: body_bytes.clone(),
        auth_info_bytes: auth_info_bytes.clone(),
        chain_id: envelope.chain_id.clone(),
        account_number: account.number,
    };
    let signature = signer
        .key()
        .sign(&document.encode_to_vec())
        .map_err(|e| ChainError::BadKey(format!("{} could not sign: {e}", signer.address())))?;
    let raw = TxRaw { body_bytes, auth_info_bytes, signatures: vec![signature.to_vec()] };
    let bytes = raw.encode_to_vec();
    Ok(SignedTx {
        hash: TxHash::of(&bytes),
        bytes,
        signer: signer.address().to_owned(),
        sequence: account.sequence,
        timeout_height: envelope.timeout_height,
    })
}

/// The same with an empty signature, as a simulation takes it.
pub(crate) fn unsigned(
    signer: &Signer,
    msgs: &[Msg],
    envelope: &Envelope,
    sequence: u64,
) -> Result<Vec<u8>, ChainError> {
    let raw = TxRaw {
        body_bytes: body(signer, msgs, envelope)?,
        auth_info_bytes: auth_info(signer, envelope, sequence)?,
        signatures: vec![Vec::new()],
    };
    Ok(raw.encode_to_vec())
}

fn body(signer: &Signer, msgs: &[Msg], envelope: &Envelope) -> Result<Vec<u8>, ChainError> {
    if msgs.is_empty() {
        return Err(ChainError::BadMessage("a transaction needs a message".to_owned()));
    }
    let encoded: Result<Vec<_>, _> =
        msgs.iter().map(|m| encode(m, signer.address(), &envelope.prefix)).collect();
    let body = TxBody {
        messages: encoded?,
        memo: envelope.memo.clone(),
        timeout_height: envelope.timeout_height,
        ..TxBody::default()
    };
    Ok(body.encode_to_vec())
}

fn auth_info(signer: &Signer, envelope: &Envelope, sequence: u64) -> Result<Vec<u8>, ChainError> {
    let key = signer
        .public_key()
        .to_any()
        .map_err(|e| ChainError::BadKey(format!("{}: {e}", signer.address())))?;
    let mode = Single { mode: SignMode::Direct.into() };
    let info = SignerInfo {
        public_key: Some(key),
        mode_info: Some(ModeInfo { sum: Some(Sum::Single(mode)) }),
        sequence,
    };
    let fee =
        Fee { amount: coins(&envelope.fee)?, gas_limit: envelope.gas_limit, ..Fee::default() };

    let auth = AuthInfo { signer_infos: vec![info], fee: Some(fee), ..AuthInfo::default() };
    Ok(auth.encode_to_vec())
}

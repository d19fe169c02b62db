//! Reading signed bytes back: what the embedded chain checks before it admits a transaction, and
//! what an operator's tool shows of one in the outbox.

use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::v1beta1::mode_info::Sum;
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, SignDoc, SignerInfo, TxBody, TxRaw};
use cosmrs::proto::cosmwasm::wasm::v1::{
    MsgExecuteContract, MsgInstantiateContract, MsgMigrateContract, MsgStoreCode,
};
use cosmrs::proto::prost::Message;
use cosmrs::tx::SignMode;
use k256::ecdsa::signature::Verifier;
use k256::ecdsa::{Signature, VerifyingKey};

use crate::coin::Coin;
use crate::msg::Msg;
use crate::tx::encode::{EXECUTE, INSTANTIATE, MIGRATE, SEND, STORE};

/// Why bytes are no transaction of ours.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not protobuf of that type.
    #[error("not a transaction: {0}")]
    Protobuf(#[from] cosmrs::proto::prost::DecodeError),
    /// Well-formed, but not what this chain takes.
    #[error("{0}")]
    Unsupported(String),
    /// The signature does not belong to key, account number and chain id.
    #[error(
        "signature verification failed: check the key, chain id \"{chain_id}\" and account number {number}"
    )]
    Signature {
        /// Chain id it was checked with.
        chain_id: String,
        /// Account number it was checked with.
        number: u64,
    },
}

/// A transaction with one signer, read but not yet verified.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Address of the signing key.
    pub signer: String,
    /// Sequence it carries.
    pub sequence: u64,
    /// Gas limit it carries.
    pub gas_limit: u64,
    /// Fee it offers.
    pub fee: Vec<Coin>,
    /// Last height at which it may be included; 0 for no limit.
    pub timeout_height: u64,
    /// Its messages; each is sent by the signer.
    pub msgs: Vec<Msg>,
    raw: TxRaw,
    key: Vec<u8>,
}

/// Reads a transaction.
///
/// # Errors
/// [`DecodeError`] for anything but one secp256k1 signer in direct mode and the messages of
/// [`Msg`], all sent by that signer.
pub fn decode(bytes: &[u8], prefix: &str) -> Result<Decoded, DecodeError> {
    let raw = TxRaw::decode(bytes)?;
    // Another encoding of the same content would carry the signature under another hash.
    if raw.encode_to_vec() != bytes {
        return Err(unsupported("not in canonical encoding"));
    }
    let body = TxBody::decode(raw.body_bytes.as_slice())?;
    let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice())?;
    let [info] = auth.signer_infos.as_slice() else {
        return Err(unsupported("exactly one signer is supported"));
    };
    let key = public_key(info)?;
    let signer = address(&key, prefix)?;
    let fee = auth.fee.unwrap_or_default();
    if body.messages.is_empty() {
        return Err(unsupported("a transaction needs a message"));
    }
    let msgs: Result<Vec<_>, _> =
        body.messages.iter().map(|m| message(&m.type_url, &m.value, &signer)).collect();
    Ok(Decoded {
        sequence: info.sequence,
        gas_limit: fee.gas_limit,
        fee: coins(fee.amount)?,
        timeout_height: body.timeout_height,
        msgs: msgs?,
        signer,
        raw,
        key,
    })
}

impl Decoded {
    /// Checks the signature for an account number on a chain.
    ///
    /// # Errors
    /// [`DecodeError::Signature`]; a signature with a high S too, or anybody could change the hash
    /// of a pending transaction.
    pub fn verify(&self, chain_id: &str, number: u64) -> Result<(), DecodeError> {
        let bad = || DecodeError::Signature { chain_id: chain_id.to_owned(), number };
        let [signature] = self.raw.signatures.as_slice() else { return Err(bad()) };
        let signature = Signature::from_slice(signature).map_err(|_| bad())?;
        if signature.normalize_s().is_some() {
            return Err(bad());
        }
        let key = VerifyingKey::from_sec1_bytes(&self.key).map_err(|_| bad())?;
        let document = SignDoc {
            body_bytes: self.raw.body_bytes.clone(),
            auth_info_bytes: self.raw.auth_info_bytes.clone(),
            chain_id: chain_id.to_owned(),
            account_number: number,
        };
        key.verify(&document.encode_to_vec(), &signature).map_err(|_| bad())
    }
}

fn unsupported(what: &str) -> DecodeError {
    DecodeError::Unsupported(what.to_owned())
}

fn public_key(info: &SignerInfo) -> Result<Vec<u8>, DecodeError> {
    let direct = i32::from(SignMode::Direct);
    match info.mode_info.as_ref().and_then(|m| m.sum.as_ref()) {
        Some(Sum::Single(single)) if single.mode == direct => {}
        _ => return Err(unsupported("only sign mode direct is supported")),
    }
    match &info.public_key {
        Some(any) if any.type_url == "/cosmos.crypto.secp256k1.PubKey" => {
            Ok(PubKey::decode(any.value.as_slice())?.key)
        }
        _ => Err(unsupported("the signer's secp256k1 public key is missing")),
    }
}

fn address(key: &[u8], prefix: &str) -> Result<String, DecodeError> {
    let key = VerifyingKey::from_sec1_bytes(key)
        .map_err(|_| unsupported("the public key is no point of secp256k1"))?;
    let id = cosmrs::crypto::PublicKey::from(key)
        .account_id(prefix)
        .map_err(|e| DecodeError::Unsupported(format!("prefix \"{prefix}\": {e}")))?;
    Ok(id.into())
}

fn message(url: &str, value: &[u8], signer: &str) -> Result<Msg, DecodeError> {
    let (sender, msg) = match url {
        EXECUTE => {
            let m = MsgExecuteContract::decode(value)?;
            let funds = coins(m.funds)?;
            (m.sender, Msg::Execute { contract: m.contract, msg: m.msg, funds })
        }
        SEND => {
            let m = MsgSend::decode(value)?;
            (m.from_address, Msg::Send { to: m.to_address, coins: coins(m.amount)? })
        }
        STORE => {
            let m = MsgStoreCode::decode(value)?;
            (m.sender, Msg::Store { wasm: m.wasm_byte_code })
        }
        INSTANTIATE => {
            let m = MsgInstantiateContract::decode(value)?;
            let admin = (!m.admin.is_empty()).then_some(m.admin);
            let (code_id, label, msg, funds) = (m.code_id, m.label, m.msg, coins(m.funds)?);
            (m.sender, Msg::Instantiate { code_id, label, msg, admin, funds })
        }
        MIGRATE => {
            let m = MsgMigrateContract::decode(value)?;
            (m.sender, Msg::Migrate { contract: m.contract, code_id: m.code_id, msg: m.msg })
        }
        _ => return Err(DecodeError::Unsupported(format!("message type {url} is not supported"))),
    };
    if sender != signer {
        return Err(DecodeError::Unsupported(format!("{signer} signed a message of {sender}")));
    }
    Ok(msg)
}

fn coins(coins: Vec<ProtoCoin>) -> Result<Vec<Coin>, DecodeError> {
    let read = |c: ProtoCoin| match c.amount.parse() {
        Ok(amount) => Ok(Coin { denom: c.denom, amount }),
        Err(e) => {
            Err(DecodeError::Unsupported(format!("amount \"{}\" of {}: {e}", c.amount, c.denom)))
        }
    };
    coins.into_iter().map(read).collect()
}

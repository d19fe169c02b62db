//! Handlers.

use crate::{ContractError, state};
use caplet_api::attest::{CollateralInput, ExecuteMsg, RootInput, VerifyInput};
use caplet_api::event::QuoteVerified;
use caplet_api::registry::{self, AttestInput, EnclaveResponse};
use caplet_attest::Collateral;
use caplet_base::admin;
use caplet_protocol::layout::QuoteBinding;
use cosmwasm_std::{
    Addr, DepsMut, Env, HexBinary, QuerierWrapper, Response, StdError, StdResult, Storage, WasmMsg,
    to_json_binary,
};

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    match msg {
        ExecuteMsg::Verify(input) => {
            admin::assert_running(storage)?;
            verify(storage, querier, env, *input)
        }
        ExecuteMsg::RenewRoot { not_after } => {
            let root = RootInput { not_after, ..state::root(storage)? };
            state::set_root(storage, &root, env.block.time.seconds())?;
            Ok(Response::new())
        }
        ExecuteMsg::SetPolicy(policy) => {
            state::set_policy(storage, &policy)?;
            Ok(Response::new())
        }
        ExecuteMsg::Admin(msg) => {
            Ok(Response::new().add_event(admin::execute(storage, api, sender, msg)?))
        }
    }
}

/// Verifies a quote of the enclave that the registry has for the device now, and tells the registry what it found.
fn verify(
    storage: &mut dyn Storage,
    querier: QuerierWrapper<'_>,
    env: &Env,
    input: VerifyInput,
) -> Result<Response, ContractError> {
    let now = env.block.time.seconds();
    let peer = state::peer(storage)?;
    let ask = registry::QueryMsg::Enclave { device: input.device };
    let enclave: EnclaveResponse = querier.query_wasm_smart(&peer.registry, &ask)?;
    let binding = binding(&input, &enclave)?;
    let verifier = state::verifier(storage, &env.block.chain_id, now)?;
    let collateral = collateral(input.collateral);
    let verified =
        verifier.verify_bound(&input.quote, &collateral, now, &binding, &peer.domain()?)?;
    let [root_list, _] = verified.revocations;
    state::raise_list(storage, root_list)?;
    state::keep_root(storage, now)?;

    let found = AttestInput {
        device: input.device,
        sequence: enclave.sequence,
        measurement: verified.measurement.0.into(),
        evidence: verified.evidence.into(),
        not_after: verified.not_after.into(),
    };
    let tell = WasmMsg::Execute {
        contract_addr: peer.registry.into_string(),
        msg: to_json_binary(&registry::ExecuteMsg::Attest(found))?,
        funds: Vec::new(),
    };
    let event = QuoteVerified {
        device: input.device.0,
        evidence: verified.evidence.to_vec(),
        block: binding.block.to_vec(),
        measurement: verified.measurement.0.to_vec(),
        not_after: verified.not_after,
    };
    Ok(Response::new().add_message(tell).add_event(event))
}

fn binding(input: &VerifyInput, enclave: &EnclaveResponse) -> Result<QuoteBinding, ContractError> {
    let found = input.block.len();
    let block = input.block.as_slice().try_into().map_err(|_| ContractError::Block { found })?;
    Ok(QuoteBinding {
        device: input.device,
        sealing: key(&enclave.sealing)?,
        signing: key(&enclave.signing)?,
        height: enclave.height.u64(),
        block,
    })
}

fn key(bytes: &HexBinary) -> StdResult<[u8; 32]> {
    bytes
        .as_slice()
        .try_into()
        .map_err(|_| StdError::msg("the registry has an enclave key of another length"))
}

fn collateral(input: CollateralInput) -> Collateral {
    Collateral {
        pck_crl_issuer_chain: input.pck_crl_issuer_chain,
        root_ca_crl: input.root_ca_crl.into(),
        pck_crl: input.pck_crl.into(),
        tcb_info_issuer_chain: input.tcb_info_issuer_chain,
        tcb_info: input.tcb_info,
        tcb_info_signature: input.tcb_info_signature.into(),
        qe_identity_issuer_chain: input.qe_identity_issuer_chain,
        qe_identity: input.qe_identity,
        qe_identity_signature: input.qe_identity_signature.into(),
        pck_certificate_chain: input.pck_certificate_chain,
    }
}

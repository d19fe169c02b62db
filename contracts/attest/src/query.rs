//! Answers.

use crate::{ContractError, state};
use caplet_api::attest::{ConfigResponse, QueryMsg};
use caplet_base::admin;
use caplet_protocol::content;
use cosmwasm_std::{Binary, Storage, to_json_binary};

/// Answers a question.
pub(crate) fn answer(storage: &dyn Storage, msg: QueryMsg) -> Result<Binary, ContractError> {
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&config(storage)?),
    };
    Ok(answer?)
}

fn config(storage: &dyn Storage) -> Result<ConfigResponse, ContractError> {
    let (peer, root) = (state::peer(storage)?, state::root(storage)?);
    Ok(ConfigResponse {
        registry: peer.registry.into_string(),
        domain: peer.domain,
        root: content::digest(state::trust(&root).root()).into(),
        test: root.test.is_some(),
        root_not_after: root.not_after,
        root_list: state::list(storage)?,
        policy: state::policy(storage)?,
    })
}

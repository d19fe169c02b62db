//! Messages sent by those who may not.

use crate::suite::{Suite, refused};
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::registry::{DeviceStatus, ExecuteMsg, QueryMsg};
use caplet_protocol::DeviceId;
use caplet_registry::ContractError;
use caplet_registry::contract;
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cw_multi_test::IntoAddr;

#[test]
fn only_governance_assigns_cells_and_pauses() {
    let mut suite = Suite::with_gateway();
    let gateway = "gw".into_addr().to_string();
    let cell = ExecuteMsg::AssignCell { gateway, cell: 1.into() };
    refused(suite.send("gw", &cell), "is not the owner");
    refused(suite.send("gw", &ExecuteMsg::Admin(AdminMsg::Pause {})), "is not the owner");
}

#[test]
fn governance_passes_in_two_steps() {
    let mut suite = Suite::new();
    let governance = suite.governance.clone();
    let next = "next".into_addr().to_string();
    let propose = ExecuteMsg::Admin(AdminMsg::ProposeOwner { address: Some(next.clone()) });
    suite.send_as(&governance, &propose).unwrap();
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    refused(suite.send("mallory", &accept), "was not proposed as owner");
    suite.send("next", &accept).unwrap();
    let admin: AdminResponse = suite.ask(&QueryMsg::Admin {}).unwrap();
    assert_eq!((admin.owner, admin.pending), (next, None));
    refused(suite.assign_cell("gw", 1), "is not the owner");
}

#[test]
fn a_device_belongs_to_its_owner_alone_not_to_its_gateway_nor_to_governance() {
    let mut suite = Suite::with_device();
    suite.open_gateway("north");
    let gateway = "north".into_addr().to_string();
    let device = DeviceId(1);
    for msg in [
        ExecuteMsg::SetStatus { device, status: DeviceStatus::Retired },
        ExecuteMsg::MoveGateway { device, gateway },
    ] {
        for sender in ["gw", "governance", "mallory", "relayer"] {
            refused(suite.send(sender, &msg), "is not the owner of device 1");
        }
    }
}

#[test]
fn refusals_are_typed() {
    let mut deps = mock_dependencies();
    let (owner, stranger) = ("owner".into_addr(), "stranger".into_addr());
    let msg = caplet_api::registry::InstantiateMsg { owner: None };
    contract::instantiate(deps.as_mut(), mock_env(), message_info(&owner, &[]), msg).unwrap();
    let status = DeviceStatus::Frozen;
    let msg = ExecuteMsg::SetStatus { device: DeviceId(1), status };
    let error = contract::execute(deps.as_mut(), mock_env(), message_info(&stranger, &[]), msg);
    assert!(matches!(error, Err(ContractError::NoDevice { device: DeviceId(1), last: 0 })));
    let msg = ExecuteMsg::Register { devices: vec![] };
    let error = contract::execute(deps.as_mut(), mock_env(), message_info(&stranger, &[]), msg);
    assert!(matches!(error, Err(ContractError::Batch { count: 0 })));
    let msg = ExecuteMsg::Admin(AdminMsg::Unpause {});
    let error = contract::execute(deps.as_mut(), mock_env(), message_info(&stranger, &[]), msg);
    assert!(matches!(error, Err(ContractError::Admin(_))));
}

//! Migration keeps the domain, the markets and the orders.

use crate::suite::{CAROL, Suite};
use caplet_api::auction::QueryMsg;
use caplet_api::common::{DomainResponse, MigrateMsg};
use caplet_auction::contract::{execute, instantiate, migrate, query};
use caplet_protocol::layout::Side;
use cosmwasm_std::{Event, StdResult};
use cw_multi_test::{ContractWrapper, Executor, IntoAddr};

fn upgrade(suite: &mut Suite) -> StdResult<Vec<Event>> {
    let wrapper = ContractWrapper::new(execute, instantiate, query).with_migrate(migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (governance, auction) = ("governance".into_addr(), suite.auction.clone());
    let response = suite.app.migrate_contract(governance, auction, &MigrateMsg {}, code)?;
    Ok(response.events)
}

#[test]
fn a_migrated_auction_keeps_its_domain_and_its_book() {
    let mut suite = Suite::new();
    let offer = suite.sell(CAROL, 10, 1);
    let before: DomainResponse = suite.ask(&QueryMsg::Domain {}).unwrap();
    suite.wait(100);
    upgrade(&mut suite).unwrap();
    let after: DomainResponse = suite.ask(&QueryMsg::Domain {}).unwrap();
    assert_eq!(before, after);
    assert_eq!(after.domain.as_slice(), suite.domain.0);
    assert!(suite.order(Side::Offer, offer).unwrap().open);
    suite.sell(CAROL, 11, 1);
}

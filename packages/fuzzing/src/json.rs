//! Messages and answers of contracts in JSON: what anybody sends them, and what a node says that they said.

use cosmwasm_std::{from_json, to_json_vec};

/// Reads the bytes as each; what was read is written as what reads the same.
pub(crate) fn messages(bytes: &[u8]) {
    macro_rules! same {
        ($($contract:ident { $($name:ident)* })*) => {$($(
            if let Ok(read) = from_json::<caplet_api::$contract::$name>(bytes) {
                let written = to_json_vec(&read).unwrap();
                let again: caplet_api::$contract::$name = from_json(&written).unwrap();
                assert_eq!(to_json_vec(&again).unwrap(), written);
            }
        )*)*};
    }
    same! {
        common { AdminMsg AdminResponse DomainResponse }
        cw20 { Cw20ReceiveMsg Cw20ExecuteMsg Cw20QueryMsg Cw20BalanceResponse }
        registry {
            InstantiateMsg ExecuteMsg QueryMsg AccountResponse DeviceResponse DevicesResponse
            GatewayResponse GatewaysResponse EnclaveResponse EnclavesResponse AttestersResponse
            GrantsResponse CellLatencyResponse RttResponse RttsResponse
        }
        escrow {
            InstantiateMsg ExecuteMsg ReceiveMsg QueryMsg ConfigResponse AssetResponse
            AssetsResponse BalanceResponse BalancesResponse AllowanceResponse LaneResponse
            LeaseResponse LeasesResponse LedgerResponse
        }
        auction {
            InstantiateMsg ExecuteMsg QueryMsg CapacityResponse SlotResponse ReserversResponse
            ScanResponse StandingResponse StandingsResponse ExplainResponse ConfigResponse
            MarketResponse EpochResponse MarketsResponse ClassResponse VectorResponse
            TablesResponse LatencyResponse OrderResponse OrdersResponse
        }
        reputation {
            InstantiateMsg ExecuteMsg QueryMsg ConfigResponse StandingResponse VoiceResponse
            ConsumerResponse StakeResponse AvoidedResponse StandingsResponse RatingResponse
        }
        futures {
            InstantiateMsg ExecuteMsg QueryMsg ConfigResponse RunResponse DefaultResponse
            SeriesResponse SeriesListResponse PositionResponse PositionsResponse BidResponse
            BidsResponse ListingResponse ListingsResponse MarkResponse DeliveryResponse
            OperatorResponse
        }
        pool {
            InstantiateMsg ExecuteMsg QueryMsg ConfigResponse PromiseResponse MemberResponse
            MembersResponse ServedResponse LeasesResponse NextResponse MoneyResponse
        }
        attest { InstantiateMsg ExecuteMsg QueryMsg ConfigResponse }
    }
}

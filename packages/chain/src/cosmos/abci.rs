//! Queries to the application, protobuf in and out.

use cosmrs::proto::prost::Message;
use serde_json::json;

use super::reply::AbciQuery;
use super::rpc::Rpc;
use crate::error::ChainError;

/// Why a query brought no answer.
#[derive(Debug)]
pub(super) enum QueryError {
    /// The application said no.
    Refused { log: String },
    /// Anything else.
    Chain(ChainError),
}

impl From<ChainError> for QueryError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

/// Asks the application at the last committed block. `path` is the gRPC method.
pub(super) async fn query<Q: Message, R: Message + Default>(
    rpc: &Rpc,
    path: &str,
    request: &Q,
) -> Result<R, QueryError> {
    let data = hex::encode(request.encode_to_vec());
    let params = json!({ "path": path, "data": data, "height": "0", "prove": false });
    let answer: AbciQuery = rpc.call("abci_query", params).await?;
    let response = answer.response;
    if response.code != 0 {
        return Err(QueryError::Refused { log: response.log });
    }
    let decoded = R::decode(response.value.as_slice());
    decoded.map_err(|e| unreadable(path, e.to_string()).into())
}

/// An answer that is not what the method promises.
pub(super) fn unreadable(path: &str, cause: String) -> ChainError {
    ChainError::Unreadable { method: path.to_owned(), cause }
}

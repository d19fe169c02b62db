//! Noticing blocks.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::reply::{AbciInfo, HeaderReply};
use super::rpc::Rpc;
use crate::error::ChainError;
use crate::head::Head;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);
/// Longest pause while no node answers.
const GIVEN_UP: Duration = Duration::from_secs(10);

/// The last block whose state can be asked for.
pub(super) async fn head(rpc: &Rpc) -> Result<Head, ChainError> {
    let info: AbciInfo = rpc.call("abci_info", json!({})).await?;
    let height = info.response.last_block_height;
    if height == 0 {
        return Ok(Head::default());
    }
    let params = json!({ "height": height.to_string() });
    let header: HeaderReply = rpc.call("header", params).await?;
    Ok(Head { height: header.header.height, time_ns: header.header.time })
}

/// Tells of new blocks until nobody listens.
pub(super) async fn watch_blocks(
    rpc: Arc<Rpc>,
    heads: watch::Sender<Head>,
    fixed: Option<Duration>,
) {
    let mut failures: u32 = 0;
    let mut block = LONGEST;
    while heads.receiver_count() > 0 {
        let pause = match head(&rpc).await {
            Ok(head) => {
                failures = 0;
                block = publish(&heads, head).unwrap_or(block);
                fixed.unwrap_or(block.checked_div(4).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST))
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(%error, "cannot follow the chain, trying on");
                }
                failures = failures.saturating_add(1);
                back_off(failures)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Publishes a head that is news; returns the time a block took. A node that lags behind, reached
/// after another failed, takes nothing back.
pub(super) fn publish(heads: &watch::Sender<Head>, head: Head) -> Option<Duration> {
    let mut took = None;
    heads.send_if_modified(|last| {
        let news = head.height > last.height;
        if news {
            let blocks = head.height.saturating_sub(last.height);
            let passed = head.time_ns.saturating_sub(last.time_ns);
            took = passed.checked_div(blocks).map(Duration::from_nanos);
            *last = head;
        }
        news
    });
    took
}

fn back_off(failures: u32) -> Duration {
    let factor = 2u32.saturating_pow(failures.min(10));
    SHORTEST.saturating_mul(factor).min(GIVEN_UP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        assert_eq!(back_off(1), Duration::from_millis(100));
        assert_eq!(back_off(3), Duration::from_millis(400));
        assert_eq!(back_off(u32::MAX), GIVEN_UP);
    }

    #[test]
    fn a_lagging_node_takes_no_block_back() {
        let heads = watch::Sender::new(Head { height: 5, time_ns: 50 });
        assert_eq!(
            publish(&heads, Head { height: 7, time_ns: 90 }),
            Some(Duration::from_nanos(20))
        );
        assert_eq!(publish(&heads, Head { height: 6, time_ns: 70 }), None);
        assert_eq!(heads.borrow().height, 7);
    }
}

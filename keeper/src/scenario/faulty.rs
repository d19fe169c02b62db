//! Units of devices that misbehave on demand: what stands behind a lease is the device's, so it does
//! what the device does.

use crate::fabric::{LocalUnits, Offered, Units};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::Service;
use caplet_fabric::adapter::AnyAdapter;
use caplet_fabric::kinds::jobs::{Executor, JobAdapter, Work};
use caplet_protocol::DeviceId;
use caplet_simulator::Fault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// How each device misbehaves now. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Faults {
    of: Arc<Mutex<BTreeMap<DeviceId, watch::Receiver<Fault>>>>,
}

impl Faults {
    pub(super) fn set(&self, device: DeviceId, fault: watch::Receiver<Fault>) {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).insert(device, fault);
    }

    fn of(&self, device: DeviceId) -> Option<watch::Receiver<Fault>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).get(&device).cloned()
    }
}

/// The usual units, image units as faulty as their devices.
pub(super) struct FaultyUnits {
    pub(super) usual: LocalUnits,
    pub(super) faults: Faults,
}

#[async_trait]
impl Units for FaultyUnits {
    async fn adapter(&self, offered: &Offered<'_>) -> anyhow::Result<Option<Arc<dyn AnyAdapter>>> {
        let fault = self.faults.of(offered.device);
        let (Service::JOBS, Some(fault)) = (offered.service, fault) else {
            return self.usual.adapter(offered).await;
        };
        let sessions = offered.sessions();
        let unit = self.usual.executor(sessions).await?;
        Ok(Some(Arc::new(JobAdapter::new(Arc::new(FaultyUnit { unit, fault }), sessions))))
    }
}

struct FaultyUnit {
    unit: Arc<dyn Executor>,
    fault: watch::Receiver<Fault>,
}

#[async_trait]
impl Executor for FaultyUnit {
    fn jobs(&self) -> Vec<String> {
        self.unit.jobs()
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        let fault = *self.fault.borrow();
        match fault {
            Fault::Silent => {
                let mut fault = self.fault.clone();
                // dead until it is made whole again
                let _ = fault.wait_for(|fault| *fault != Fault::Silent).await;
                return Err("the unit was away".to_owned());
            }
            Fault::Slow(wait) => tokio::time::sleep(wait).await,
            _ => {}
        }
        let mut work = self.unit.run(job, params, input).await?;
        if fault == Fault::Garbage {
            work.output = work.output.iter().map(|byte| byte ^ 0x55).collect();
        }
        Ok(work)
    }
}

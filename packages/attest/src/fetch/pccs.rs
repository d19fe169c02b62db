//! A provisioning certificate caching service, or Intel's own (Intel SGX PCS API, version 4).

use super::answer::{Signed, chain, list, signed};
use super::{CollateralSource, FetchError, Wanted};
use crate::{Collateral, MAX_COLLATERAL};
use async_trait::async_trait;
use reqwest::{Client, Response};

/// Asks a service over HTTPS.
#[derive(Clone, Debug)]
pub struct Pccs {
    client: Client,
    base: String,
}

/// An answer with the chain that signed it.
struct Answer {
    chain: String,
    body: Vec<u8>,
}

impl Pccs {
    /// Asks the service at `base`, such as `https://api.trustedservices.intel.com`. The client brings time-outs and trust.
    #[must_use]
    pub fn new(client: Client, base: &str) -> Self {
        Self { client, base: base.trim_end_matches('/').to_owned() }
    }

    async fn get(&self, path: &str, chained: Option<&str>) -> Result<Answer, FetchError> {
        let url = format!("{}/{path}", self.base);
        let failed = |reason: String| FetchError::Service { url: url.clone(), reason };
        let sent = self.client.get(&url).send().await;
        let mut response = sent
            .and_then(Response::error_for_status)
            .map_err(|error| failed(error.without_url().to_string()))?;
        let chain = match chained {
            None => String::new(),
            Some(name) => {
                let header = response.headers().get(name);
                header
                    .and_then(|value| chain(value.as_bytes()))
                    .ok_or_else(|| failed(format!("the answer has no header {name}")))?
            }
        };
        let mut body = Vec::new();
        while let Some(part) =
            response.chunk().await.map_err(|error| failed(error.without_url().to_string()))?
        {
            body.extend_from_slice(&part);
            if body.len() > MAX_COLLATERAL {
                return Err(failed(format!("the answer has more than {MAX_COLLATERAL} bytes")));
            }
        }
        Ok(Answer { chain, body })
    }

    /// A signed document, and the chain that signed it.
    async fn document(
        &self,
        path: &str,
        chain: &str,
        name: &str,
    ) -> Result<(String, Signed), FetchError> {
        let answer = self.get(path, Some(chain)).await?;
        let failed =
            |reason: String| FetchError::Service { url: format!("{}/{path}", self.base), reason };
        Ok((answer.chain, signed(&answer.body, name).map_err(failed)?))
    }
}

#[async_trait]
impl CollateralSource for Pccs {
    async fn fetch(&self, wanted: &Wanted) -> Result<Collateral, FetchError> {
        let tee = if wanted.tdx { "tdx" } else { "sgx" };
        let (fmspc, authority) = (&wanted.fmspc, wanted.authority);
        let path = format!("sgx/certification/v4/pckcrl?ca={authority}&encoding=der");
        let pck = self.get(&path, Some("SGX-PCK-CRL-Issuer-Chain")).await?;
        let root = self.root_list().await?;
        let path = format!("{tee}/certification/v4/tcb?fmspc={fmspc}");
        let (tcb_info_issuer_chain, tcb_info) =
            self.document(&path, "TCB-Info-Issuer-Chain", "tcbInfo").await?;
        let path = format!("{tee}/certification/v4/qe/identity");
        let (qe_identity_issuer_chain, identity) =
            self.document(&path, "SGX-Enclave-Identity-Issuer-Chain", "enclaveIdentity").await?;
        Ok(Collateral {
            pck_crl_issuer_chain: pck.chain,
            root_ca_crl: root,
            pck_crl: pck.body,
            tcb_info_issuer_chain,
            tcb_info: tcb_info.text,
            tcb_info_signature: tcb_info.signature,
            qe_identity_issuer_chain,
            qe_identity: identity.text,
            qe_identity_signature: identity.signature,
            pck_certificate_chain: None,
        })
    }
}

impl Pccs {
    /// A caching service gives the root's list in hexadecimal; Intel publishes it, DER, beside its certificates.
    async fn root_list(&self) -> Result<Vec<u8>, FetchError> {
        const INTEL: &str = "https://api.trustedservices.intel.com";
        const LIST: &str = "https://certificates.trustedservices.intel.com";
        if self.base == INTEL {
            let service = Self { client: self.client.clone(), base: LIST.to_owned() };
            return Ok(service.get("IntelSGXRootCA.der", None).await?.body);
        }
        Ok(list(self.get("sgx/certification/v4/rootcacrl", None).await?.body))
    }
}

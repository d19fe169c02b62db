//! A provisioning certificate caching service, or Intel's own (Intel SGX PCS API, version 4).

use super::{CollateralSource, FetchError, Wanted};
use crate::{Collateral, MAX_COLLATERAL};
use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use reqwest::{Client, Response};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

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

    async fn get(&self, path: &str, chain: Option<&str>) -> Result<Answer, FetchError> {
        let url = format!("{}/{path}", self.base);
        let failed = |reason: String| FetchError::Service { url: url.clone(), reason };
        let sent = self.client.get(&url).send().await;
        let mut response = sent
            .and_then(Response::error_for_status)
            .map_err(|error| failed(error.without_url().to_string()))?;
        let chain = match chain {
            None => String::new(),
            Some(name) => header(&response, name)
                .ok_or_else(|| failed(format!("the answer has no header {name}")))?,
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

    /// A signed document: its exact text, and the signature beside it.
    async fn document(
        &self,
        path: &str,
        chain: &str,
        name: &str,
    ) -> Result<(String, String, Vec<u8>), FetchError> {
        let answer = self.get(path, Some(chain)).await?;
        let failed =
            |reason: String| FetchError::Service { url: format!("{}/{path}", self.base), reason };
        let parts: BTreeMap<String, &RawValue> =
            serde_json::from_slice(&answer.body).map_err(|error| failed(error.to_string()))?;
        let part = |name: &str| {
            parts
                .get(name)
                .map(|value| value.get())
                .ok_or_else(|| failed(format!("no {name} in it")))
        };
        let signature = hex::decode(part("signature")?.trim_matches('"'))
            .map_err(|error| failed(error.to_string()))?;
        Ok((answer.chain, part(name)?.to_owned(), signature))
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
}

#[async_trait]
impl CollateralSource for Pccs {
    async fn fetch(&self, wanted: &Wanted) -> Result<Collateral, FetchError> {
        let tee = if wanted.tdx { "tdx" } else { "sgx" };
        let (fmspc, authority) = (&wanted.fmspc, wanted.authority);
        let list = format!("sgx/certification/v4/pckcrl?ca={authority}&encoding=der");
        let pck = self.get(&list, Some("SGX-PCK-CRL-Issuer-Chain")).await?;
        let root = self.root_list().await?;
        let path = format!("{tee}/certification/v4/tcb?fmspc={fmspc}");
        let (tcb_info_issuer_chain, tcb_info, tcb_info_signature) =
            self.document(&path, "TCB-Info-Issuer-Chain", "tcbInfo").await?;
        let path = format!("{tee}/certification/v4/qe/identity");
        let (qe_identity_issuer_chain, qe_identity, qe_identity_signature) =
            self.document(&path, "SGX-Enclave-Identity-Issuer-Chain", "enclaveIdentity").await?;
        Ok(Collateral {
            pck_crl_issuer_chain: pck.chain,
            root_ca_crl: root,
            pck_crl: pck.body,
            tcb_info_issuer_chain,
            tcb_info,
            tcb_info_signature,
            qe_identity_issuer_chain,
            qe_identity,
            qe_identity_signature,
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
        let body = self.get("sgx/certification/v4/rootcacrl", None).await?.body;
        match hex::decode(body.trim_ascii()) {
            Ok(list) => Ok(list),
            Err(_) => Ok(body),
        }
    }
}

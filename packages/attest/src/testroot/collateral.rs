//! The collateral: revocation lists, TCB info and the quoting enclave's identity, signed.

use super::authority::{Member, TestRoot};
use super::quote::QE_SIGNER;
use super::{Revoked, der, failed};
use crate::Collateral;
use crate::produce::ProduceError;
use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, RevokedCertParams, SerialNumber,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

impl TestRoot {
    /// The collateral with which this root's quotes are judged; good for 30 days from its issue.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn collateral(&self) -> Result<Collateral, ProduceError> {
        let (tcb_info, qe_identity) = (self.tcb_info(), self.qe_identity());
        let chain = self.signer.certificate.pem() + &self.root.certificate.pem();
        let signer = &self.signer.key;
        Ok(Collateral {
            pck_crl_issuer_chain: self.authority.certificate.pem() + &self.root.certificate.pem(),
            root_ca_crl: self.list(&self.root, &[(Revoked::Authority, 2), (Revoked::Signer, 4)])?,
            pck_crl: self.list(&self.authority, &[(Revoked::Platform, 3)])?,
            tcb_info_issuer_chain: chain.clone(),
            tcb_info_signature: signer.sign(tcb_info.as_bytes())?,
            tcb_info,
            qe_identity_issuer_chain: chain,
            qe_identity_signature: signer.sign(qe_identity.as_bytes())?,
            qe_identity,
            pck_certificate_chain: None,
        })
    }

    fn list(&self, issuer: &Member, serials: &[(Revoked, u8)]) -> Result<Vec<u8>, ProduceError> {
        let revoked = serials.iter().filter(|(who, _)| self.is_revoked(*who));
        let revoked = revoked.map(|(_, serial)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&[*serial]),
            revocation_time: self.issued,
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: self.issued,
            next_update: self.end(),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&issuer.params, &issuer.key.pair);
        Ok(params.signed_by(&issuer).map_err(failed)?.der().to_vec())
    }

    fn tcb_info(&self) -> String {
        let components = vec![json!({ "svn": der::SVN }); 16];
        json!({
            "id": "SGX",
            "version": 3,
            "issueDate": text(self.issued),
            "nextUpdate": text(self.end()),
            "fmspc": hex::encode_upper(der::FMSPC),
            "pceId": "0000",
            "tcbType": 0,
            "tcbEvaluationDataNumber": self.platform.evaluation,
            "tcbLevels": [{
                "tcb": { "sgxtcbcomponents": components, "pcesvn": der::SVN },
                "tcbDate": text(self.issued),
                "tcbStatus": self.platform.status,
                "advisoryIDs": self.platform.advisories,
            }],
        })
        .to_string()
    }

    fn qe_identity(&self) -> String {
        json!({
            "id": "QE",
            "version": 2,
            "issueDate": text(self.issued),
            "nextUpdate": text(self.end()),
            "tcbEvaluationDataNumber": self.platform.evaluation,
            "miscselect": "00000000",
            "miscselectMask": "FFFFFFFF",
            "attributes": "11000000000000000000000000000000",
            "attributesMask": "FBFFFFFFFFFFFFFF0000000000000000",
            "mrsigner": hex::encode_upper(QE_SIGNER),
            "isvprodid": 1,
            "tcbLevels": [
                { "tcb": { "isvsvn": 1 }, "tcbDate": text(self.issued), "tcbStatus": "UpToDate" },
            ],
        })
        .to_string()
    }

    fn end(&self) -> OffsetDateTime {
        self.issued.saturating_add(Duration::days(30))
    }
}

/// RFC 3339 in UTC, to the second.
fn text(at: OffsetDateTime) -> String {
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

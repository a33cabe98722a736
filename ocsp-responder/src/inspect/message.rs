//! CMS messages.

use super::view::{CertificateView, MessageView, SignerView};
use super::{names, recognise, stamps};
use crate::signature::outline;

/// The CMS message in `der`. One that cannot be shown further says why.
pub(super) fn view(der: &[u8]) -> MessageView {
    let sha256 = names::sha256(der);
    match outline(der) {
        Ok(found) => MessageView {
            refusal: None,
            attached: found.content.is_some(),
            timestamp: found.content.as_deref().and_then(stamps::statement).filter(|_| found.is_timestamp),
            signers: found
                .signers
                .into_iter()
                .map(|signer| SignerView {
                    identifier: signer.identifier,
                    digest_algorithm: names::oid(&signer.digest_algorithm),
                    signature_algorithm: names::oid(&signer.signature_algorithm),
                    claimed_signing_time: signer.claimed_signing_time,
                })
                .collect(),
            certificates: found.certificates.iter().filter_map(|der| certificate(der)).collect(),
            sha256,
        },
        Err(refusal) => MessageView {
            refusal: Some(refusal.to_string()),
            attached: false,
            timestamp: None,
            signers: Vec::new(),
            certificates: Vec::new(),
            sha256,
        },
    }
}

fn certificate(der: &[u8]) -> Option<CertificateView> {
    recognise::certificate(der)
}

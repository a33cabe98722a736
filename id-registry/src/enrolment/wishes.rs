//! What is asked for in a request: sealed under the identity that it is for, and opened for whoever decides on it.

use ca_core::alternative_name::Name;
use ca_core::csr::{CertificationRequest, VerifiedCsr, Wishes};
use ca_core::issuance::Proposal;
use ca_core::storage::StorageError;
use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};

use super::{REQUEST_CSRS, REQUESTS, Request, RequestError, csr_purpose};
use crate::id::RequestId;
use crate::registry::{Registry, reference};

/// What is asked for in a request, opened.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) csr: VerifiedCsr,
    pub(super) names: Vec<Name>,
}

impl Asked {
    /// All that is wished for: what the certification request says, and the names beside it.
    pub(super) fn wishes(&self) -> Wishes {
        self.csr.wishes().clone().and_names(&self.names)
    }
}

impl Registry {
    /// Opens what is asked for; `None` when the identity was erased.
    pub(super) fn asked(&self, request: &Request) -> Result<Option<Asked>, RequestError> {
        let id = request.id;
        let missing = || StorageError(format!("request {id} has lost its certification request"));
        let Some(csr) = self.store().get(REQUEST_CSRS, id.to_string().as_bytes())? else {
            // Of requests that were rejected it goes when its time has come.
            return if request.rejection().is_some() { Ok(None) } else { Err(missing().into()) };
        };
        let identity = reference(request.identity);
        let Some(csr) = self.vault().open(&identity, &csr_purpose(id), &csr.value)? else { return Ok(None) };
        // Verified once more: what was stored is trusted no further than what was sent.
        let csr = CertificationRequest::parse(&csr)?.verify()?;
        let mut names = Vec::new();
        for name in &request.dns_names {
            names.push(format!("dns:{name}").parse()?);
        }
        if let Some(sealed) = &request.names {
            let Some(envelope) = self.vault().for_reading(&identity)? else { return Ok(None) };
            for name in envelope.open_text(&purpose(id), sealed)?.lines() {
                names.push(name.parse()?);
            }
        }
        Ok(Some(Asked { csr, names }))
    }

    /// What the applicant of a request proposes that the registry does not know, for the officer who is to approve it.
    ///
    /// # Errors
    /// Something does not open, or key or store failed.
    pub fn proposals(&self, request: &Request) -> Result<Vec<Proposal>, RequestError> {
        // A profile that is gone takes no proposals: nothing is issued under it any more.
        let Ok(profile) = self.profile(&request.profile.0) else { return Ok(Vec::new()) };
        if !profile.takes_proposals() {
            return Ok(Vec::new());
        }
        let Some(asked) = self.asked(request)? else { return Ok(Vec::new()) };
        Ok(profile.proposals(&asked.wishes()))
    }
}

/// Seals the names that stand beside a certification request, one on each line: no name has line ends in it.
pub(super) fn seal(
    envelope: &Envelope,
    request: RequestId,
    names: &[Name],
) -> Result<Option<SealedText>, VaultError> {
    if names.is_empty() {
        return Ok(None);
    }
    let lines: Vec<String> = names.iter().map(ToString::to_string).collect();
    envelope.seal_text(&purpose(request), &lines.join("\n")).map(Some)
}

fn purpose(request: RequestId) -> String {
    purpose_of_field(REQUESTS, request, "names")
}

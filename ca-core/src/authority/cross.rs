//! Admitting a foreign CA to cross-certification: what it may certify was settled before, in a ceremony's script.

use super::Authority;
use crate::csr::SubjectPublicKey;
use crate::issuance::{IssuanceRequest, IssueError, Refusal};
use crate::profile::Profile;
use crate::subject::ApprovedSubject;

impl Authority {
    /// Admits a foreign CA's key under the profile that was made for it. Changes nothing.
    ///
    /// # Errors
    /// The key serves another identity, or the store failed.
    pub fn admit_foreign(
        &self,
        key: SubjectPublicKey,
        subject: ApprovedSubject,
        profile: Profile,
    ) -> Result<IssuanceRequest, IssueError> {
        // The binding of a key is for all time: it serves one identity only.
        if self.holder_of_key(&key)?.is_some_and(|(holder, _)| holder != *subject.identity()) {
            return Err(Refusal::KeyOfAnother.into());
        }
        Ok(IssuanceRequest { profile, subject, attributes: Vec::new(), dns_names: Vec::new(), key })
    }
}

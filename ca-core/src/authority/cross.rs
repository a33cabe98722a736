//! Admitting a foreign CA to cross-certification: what it may certify was settled before, in a ceremony's script.

use std::sync::Arc;

use super::Authority;
use crate::csr::SubjectPublicKey;
use crate::issuance::{IssuanceRequest, IssueError};
use crate::profile::Profile;
use crate::subject::ApprovedSubject;

impl Authority {
    /// Admits a foreign CA's key under the profile that was made for it. Changes nothing.
    ///
    /// # Errors
    /// A key is blocked, the key serves another identity, or the store failed.
    pub fn admit_foreign(
        &self,
        key: SubjectPublicKey,
        subject: ApprovedSubject,
        profile: Profile,
    ) -> Result<IssuanceRequest, IssueError> {
        self.demand_fit_keys(&key, subject.identity(), &profile)?;
        Ok(IssuanceRequest {
            profile: Arc::new(profile),
            subject,
            attributes: Vec::new(),
            names: Vec::new(),
            key,
            edition: None,
        })
    }
}

//! Services on other machines, OCSP responders and time-stamping units: their names, and certifying keys that they made.

use std::sync::Arc;

use ca_core::authority::Authority;
use ca_core::certificate::CaId;
use ca_core::csr::{VerifiedCsr, Wishes};
use ca_core::issuance::{IssueError, IssuedCertificate};
use ca_core::ledger::Actor;
use ca_core::profile_book::{InForce, NotInForce};
use ca_core::storage::{AuditedChange, CommitError};
use ca_core::subject::ApprovedSubject;

use crate::fault::Fault;
use crate::registry::Registry;

/// The name of a service on another machine: it stands in its certificates, and tells several of one installation apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteName(String);

impl RemoteName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RemoteName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RemoteName {
    type Err = InvalidRemoteName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'.';
        // With what it is and the day beside it, it fits into a common name (RFC 5280 appendix A.1: 64 characters).
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRemoteName)
        }
    }
}

/// Not such a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("such a name has 1 to 32 letters, digits, \"-\" and \".\"")]
pub struct InvalidRemoteName;

/// What is certified of a service, and by whom.
pub(crate) struct Certified<'a> {
    /// The profile's name.
    pub(crate) profile: &'a str,
    /// The CA that certifies under the profile.
    pub(crate) issuer: &'a dyn Fn(&InForce) -> Result<Arc<Authority>, IssueError>,
    /// Whom the certificate names.
    pub(crate) subject: &'a dyn Fn() -> ApprovedSubject,
}

impl Registry {
    /// Certifies a key that a service on another machine has made and proven to hold.
    pub(crate) fn certify_remote(
        &self,
        actor: &Actor,
        certified: &Certified<'_>,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, RemoteRefused> {
        // A profile that is changed meanwhile counts as it is then.
        let mut attempts = 0;
        loop {
            let profile = self.authorities().profiles().find(certified.profile)?;
            let authority = (certified.issuer)(&profile)?;
            // What the request wishes besides is not asked: the profile says all of it.
            let subject = (certified.subject)();
            let request = authority.admit_key(csr.key().clone(), &Wishes::none(), subject, &profile)?;
            let prepared = authority.prepare(request, actor)?;
            match authority.sign(prepared, actor, |_, _| Ok(AuditedChange::nothing())) {
                Err(IssueError::Commit(CommitError::Conflict { .. })) if attempts < 3 => attempts += 1,
                outcome => return Ok(outcome?),
            }
        }
    }
}

/// The key of a service on another machine is not certified.
#[derive(Debug, thiserror::Error)]
pub enum RemoteRefused {
    /// No CA has this name.
    #[error("no CA of this installation is called {0}")]
    Unknown(CaId),
    /// The CA's key is elsewhere.
    #[error("the key of {0} is not in this service: no responder answers for it")]
    KeyElsewhere(CaId),
    /// What issuance refuses.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] NotInForce),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

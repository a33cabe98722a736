//! OCSP responders on other machines: certifying the keys that they made.

use ca_core::certificate::CaId;
use ca_core::clock::whole_seconds;
use ca_core::csr::{VerifiedCsr, Wishes};
use ca_core::hierarchy::RESPONDER_PROFILE;
use ca_core::issuance::{IssueError, IssuedCertificate};
use ca_core::ledger::Actor;
use ca_core::profile_book::NotInForce;
use ca_core::storage::{AuditedChange, CommitError};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::fault::Fault;
use crate::permission::{ManageCas, Permit};
use crate::registry::Registry;

/// A responder's name: it stands in its certificates, and tells several of one installation apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponderName(String);

impl ResponderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ResponderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ResponderName {
    type Err = InvalidResponderName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'.';
        // With the day beside it, it fits into a common name (RFC 5280 appendix A.1: 64 characters).
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidResponderName)
        }
    }
}

/// Not a responder's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a responder's name has 1 to 32 letters, digits, \"-\" and \".\"")]
pub struct InvalidResponderName;

impl Registry {
    /// Certifies a key that a responder on another machine has made and proven to hold: from now on it may answer for this CA,
    /// for as long as the profile of responders says (RFC 6960 section 4.2.2.2).
    ///
    /// # Errors
    /// No such CA, its key is elsewhere, what issuance refuses, or the registry failed.
    pub fn certify_responder(
        &self,
        permit: &Permit<ManageCas>,
        ca: &CaId,
        name: &ResponderName,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, ResponderRefused> {
        self.certify(&permit.actor(), ca, name, csr)
    }

    fn certify(
        &self,
        actor: &Actor,
        ca: &CaId,
        name: &ResponderName,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, ResponderRefused> {
        let authorities = self.authorities();
        let authority = match authorities.of(ca) {
            Some(authority) => authority,
            None if authorities.absent(ca).is_some() => {
                return Err(ResponderRefused::KeyElsewhere(ca.clone()));
            }
            None => return Err(ResponderRefused::Unknown(ca.clone())),
        };
        // A profile that is changed meanwhile counts as it is then.
        let mut attempts = 0;
        loop {
            let profile = authorities.profiles().find(RESPONDER_PROFILE)?;
            let subject = self.responder_subject(ca, name);
            // What the request wishes besides is not asked: the profile says all of it.
            let request = authority.admit_key(csr.key().clone(), &Wishes::none(), subject, &profile)?;
            let prepared = authority.prepare(request, actor)?;
            match authority.sign(prepared, actor, |_, _| Ok(AuditedChange::nothing())) {
                Err(IssueError::Commit(CommitError::Conflict { .. })) if attempts < 3 => attempts += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    fn responder_subject(&self, ca: &CaId, name: &ResponderName) -> ApprovedSubject {
        let settings = self.settings();
        let day = whole_seconds(self.now()).date();
        // One key serves one CA: the identity is the responder as that CA knows it.
        ApprovedSubject::new(IdentityRef(format!("system:responder-{ca}@{name}")))
            .with(Fact::Country, settings.country.clone())
            .with(Fact::Organization, settings.organisation.clone())
            .with(Fact::CommonName, format!("OCSP Responder {name} {day}"))
    }
}

/// A responder's key is not certified.
#[derive(Debug, thiserror::Error)]
pub enum ResponderRefused {
    /// No CA has this name.
    #[error("no CA of this installation is called {0}")]
    Unknown(CaId),
    /// The CA's key is elsewhere.
    #[error("the key of {0} is not in this service: no responder answers for it")]
    KeyElsewhere(CaId),
    /// What issuance refuses.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The profile of responders cannot be used.
    #[error(transparent)]
    Profile(#[from] NotInForce),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

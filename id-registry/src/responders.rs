//! OCSP responders on other machines: certifying the keys that they made.

mod renewal;

pub use renewal::{RenewalRefused, Renewed, renewal_statement};

use std::sync::Arc;

use ca_core::certificate::CaId;
use ca_core::clock::whole_seconds;
use ca_core::csr::VerifiedCsr;
use ca_core::hierarchy::RESPONDER_PROFILE;
use ca_core::issuance::IssuedCertificate;
use ca_core::ledger::Actor;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::permission::{ManageCas, Permit};
use crate::registry::Registry;
use crate::remote::{Certified, RemoteName, RemoteRefused};

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
        name: &RemoteName,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, RemoteRefused> {
        self.certify(&permit.actor(), ca, name, csr)
    }

    fn certify(
        &self,
        actor: &Actor,
        ca: &CaId,
        name: &RemoteName,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, RemoteRefused> {
        let authorities = self.authorities();
        let authority = match authorities.of(ca) {
            Some(authority) => authority,
            None if authorities.absent(ca).is_some() => {
                return Err(RemoteRefused::KeyElsewhere(ca.clone()));
            }
            None => return Err(RemoteRefused::Unknown(ca.clone())),
        };
        let certified = Certified {
            profile: RESPONDER_PROFILE,
            issuer: &|_| Ok(Arc::clone(authority)),
            subject: &|| self.responder_subject(ca, name),
        };
        self.certify_remote(actor, &certified, csr)
    }

    fn responder_subject(&self, ca: &CaId, name: &RemoteName) -> ApprovedSubject {
        let settings = self.settings();
        let day = whole_seconds(self.now()).date();
        ApprovedSubject::new(identity(ca, name))
            .with(Fact::Country, settings.country.clone())
            .with(Fact::Organization, settings.organisation.clone())
            .with(Fact::CommonName, format!("OCSP Responder {name} {day}"))
    }
}

/// One key serves one CA: the identity is the responder as that CA knows it.
fn identity(ca: &CaId, name: &RemoteName) -> IdentityRef {
    IdentityRef(format!("system:responder-{ca}@{name}"))
}

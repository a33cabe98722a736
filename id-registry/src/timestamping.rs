//! Time-stamping units on machines of their own: certifying the keys that they made.

use std::sync::Arc;

use ca_core::clock::whole_seconds;
use ca_core::csr::VerifiedCsr;
use ca_core::hierarchy::TIMESTAMPING_PROFILE;
use ca_core::issuance::IssuedCertificate;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::permission::{ManageCas, Permit};
use crate::registry::Registry;
use crate::remote::{Certified, RemoteName, RemoteRefused};

impl Registry {
    /// Certifies a key that a time-stamping unit has made and proven to hold, by the CA that issues under the profile of such
    /// units (RFC 3161 section 2.3).
    ///
    /// # Errors
    /// No CA issues under the profile, what issuance refuses, or the registry failed.
    pub fn certify_timestamping_unit(
        &self,
        permit: &Permit<ManageCas>,
        name: &RemoteName,
        csr: &VerifiedCsr,
    ) -> Result<IssuedCertificate, RemoteRefused> {
        let certified = Certified {
            profile: TIMESTAMPING_PROFILE,
            issuer: &|profile| Ok(Arc::clone(&self.authorities().issuing(profile)?.authority)),
            subject: &|| self.unit_subject(name),
        };
        self.certify_remote(&permit.actor(), &certified, csr)
    }

    fn unit_subject(&self, name: &RemoteName) -> ApprovedSubject {
        let settings = self.settings();
        // ETSI EN 319 422 clause 6.2: the name tells the units of one authority apart; each key is a unit.
        let day = whole_seconds(self.now()).date();
        ApprovedSubject::new(IdentityRef(format!("system:timestamping@{name}")))
            .with(Fact::Country, settings.country.clone())
            .with(Fact::Organization, settings.organisation.clone())
            .with(Fact::CommonName, format!("Time-Stamping Unit {name} {day}"))
    }
}

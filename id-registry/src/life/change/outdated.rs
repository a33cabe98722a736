//! Which certificates say what is not true any more.

use std::collections::BTreeSet;

use ca_core::certificate::CertificateRecord;
use ca_core::profile::Profile;
use ca_core::storage::StorageError;
use ca_core::subject::{ApprovedSubject, Fact};

use crate::fault::Fault;
use crate::identity::{IDENTITIES_BY_ORGANISATION, Identity};
use crate::life::LifeError;
use crate::registry::Registry;

/// What no change of an identity's facts touches: drawn anew for each certificate, or made from what stays.
const STAYS: [Fact; 4] = [Fact::Pseudonym, Fact::SectorPseudonym, Fact::RegistryUri, Fact::Country];

/// A certificate that is not true any more.
pub(super) struct Outdated {
    pub(super) record: CertificateRecord,
    /// Whether it is a TLS server's.
    pub(super) serves_tls: bool,
}

/// An identity, and the organisation that owns it, as they are known at one moment.
#[derive(Clone, Copy)]
struct Known<'a> {
    identity: &'a Identity,
    owner: Option<&'a Identity>,
}

impl Registry {
    /// The certificates that a change makes untrue: the identity's own and, of an organisation, those of all that it owns,
    /// which bear its name.
    pub(super) fn outdated_by(
        &self,
        before: &Identity,
        after: &Identity,
    ) -> Result<Vec<Outdated>, LifeError> {
        let owner = self.owner_of(&before.record)?;
        let known = |identity| Known { identity, owner: owner.as_ref().map(|(owner, _)| owner) };
        let mut outdated = self.outdated_of(known(before), known(after))?;
        for (thing, _) in self.dependants(IDENTITIES_BY_ORGANISATION, before.id())? {
            let thing = self.with_details(thing)?;
            if thing.id() != before.id() && thing.details.is_some() {
                let owned_by = |owner| Known { identity: &thing, owner: Some(owner) };
                outdated.extend(self.outdated_of(owned_by(before), owned_by(after))?);
            }
        }
        Ok(outdated)
    }

    fn outdated_of(&self, before: Known<'_>, after: Known<'_>) -> Result<Vec<Outdated>, LifeError> {
        let mut outdated = Vec::new();
        for record in self.living(after.identity.id())? {
            let Some(profile) = self.profile_of(&record)? else {
                // Nobody can say what a profile took that is not known any more.
                outdated.push(Outdated { record, serves_tls: false });
                continue;
            };
            let subject = |known: Known<'_>| self.vouched_for(known.identity, known.owner, &profile);
            let (was, is) = (subject(before)?, subject(after)?);
            let changed: BTreeSet<Fact> =
                facts_of(&profile).into_iter().filter(|fact| was.values(*fact) != is.values(*fact)).collect();
            if self.says_otherwise(&record, &profile, &is, &changed)? {
                outdated.push(Outdated { record, serves_tls: profile.is_tls_server() });
            }
        }
        Ok(outdated)
    }

    /// Whether a certificate says something else than what is known of its identity now.
    pub(super) fn is_untrue(
        &self,
        record: &CertificateRecord,
        identity: &Identity,
    ) -> Result<bool, LifeError> {
        let Some(profile) = self.profile_of(record)? else { return Ok(true) };
        let subject = self.approved_subject(identity, &profile)?;
        self.says_otherwise(record, &profile, &subject, &facts_of(&profile))
    }

    fn says_otherwise(
        &self,
        record: &CertificateRecord,
        profile: &Profile,
        now: &ApprovedSubject,
        facts: &BTreeSet<Fact>,
    ) -> Result<bool, LifeError> {
        if facts.is_empty() {
            return Ok(false);
        }
        let Some(der) = self.authorities().der(record, self.vault())? else { return Ok(false) };
        let says = profile.is_outdated(&der, now, facts);
        Ok(says.map_err(|error| Fault::from(StorageError(format!("{}: {error}", record.serial))))?)
    }

    /// The profile that a certificate was issued under, where it is still known.
    pub(in crate::life) fn profile_of(
        &self,
        record: &CertificateRecord,
    ) -> Result<Option<std::sync::Arc<Profile>>, LifeError> {
        Ok(self.book().issued_under(&record.profile, record.profile_sha256.as_deref())?)
    }
}

/// What certificates of a profile say that a change can touch.
fn facts_of(profile: &Profile) -> BTreeSet<Fact> {
    profile.facts().into_iter().filter(|fact| !STAYS.contains(fact)).collect()
}

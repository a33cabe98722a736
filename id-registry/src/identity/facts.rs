//! What the registry vouches for when a certificate is issued.

use ca_core::profile::Profile;
use ca_core::storage::{StorageError, Version};
use ca_core::subject::{ApprovedSubject, Fact};

use super::{Details, Identity, IdentityError, IdentityRecord};
use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind};
use crate::party::Sector;
use crate::registry::{Registry, reference};

/// RFC 5280 appendix A.1: ub-common-name.
const COMMON_NAME: usize = 64;

impl Registry {
    /// The facts about an identity that a profile may ask for, as they are now.
    ///
    /// # Errors
    /// The owner's record is not there, or the store failed.
    pub(crate) fn approved_subject(
        &self,
        identity: &Identity,
        profile: &Profile,
    ) -> Result<ApprovedSubject, IdentityError> {
        let owner = self.owner_of(&identity.record)?;
        self.vouched_for(identity, owner.as_ref().map(|(owner, _)| owner), profile)
    }

    /// The organisation that owns an identity, and the version of its record.
    pub(crate) fn owner_of(
        &self,
        record: &IdentityRecord,
    ) -> Result<Option<(Identity, Version)>, IdentityError> {
        let Some(owner) = record.owner else { return Ok(None) };
        let (organisation, version) = self.identity_record(owner.organisation)?;
        Ok(Some((self.with_details(organisation)?, version)))
    }

    /// The same, where the organisation that owns it is known already.
    pub(crate) fn vouched_for(
        &self,
        identity: &Identity,
        owner: Option<&Identity>,
        profile: &Profile,
    ) -> Result<ApprovedSubject, IdentityError> {
        let subject = ApprovedSubject::new(reference(identity.id()))
            .with(Fact::Country, self.settings().country.clone());
        let details = identity.known()?;
        let subject = details.further().facts(subject);
        Ok(match details {
            Details::Person { surname, given_name, identifier, .. } => self
                .in_sectors(subject, identity.id(), profile)?
                .with(Fact::CommonName, personal_name(surname, given_name))
                .with(Fact::Surname, surname.clone())
                .with(Fact::GivenName, given_name.clone())
                .with(Fact::PersonIdentifier, identifier.clone())
                .with(Fact::Pseudonym, self.new_pseudonym()?),
            Details::Organisation { legal_name, .. } => {
                organisation_facts(subject, details).with(Fact::CommonName, legal_name.clone())
            }
            Details::Device { asset_tag, hardware_module, .. } => self
                .owned(subject, identity, owner)?
                .with(Fact::CommonName, asset_tag.clone())
                .with(Fact::AssetTag, asset_tag.clone())
                .with(Fact::HardwareModule, hardware_module.clone().unwrap_or_default()),
            Details::Application { name, environment, dns_names, further } => {
                let subject = self.owned(subject, identity, owner)?;
                let server = further.server_code.as_ref().zip(subject.values(Fact::MemberCode).first());
                let server = server.map(|(server, member)| format!("{member}/{server}"));
                let subject = subject
                    .with(Fact::CommonName, format!("{name} ({environment})"))
                    .with(Fact::ServerCode, server.unwrap_or_default());
                dns_names.iter().fold(subject, |subject, name| subject.with(Fact::DnsName, name.clone()))
            }
            Details::Agent { name, version, dns_names, .. } => {
                let subject = self
                    .owned(subject, identity, owner)?
                    .with(Fact::CommonName, format!("{name} ({version})"));
                dns_names.iter().fold(subject, |subject, name| subject.with(Fact::DnsName, name.clone()))
            }
        })
    }

    /// A pseudonym that was never given before, `ls-7QF3K2M9TX`: drawn anew for each certificate, so that two of them
    /// do not tell that they are one person's. Whose it is stands in the certificate's record alone.
    fn new_pseudonym(&self) -> Result<String, IdentityError> {
        let drawn = IdentityId::draw(IdentityKind::Person, self.entropy()).map_err(Fault::from)?.to_string();
        let drawn = drawn.split_once('-').map_or(drawn.as_str(), |(_, random)| random);
        Ok(format!("{}-{drawn}", self.settings().country.to_lowercase()))
    }

    /// The person's pseudonym for the sector that the profile names.
    fn in_sectors(
        &self,
        subject: ApprovedSubject,
        person: IdentityId,
        profile: &Profile,
    ) -> Result<ApprovedSubject, IdentityError> {
        let Some(sector) = Sector::of_profile(profile) else { return Ok(subject) };
        let pseudonym = self.pseudonym_of(person, &sector)?;
        Ok(subject.with(Fact::SectorPseudonym, pseudonym.to_string()))
    }

    fn owned(
        &self,
        subject: ApprovedSubject,
        identity: &Identity,
        owner: Option<&Identity>,
    ) -> Result<ApprovedSubject, IdentityError> {
        let owner = owner.ok_or_else(|| StorageError(format!("identity {} has no owner", identity.id())))?;
        let address = self.address_of(identity.id());
        Ok(organisation_facts(subject, owner.known()?).with(Fact::RegistryUri, address))
    }

    /// Where an identity's entry can be read.
    fn address_of(&self, id: IdentityId) -> String {
        format!("{}/v1/identities/{id}", self.settings().registry_url.as_str().trim_end_matches('/'))
    }
}

pub(crate) fn organisation_facts(subject: ApprovedSubject, details: &Details) -> ApprovedSubject {
    let Details::Organisation { legal_name, identifier, locality, further } = details else { return subject };
    subject
        .with(Fact::MemberClass, further.member_class.clone().unwrap_or_default())
        .with(Fact::MemberCode, further.member_code.clone().unwrap_or_default())
        .with(Fact::Organization, legal_name.clone())
        .with(Fact::OrganizationIdentifier, identifier.clone())
        .with(Fact::Locality, locality.clone().unwrap_or_default())
}

/// `MOKOENA,THABO`. A name longer than a common name may be is cut there; surname and given name stand whole beside it.
fn personal_name(surname: &str, given_name: &str) -> String {
    format!("{surname},{given_name}").to_uppercase().chars().take(COMMON_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_as_on_identity_cards() {
        assert_eq!(personal_name("Mokoena", "Thabo"), "MOKOENA,THABO");
        assert_eq!(personal_name(&"x".repeat(64), "Thabo").chars().count(), 64);
    }
}

//! Policy: does this profile admit this key for this identity, with which values, and what else is asked for?

mod extensions;
mod names;
mod proposals;
mod subject;

use std::sync::Arc;

use super::{IssuanceRequest, Refusal};
use crate::alternative_name::Name;
use crate::csr::{KeyKind, SubjectPublicKey, Wishes};
use crate::profile::{AttributeType, Profile, SubjectAttribute, ValueSource};
use crate::profile_book::InForce;
use crate::subject::{ApprovedSubject, Fact};

pub use proposals::Proposal;

impl InForce {
    /// As [`Profile::admit`], under this edition.
    ///
    /// # Errors
    /// The refusal, with its rule.
    pub fn admit(
        &self,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
    ) -> Result<IssuanceRequest, Refusal> {
        let request = Arc::clone(self.profile()).take(key, wishes, subject)?;
        Ok(IssuanceRequest { edition: self.mark().cloned(), ..request })
    }
}

impl Profile {
    /// Admits a key for an identity, or says which rule refuses it. Where names are wished for, the certificate has those
    /// alone of the ones that an identity may have several of; else all that the registry grants. Whatever else is wished
    /// for is what the profile gives, or it is refused.
    ///
    /// # Errors
    /// The refusal, with its rule.
    pub fn admit(
        &self,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
    ) -> Result<IssuanceRequest, Refusal> {
        Arc::new(self.clone()).take(key, wishes, subject)
    }

    fn take(
        self: Arc<Self>,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
    ) -> Result<IssuanceRequest, Refusal> {
        self.admit_key(key.kind())?;
        let names = self.names(&subject, wishes)?;
        let attributes = self.attributes(&subject, wishes, &names)?;
        self.admit_subject(wishes, subject.identity(), &attributes, &names)?;
        self.admit_extensions(wishes)?;
        Ok(IssuanceRequest { profile: self, subject, attributes, names, key, edition: None })
    }

    fn admit_key(&self, key: KeyKind) -> Result<(), Refusal> {
        if self.keys.admit(key) {
            return Ok(());
        }
        Err(Refusal::KeyNotAdmitted {
            profile: self.id.to_string(),
            key: key_name(key),
            admitted: self.keys.names().join(", "),
        })
    }

    fn attributes(
        &self,
        subject: &ApprovedSubject,
        wishes: &Wishes,
        names: &[Name],
    ) -> Result<Vec<(AttributeType, String)>, Refusal> {
        let mut attributes = Vec::new();
        for wanted in &self.subject {
            if let Some(value) = self.attribute_value(wanted, subject, wishes, names)? {
                attributes.push((wanted.attribute, value));
            }
        }
        Ok(attributes)
    }

    fn attribute_value(
        &self,
        wanted: &SubjectAttribute,
        subject: &ApprovedSubject,
        wishes: &Wishes,
        names: &[Name],
    ) -> Result<Option<String>, Refusal> {
        let fact = match &wanted.value {
            ValueSource::Fixed(value) => return Ok(Some(value.clone())),
            ValueSource::Request => return self.proposed_attribute(wanted, wishes),
            ValueSource::Fact(fact) => *fact,
        };
        let Some(value) = fact_value(subject, fact, names) else {
            return if wanted.required { Err(self.missing(fact)) } else { Ok(None) };
        };
        self.fits(wanted, fact, value)?;
        Ok(Some(value.to_owned()))
    }

    fn fits(&self, wanted: &SubjectAttribute, fact: Fact, value: &str) -> Result<(), Refusal> {
        let unfit =
            |why: String| Refusal::FactUnfit { profile: self.id.to_string(), fact: fact.to_string(), why };
        wanted.fits(value).map_err(unfit)
    }

    fn missing(&self, fact: Fact) -> Refusal {
        Refusal::FactMissing { profile: self.id.to_string(), fact: fact.to_string() }
    }
}

/// An identity's value of a fact. Of several DNS names it is the first that the certificate has, where it has any: CA/Browser
/// Forum BR section 7.1.4.3, a common name is one of the alternative names.
fn fact_value<'a>(subject: &'a ApprovedSubject, fact: Fact, names: &'a [Name]) -> Option<&'a str> {
    let certified = names.iter().find_map(|name| match name {
        Name::Dns(host) if fact == Fact::DnsName => Some(host.as_str()),
        _ => None,
    });
    certified.or_else(|| subject.values(fact).first().map(String::as_str))
}

impl SubjectAttribute {
    /// Whether a value fits, or why not.
    fn fits(&self, value: &str) -> Result<(), String> {
        // RFC 5280 appendix A.1 counts its upper bounds in characters.
        let length = value.chars().count();
        if length > self.max_length {
            return Err(format!("it has {length} characters, at most {} fit", self.max_length));
        }
        match &self.pattern {
            Some(pattern) if !pattern.0.is_match(value) => {
                Err(format!("it does not match {}", pattern.0.as_str()))
            }
            _ => Ok(()),
        }
    }
}

fn key_name(key: KeyKind) -> String {
    match (key, key.algorithm()) {
        (KeyKind::Rsa { bits }, _) => format!("rsa {bits}"),
        (_, Some(algorithm)) => algorithm.to_string(),
        (_, None) => key.to_string(),
    }
}

//! Policy: does this profile admit this key for this identity, with which values, and what else is asked for?

mod extensions;
mod names;
mod proposals;
mod subject;

use super::{IssuanceRequest, Refusal};
use crate::csr::{KeyKind, SubjectPublicKey, Wishes};
use crate::profile::{AttributeType, Profile, SubjectAttribute, ValueSource};
use crate::subject::{ApprovedSubject, Fact};

pub use proposals::Proposal;

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
        self.admit_key(key.kind())?;
        let attributes = self.attributes(&subject, wishes)?;
        let names = self.names(&subject, wishes)?;
        self.admit_subject(wishes, subject.identity(), &attributes, &names)?;
        self.admit_extensions(wishes)?;
        Ok(IssuanceRequest { profile: self.clone(), subject, attributes, names, key, edition: None })
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
    ) -> Result<Vec<(AttributeType, String)>, Refusal> {
        let mut attributes = Vec::new();
        for wanted in &self.subject {
            if let Some(value) = self.attribute_value(wanted, subject, wishes)? {
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
    ) -> Result<Option<String>, Refusal> {
        let fact = match &wanted.value {
            ValueSource::Fixed(value) => return Ok(Some(value.clone())),
            ValueSource::Request => return self.proposed_attribute(wanted, wishes),
            ValueSource::Fact(fact) => *fact,
        };
        let Some(value) = subject.values(fact).first() else {
            return if wanted.required { Err(self.missing(fact)) } else { Ok(None) };
        };
        self.fits(wanted, fact, value)?;
        Ok(Some(value.clone()))
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

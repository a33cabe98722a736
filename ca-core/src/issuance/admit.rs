//! Policy: does this profile admit this key for this identity, and with which values?

use super::{IssuanceRequest, Refusal};
use crate::csr::{KeyKind, SubjectPublicKey};
use crate::profile::{AlternativeNameForm, AttributeType, Profile, SubjectAttribute, ValueSource};
use crate::subject::{ApprovedSubject, Fact};

impl Profile {
    /// Admits a key for an identity, or says which rule refuses it. `wished` are DNS names asked for: none means all
    /// that the registry grants.
    ///
    /// # Errors
    /// The refusal, with its rule.
    pub fn admit(
        &self,
        key: SubjectPublicKey,
        wished: &[String],
        subject: ApprovedSubject,
    ) -> Result<IssuanceRequest, Refusal> {
        self.admit_key(key.kind())?;
        let attributes = self.attributes(&subject)?;
        let dns_names = self.dns_names(wished, &subject)?;
        self.alternative_names_present(&subject)?;
        Ok(IssuanceRequest { profile: self.clone(), subject, attributes, dns_names, key })
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

    fn attributes(&self, subject: &ApprovedSubject) -> Result<Vec<(AttributeType, String)>, Refusal> {
        let mut attributes = Vec::new();
        for wanted in &self.subject {
            if let Some(value) = self.attribute_value(wanted, subject)? {
                attributes.push((wanted.attribute, value));
            }
        }
        Ok(attributes)
    }

    fn attribute_value(
        &self,
        wanted: &SubjectAttribute,
        subject: &ApprovedSubject,
    ) -> Result<Option<String>, Refusal> {
        let fact = match &wanted.value {
            ValueSource::Fixed(value) => return Ok(Some(value.clone())),
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
        // RFC 5280 appendix A.1 counts its upper bounds in characters.
        let length = value.chars().count();
        if length > wanted.max_length {
            return Err(unfit(format!("it has {length} characters, at most {} fit", wanted.max_length)));
        }
        match &wanted.pattern {
            Some(pattern) if !pattern.0.is_match(value) => {
                Err(unfit(format!("it does not match {}", pattern.0.as_str())))
            }
            _ => Ok(()),
        }
    }

    fn dns_names(&self, wished: &[String], subject: &ApprovedSubject) -> Result<Vec<String>, Refusal> {
        if !self.alternative_names.iter().any(|name| name.form == AlternativeNameForm::Dns) {
            return Ok(Vec::new());
        }
        let granted = subject.values(Fact::DnsName);
        // RFC 4343: DNS names compare without case.
        let refused = wished.iter().find(|wish| !granted.iter().any(|name| name.eq_ignore_ascii_case(wish)));
        match refused {
            Some(name) => Err(Refusal::NameNotGranted { name: name.clone() }),
            None if wished.is_empty() => Ok(granted.to_vec()),
            None => Ok(wished.to_vec()),
        }
    }

    fn alternative_names_present(&self, subject: &ApprovedSubject) -> Result<(), Refusal> {
        for name in self.alternative_names.iter().filter(|name| name.required) {
            let fact = match name.form {
                AlternativeNameForm::Dns => Fact::DnsName,
                AlternativeNameForm::RegistryUri => Fact::RegistryUri,
                AlternativeNameForm::HardwareModule => Fact::HardwareModule,
            };
            if subject.values(fact).is_empty() {
                return Err(self.missing(fact));
            }
        }
        Ok(())
    }

    fn missing(&self, fact: Fact) -> Refusal {
        Refusal::FactMissing { profile: self.id.to_string(), fact: fact.to_string() }
    }
}

fn key_name(key: KeyKind) -> String {
    match (key, key.algorithm()) {
        (KeyKind::Rsa { bits }, _) => format!("rsa {bits}"),
        (_, Some(algorithm)) => algorithm.to_string(),
        (_, None) => key.to_string(),
    }
}

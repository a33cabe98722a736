//! What an applicant proposes: values that the registry does not know, and that stand in the certificate only because the
//! profile lets them and an officer who saw them approved.

use super::super::Refusal;
use crate::csr::{RequestedName, Wishes};
use crate::profile::{AttributeType, NameSource, Profile, SubjectAttribute, ValueSource, is_printable};

/// A value that nobody vouches for but the officer who approves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Which attribute of the subject, or which form of alternative name: `common-name`, `dns`.
    pub what: String,
    /// The value as it would stand in the certificate.
    pub value: String,
    /// What it must match.
    pub pattern: String,
}

impl Profile {
    /// Whether applicants may propose anything.
    pub fn takes_proposals(&self) -> bool {
        self.subject.iter().any(|entry| entry.value == ValueSource::Request)
            || self.alternative_names.iter().any(|name| name.source == NameSource::Request)
    }

    /// What the wishes propose, in the order of the profile.
    pub fn proposals(&self, wishes: &Wishes) -> Vec<Proposal> {
        let mut proposals = Vec::new();
        for entry in self.subject.iter().filter(|entry| entry.value == ValueSource::Request) {
            let pattern = entry.pattern.as_ref().map_or("", |pattern| pattern.0.as_str());
            proposals.extend(asked(entry.attribute, wishes).map(|value| Proposal {
                what: entry.attribute.to_string(),
                value: value.to_owned(),
                pattern: pattern.to_owned(),
            }));
        }
        for entry in self.alternative_names.iter().filter(|name| name.source == NameSource::Request) {
            let pattern = entry.pattern.as_ref().map_or("", |pattern| pattern.0.as_str());
            let names = wishes.names().iter().filter_map(|wish| match wish {
                RequestedName::Known(name) if name.is(entry.form) => Some(name.text()),
                _ => None,
            });
            proposals.extend(names.map(|value| Proposal {
                what: entry.form.to_string(),
                value,
                pattern: pattern.to_owned(),
            }));
        }
        proposals
    }

    pub(super) fn proposed_attribute(
        &self,
        wanted: &SubjectAttribute,
        wishes: &Wishes,
    ) -> Result<Option<String>, Refusal> {
        let what = wanted.attribute.to_string();
        let Some(value) = asked(wanted.attribute, wishes) else {
            return if wanted.required {
                Err(Refusal::ProposalMissing { profile: self.id.to_string(), what })
            } else {
                Ok(None)
            };
        };
        let fits = wanted.fits(value).and_then(|()| spelled(wanted.attribute, value));
        fits.map_err(|why| Refusal::ProposalUnfit { profile: self.id.to_string(), what, why })?;
        Ok(Some(value.to_owned()))
    }
}

/// What the registry sees to when it takes a value down, and nobody did here.
fn spelled(attribute: AttributeType, value: &str) -> Result<(), String> {
    if value.trim() != value {
        return Err("it begins or ends with a blank".to_owned());
    }
    // X.520 sections 6.2.9 and 6.3.1: PrintableString.
    if attribute.is_printable_string() && !value.chars().all(is_printable) {
        return Err("it has characters outside PrintableString".to_owned());
    }
    Ok(())
}

/// The value of an attribute in the subject that is asked for.
fn asked(attribute: AttributeType, wishes: &Wishes) -> Option<&str> {
    wishes.subject().iter().find(|asked| asked.is(attribute)).map(crate::csr::RequestedAttribute::value)
}

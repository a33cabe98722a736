//! Whether what a certificate says of its subject is still what the registry vouches for.

use std::collections::BTreeSet;

use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use crate::alternative_name::{Name, NameForm};
use crate::csr::{RequestedName, names_of_extension};
use crate::profile::{NameSource, Profile, SubjectAttribute, ValueSource};
use crate::subject::{ApprovedSubject, Fact};

/// A certificate cannot be read: it was altered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a certificate cannot be read: {0}")]
pub struct UnreadableCertificate(String);

impl Profile {
    /// The facts that a certificate issued under this profile states, and takes from the registry.
    pub fn facts(&self) -> BTreeSet<Fact> {
        let attributes = self.subject.iter().filter_map(|wanted| match wanted.value {
            ValueSource::Fact(fact) => Some(fact),
            ValueSource::Fixed(_) | ValueSource::Request => None,
        });
        let of_registry = self.alternative_names.iter().filter(|name| name.source == NameSource::Registry);
        attributes.chain(of_registry.map(|name| name.form.fact())).collect()
    }

    /// Whether a certificate (DER) that was issued under this profile states one of `facts` otherwise than the registry
    /// does `now`. What it leaves out is not false, and what an applicant proposed is nothing that the registry knows.
    ///
    /// # Errors
    /// The certificate cannot be read.
    pub fn is_outdated(
        &self,
        certificate: &[u8],
        now: &ApprovedSubject,
        facts: &BTreeSet<Fact>,
    ) -> Result<bool, UnreadableCertificate> {
        let unreadable = |error: String| UnreadableCertificate(error);
        let (_, parsed) =
            X509Certificate::from_der(certificate).map_err(|error| unreadable(error.to_string()))?;
        let states = |wanted: &SubjectAttribute| match wanted.value {
            ValueSource::Fact(fact) if facts.contains(&fact) => {
                values(parsed.subject(), wanted).any(|value| !now.values(fact).iter().any(|it| it == value))
            }
            _ => false,
        };
        if self.subject.iter().any(states) {
            return Ok(true);
        }
        // RFC 5280 section 4.2.1.6.
        let oid = x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
        let Some(names) = parsed.extensions().iter().find(|extension| extension.oid == oid) else {
            return Ok(false);
        };
        let names = names_of_extension(names.value).map_err(|error| unreadable(error.to_string()))?;
        Ok(names.iter().any(|name| self.is_outdated_name(name, now, facts)))
    }

    fn is_outdated_name(&self, name: &RequestedName, now: &ApprovedSubject, facts: &BTreeSet<Fact>) -> bool {
        let RequestedName::Known(name) = name else { return false };
        let of_form = |form: NameForm| name.is(form);
        let registered = |source: NameSource| {
            self.alternative_names.iter().filter(move |entry| entry.source == source && of_form(entry.form))
        };
        let judged = registered(NameSource::Registry).any(|entry| facts.contains(&entry.form.fact()));
        let stands = registered(NameSource::Registry).any(|entry| {
            // What is not asked about stands; an address of the registry's own is an address like others.
            let values = now.values(entry.form.fact());
            values.iter().any(|value| Name::read(entry.form, value).is_ok_and(|it| it.same_as(name)))
        });
        judged && !stands && registered(NameSource::Request).next().is_none()
    }
}

/// The values of a subject's attribute that can be read.
fn values<'a>(subject: &'a X509Name<'a>, wanted: &SubjectAttribute) -> impl Iterator<Item = &'a str> {
    let oid = wanted.attribute.oid().0;
    let same = move |found: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        found.attr_type().as_bytes() == oid.as_bytes()
    };
    subject.iter_attributes().filter(move |found| same(found)).map(|found| found.as_str().unwrap_or_default())
}

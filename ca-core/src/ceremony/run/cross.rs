//! Certifying a foreign CA.

use super::check::foreign;
use super::issue::{certificate_facts, reference};
use super::outputs::{Form, pem_text};
use super::session::Session;
use crate::ceremony::CeremonyError;
use crate::ceremony::script::Crossing;
use crate::subject::IdentityRef;

impl Session<'_> {
    pub(super) fn certify_foreign_ca(&mut self, act: &Crossing) -> Result<(), CeremonyError> {
        let ca = foreign(&act.certificate_sha256, &self.input(&act.certificate)?)?;
        let profile = ca.profile(&act.terms)?;
        // Each ceremony may certify the same CA anew, on other terms.
        let identity = IdentityRef(ca.reference());
        self.step("certificate", |session| {
            let record = session.issue(&identity, ca.key(), |authority| {
                Ok(authority.admit_foreign(ca.key().clone(), reference(&identity), profile.clone())?)
            })?;
            let mut all = certificate_facts(&record);
            all.insert("subject".to_owned(), ca.name());
            Ok(all)
        })?;
        self.step("output", |session| {
            session.output(&act.output, Form::Written, |session| {
                Ok(pem_text("CERTIFICATE", &session.certificate_of(&identity, ca.key())?))
            })
        })
    }
}

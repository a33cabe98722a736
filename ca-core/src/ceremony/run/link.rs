//! Vouching for another generation of the root.

use super::check::other_root;
use super::issue::certificate_facts;
use super::outputs::{Form, pem_text};
use super::session::Session;
use crate::ceremony::CeremonyError;
use crate::ceremony::script::Linking;

impl Session<'_> {
    pub(super) fn vouch(&mut self, act: &Linking) -> Result<(), CeremonyError> {
        let other = other_root(&act.certificate_sha256, &self.input(&act.certificate)?)?;
        let identity = other.identity();
        self.step("certificate", |session| {
            let record = session.issue(&identity, other.key(), |authority| {
                Ok(authority.admit_link(&other, act.not_after)?)
            })?;
            let mut all = certificate_facts(&record);
            all.insert("subject".to_owned(), other.name());
            Ok(all)
        })?;
        self.step("output", |session| {
            session.output(&act.output, Form::Written, |session| {
                Ok(pem_text("CERTIFICATE", &session.certificate_of(&identity, other.key())?))
            })
        })
    }
}

//! Making the root's next CRL.

use time::OffsetDateTime;

use super::outputs::Form;
use super::session::{Session, facts};
use crate::authority::{Authority, RevokeError};
use crate::ceremony::CeremonyError;
use crate::ceremony::journal::Facts;
use crate::ceremony::script::{Listing, NextCrl, Revoked};
use crate::crl::{self, Crl, NO_NEXT_UPDATE};
use crate::storage::AuditedChange;

impl Session<'_> {
    pub(super) fn list(&mut self, act: &Listing) -> Result<(), CeremonyError> {
        for (number, revoked) in (1..).zip(&act.revocations) {
            self.step(&format!("revoked-{number}"), |session| session.revoke(revoked))?;
        }
        self.step("crl", |session| session.next_crl(act))
    }

    fn revoke(&mut self, revoked: &Revoked) -> Result<Facts, CeremonyError> {
        let (authority, actor) = (self.authority()?, self.actor());
        let nothing = AuditedChange::nothing();
        match authority.revoke_as_of(&revoked.serial, revoked.reason, revoked.at, &actor, nothing) {
            // Done before a power cut, as it stands in the script.
            Err(RevokeError::AlreadyRevoked { reason, .. }) if reason == revoked.reason => {}
            revoked => drop(revoked?),
        }
        Ok(facts([
            ("serial", revoked.serial.to_string()),
            ("reason", revoked.reason.to_string()),
            ("at", at(&authority, revoked)?),
        ]))
    }

    fn next_crl(&mut self, act: &Listing) -> Result<Facts, CeremonyError> {
        let (root, store) = (self.root()?, self.store()?);
        match act.next {
            NextCrl::Due(next_update) => {
                let there = crl::newest(store.as_ref(), &root.ca)?.filter(|list| list.number >= act.number);
                self.output_crl(&act.output, there, next_update)
            }
            NextCrl::Never => {
                // Done already before a power cut, it changes nothing.
                self.authority()?.retire(&self.script.title, &self.actor())?;
                let last = crl::newest(store.as_ref(), &root.ca)?;
                self.output_crl(&act.output, last, NO_NEXT_UPDATE)
            }
        }
    }

    /// Gives out the CRL that was made before a power cut, or makes it: valid until `next_update`.
    pub(super) fn output_crl(
        &mut self,
        name: &str,
        there: Option<Crl>,
        next_update: OffsetDateTime,
    ) -> Result<Facts, CeremonyError> {
        let list = match there {
            Some(list) => list,
            None => {
                let (authority, actor) = (self.authority()?, self.actor());
                authority.publish_crl_until(next_update, &actor)?
            }
        };
        let mut made = self.output(name, Form::Written, |_| Ok(list.der.clone()))?;
        made.insert("number".to_owned(), list.number.to_string());
        let ends = list.next_update == NO_NEXT_UPDATE;
        let next = if ends { "never".to_owned() } else { crate::clock::in_words(list.next_update) };
        made.insert("next-update".to_owned(), next);
        Ok(made)
    }
}

/// From when on it is revoked, as it will stand in the CRL.
fn at(authority: &Authority, revoked: &Revoked) -> Result<String, CeremonyError> {
    let record = authority.certificates().find(&revoked.serial)?;
    let revocation = record.and_then(|record| record.revocation);
    Ok(revocation.map(|revocation| crate::clock::in_words(revocation.at)).unwrap_or_default())
}

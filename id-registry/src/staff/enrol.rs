//! Enrolling staff: the member's record, its certificate and the right to sign in come into being together.

use ca_core::certificate::CertificateRecord;
use ca_core::csr::{CertificationRequest, VerifiedCsr};
use ca_core::issuance::IssueError;
use ca_core::ledger::{Actor, Event};
use ca_core::storage::{AuditedChange, Change, CommitError};
use ca_core::subject::{ApprovedSubject, Fact};
use ca_core::vault::{Envelope, VaultError};

use super::{
    ADMINISTRATORS, ENROLLED, EnrolledStaff, NewStaff, Quota, ROSTER, STAFF, STAFF_CERTIFICATES,
    STAFF_PROFILE, StaffError, StaffRecord, seal,
};
use crate::campaign::Wish;
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::{self, IdentityError};
use crate::permission::{ManageStaff, Permit};
use crate::principal::Role;
use crate::record::encode;
use crate::registry::{Registry, reference};

/// Whether this is the first member of staff ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    First,
    Further,
}

impl Registry {
    /// Enrols a member of staff and issues the certificate to sign in with.
    ///
    /// # Errors
    /// The name, request or organisation does not fit, the profile refuses, or the registry failed.
    pub fn enrol_staff(
        &self,
        permit: &Permit<ManageStaff>,
        new: &NewStaff<'_>,
    ) -> Result<EnrolledStaff, StaffError> {
        self.enrol(&permit.actor(), new, Standing::Further)
    }

    /// Enrols the first administrator of a new installation.
    ///
    /// # Errors
    /// There is staff already; else as [`Registry::enrol_staff`].
    pub fn bootstrap_administrator(&self, name: &str, csr: &[u8]) -> Result<EnrolledStaff, StaffError> {
        let new = NewStaff { name, role: Role::Administrator, person: None, csr };
        self.enrol(&Actor::system("init"), &new, Standing::First)
    }

    fn enrol(
        &self,
        actor: &Actor,
        new: &NewStaff<'_>,
        standing: Standing,
    ) -> Result<EnrolledStaff, StaffError> {
        let csr = CertificationRequest::parse(new.csr)?.verify()?;
        let name = identity::name_of_staff(new.name)?;
        if let Some(person) = new.person {
            self.active(person, IdentityKind::Person).map_err(StaffError::Organisation)?;
        }
        until_settled(|| {
            let id = StaffId::draw(self.entropy()).map_err(Fault::from)?;
            let roster = self.roster_with(id, &new.role, standing)?;
            let subject = self.staff_subject(id, &name, &new.role)?;
            let event = self.event(actor, ENROLLED, format!("staff:{id}"))?.with("role", new.role.name());
            let person = new.person;
            let draft =
                Draft { id, name: name.clone(), role: new.role.clone(), person, actor, event, roster };
            self.issue_to_staff(&csr, subject, draft)
        })
    }

    fn issue_to_staff(
        &self,
        csr: &VerifiedCsr,
        subject: ApprovedSubject,
        draft: Draft<'_>,
    ) -> Result<Attempt<EnrolledStaff, StaffError>, StaffError> {
        let profile = self.profile(STAFF_PROFILE)?;
        let actor = draft.actor;
        let enrolled_at = self.now();
        let mut kept = None;
        let admission = self.authorities().admit(csr.key().clone(), csr.wishes(), subject, &profile);
        let admission = admission.map_err(StaffError::Issue)?;
        let wish = Wish::of_staff(csr.key(), &profile.id, admission.issuer());
        let free = self.free_of_campaigns(&wish)?;
        let issued = admission.issue(actor, |certificate, envelope| {
            let record = draft.record(certificate, enrolled_at);
            let change = draft.change(certificate, envelope, &record, free)?;
            kept = Some(record);
            Ok(change)
        });
        match (issued, kept) {
            (Ok(certificate), Some(record)) => {
                Ok(Attempt::Settled(Ok(EnrolledStaff { record, certificate })))
            }
            (Err(IssueError::Commit(conflict @ CommitError::Conflict { .. })), _) => {
                Ok(Attempt::Overtaken(conflict))
            }
            (Err(error), _) => Err(StaffError::Issue(error)),
            (Ok(_), None) => {
                Err(ca_core::storage::StorageError("a certificate was kept alone".to_owned()).into())
            }
        }
    }

    /// The roster of administrators with one more, where the new member is one.
    fn roster_with(&self, id: StaffId, role: &Role, standing: Standing) -> Result<Change, StaffError> {
        let found = self.administrators()?;
        if standing == Standing::First && (found.is_some() || self.any_staff()?) {
            return Err(StaffError::StaffExists);
        }
        if *role != Role::Administrator {
            return Ok(Change::new());
        }
        let change = Change::new();
        Ok(match found {
            None => change.insert(ADMINISTRATORS, ROSTER, encode(&[id])?),
            Some((mut administrators, version)) => {
                administrators.push(id);
                change.replace(ADMINISTRATORS, ROSTER, version, encode(&administrators)?)
            }
        })
    }

    fn any_staff(&self) -> Result<bool, StaffError> {
        Ok(!self.store().scan(STAFF, &ca_core::storage::KeyRange::all(), 1)?.is_empty())
    }

    /// The facts about a member of staff: an agency operator works for the agency, the others for the installation's
    /// organisation.
    fn staff_subject(&self, id: StaffId, name: &str, role: &Role) -> Result<ApprovedSubject, StaffError> {
        let subject = ApprovedSubject::new(reference(id))
            .with(Fact::Country, self.settings().country.clone())
            .with(Fact::CommonName, name);
        let Some(organisation) = role.organisation() else {
            return Ok(subject.with(Fact::Organization, self.settings().organisation.clone()));
        };
        let found = self.agency(organisation).map_err(StaffError::Organisation)?;
        let details = found.known().map_err(StaffError::Organisation)?;
        Ok(identity::organisation_facts(subject, details))
    }

    fn agency(&self, id: IdentityId) -> Result<identity::Identity, IdentityError> {
        let (record, _) = self.identity_record(id)?;
        identity::demand_kind(id, IdentityKind::Organisation)?;
        record.demand_active()?;
        Ok(self.with_details(record)?)
    }
}

/// A member of staff whose certificate is being made.
struct Draft<'a> {
    id: StaffId,
    name: String,
    role: Role,
    person: Option<IdentityId>,
    actor: &'a Actor,
    event: Event,
    roster: Change,
}

impl Draft<'_> {
    fn record(&self, certificate: &CertificateRecord, enrolled_at: time::OffsetDateTime) -> StaffRecord {
        StaffRecord {
            id: self.id,
            name: self.name.clone(),
            role: self.role.clone(),
            person: self.person,
            office: None,
            relatives: Vec::new(),
            quota: Quota::default(),
            any_hour: false,
            serial: certificate.serial.clone(),
            enrolled_at,
            enrolled_by: self.actor.clone(),
            disabled: None,
        }
    }

    fn change(
        &self,
        certificate: &CertificateRecord,
        envelope: &Envelope,
        record: &StaffRecord,
        free: Change,
    ) -> Result<AuditedChange, VaultError> {
        let change = self
            .roster
            .clone()
            .and(free)
            .insert(STAFF, self.id.to_string(), seal(envelope, record)?)
            .insert(STAFF_CERTIFICATES, certificate.sha256.as_bytes(), encode(&self.id)?);
        Ok(change.explained_by(&self.event))
    }
}

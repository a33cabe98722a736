//! The life of identities: each step, who may take it, and what becomes of the certificates.

use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use id_registry::certificates::{CertificateFilter, CertificateStatus};
use id_registry::enrolment::RequestError;
use id_registry::id::IdentityId;
use id_registry::identity::{IdentityError, IdentityStatus};
use id_registry::life::{Cause, ClosureCause, DeathSource, LifeError, Outcome, SuspensionCause, Touched};
use id_registry::page::PageSize;
use id_registry::permission::{
    ChangeIdentities, CloseIdentities, EraseIdentities, ReadRegistry, RevokeCertificates,
};
use id_registry::principal::Role;
use time::Duration;

use crate::country::{Country, Member, Things, csr, person};

/// A country with two officers and two administrators, and an agency whose things all have certificates.
pub(crate) struct Life {
    pub(crate) country: Country,
    pub(crate) one: Member,
    pub(crate) two: Member,
    pub(crate) third: Member,
    second_administrator: Member,
    pub(crate) things: Things,
}

impl Life {
    pub(crate) fn begun() -> Self {
        let life = Self::begun_in(Country::founded());
        life.issue("person-signature", life.things.person);
        life.issue("person-authentication-pseudonymous", life.things.person);
        life.issue("device", life.things.device);
        life.issue("tls-server", life.things.application);
        life
    }

    /// The same without certificates.
    pub(crate) fn begun_in(country: Country) -> Self {
        let [one, two, third] = [(); 3].map(|()| country.officer());
        let second_administrator = country.enrol("Another Administrator", Role::Administrator);
        let things = country.settled(&one, "RSL");
        Self { country, one, two, third, second_administrator, things }
    }

    pub(crate) fn issue(&self, profile: &str, identity: IdentityId) {
        let request = self.country.submit(&self.one, profile, identity, &csr()).unwrap();
        if request.serial().is_none() {
            self.country.approve(&self.two, request.id, None).unwrap();
        }
    }

    /// How an identity's certificates stand, sorted.
    pub(crate) fn stand(&self, identity: IdentityId) -> Vec<&'static str> {
        let filter = CertificateFilter { identity: Some(identity), ..CertificateFilter::default() };
        let permit = self.one.permit::<ReadRegistry>();
        let page = self.country.registry.certificates(&permit, filter, None, PageSize::default()).unwrap();
        let registry = &self.country.registry;
        let mut all: Vec<_> = page.items.iter().map(|record| registry.status_of(record).name()).collect();
        all.sort_unstable();
        all
    }

    fn status(&self, identity: IdentityId) -> (IdentityStatus, Option<Cause>) {
        let record = self.country.registry.identity(&self.one.permit(), identity).unwrap().record;
        (record.status, record.standing.map(|standing| standing.cause))
    }

    pub(crate) fn suspend(&self, by: &Member, id: IdentityId) -> Result<Outcome, LifeError> {
        let permit = by.permit::<ChangeIdentities>();
        self.country.registry.suspend_identity(&permit, id, SuspensionCause::Investigation, "case 12")
    }

    pub(crate) fn resume(&self, by: &Member, id: IdentityId) -> Result<Outcome, LifeError> {
        self.country.registry.resume_identity(&by.permit::<ChangeIdentities>(), id, "case closed")
    }

    fn report(&self, by: &Member, source: DeathSource) -> Result<Outcome, LifeError> {
        let permit = by.permit::<ChangeIdentities>();
        self.country.registry.report_death(&permit, self.things.person, source, "letter of 3 May")
    }

    fn confirm(&self, by: &Member, successor: Option<IdentityId>) -> Result<Outcome, LifeError> {
        let permit = by.permit::<ChangeIdentities>();
        self.country.registry.confirm_death(&permit, self.things.person, successor, "seen")
    }

    fn alive(&self, by: &Member) -> Result<Outcome, LifeError> {
        let permit = by.permit::<ChangeIdentities>();
        self.country.registry.find_alive(&permit, self.things.person, "came in person")
    }

    pub(crate) fn close(&self, id: IdentityId, cause: ClosureCause) -> Result<Outcome, LifeError> {
        let permit = self.country.administrator.permit::<CloseIdentities>();
        self.country.registry.close_identity(&permit, id, cause, None, "decree 7")
    }

    fn reopen(&self, by: &Member, id: IdentityId) -> Result<Outcome, LifeError> {
        self.country.registry.reopen_identity(&by.permit::<CloseIdentities>(), id, "a mistake")
    }

    pub(crate) fn pass(&self, duration: Duration) {
        self.country.pass(duration);
    }
}

#[test]
fn a_suspension_holds_everything_and_another_officer_ends_it() {
    let life = Life::begun();
    let person = life.things.person;
    let suspended = life.suspend(&life.one, person).unwrap();
    assert_eq!(suspended.touched, Touched { held: 2, ..Touched::default() });
    assert_eq!(life.stand(person), ["on-hold", "on-hold"]);
    let refused = life.country.submit(&life.one, "person-signature", person, &csr());
    assert!(matches!(
        refused,
        Err(RequestError::Identity(IdentityError::Suspended { cause: "investigation", .. }))
    ));
    assert!(matches!(life.suspend(&life.two, person), Err(LifeError::Elsewhere { .. })));
    assert!(matches!(life.resume(&life.one, person), Err(LifeError::SamePerson(_))));
    assert_eq!(life.country.events("identity.step-refused").len(), 1, "for the auditor to see");
    let resumed = life.resume(&life.two, person).unwrap();
    assert_eq!((resumed.touched.released, life.stand(person)), (2, vec!["active", "active"]));
    assert_eq!(life.status(person), (IdentityStatus::Active, None));
}

/// What was on hold before, for a reason of its own, does not come back with the identity.
#[test]
fn only_what_was_held_for_it_is_released() {
    let life = Life::begun();
    let device = life.things.device;
    life.issue("device", device);
    let filter = CertificateFilter { identity: Some(device), ..CertificateFilter::default() };
    let permit = life.one.permit::<ReadRegistry>();
    let all = life.country.registry.certificates(&permit, filter, None, PageSize::default()).unwrap().items;
    let revoke = life.country.administrator.permit::<RevokeCertificates>();
    let hold = RevocationReason::CertificateHold;
    life.country.registry.revoke(&revoke, &all[0].serial, hold, Some("lost")).unwrap();
    assert_eq!(life.suspend(&life.one, device).unwrap().touched.held, 1);
    assert_eq!(life.resume(&life.two, device).unwrap().touched.released, 1);
    let first = life.country.registry.certificate(&permit, &all[0].serial).unwrap().0;
    assert_eq!(life.country.registry.status_of(&first), CertificateStatus::OnHold);
    assert_eq!(life.stand(device), ["active", "on-hold"]);
}

#[test]
fn a_death_takes_grounds_and_two_officers_and_can_be_undone() {
    let life = Life::begun();
    let person = life.things.person;
    assert!(matches!(life.confirm(&life.two, None), Err(LifeError::Elsewhere { .. })));
    life.report(&life.one, DeathSource::Family).unwrap();
    assert_eq!(life.status(person), (IdentityStatus::Suspended, Some(Cause::DeathReported)));
    assert_eq!(life.stand(person), ["on-hold", "on-hold"]);
    assert!(matches!(life.report(&life.two, DeathSource::Family), Err(LifeError::SignalTwice(_))));
    assert!(matches!(life.confirm(&life.two, None), Err(LifeError::TooFewSignals { .. })));
    life.report(&life.two, DeathSource::Chief).unwrap();
    for reporter in [&life.one, &life.two] {
        assert!(matches!(life.confirm(reporter, None), Err(LifeError::SamePerson(_))));
    }
    let confirmed = life.confirm(&life.third, None).unwrap();
    assert_eq!((confirmed.touched.revoked, confirmed.touched.things), (2, 2));
    assert_eq!(life.stand(person), ["revoked", "revoked"]);
    assert_eq!(life.status(person), (IdentityStatus::Closed, Some(Cause::Deceased)));
    for who in [&life.one, &life.two, &life.third] {
        assert!(matches!(life.alive(who), Err(LifeError::SamePerson(_))), "all took part");
    }
    life.alive(&life.country.officer()).unwrap();
    assert_eq!(life.status(person), (IdentityStatus::Active, None));
    assert_eq!(life.stand(person), ["revoked", "revoked"], "what was revoked stays so");
    life.issue("person-signature", person);
    // Nobody has to answer for the things instead any more.
    life.pass(Duration::days(31));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 0);
    assert_eq!(life.status(life.things.device), (IdentityStatus::Active, None));
}

#[test]
fn the_civil_register_is_enough_and_a_mistake_releases_what_was_held() {
    let life = Life::begun();
    let person = life.things.person;
    life.suspend(&life.one, person).unwrap();
    life.report(&life.one, DeathSource::CivilRegister).unwrap();
    life.alive(&life.two).unwrap();
    assert_eq!(
        life.status(person),
        (IdentityStatus::Suspended, Some(Cause::Investigation)),
        "an investigation has not ended by it"
    );
    assert_eq!(life.resume(&life.third, person).unwrap().touched.released, 2);
    life.report(&life.one, DeathSource::CivilRegister).unwrap();
    life.confirm(&life.two, None).unwrap();
    let organisation = life.things.organisation;
    let permit = life.one.permit::<ChangeIdentities>();
    let refused =
        life.country.registry.report_death(&permit, organisation, DeathSource::Court, "no such thing");
    assert!(matches!(refused, Err(LifeError::WrongKind { .. })));
}

#[test]
fn what_a_dead_person_answered_for_finds_a_successor_or_is_suspended() {
    let life = Life::begun();
    let (device, application) = (life.things.device, life.things.application);
    let heir = life.country.register(&life.one, person("PNOLS-HEIR"));
    life.report(&life.one, DeathSource::CivilRegister).unwrap();
    life.confirm(&life.two, None).unwrap();
    life.pass(Duration::days(29));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 0, "not yet");
    let permit = life.one.permit::<ChangeIdentities>();
    let registry = &life.country.registry;
    let dead = registry.hand_over(&permit, application, life.things.person, "again");
    assert!(matches!(dead, Err(LifeError::Identity(IdentityError::Closed(_)))));
    registry.hand_over(&permit, application, heir, "appointed").unwrap();
    life.pass(Duration::days(2));
    assert_eq!(registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(life.status(device), (IdentityStatus::Suspended, Some(Cause::SponsorGone)));
    assert_eq!(life.stand(device), ["on-hold"]);
    assert_eq!(life.status(application), (IdentityStatus::Active, None));
    assert!(matches!(life.resume(&life.two, device), Err(LifeError::Elsewhere { .. })));
    let handed = registry.hand_over(&permit, device, heir, "appointed").unwrap();
    assert_eq!(handed.touched.released, 1);
    assert_eq!(life.status(device), (IdentityStatus::Active, None));
    assert_eq!(handed.record.owner.unwrap().sponsor, heir);
    assert_eq!(registry.carry_on_lives(100).unwrap(), 0);
}

#[test]
fn a_successor_is_named_with_the_death() {
    let life = Life::begun();
    let heir = life.country.register(&life.one, person("PNOLS-HEIR"));
    life.report(&life.one, DeathSource::Court).unwrap();
    let itself = life.confirm(&life.two, Some(life.things.person));
    assert!(matches!(itself, Err(LifeError::OwnSuccessor(_))));
    assert_eq!(life.confirm(&life.two, Some(heir)).unwrap().touched.things, 2);
    for thing in [life.things.device, life.things.application] {
        let record = life.country.registry.identity(&life.one.permit(), thing).unwrap().record;
        assert_eq!((record.owner.unwrap().sponsor, record.orphaned_until), (heir, None));
    }
    // The index follows: the heir's death reaches them.
    let permit = life.one.permit::<ChangeIdentities>();
    life.country.registry.report_death(&permit, heir, DeathSource::Court, "too").unwrap();
    let permit = life.two.permit::<ChangeIdentities>();
    let heirs = life.country.registry.confirm_death(&permit, heir, None, "too").unwrap();
    assert_eq!(heirs.touched.things, 2);
}

#[test]
fn an_organisation_takes_its_things_along_and_brings_them_back() {
    let life = Life::begun();
    let organisation = life.things.organisation;
    let operator = life.country.enrol("Operator", Role::AgencyOperator { organisation });
    let suspended = life.suspend(&life.one, organisation).unwrap();
    // A TLS server's certificate must not be on hold, so it is revoked.
    assert_eq!((suspended.touched.held, suspended.touched.revoked, suspended.touched.things), (1, 1, 2));
    assert_eq!(life.status(life.things.device), (IdentityStatus::Suspended, Some(Cause::OwnerSuspended)));
    let signed_in = life.country.registry.authenticate(&operator.enrolled.certificate.der);
    assert!(matches!(signed_in, Err(id_registry::staff::SignInError::Organisation(_))));
    assert!(matches!(life.resume(&life.two, life.things.device), Err(LifeError::Elsewhere { .. })));
    assert_eq!(life.resume(&life.two, organisation).unwrap().touched.released, 1);
    assert_eq!(life.stand(life.things.device), ["active"]);
    life.country.registry.authenticate(&operator.enrolled.certificate.der).unwrap();
    let closed = life.close(organisation, ClosureCause::Dissolved).unwrap();
    assert_eq!((closed.touched.revoked, closed.touched.things), (1, 2));
    assert_eq!(life.status(life.things.application), (IdentityStatus::Closed, Some(Cause::OwnerClosed)));
    let again = life.reopen(&life.country.administrator, organisation);
    assert!(matches!(again, Err(LifeError::SamePerson(_))));
    assert_eq!(life.reopen(&life.second_administrator, organisation).unwrap().touched.things, 2);
    assert_eq!(life.status(life.things.device), (IdentityStatus::Active, None));
    assert_eq!(life.stand(life.things.device), ["revoked"]);
}

#[test]
fn a_closure_is_for_its_kind() {
    let life = Life::begun();
    for (id, cause) in [
        (life.things.person, ClosureCause::Retired),
        (life.things.device, ClosureCause::Emigrated),
        (life.things.organisation, ClosureCause::Retired),
        (life.things.person, ClosureCause::Dissolved),
    ] {
        assert!(matches!(life.close(id, cause), Err(LifeError::WrongKind { .. })), "{id} {cause}");
    }
    life.close(life.things.device, ClosureCause::Retired).unwrap();
    assert_eq!(life.stand(life.things.device), ["revoked"]);
    let permit = life.country.administrator.permit::<CloseIdentities>();
    let blank = life.country.registry.close_identity(
        &permit,
        life.things.person,
        ClosureCause::Emigrated,
        None,
        "  ",
    );
    assert!(matches!(blank, Err(LifeError::Field(_))));
}

#[test]
fn the_history_tells_it_and_what_officers_wrote_is_sealed() {
    let life = Life::begun();
    let person = life.things.person;
    life.report(&life.one, DeathSource::Chief).unwrap();
    life.alive(&life.two).unwrap();
    life.suspend(&life.one, person).unwrap();
    let permit = life.one.permit::<ReadRegistry>();
    let page = |after: Option<&str>, size| {
        life.country.registry.history(&permit, person, after, PageSize::new(size).unwrap()).unwrap()
    };
    let all = page(None, 10);
    let told: Vec<_> = all.items.iter().map(|entry| (entry.action.as_str(), entry.note.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("identity.death-reported", Some("letter of 3 May")),
            ("identity.found-alive", Some("came in person")),
            ("identity.suspended", Some("case 12")),
        ]
    );
    let first = page(None, 2);
    assert_eq!((first.items.len(), page(first.next.as_deref(), 2).items.len()), (2, 1));
    crate::sealed::assert_absent(&crate::sealed::everything(&life.country.store), &["letter of 3 May"]);
    assert!(life.country.events("identity.suspended").iter().all(|event| event.reason.is_none()));
}

/// The store fails before or after it kept the change: either all of it is there or nothing.
#[test]
fn a_step_is_whole_or_not_at_all() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let life = Life::begun();
        let organisation = life.things.organisation;
        life.country.store.fail_next_commit(failure);
        assert!(matches!(life.suspend(&life.one, organisation), Err(LifeError::Fault(_))));
        let device = (life.status(life.things.device).0, life.stand(life.things.device));
        let whole = match life.status(organisation).0 {
            IdentityStatus::Active => (IdentityStatus::Active, vec!["active"]),
            IdentityStatus::Suspended => (IdentityStatus::Suspended, vec!["on-hold"]),
            IdentityStatus::Closed => panic!("closed"),
        };
        assert_eq!(device, whole, "{failure:?}");
    }
}

/// Certificates that are being issued at the very moment of a suspension are held with it, or are not issued.
#[test]
fn none_is_issued_past_a_suspension() {
    for _ in 0..10 {
        let life = Life::begun();
        let device = life.things.device;
        let requests: Vec<_> = (0..8).map(|_| csr()).collect();
        std::thread::scope(|scope| {
            for request in &requests {
                scope.spawn(|| life.country.submit(&life.one, "device", device, request));
            }
            scope.spawn(|| life.suspend(&life.two, device).unwrap());
        });
        assert!(life.stand(device).iter().all(|status| *status == "on-hold"), "{:?}", life.stand(device));
    }
}

/// Who was erased meanwhile does not keep the others waiting.
#[test]
fn what_is_due_of_the_erased_lapses() {
    let life = Life::begun();
    let device = life.things.device;
    life.report(&life.one, DeathSource::Court).unwrap();
    life.confirm(&life.two, None).unwrap();
    life.close(device, ClosureCause::Retired).unwrap();
    let permit = life.country.administrator.permit::<EraseIdentities>();
    life.country.registry.erase_identity(&permit, device, "retention is over").unwrap();
    life.pass(Duration::days(31));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 2);
    assert_eq!(life.status(life.things.application), (IdentityStatus::Suspended, Some(Cause::SponsorGone)));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 0);
}

#[test]
fn what_has_ended_meanwhile_is_left_alone_when_its_day_comes() {
    let life = Life::begun();
    let device = life.things.device;
    life.report(&life.one, DeathSource::Court).unwrap();
    life.confirm(&life.two, None).unwrap();
    life.close(device, ClosureCause::Retired).unwrap();
    life.pass(Duration::days(31));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 2);
    assert_eq!(life.status(device), (IdentityStatus::Closed, Some(Cause::Retired)));
    assert_eq!(life.status(life.things.application), (IdentityStatus::Suspended, Some(Cause::SponsorGone)));
    assert_eq!(life.country.events("identity.due-lapsed").len(), 1);
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 0);
}

//! Guardianships: who proposes, confirms and ends them, what they take from the ward, and what becomes of them when the
//! guardian is gone.

use ca_core::status::RevocationReason;
use id_registry::certificates::{CertificateError, CertificateFilter};
use id_registry::enrolment::RequestError;
use id_registry::id::IdentityId;
use id_registry::identity::{Further, IdentityError, NewIdentity};
use id_registry::life::guardianship::{
    GuardianshipAsked, GuardianshipGround, GuardianshipReach, GuardianshipRefused, ProposedGuardianship,
};
use id_registry::life::{ClosureCause, DeathSource, LifeError, Outcome, Touched};
use id_registry::page::PageSize;
use id_registry::permission::{
    ChangeIdentities, EraseIdentities, ManageStaff, ReadRegistry, RevokeCertificates,
};
use id_registry::staff::Placing;
use time::Duration;
use time::macros::date;

use crate::country::{Member, csr, person};
use crate::lives::Life;

use GuardianshipGround::{CourtOrder, Minority};
use GuardianshipReach::{Assistance, Everything, Signatures};

fn asked(
    guardian: IdentityId,
    ground: GuardianshipGround,
    reach: GuardianshipReach,
) -> GuardianshipAsked<'static> {
    GuardianshipAsked { guardian, ground, reach, until: None, note: "order 7 of the High Court" }
}

fn born(identifier: &str, birth_date: &str) -> NewIdentity {
    let NewIdentity::Person { surname, given_name, identifier, .. } = person(identifier) else {
        unreachable!()
    };
    let further = Further { birth_date: Some(birth_date.to_owned()), ..Further::default() };
    NewIdentity::Person { surname: format!("{surname} {birth_date}"), given_name, identifier, further }
}

impl Life {
    fn guardian(&self) -> IdentityId {
        self.country.register(&self.one, person("PNOLS-GUARDIAN"))
    }

    fn propose_guardian(
        &self,
        by: &Member,
        ward: IdentityId,
        asked: &GuardianshipAsked<'_>,
    ) -> Result<ProposedGuardianship, LifeError> {
        self.country.registry.propose_guardianship(&by.permit::<ChangeIdentities>(), ward, asked)
    }

    fn confirm_guardian(&self, by: &Member, waits: &ProposedGuardianship) -> Result<Outcome, LifeError> {
        let (permit, name) = (by.permit::<ChangeIdentities>(), waits.id.to_string());
        self.country.registry.confirm_guardianship(&permit, waits.ward, &name, "seen")
    }

    fn place_under(&self, ward: IdentityId, asked: &GuardianshipAsked<'_>) -> Outcome {
        let waits = self.propose_guardian(&self.one, ward, asked).unwrap();
        self.confirm_guardian(&self.two, &waits).unwrap()
    }

    fn end_guardian(&self, by: &Member, ward: IdentityId) -> Result<Outcome, LifeError> {
        self.country.registry.end_guardianship(&by.permit::<ChangeIdentities>(), ward, "order 9")
    }

    fn vacant(&self) -> Vec<IdentityId> {
        self.wards_of(None)
    }

    fn wards_of(&self, guardian: Option<IdentityId>) -> Vec<IdentityId> {
        let permit = self.one.permit::<ChangeIdentities>();
        let page = self.country.registry.wards_of(&permit, guardian, None, PageSize::default()).unwrap();
        page.items.into_iter().map(|ward| ward.ward).collect()
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, LifeError>) -> GuardianshipRefused {
    match outcome {
        Err(LifeError::Guardianship(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guardianship_takes_two_officers_and_what_it_takes_is_on_hold() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    let waits = life.propose_guardian(&life.one, ward, &asked(guardian, CourtOrder, Signatures)).unwrap();
    assert_eq!(life.stand(ward), ["active", "active"], "nothing is changed until it is confirmed");
    assert_eq!(refused(life.confirm_guardian(&life.one, &waits)), GuardianshipRefused::Own(ward));
    let again = life.propose_guardian(&life.two, ward, &asked(guardian, CourtOrder, Everything));
    assert!(matches!(refused(again), GuardianshipRefused::WaitsAlready { .. }));
    let begun = life.confirm_guardian(&life.two, &waits).unwrap();
    assert_eq!(begun.touched, Touched { held: 1, ..Touched::default() }, "the one for signatures");
    assert_eq!(life.stand(ward), ["active", "on-hold"]);
    assert_eq!(life.wards_of(Some(guardian)), [ward]);

    let signature = life.country.submit(&life.one, "person-signature", ward, &csr());
    assert!(
        matches!(signature, Err(RequestError::UnderGuardianship { reach: Signatures, .. })),
        "{signature:?}"
    );
    life.issue("person-authentication-pseudonymous", ward);

    for took_part in [&life.one, &life.two] {
        assert_eq!(refused(life.end_guardian(took_part, ward)), GuardianshipRefused::TookPart(ward));
    }
    assert_eq!(life.country.events("identity.step-refused").len(), 3, "for the auditor to see");
    assert_eq!(life.end_guardian(&life.third, ward).unwrap().touched.released, 1);
    assert_eq!(life.stand(ward), ["active", "active", "active"]);
    assert_eq!(refused(life.end_guardian(&life.third, ward)), GuardianshipRefused::None(ward));
    assert!(life.wards_of(Some(guardian)).is_empty());
    life.issue("person-signature", ward);

    let history = life.country.registry.history(&life.one.permit(), ward, None, PageSize::default()).unwrap();
    let told: Vec<_> = history.items.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["guardianship.proposed", "guardianship.begun", "guardianship.ended"]);
    crate::sealed::assert_absent(
        &crate::sealed::everything(&life.country.store),
        &["order 7 of the High Court"],
    );
    for event in
        ["guardianship.proposed", "guardianship.begun"].map(|name| life.country.events(name).remove(0))
    {
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains(&guardian.to_string()), "the ledger does not say who the guardian is: {text}");
    }
}

#[test]
fn one_that_was_begun_while_a_request_waited_is_seen_when_it_is_decided() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    let request = life.country.submit(&life.one, "person-signature", ward, &csr()).unwrap();
    let statement = life.country.statement(&life.third, request.id).unwrap();
    life.place_under(ward, &asked(guardian, CourtOrder, Everything));
    let approved = life.country.hand_in(&life.third, &statement);
    assert!(matches!(approved, Err(RequestError::UnderGuardianship { .. })), "{approved:?}");
    assert_eq!(life.stand(ward), ["on-hold", "on-hold"]);
}

#[test]
fn minors_come_of_age_by_themselves_and_others_are_no_minors() {
    let life = Life::begun_in(crate::country::Country::founded());
    let today = life.country.today();
    let eighteen = today.replace_year(today.year() - 17).unwrap();
    let child = life.country.register(&life.one, born("PNOLS-CHILD", &eighteen.to_string()));
    let adult = life.country.register(&life.one, born("PNOLS-ADULT", "1984-03-07"));
    let minor = asked(adult, Minority, Signatures);
    let nobody_knows = refused(life.propose_guardian(&life.one, life.things.person, &minor));
    assert_eq!(nobody_knows, GuardianshipRefused::AgeUnknown(life.things.person));
    let of_age = life.propose_guardian(&life.one, adult, &asked(life.things.person, Minority, Signatures));
    assert_eq!(refused(of_age), GuardianshipRefused::FullAge(adult));
    let full_age = eighteen.replace_year(eighteen.year() + 18).unwrap();
    let late = GuardianshipAsked { until: full_age.next_day(), ..minor };
    assert_eq!(
        refused(life.propose_guardian(&life.one, child, &late)),
        GuardianshipRefused::Until(Some(full_age))
    );
    life.issue("person-authentication-pseudonymous", child);
    let begun = life.place_under(child, &minor);
    assert_eq!(begun.record.guardianship.unwrap().until, Some(full_age));
    let registry = &life.country.registry;
    life.pass(Duration::days(364));
    assert_eq!(registry.carry_on_lives(100).unwrap(), 0, "not yet");
    life.pass(Duration::days(2));
    assert_eq!(registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(registry.carry_on_lives(100).unwrap(), 0);
    assert_eq!(registry.identity(&life.one.permit(), child).unwrap().record.guardianship, None);
    assert_eq!(life.country.events("guardianship.ended").len(), 1);
}

#[test]
fn who_cannot_be_a_guardian_is_refused_with_the_reason() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    let tried =
        |named| refused(life.propose_guardian(&life.one, ward, &asked(named, CourtOrder, Everything)));
    assert_eq!(tried(ward), GuardianshipRefused::OwnGuardian(ward));
    assert!(matches!(tried(life.things.device), GuardianshipRefused::NoGuardian { .. }));
    let child = life.country.register(&life.one, born("PNOLS-CHILD", "2020-01-01"));
    assert_eq!(tried(child), GuardianshipRefused::GuardianIsMinor(child));
    life.suspend(&life.one, guardian).unwrap();
    assert!(matches!(tried(guardian), GuardianshipRefused::GuardianUnfit { .. }));
    life.resume(&life.two, guardian).unwrap();
    life.place_under(guardian, &asked(life.things.organisation, CourtOrder, Signatures));
    assert_eq!(tried(guardian), GuardianshipRefused::GuardianIsWard(guardian));
    life.end_guardian(&life.third, guardian).unwrap();
    // Whoever stands by somebody is not placed under that very person.
    life.place_under(guardian, &asked(ward, CourtOrder, Assistance));
    assert_eq!(tried(guardian), GuardianshipRefused::GuardianIsWard(guardian));
    let of_organisation =
        life.propose_guardian(&life.one, life.things.organisation, &asked(guardian, CourtOrder, Everything));
    assert!(matches!(of_organisation, Err(LifeError::Identity(IdentityError::WrongKind { .. }))));
    let yesterday = GuardianshipAsked {
        until: Some(date!(2020 - 01 - 01)),
        ..asked(life.things.organisation, CourtOrder, Everything)
    };
    assert_eq!(refused(life.propose_guardian(&life.one, ward, &yesterday)), GuardianshipRefused::Until(None));
}

/// The officer who would be the guardian, or is the ward's, decides nothing about the ward.
#[test]
fn guardians_among_the_officers_keep_out_of_it() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    let placing = Placing { person: Some(guardian), ..Placing::default() };
    let permit = life.country.administrator.permit::<ManageStaff>();
    life.country.registry.place_staff(&permit, life.two.principal.id(), &placing, "lives here").unwrap();
    let asked = asked(guardian, CourtOrder, Assistance);
    let interested = refused(life.propose_guardian(&life.two, ward, &asked));
    assert_eq!(interested, GuardianshipRefused::Interested(ward));
    let waits = life.propose_guardian(&life.one, ward, &asked).unwrap();
    assert_eq!(refused(life.confirm_guardian(&life.two, &waits)), GuardianshipRefused::Interested(ward));
    life.confirm_guardian(&life.third, &waits).unwrap();
    let suspended = life.suspend(&life.two, ward);
    assert!(matches!(suspended, Err(LifeError::Identity(IdentityError::Related(_)))), "{suspended:?}");
}

/// Of several things that keep a certificate on hold, each ends for itself; and nobody releases it alone.
#[test]
fn a_guardianship_and_a_suspension_do_not_release_each_other() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    life.suspend(&life.one, ward).unwrap();
    let begun = life.place_under(ward, &asked(guardian, CourtOrder, Everything));
    assert_eq!(begun.touched.held, 0, "they are already");
    assert_eq!(life.resume(&life.two, ward).unwrap().touched.released, 0);
    assert_eq!(life.stand(ward), ["on-hold", "on-hold"]);

    let filter = CertificateFilter { identity: Some(ward), ..CertificateFilter::default() };
    let read = life.one.permit::<ReadRegistry>();
    let all = life.country.registry.certificates(&read, filter, None, PageSize::default()).unwrap().items;
    let alone = life.country.administrator.permit::<RevokeCertificates>();
    let released = life.country.registry.release(&alone, &all[0].serial, None);
    assert!(matches!(released, Err(CertificateError::HeldWithIdentity { .. })), "{released:?}");
    // For good it is revoked all the same.
    life.country.registry.revoke(&alone, &all[0].serial, RevocationReason::KeyCompromise, None).unwrap();

    life.suspend(&life.one, ward).unwrap();
    assert_eq!(life.end_guardian(&life.third, ward).unwrap().touched.released, 0);
    assert_eq!(life.stand(ward), ["on-hold", "revoked"]);
    assert_eq!(life.resume(&life.two, ward).unwrap().touched.released, 1);
    assert_eq!(life.stand(ward), ["active", "revoked"]);
}

#[test]
fn another_guardianship_takes_the_place_of_the_one_there_is() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    life.place_under(ward, &asked(guardian, CourtOrder, Everything));
    assert_eq!(life.stand(ward), ["on-hold", "on-hold"]);
    let waits = life
        .propose_guardian(&life.third, ward, &asked(life.things.organisation, CourtOrder, Signatures))
        .unwrap();
    let less = life.confirm_guardian(&life.one, &waits).unwrap();
    assert_eq!(less.touched, Touched { released: 1, ..Touched::default() });
    assert_eq!(life.stand(ward), ["active", "on-hold"]);
    assert_eq!(
        (life.wards_of(Some(guardian)), life.wards_of(Some(life.things.organisation))),
        (vec![], vec![ward])
    );
    let permit = life.two.permit::<ChangeIdentities>();
    let waits = life.propose_guardian(&life.one, ward, &asked(guardian, CourtOrder, Everything)).unwrap();
    let wrong = life.country.registry.drop_guardianship(&permit, ward, "of another name", "no");
    assert!(matches!(refused(wrong), GuardianshipRefused::Unknown { .. }));
    life.country.registry.drop_guardianship(&permit, ward, &waits.id.to_string(), "no such order").unwrap();
    assert!(matches!(refused(life.confirm_guardian(&life.two, &waits)), GuardianshipRefused::Unknown { .. }));
}

/// Where the new one stands in a list as the former did, or ends on the same day, that entry stays.
#[test]
fn the_same_guardian_may_get_less_and_a_minor_another_guardian() {
    let life = Life::begun();
    let (ward, guardian) = (life.things.person, life.guardian());
    life.place_under(ward, &asked(guardian, CourtOrder, Everything));
    let waits = life.propose_guardian(&life.third, ward, &asked(guardian, CourtOrder, Assistance)).unwrap();
    assert_eq!(life.confirm_guardian(&life.one, &waits).unwrap().touched.released, 2);
    assert_eq!((life.stand(ward), life.wards_of(Some(guardian))), (vec!["active", "active"], vec![ward]));

    let today = life.country.today();
    let child = life.country.register(
        &life.one,
        born("PNOLS-CHILD", &today.replace_year(today.year() - 17).unwrap().to_string()),
    );
    life.place_under(child, &asked(guardian, Minority, Signatures));
    let waits = life
        .propose_guardian(&life.third, child, &asked(life.things.organisation, Minority, Signatures))
        .unwrap();
    life.confirm_guardian(&life.two, &waits).unwrap();
    assert_eq!(life.wards_of(Some(guardian)), [ward]);
    life.pass(Duration::days(366));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 1, "it ends once");
    assert!(life.wards_of(Some(life.things.organisation)).is_empty());
}

#[test]
fn the_ward_loses_nothing_when_the_guardian_is_gone() {
    let life = Life::begun();
    let (ward, guardian) = (life.guardian(), life.things.person);
    life.place_under(ward, &asked(guardian, CourtOrder, Signatures));
    let permit = life.one.permit::<ChangeIdentities>();
    let registry = &life.country.registry;
    registry.report_death(&permit, guardian, DeathSource::CivilRegister, "entry 12").unwrap();
    assert!(life.vacant().is_empty());
    registry.confirm_death(&life.two.permit(), guardian, None, "seen").unwrap();
    assert_eq!(life.vacant(), [ward]);
    life.issue("person-authentication-pseudonymous", ward);
    registry.find_alive(&life.third.permit(), guardian, "came in person").unwrap();
    assert!(life.vacant().is_empty());
    // Whoever is placed under guardianship is guardian of nobody any more.
    life.place_under(guardian, &asked(life.things.organisation, CourtOrder, Signatures));
    assert_eq!(life.vacant(), [ward]);
    let successor = life.country.register(&life.one, person("PNOLS-SUCCESSOR"));
    let waits = life.propose_guardian(&life.third, ward, &asked(successor, CourtOrder, Signatures)).unwrap();
    life.confirm_guardian(&life.two, &waits).unwrap();
    assert!(life.vacant().is_empty());
    assert_eq!(life.wards_of(Some(successor)), [ward]);
    life.close(life.things.organisation, ClosureCause::Dissolved).unwrap();
    assert_eq!(life.vacant(), [guardian]);
}

#[test]
fn nothing_is_left_behind_of_whoever_is_erased() {
    let life = Life::begun();
    let (ward, guardian) = (life.guardian(), life.country.register(&life.one, person("PNOLS-OTHER")));
    life.place_under(ward, &asked(guardian, CourtOrder, Signatures));
    life.propose_guardian(&life.one, ward, &asked(life.things.organisation, CourtOrder, Assistance)).unwrap();
    let erase = |id| {
        let permit = life.country.administrator.permit::<EraseIdentities>();
        life.country.registry.erase_identity(&permit, id, "order 12")
    };
    assert!(matches!(erase(guardian), Err(IdentityError::AnswersFor { dependant, .. }) if dependant == ward));
    let erased = erase(ward).unwrap();
    assert_eq!(erased.record.guardianship, None);
    assert!(life.wards_of(Some(guardian)).is_empty());
    let permit = life.one.permit::<ChangeIdentities>();
    let waiting = life.country.registry.waiting_guardianships(&permit, None, PageSize::default()).unwrap();
    assert!(waiting.items.is_empty());
    erase(guardian).unwrap();
}

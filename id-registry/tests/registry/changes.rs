//! Changes of what is known of identities: who proposes and confirms them, what becomes of the certificates, what is kept.

use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use id_registry::enrolment::RequestError;
use id_registry::id::IdentityId;
use id_registry::identity::{Details, IdentityError, NewIdentity};
use id_registry::life::LifeError;
use id_registry::life::change::{ChangeAsked, ChangeReason, ChangeRefused, Confirmed, NewFacts, OpenChange};
use id_registry::life::{ClosureCause, Former};
use id_registry::page::PageSize;
use id_registry::permission::{ChangeIdentities, EraseIdentities, ReadRegistry};
use id_registry::principal::Role;
use id_registry::staff::NewStaff;
use serde_json::json;
use time::Duration;

use crate::country::{Member, csr, csr_of, csr_with, member, new_key, person};
use crate::lives::Life;

fn facts(given: serde_json::Value) -> NewFacts {
    serde_json::from_value(given).unwrap()
}

fn married() -> NewFacts {
    facts(json!({"surname": "Nthunya"}))
}

impl Life {
    fn propose(
        &self,
        by: &Member,
        id: IdentityId,
        facts: &NewFacts,
        reason: ChangeReason,
        replace_within: Option<u16>,
    ) -> Result<OpenChange, LifeError> {
        let asked = ChangeAsked { facts, reason, replace_within, note: "certificate 7 of 2026" };
        self.country.registry.propose_change(&by.permit::<ChangeIdentities>(), id, &asked)
    }

    fn confirm_change(&self, by: &Member, id: IdentityId, open: &OpenChange) -> Result<Confirmed, LifeError> {
        let (permit, change) = (by.permit::<ChangeIdentities>(), open.proposed.id.to_string());
        self.country.registry.confirm_change(&permit, id, &change, "seen")
    }

    /// Proposed by one officer and confirmed by another who entered nothing.
    pub(crate) fn changed(
        &self,
        id: IdentityId,
        facts: &NewFacts,
        reason: ChangeReason,
        replace_within: Option<u16>,
    ) -> Confirmed {
        let open = self.propose(&self.two, id, facts, reason, replace_within).unwrap();
        self.confirm_change(&self.third, id, &open).unwrap()
    }

    /// The subjects of an identity's certificates that count, sorted.
    fn living_subjects(&self, id: IdentityId) -> Vec<String> {
        let registry = &self.country.registry;
        let reference = ca_core::subject::IdentityRef(id.to_string());
        let records = registry.authorities().of_identity(&reference, None, 100).unwrap();
        let living = records.iter().filter(|record| record.revocation.is_none());
        let permit = self.one.permit::<ReadRegistry>();
        let der = |serial| registry.certificate(&permit, serial).unwrap().1.unwrap();
        let mut subjects: Vec<_> = living.map(|record| subject(&der(&record.serial))).collect();
        subjects.sort();
        subjects
    }

    fn reasons(&self, id: IdentityId) -> Vec<RevocationReason> {
        let reference = ca_core::subject::IdentityRef(id.to_string());
        let records = self.country.registry.authorities().of_identity(&reference, None, 100).unwrap();
        records.iter().filter_map(|record| record.revocation.as_ref().map(|found| found.reason)).collect()
    }

    fn formers(&self, id: IdentityId) -> Vec<Former> {
        let permit = self.one.permit::<ReadRegistry>();
        let page = self.country.registry.history(&permit, id, None, PageSize::default()).unwrap();
        page.items.into_iter().filter_map(|entry| entry.former).collect()
    }
}

fn subject(der: &[u8]) -> String {
    use std::io::Write as _;
    let mut openssl = std::process::Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(der).unwrap();
    String::from_utf8(openssl.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_new_name_takes_two_officers_and_ends_what_bears_the_old_one() {
    let life = Life::begun();
    let person = life.things.person;
    let open = life.propose(&life.one, person, &married(), ChangeReason::Marriage, None).unwrap();
    assert_eq!(open.changes.len(), 1);
    assert_eq!((&open.changes[0].before, &open.changes[0].after), (&json!("Mokoena"), &json!("Nthunya")));
    assert_eq!(life.stand(person), ["active", "active"], "nothing is changed yet");
    let own = life.confirm_change(&life.one, person, &open);
    assert!(matches!(own, Err(LifeError::Change(ChangeRefused::Own(_)))));
    assert_eq!(life.country.events("identity.step-refused").len(), 1, "for the auditor to see");

    let confirmed = life.confirm_change(&life.two, person, &open).unwrap();
    let Some(Details::Person { surname, given_name, .. }) = confirmed.identity.details else { panic!() };
    assert_eq!((surname.as_str(), given_name.as_str()), ("Nthunya", "Thabo"));
    // The certificate that names nobody stays.
    assert_eq!((confirmed.touched.revoked, life.stand(person)), (1, vec!["active", "revoked"]));
    assert_eq!(life.reasons(person), [RevocationReason::AffiliationChanged]);
    assert!(life.living_subjects(person)[0].contains("pseudonym"), "{:?}", life.living_subjects(person));
    life.issue("person-signature", person);
    assert!(life.living_subjects(person).iter().any(|subject| subject.contains("NTHUNYA")));

    let formers = life.formers(person);
    let [Former { details: Details::Person { surname, .. }, changes }] = &formers[..] else { panic!() };
    assert_eq!((surname.as_str(), changes.len()), ("Mokoena", 1), "what was known before is kept");
    let stored = crate::sealed::everything(&life.country.store);
    crate::sealed::assert_absent(&stored, &["Nthunya", "NTHUNYA", "certificate 7 of 2026"]);
    let gone = life.confirm_change(&life.third, person, &open);
    assert!(matches!(gone, Err(LifeError::Change(ChangeRefused::Unknown { .. }))), "it is confirmed once");
}

/// Whoever entered what was wrong does not confirm that it is put right.
#[test]
fn a_mistake_is_put_right_by_somebody_who_did_not_make_it() {
    let life = Life::begun();
    let person = life.things.person;
    let open = life.propose(&life.two, person, &married(), ChangeReason::Correction, None).unwrap();
    let entered = life.confirm_change(&life.one, person, &open);
    assert!(matches!(entered, Err(LifeError::Change(ChangeRefused::OwnEntry(_)))));
    life.confirm_change(&life.third, person, &open).unwrap();
}

#[test]
fn certificates_stay_to_be_replaced_and_what_is_left_ends_on_its_day() {
    let life = Life::begun();
    let (person, registry) = (life.things.person, &life.country.registry);
    life.issue("person-authentication", person);
    let confirmed = life.changed(person, &married(), ChangeReason::Marriage, Some(30));
    assert_eq!((confirmed.touched.revoked, confirmed.to_replace.len()), (0, 2));
    assert_eq!(life.stand(person), ["active"; 3]);
    assert!(confirmed.identity.record.replace_until.is_some());
    life.pass(Duration::days(1));
    life.issue("person-signature", person);
    assert_eq!(registry.carry_on_lives(100).unwrap(), 0, "not yet");
    life.pass(Duration::days(29));
    assert_eq!(registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(life.stand(person), ["active", "active", "revoked", "revoked"]);
    let mut reasons = life.reasons(person);
    reasons.sort_by_key(|reason| reason.name());
    // One was replaced, the other was not.
    assert_eq!(reasons, [RevocationReason::AffiliationChanged, RevocationReason::Superseded]);
    assert_eq!(registry.carry_on_lives(100).unwrap(), 0, "once");
    let identity = registry.identity(&life.one.permit(), person).unwrap();
    assert_eq!(identity.record.replace_until, None);
}

/// A change that was taken back by another before its day: what was issued first is true again, and stays.
#[test]
fn what_is_true_again_on_its_day_stays() {
    let life = Life::begun();
    let person = life.things.person;
    life.changed(person, &married(), ChangeReason::Marriage, Some(30));
    let back = facts(json!({"surname": "Mokoena"}));
    let confirmed = life.changed(person, &back, ChangeReason::Correction, Some(30));
    assert!(confirmed.to_replace.is_empty(), "it says what is known");
    life.pass(Duration::days(31));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(life.stand(person), ["active", "active"]);
}

#[test]
fn what_a_thief_got_ends_at_once_whatever_it_says() {
    let life = Life::begun();
    let person = life.things.person;
    let late = life.propose(&life.two, person, &married(), ChangeReason::IdentityTheft, Some(10));
    assert!(matches!(late, Err(LifeError::Change(ChangeRefused::AtOnce))));
    let confirmed = life.changed(person, &married(), ChangeReason::IdentityTheft, None);
    assert_eq!((confirmed.touched.revoked, life.stand(person)), (2, vec!["revoked", "revoked"]));
    assert_eq!(life.reasons(person), [RevocationReason::PrivilegeWithdrawn; 2]);
}

#[test]
fn an_organisation_is_renamed_with_all_that_bears_its_name() {
    let life = Life::begun();
    let (organisation, things) = (life.things.organisation, &life.things);
    let seal = life.country.submit(&life.one, "organisation-seal", organisation, &csr()).unwrap();
    for officer in [&life.two, &life.third] {
        life.country.approve(officer, seal.id, None).unwrap();
    }
    let renamed = facts(json!({"legal_name": "Revenue Services Lesotho"}));
    let confirmed = life.changed(organisation, &renamed, ChangeReason::Renamed, Some(60));
    let changed = confirmed.identity.record.changed_at.unwrap();
    let mut days: Vec<_> =
        confirmed.to_replace.iter().map(|(_, until)| (*until - changed).whole_days()).collect();
    days.sort_unstable();
    assert_eq!(days, [5, 60, 60], "a TLS server's, the seal and the gate's");
    life.pass(Duration::days(6));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(life.stand(things.application), ["revoked"]);
    assert_eq!((life.stand(organisation), life.stand(things.device)), (vec!["active"], vec!["active"]));
    life.pass(Duration::days(60));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!((life.stand(organisation), life.stand(things.device)), (vec!["revoked"], vec!["revoked"]));
    assert_eq!(life.stand(things.person).len(), 2, "a person bears no organisation's name");
}

/// Of the names of an application, a certificate bears some: only those that bear one that is gone end.
#[test]
fn a_name_that_is_taken_away_ends_those_that_bear_it() {
    let life = Life::begun();
    let application = life.things.application;
    let only = csr_with(&["-addext", "subjectAltName=DNS:pay.gov.ls"]);
    let request = life.country.submit(&life.one, "tls-server", application, &only).unwrap();
    life.country.approve(&life.two, request.id, None).unwrap();
    let fewer = facts(json!({"dns_names": ["pay.gov.ls", "wages.gov.ls"]}));
    let confirmed = life.changed(application, &fewer, ChangeReason::Renamed, Some(60));
    let days = confirmed.to_replace[0].1 - confirmed.identity.record.changed_at.unwrap();
    assert_eq!((confirmed.to_replace.len(), days), (1, Duration::days(5)), "a TLS server's has no more");
    life.pass(Duration::days(6));
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 1);
    assert_eq!(life.stand(application), ["active", "revoked"]);
}

#[test]
fn numbers_go_with_the_change() {
    let life = Life::begun();
    let (registry, person_of) = (&life.country.registry, life.things.person);
    let other = life.country.register(&life.one, person("PNOLS-77"));
    let taken = life.propose(
        &life.one,
        other,
        &facts(json!({"identifier": "pnoLS-RSL"})),
        ChangeReason::Correction,
        None,
    );
    assert!(
        matches!(&taken, Err(LifeError::Identity(IdentityError::Field(field))) if field.field == "identifier")
    );
    let taken = facts(json!({"identifier": "PNOLS-RSL"}));
    let taken = life.propose(&life.one, other, &taken, ChangeReason::Correction, None);
    assert!(matches!(
        taken,
        Err(LifeError::Identity(IdentityError::Taken { field: "identifier", existing })) if existing == person_of
    ));
    // Free when it is proposed, taken when it is confirmed.
    let new = facts(json!({"identifier": "PNOLS-88"}));
    let open = life.propose(&life.two, other, &new, ChangeReason::Correction, None).unwrap();
    let third = life.country.register(&life.one, person("PNOLS-88"));
    let late = life.confirm_change(&life.third, other, &open);
    assert!(
        matches!(late, Err(LifeError::Identity(IdentityError::Taken { existing, .. })) if existing == third)
    );
    let permit = life.one.permit::<ChangeIdentities>();
    registry.drop_change(&permit, other, &open.proposed.id.to_string(), "taken").unwrap();
    life.changed(other, &facts(json!({"identifier": "PNOLS-99"})), ChangeReason::Correction, None);
    let again = registry.register_identity(&life.one.permit(), person("PNOLS-77"));
    assert!(again.is_ok(), "the number that was wrong is free");
    let taken = registry.register_identity(&life.one.permit(), person("PNOLS-99"));
    assert!(matches!(taken, Err(IdentityError::Taken { existing, .. }) if existing == other));
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let life = Life::begun();
    let things = &life.things;
    let cases = [
        (things.person, json!({"surname": ""}), "surname"),
        (things.person, json!({"surname": "Nthu\u{202e}nya"}), "surname"),
        (things.person, json!({"given_name": "Tha\u{0}bo"}), "given_name"),
        (things.person, json!({"legal_name": "Thabo Ltd"}), "legal_name"),
        (things.person, json!({"server_code": "7"}), "server_code"),
        (things.organisation, json!({"legal_name": "x".repeat(65)}), "legal_name"),
        (things.organisation, json!({"surname": "Mokoena"}), "surname"),
        (things.device, json!({"asset_tag": "a b"}), "asset_tag"),
        (things.device, json!({"hardware_module": "1.2"}), "hardware_module"),
        (things.application, json!({"dns_names": ["localhost"]}), "dns_names"),
        (things.application, json!({"name": "x".repeat(41)}), "name"),
    ];
    for (id, given, field) in cases {
        let refused = life.propose(&life.one, id, &facts(given.clone()), ChangeReason::Correction, None);
        let Err(LifeError::Identity(IdentityError::Field(found))) = refused else {
            panic!("{given}: {refused:?}")
        };
        assert_eq!(found.field, field, "{given}");
    }
    let same = life.propose(
        &life.one,
        things.person,
        &facts(json!({"surname": "Mokoena"})),
        ChangeReason::Court,
        None,
    );
    assert!(matches!(same, Err(LifeError::Change(ChangeRefused::Nothing(_)))));
    let reason = life.propose(
        &life.one,
        things.device,
        &facts(json!({"asset_tag": "G-2"})),
        ChangeReason::Marriage,
        None,
    );
    assert!(matches!(reason, Err(LifeError::Change(ChangeRefused::Reason { .. }))));
    for days in [0, 91] {
        let refused = life.propose(&life.one, things.person, &married(), ChangeReason::Court, Some(days));
        assert!(matches!(refused, Err(LifeError::Change(ChangeRefused::Days))));
    }
    life.propose(&life.one, things.person, &married(), ChangeReason::Court, None).unwrap();
    let second = life.propose(&life.two, things.person, &married(), ChangeReason::Court, None);
    assert!(matches!(second, Err(LifeError::Change(ChangeRefused::WaitsAlready { .. }))));
    life.close(things.device, ClosureCause::Retired).unwrap();
    let closed = life.propose(
        &life.one,
        things.device,
        &facts(json!({"asset_tag": "G-2"})),
        ChangeReason::Renamed,
        None,
    );
    assert!(matches!(closed, Err(LifeError::Identity(IdentityError::Closed(_)))));
}

/// A fact that an identity can be without is taken away; one that it cannot is not.
#[test]
fn an_empty_text_takes_a_fact_away() {
    let life = Life::begun();
    let confirmed =
        life.changed(life.things.organisation, &facts(json!({"locality": ""})), ChangeReason::Moved, Some(9));
    let Some(Details::Organisation { locality, .. }) = confirmed.identity.details else { panic!() };
    assert_eq!(locality, None);
}

/// A name in other letters has its transliteration beside it: neither is changed without a word about the other.
#[test]
fn a_transliteration_goes_with_its_name() {
    let life = Life::begun();
    let mut entered = person("PNOLS-77");
    if let NewIdentity::Person { surname, further, .. } = &mut entered {
        "Иванова".clone_into(surname);
        further.surname_latin = Some("Ivanova".to_owned());
    }
    let other = life.country.register(&life.one, entered);
    let alone = facts(json!({"surname": "Петрова"}));
    let refused = life.propose(&life.one, other, &alone, ChangeReason::Marriage, None);
    assert!(
        matches!(&refused, Err(LifeError::Identity(IdentityError::Field(it))) if it.field == "surname_latin")
    );
    let both = facts(json!({"surname": "Петрова", "surname_latin": "Petrova"}));
    life.changed(other, &both, ChangeReason::Marriage, None);
    let neither = facts(json!({"surname": "Nthunya", "surname_latin": ""}));
    let confirmed = life.changed(other, &neither, ChangeReason::Marriage, None);
    assert_eq!(confirmed.identity.known().unwrap().further().surname_latin, None);
}

/// A member of staff is a person too, and decides on nothing about it.
#[test]
fn nobody_decides_on_their_own_entry() {
    let life = Life::begun();
    let person = life.things.person;
    let key = new_key();
    let csr_of_staff = csr_of(&key, "Thabo");
    let new =
        NewStaff { name: "Thabo Mokoena", role: Role::Officer, person: Some(person), csr: &csr_of_staff };
    let registry = &life.country.registry;
    let enrolled = registry.enrol_staff(&life.country.administrator.permit(), &new).unwrap();
    let itself = member(registry, enrolled, &key);
    let own = |refused: Result<(), LifeError>| {
        assert!(matches!(refused, Err(LifeError::Identity(IdentityError::Own(_)))), "{refused:?}");
    };
    own(life.propose(&itself, person, &married(), ChangeReason::Marriage, None).map(drop));
    let open = life.propose(&life.one, person, &married(), ChangeReason::Marriage, None).unwrap();
    own(life.confirm_change(&itself, person, &open).map(drop));
    own(life.suspend(&itself, person).map(drop));
    let request = life.country.submit(&life.one, "person-signature", person, &csr()).unwrap();
    let refused = life.country.approve(&itself, request.id, None);
    assert!(matches!(refused, Err(RequestError::Identity(IdentityError::Own(_)))), "{refused:?}");
    assert_eq!(life.country.events("identity.step-refused").len(), 2);
    life.confirm_change(&life.two, person, &open).unwrap();
    let nobody = NewStaff { person: Some(life.things.device), ..new };
    assert!(registry.enrol_staff(&life.country.administrator.permit(), &nobody).is_err());
}

/// Whoever is registered anew under the new name is held against it.
#[test]
fn a_person_is_found_by_the_new_name() {
    let life = Life::begun();
    let born = |surname: &str, number: &str| {
        let mut entered = person(number);
        if let NewIdentity::Person { surname: name, further, .. } = &mut entered {
            surname.clone_into(name);
            further.birth_date = Some("1984-03-07".to_owned());
        }
        entered
    };
    let other = life.country.register(&life.one, born("Ramaili", "PNOLS-77"));
    life.changed(other, &married(), ChangeReason::Marriage, None);
    let again = life.country.registry.register_identity(&life.one.permit(), born("Nthunya", "PNOLS-78"));
    assert!(matches!(again, Err(IdentityError::Resembles(_))), "{again:?}");
}

/// What was approved before the name changed was approved of another name.
#[test]
fn a_request_that_waits_is_judged_anew() {
    let profile = include_str!("../../../config/profiles/person-signature.toml");
    let twice = profile.replace("\napprovals = 1", "\napprovals = 2");
    assert_ne!(profile, twice);
    let life = Life::begun_in(crate::country::Country::founded_with(&[("person-signature", &twice)]));
    let person = life.things.person;
    let named = csr_with(&["-subj", "/CN=MOKOENA,THABO"]);
    let one = &life.one;
    let request = life.country.submit(one, "person-signature", person, &csr()).unwrap();
    let by_name = life.country.submit(one, "person-signature", person, &named).unwrap();
    life.country.approve(&life.two, request.id, None).unwrap();
    life.pass(Duration::minutes(1));
    life.changed(person, &married(), ChangeReason::Marriage, None);
    life.pass(Duration::minutes(1));
    let still = life.country.approve(&life.third, request.id, None).unwrap();
    assert_eq!((still.serial(), still.approvals.len()), (None, 1), "the one from before does not count");
    let issued = life.country.approve(&life.two, request.id, None).unwrap();
    assert!(issued.serial().is_some());
    assert!(life.living_subjects(person).iter().any(|subject| subject.contains("NTHUNYA")));
    let refused = life.country.approve(&life.two, by_name.id, None);
    assert!(matches!(refused, Err(RequestError::Issue(_))), "it asks for the old name: {refused:?}");
}

/// The store fails before or after it kept the change: either all of it is there or nothing.
#[test]
fn a_change_is_whole_or_not_at_all() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let life = Life::begun();
        let person = life.things.person;
        let open = life.propose(&life.two, person, &married(), ChangeReason::Marriage, None).unwrap();
        life.country.store.fail_next_commit(failure);
        assert!(matches!(life.confirm_change(&life.third, person, &open), Err(LifeError::Fault(_))));
        let identity = life.country.registry.identity(&life.one.permit(), person).unwrap();
        let Some(Details::Person { surname, .. }) = identity.details else { panic!() };
        let whole = match surname.as_str() {
            "Mokoena" => vec!["active", "active"],
            _ => vec!["active", "revoked"],
        };
        assert_eq!(life.stand(person), whole, "{failure:?}");
    }
}

/// Certificates that are being issued at the very moment of a change bear the new name, or end with the old one.
#[test]
fn none_is_issued_past_a_change() {
    for _ in 0..10 {
        let life = Life::begun();
        let (organisation, device) = (life.things.organisation, life.things.device);
        let renamed = facts(json!({"legal_name": "Revenue Services Lesotho"}));
        let open = life.propose(&life.two, organisation, &renamed, ChangeReason::Renamed, None).unwrap();
        let requests: Vec<_> = (0..4).map(|_| csr()).collect();
        std::thread::scope(|scope| {
            for request in &requests {
                scope.spawn(|| life.country.submit(&life.one, "device", device, request));
            }
            scope.spawn(|| life.confirm_change(&life.third, organisation, &open).unwrap());
        });
        let living = life.living_subjects(device);
        assert!(living.iter().all(|subject| subject.contains("Revenue Services Lesotho")), "{living:?}");
    }
}

#[test]
fn erasure_takes_what_was_known_and_what_was_proposed_along() {
    let life = Life::begun();
    let other = life.country.register(&life.one, person("PNOLS-77"));
    life.changed(other, &married(), ChangeReason::Marriage, Some(30));
    life.propose(&life.two, other, &facts(json!({"given_name": "Neo"})), ChangeReason::Court, None).unwrap();
    let permit = life.country.administrator.permit::<EraseIdentities>();
    life.country.registry.erase_identity(&permit, other, "asked for").unwrap();
    let permit = life.one.permit::<ReadRegistry>();
    let page = life.country.registry.history(&permit, other, None, PageSize::default()).unwrap();
    assert!(page.items.iter().all(|entry| entry.former.is_none() && entry.note.is_none()));
    let change = life.one.permit::<ChangeIdentities>();
    let waits = life.country.registry.waiting_changes(&change, None, PageSize::default()).unwrap();
    assert!(waits.items.is_empty());
    life.pass(Duration::days(31));
    life.country.registry.carry_on_lives(100).unwrap();
    assert_eq!(life.country.registry.carry_on_lives(100).unwrap(), 0);
}

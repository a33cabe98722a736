//! Requests: dual control, duplicates, idempotency, agencies, and two officers at the same moment.

use ca_core::issuance::{IssueError, Refusal};
use ca_core::profile_book::NotInForce;
use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use id_registry::certificates::{CertificateError, CertificateFilter, CertificateStatus};
use id_registry::enrolment::{IdempotencyKey, RequestError, RequestStatus, Submission};
use id_registry::identity::IdentityError;
use id_registry::page::PageSize;
use id_registry::permission::{ReadRegistry, RequestCertificates, RevokeCertificates};
use id_registry::principal::Role;

use crate::country::{Country, csr, csr_with};

#[test]
fn without_approvals_needed_a_certificate_is_issued_at_once() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let request = country.submit(&officer, "device", things.device, &csr()).unwrap();
    assert_eq!((request.status(), request.approvals_needed), (RequestStatus::Issued, 0));
    let certificate = country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap().0;
    assert_eq!(certificate.identity.0, things.device.to_string());
    let subject = certificate.open_subject(&country.vault).unwrap().unwrap();
    assert!(subject.contains("RSL-GATE-1") && subject.contains("Agency RSL"), "{subject}");
}

#[test]
fn four_eyes_are_four() {
    let country = Country::founded();
    let (applicant, second, third) = (country.officer(), country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let request = country.submit(&applicant, "organisation-seal", things.organisation, &csr()).unwrap();
    assert_eq!((request.status(), request.approvals_needed), (RequestStatus::Waiting, 2));
    let approve = |by: &crate::country::Member| country.approve(by, request.id, Some("seen"));
    assert!(matches!(approve(&applicant), Err(RequestError::Own(_))));
    assert!(matches!(
        country.registry.reject(&applicant.permit(), request.id, "no"),
        Err(RequestError::Own(_))
    ));
    assert_eq!(approve(&second).unwrap().status(), RequestStatus::Waiting);
    assert!(matches!(approve(&second), Err(RequestError::ApprovedAlready(_))));
    let issued = approve(&third).unwrap();
    assert_eq!(issued.status(), RequestStatus::Issued);
    let seen = Some("seen".to_owned());
    assert_eq!(country.registry.remarks(&issued).unwrap().notes, [seen.clone(), seen]);
    assert!(matches!(approve(&third), Err(RequestError::Decided { status: RequestStatus::Issued, .. })));
    assert_eq!(country.certificates_of(things.organisation), 1);
    // Who tried to get around it is for the auditor to see.
    assert_eq!(country.events("request.decision-refused").len(), 3);
}

#[test]
fn a_rejected_request_stays_rejected_and_frees_its_csr() {
    let country = Country::founded();
    let (applicant, other) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let csr = csr();
    let request = country.submit(&applicant, "person-signature", things.person, &csr).unwrap();
    assert!(matches!(country.registry.reject(&other.permit(), request.id, " "), Err(RequestError::Field(_))));
    let rejected = country.registry.reject(&other.permit(), request.id, "no evidence").unwrap();
    let said = country.registry.remarks(&rejected).unwrap().rejection;
    assert_eq!(said.as_deref(), Some("no evidence"));
    let late = country.approve(&other, request.id, None);
    assert!(matches!(late, Err(RequestError::Decided { status: RequestStatus::Rejected, .. })));
    let again = country.submit(&applicant, "person-signature", things.person, &csr).unwrap();
    assert_ne!(again.id, request.id);
    assert_eq!(country.certificates_of(things.person), 0);
}

#[test]
fn the_same_csr_is_taken_once() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let csr = csr();
    let first = country.submit(&officer, "device", things.device, &csr).unwrap();
    let again = country.submit(&officer, "device", things.device, &csr);
    assert!(matches!(again, Err(RequestError::CsrUsed(id)) if id == first.id));
    let elsewhere = country.submit(&officer, "application", things.application, &csr);
    let refused = matches!(elsewhere, Err(RequestError::Issue(IssueError::Refused(Refusal::KeyOfAnother))));
    assert!(refused, "a key serves one identity only");
}

#[test]
fn the_same_idempotency_key_gives_the_same_request() {
    let country = Country::founded();
    let (officer, colleague) = (country.officer(), country.officer());
    let things = country.settled(&officer, "RSL");
    let (csr, other) = (csr(), csr());
    let key = IdempotencyKey::new("4711").unwrap();
    let submit = |by: &crate::country::Member, csr: &[u8]| {
        let submission = Submission::of("device", things.device, csr);
        country.registry.submit(&by.permit::<RequestCertificates>(), &submission, Some(&key))
    };
    let first = submit(&officer, &csr).unwrap();
    assert_eq!(submit(&officer, &csr).unwrap(), first);
    assert!(matches!(submit(&officer, &other), Err(RequestError::KeyReused(id)) if id == first.id));
    // Another's key of the same name is another key.
    assert!(matches!(submit(&colleague, &csr), Err(RequestError::CsrUsed(_))));
    submit(&colleague, &other).unwrap();
    assert_eq!(country.certificates_of(things.device), 2);
}

#[test]
fn the_same_submission_many_times_at_once_issues_once() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let csr = csr();
    let key = IdempotencyKey::new("power-cut").unwrap();
    let submission = Submission::of("device", things.device, &csr);
    let ids: Vec<_> = std::thread::scope(|scope| {
        let submit = || country.registry.submit(&officer.permit(), &submission, Some(&key)).unwrap().id;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(submit)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(country.certificates_of(things.device), 1);
}

/// The commit was kept, the answer was lost: the same submission finds what came of it.
#[test]
fn a_lost_answer_is_found_again_by_its_idempotency_key() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let csr = csr();
    let key = IdempotencyKey::new("lost").unwrap();
    let submission = Submission::of("person-signature", things.person, &csr);
    let submit = || country.registry.submit(&officer.permit(), &submission, Some(&key));
    country.store.fail_next_commit(Failure::AfterPersisting);
    assert!(matches!(submit(), Err(RequestError::Fault(_))));
    let found = submit().unwrap();
    let all = country.registry.requests(&officer.permit(), None, None, PageSize::default()).unwrap();
    assert_eq!(all.items, [found]);
}

#[test]
fn two_officers_at_the_same_moment_give_one_certificate() {
    for _ in 0..5 {
        let country = Country::founded();
        let (applicant, one, other) = (country.officer(), country.officer(), country.officer());
        let things = country.settled(&applicant, "RSL");
        let request = country.submit(&applicant, "person-signature", things.person, &csr()).unwrap();
        let approve = |by: &crate::country::Member| country.approve(by, request.id, None);
        let outcomes = std::thread::scope(|scope| {
            let threads = [scope.spawn(|| approve(&one)), scope.spawn(|| approve(&other))];
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(RequestError::Decided { .. }))));
        assert_eq!(country.certificates_of(things.person), 1);
    }
}

#[test]
fn a_request_whose_issuance_failed_can_be_approved_again() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let country = Country::founded();
        let (applicant, officer) = (country.officer(), country.officer());
        let things = country.settled(&applicant, "RSL");
        let request = country.submit(&applicant, "person-signature", things.person, &csr()).unwrap();
        let statement = country.statement(&officer, request.id).unwrap();
        let approve = || country.hand_in(&officer, &statement);
        country.store.fail_next_commit(failure);
        assert!(matches!(approve(), Err(RequestError::Issue(_))));
        assert_eq!(
            country.registry.request(&officer.permit(), request.id).unwrap().status(),
            RequestStatus::Waiting
        );
        assert_eq!(approve().unwrap().status(), RequestStatus::Issued);
        assert_eq!(country.certificates_of(things.person), 1);
    }
}

#[test]
fn an_agency_asks_for_its_own_only() {
    let country = Country::founded();
    let officer = country.officer();
    let (own, other) = (country.settled(&officer, "RSL"), country.settled(&officer, "MCC"));
    let operator = country.enrol("Operator", Role::AgencyOperator { organisation: own.organisation });
    let mine = country.submit(&operator, "device", own.device, &csr()).unwrap();
    let theirs = country.submit(&officer, "device", other.device, &csr()).unwrap();
    for (profile, identity) in [
        ("device", other.device),
        ("organisation-seal", other.organisation),
        ("person-signature", own.person),
    ] {
        let refused = country.submit(&operator, profile, identity, &csr());
        assert!(
            matches!(refused, Err(RequestError::Identity(IdentityError::OfAnother { id, .. })) if id == identity)
        );
    }
    let permit = operator.permit::<ReadRegistry>();
    let seen = country.registry.requests(&permit, None, None, PageSize::default()).unwrap();
    assert_eq!(seen.items.iter().map(|request| request.id).collect::<Vec<_>>(), [mine.id]);
    assert!(matches!(country.registry.request(&permit, theirs.id), Err(RequestError::OfAnother { .. })));
    let listed =
        country.registry.certificates(&permit, CertificateFilter::default(), None, PageSize::default());
    assert_eq!(
        listed.unwrap().items.iter().map(|found| &found.serial).collect::<Vec<_>>(),
        [mine.serial().unwrap()]
    );
    let serial = theirs.serial().unwrap();
    assert!(matches!(country.registry.certificate(&permit, serial), Err(CertificateError::OfAnother { .. })));
    let revoke = operator.permit::<RevokeCertificates>();
    let reason = RevocationReason::Superseded;
    let refused = country.registry.revoke(&revoke, serial, reason, None);
    assert!(matches!(refused, Err(CertificateError::OfAnother { .. })));
    let staff = &officer.enrolled.record.serial;
    assert!(matches!(
        country.registry.revoke(&revoke, staff, reason, None),
        Err(CertificateError::OfAnother { .. })
    ));
    country.registry.revoke(&revoke, mine.serial().unwrap(), reason, None).unwrap();
}

#[test]
fn only_names_of_the_registry_are_granted() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let submit = |csr: &[u8], dns_names: &[&str]| {
        let names: Vec<String> = dns_names.iter().map(|name| format!("dns:{name}")).collect();
        let submission =
            Submission { names: &names, ..Submission::of("application", things.application, csr) };
        country.registry.submit(&officer.permit(), &submission, None)
    };
    let granted = csr_with(&["-addext", "subjectAltName=DNS:pay.gov.ls"]);
    let request = submit(&granted, &["PAYROLL.gov.ls"]).unwrap();
    let der = country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap().1;
    let der = der.unwrap();
    let named = |name: &[u8]| der.windows(name.len()).any(|window| window == name);
    assert!(named(b"pay.gov.ls") && named(b"payroll.gov.ls"));
    let wished = csr_with(&["-addext", "subjectAltName=DNS:bank.example.org"]);
    for refused in [submit(&wished, &[]), submit(&csr(), &["bank.example.org"])] {
        let Err(RequestError::Issue(IssueError::Refused(Refusal::NameNotGranted { name }))) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(name, "dns:bank.example.org");
    }
}

#[test]
fn profiles_are_for_their_kind_and_unknown_ones_are_named() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    for profile in ["person-signature", "issuing-ca", "root-ca", "ocsp-responder"] {
        let refused = country.submit(&officer, profile, things.device, &csr());
        assert!(matches!(refused, Err(RequestError::WrongProfile { .. })), "{profile}");
    }
    let refused = country.submit(&officer, "devise", things.device, &csr());
    assert!(
        matches!(refused, Err(RequestError::Profile(NotInForce::Unknown(error))) if error.nearest.as_deref() == Some("device"))
    );
}

#[test]
fn lists_of_requests_are_in_order_and_follow_their_status() {
    let country = Country::founded();
    let (applicant, officer) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(country.submit(&applicant, "person-signature", things.person, &csr()).unwrap().id);
        country.pass(time::Duration::seconds(1));
    }
    country.approve(&officer, ids[1], None).unwrap();
    let permit = officer.permit::<ReadRegistry>();
    let list = |status, after, size: usize| {
        let page = country.registry.requests(&permit, status, after, PageSize::new(size).unwrap()).unwrap();
        (page.items.iter().map(|request| request.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(list(None, None, 10).0, ids);
    assert_eq!(list(Some(RequestStatus::Waiting), None, 10).0, [ids[0], ids[2]]);
    assert_eq!(list(Some(RequestStatus::Issued), None, 10).0, [ids[1]]);
    let (first, next) = list(None, None, 2);
    assert_eq!((first, next), (ids[..2].to_vec(), Some(ids[1])));
    assert_eq!(list(None, next, 2), (vec![ids[2]], None));
}

#[test]
fn certificates_are_listed_by_how_they_stand() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let issue =
        || country.submit(&officer, "device", things.device, &csr()).unwrap().serial().unwrap().clone();
    let (active, held, revoked) = (issue(), issue(), issue());
    let revoke = country.administrator.permit::<RevokeCertificates>();
    country.registry.revoke(&revoke, &held, RevocationReason::CertificateHold, None).unwrap();
    country.registry.revoke(&revoke, &revoked, RevocationReason::KeyCompromise, Some("stolen")).unwrap();
    let permit = officer.permit::<ReadRegistry>();
    for (status, serial) in [
        (CertificateStatus::Active, &active),
        (CertificateStatus::OnHold, &held),
        (CertificateStatus::Revoked, &revoked),
    ] {
        let filter = CertificateFilter { identity: Some(things.device), status: Some(status), key: None };
        let page = country.registry.certificates(&permit, filter, None, PageSize::default()).unwrap();
        assert_eq!(page.items.iter().map(|found| &found.serial).collect::<Vec<_>>(), [serial], "{status:?}");
    }
    let noted = country.events("certificate.noted");
    assert_eq!(noted.iter().map(|event| event.reason.as_deref()).collect::<Vec<_>>(), [Some("stolen")]);
}

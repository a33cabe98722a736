//! Staff: enrolment, signing in, and every way in which access ends.

use ca_core::status::RevocationReason;
use id_registry::enrolment::Submission;
use id_registry::permission::{ApproveRequests, ManageStaff, NotPermitted, RevokeCertificates};
use id_registry::principal::Role;
use id_registry::staff::{NewStaff, SignInError, StaffError};
use time::Duration;

use crate::country::{Country, csr};

#[test]
fn the_first_administrator_is_made_once() {
    let country = Country::founded();
    let second = country.registry.bootstrap_administrator("Second", &csr());
    assert!(matches!(second, Err(StaffError::StaffExists)));
    assert_eq!(country.administrator.principal.role(), &Role::Administrator);
    assert_eq!(country.events("staff.enrolled").len(), 1);
}

#[test]
fn only_the_very_certificate_signs_in() {
    let country = Country::founded();
    let der = &country.administrator.enrolled.certificate.der;
    let mut changed = der.clone();
    *changed.last_mut().unwrap() ^= 1;
    let root = country.registry.settings().trust_anchors[0].certificate.as_slice();
    for stranger in [&changed[..], &der[..der.len() - 1], b"", root] {
        assert!(matches!(country.registry.authenticate(stranger), Err(SignInError::NotStaff)));
    }
}

#[test]
fn a_device_does_not_sign_in() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let request = country.submit(&officer, "device", things.device, &csr()).unwrap();
    let (_, der) = country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap();
    let der = der.unwrap();
    assert!(matches!(country.registry.authenticate(&der), Err(SignInError::NotStaff)));
}

#[test]
fn a_certificate_that_does_not_count_does_not_sign_in() {
    let country = Country::founded();
    let officer = country.officer();
    let der = &officer.enrolled.certificate.der;
    let serial = &officer.enrolled.record.serial;
    let permit = country.administrator.permit::<RevokeCertificates>();
    let revoke = |reason| country.registry.revoke(&permit, serial, reason, Some("a test")).unwrap();
    revoke(RevocationReason::CertificateHold);
    assert!(matches!(country.registry.authenticate(der), Err(SignInError::OnHold { .. })));
    country.registry.release(&permit, serial, None).unwrap();
    assert!(country.registry.authenticate(der).is_ok());
    let certificate = officer.enrolled.certificate.record.clone();
    country.clock.set(certificate.not_before - Duration::seconds(1));
    assert!(matches!(country.registry.authenticate(der), Err(SignInError::NotYetValid { .. })));
    country.clock.set(certificate.not_after);
    assert!(country.registry.authenticate(der).is_ok(), "the last second counts (RFC 5280 section 4.1.2.5)");
    country.clock.set(certificate.not_after + Duration::seconds(1));
    assert!(matches!(country.registry.authenticate(der), Err(SignInError::Expired { .. })));
    country.clock.set(certificate.issued_at);
    revoke(RevocationReason::KeyCompromise);
    assert!(matches!(
        country.registry.authenticate(der),
        Err(SignInError::Revoked { reason: RevocationReason::KeyCompromise, .. })
    ));
}

#[test]
fn disabling_ends_access_and_certificate_together() {
    let country = Country::founded();
    let officer = country.officer();
    let id = officer.principal.id();
    let permit = country.administrator.permit::<ManageStaff>();
    assert!(matches!(country.registry.disable_staff(&permit, id, ""), Err(StaffError::Field(_))));
    let record = country.registry.disable_staff(&permit, id, "left the service").unwrap();
    assert!(record.disabled.is_some());
    assert!(matches!(
        country.registry.authenticate(&officer.enrolled.certificate.der),
        Err(SignInError::Disabled { .. })
    ));
    let certificate = country.registry.authorities().find(&record.serial).unwrap().unwrap();
    assert_eq!(certificate.revocation.unwrap().reason, RevocationReason::PrivilegeWithdrawn);
    let again = country.registry.disable_staff(&permit, id, "again");
    assert!(matches!(again, Err(StaffError::AlreadyDisabled(_))));
    assert_eq!(country.events("staff.disabled").len(), 1);
}

#[test]
fn a_member_whose_certificate_was_revoked_before_can_be_disabled() {
    let country = Country::founded();
    let officer = country.officer();
    let revoke = country.administrator.permit::<RevokeCertificates>();
    let serial = &officer.enrolled.record.serial;
    country.registry.revoke(&revoke, serial, RevocationReason::KeyCompromise, None).unwrap();
    let permit = country.administrator.permit::<ManageStaff>();
    country.registry.disable_staff(&permit, officer.principal.id(), "left").unwrap();
    let certificate = country.registry.authorities().find(serial).unwrap().unwrap();
    assert_eq!(
        certificate.revocation.unwrap().reason,
        RevocationReason::KeyCompromise,
        "the first reason stays"
    );
}

#[test]
fn the_last_administrator_stays() {
    let country = Country::founded();
    let permit = country.administrator.permit::<ManageStaff>();
    let first = country.administrator.principal.id();
    let refused = country.registry.disable_staff(&permit, first, "tired");
    assert!(matches!(refused, Err(StaffError::LastAdministrator(id)) if id == first));
    let second = country.enrol("Second", Role::Administrator);
    country.registry.disable_staff(&permit, first, "tired").unwrap();
    let refused = country.registry.disable_staff(&second.permit(), second.principal.id(), "me too");
    assert!(matches!(refused, Err(StaffError::LastAdministrator(_))));
}

#[test]
fn two_administrators_who_disable_each_other_at_once_leave_one() {
    let country = Country::founded();
    let (first, second) = (country.administrator.clone(), country.enrol("Second", Role::Administrator));
    let registry = &country.registry;
    let outcomes = std::thread::scope(|scope| {
        let one = scope.spawn(|| registry.disable_staff(&first.permit(), second.principal.id(), "out"));
        let other = scope.spawn(|| registry.disable_staff(&second.permit(), first.principal.id(), "out"));
        [one.join().unwrap(), other.join().unwrap()]
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
}

#[test]
fn an_agency_operator_works_for_an_organisation() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let operator = country.enrol("Operator", Role::AgencyOperator { organisation: things.organisation });
    let subject = operator.enrolled.certificate.record.open_subject(&country.vault).unwrap().unwrap();
    assert!(subject.contains("Agency RSL"), "{subject}");
    let (name, role) = ("Operator", Role::AgencyOperator { organisation: things.person });
    let csr = csr();
    let refused = country
        .registry
        .enrol_staff(&country.administrator.permit(), &NewStaff { name, role, person: None, csr: &csr });
    assert!(matches!(refused, Err(StaffError::Organisation(_))), "{refused:?}");
}

#[test]
fn a_key_serves_one_member() {
    let country = Country::founded();
    let csr = csr();
    let permit = country.administrator.permit();
    let enrol = |name| {
        country
            .registry
            .enrol_staff(&permit, &NewStaff { name, role: Role::Officer, person: None, csr: &csr })
    };
    enrol("One").unwrap();
    assert!(matches!(enrol("Other"), Err(StaffError::Issue(_))));
}

/// Staff certificates come from enrolment alone: an officer cannot make one for somebody with more rights.
#[test]
fn staff_certificates_cannot_be_requested() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let csr = csr();
    for identity in [things.person, things.device, things.organisation] {
        let submission = Submission::of("staff-authentication", identity, &csr);
        assert!(country.registry.submit(&officer.permit(), &submission, None).is_err());
    }
    assert!(country.administrator.principal.id().to_string().parse::<id_registry::id::IdentityId>().is_err());
}

#[test]
fn an_administrator_neither_vets_nor_registers() {
    let country = Country::founded();
    let refused = country.administrator.principal.permit::<ApproveRequests>().unwrap_err();
    assert_eq!(refused, NotPermitted { permission: "approve-requests", role: "administrator" });
}

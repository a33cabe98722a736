//! Approvals under the officer's own key: what is not the officer's, not of now or not of this request approves nothing.

use ca_core::jws;
use ca_core::keys::software::SoftwareKey;
use id_registry::enrolment::{APPROVAL_TYPE, Request, RequestError, RequestStatus, Statement};
use id_registry::permission::{ApproveRequests, ReadRegistry};
use id_registry::principal::Role;
use time::Duration;

use crate::country::{Country, Member, csr, new_key};

/// A seal is wanted, for which two must approve.
struct Wanted {
    country: Country,
    applicant: Member,
    one: Member,
    two: Member,
    seal: Request,
}

impl Wanted {
    fn seal() -> Self {
        let country = Country::founded();
        let (applicant, one, two) = (country.officer(), country.officer(), country.officer());
        let things = country.settled(&applicant, "RSL");
        let seal = country.submit(&applicant, "organisation-seal", things.organisation, &csr()).unwrap();
        Self { country, applicant, one, two, seal }
    }

    fn statement(&self, by: &Member) -> Statement {
        self.country.statement(by, self.seal.id).unwrap()
    }

    fn hand_in(&self, by: &Member, text: &str) -> Result<Request, RequestError> {
        self.country.registry.approve(&by.permit(), self.seal.id, text)
    }

    fn refused(&self, by: &Member, text: &str) -> String {
        let refused = self.hand_in(by, text).unwrap_err();
        assert!(
            matches!(refused, RequestError::Jws(_) | RequestError::Signer(_) | RequestError::Statement(_)),
            "{refused:?}"
        );
        refused.to_string()
    }

    /// Refuses a statement that was changed before its officer signed it.
    fn refused_if(&self, change: impl FnOnce(&mut Statement)) -> String {
        let mut statement = self.statement(&self.one);
        change(&mut statement);
        self.refused(&self.one, &signed(&self.one, &statement))
    }

    fn nothing_was_approved(&self) {
        let request = self.country.registry.request(&self.one.permit(), self.seal.id).unwrap();
        assert_eq!((request.status(), request.approvals.len()), (RequestStatus::Waiting, 0));
        assert!(self.country.events("request.approved").is_empty());
    }
}

/// Changes what is stated.
type Bend = fn(&mut Statement);

fn signed(by: &Member, statement: &Statement) -> String {
    by.sign(&serde_json::to_vec(statement).unwrap())
}

#[test]
fn what_each_officer_signed_is_kept_and_proves_it() {
    let wanted = Wanted::seal();
    let country = &wanted.country;
    country.approve(&wanted.one, wanted.seal.id, Some("statutes seen")).unwrap();
    let issued = country.approve(&wanted.two, wanted.seal.id, None).unwrap();
    assert_eq!(issued.status(), RequestStatus::Issued);
    let proof = country.registry.proof_of(&wanted.applicant.permit(), wanted.seal.id).unwrap();
    let read = |text: &String| {
        let verified = jws::Unverified::parse(text, APPROVAL_TYPE).unwrap().verify().unwrap();
        let statement: Statement = serde_json::from_slice(&verified.payload).unwrap();
        (verified.certificate, statement)
    };
    let [(first, one), (second, two)] = [0, 1].map(|place| read(&proof.statements[place]));
    assert_eq!((&first, one.by), (&wanted.one.enrolled.certificate.der, wanted.one.principal.id()));
    assert_eq!((&second, two.by), (&wanted.two.enrolled.certificate.der, wanted.two.principal.id()));
    assert_eq!((one.note.as_deref(), two.note), (Some("statutes seen"), None));
    assert_eq!(one.matter, two.matter);
    assert!(one.matter.subject.contains(&"common-name: Agency RSL".to_owned()), "{:?}", one.matter.subject);
    let permit = wanted.one.permit::<ReadRegistry>();
    assert_eq!(proof.certificate, country.registry.certificate(&permit, issued.serial().unwrap()).unwrap().1);
    // The ledger has the digest of each.
    let digest = |text: &String| ca_core::fingerprint::fingerprint(text.as_bytes());
    let events = country.events("request.approved");
    let told: Vec<_> = events.iter().map(|event| event.detail["statement-sha256"].clone()).collect();
    assert_eq!(told, proof.statements.iter().map(digest).collect::<Vec<_>>());
}

#[test]
fn a_statement_of_somebody_else_approves_nothing() {
    let wanted = Wanted::seal();
    let text = signed(&wanted.one, &wanted.statement(&wanted.one));
    assert!(wanted.refused(&wanted.two, &text).contains("somebody else's"));
    // In one's own name under another's key, and in another's name under one's own.
    let borrowed = signed(&wanted.two, &wanted.statement(&wanted.one));
    assert!(wanted.refused(&wanted.one, &borrowed).contains("somebody else's"));
    let named = wanted.refused_if(|statement| statement.by = wanted.two.principal.id());
    assert!(named.contains("somebody else's"));
    wanted.nothing_was_approved();
}

#[test]
fn a_key_that_nobody_was_enrolled_with_approves_nothing() {
    let wanted = Wanted::seal();
    let payload = serde_json::to_vec(&wanted.statement(&wanted.one)).unwrap();
    let key = SoftwareKey::from_pem(std::str::from_utf8(&new_key()).unwrap()).unwrap();
    let own = &wanted.one.enrolled.certificate.der;
    let forged = jws::sign(&key, APPROVAL_TYPE, own, &payload).unwrap();
    assert!(wanted.refused(&wanted.one, &forged).contains("does not verify"));
    for nothing in ["", "e30.e30.", "approve!", &"A.".repeat(40_000)] {
        wanted.refused(&wanted.one, nothing);
    }
    wanted.nothing_was_approved();
}

#[test]
fn a_disabled_officer_approves_nothing_any_more() {
    let wanted = Wanted::seal();
    let text = signed(&wanted.one, &wanted.statement(&wanted.one));
    let permit = wanted.one.permit::<ApproveRequests>();
    let (registry, administrator) = (&wanted.country.registry, &wanted.country.administrator);
    registry.disable_staff(&administrator.permit(), wanted.one.principal.id(), "left the office").unwrap();
    let refused = registry.approve(&permit, wanted.seal.id, &text);
    assert!(matches!(refused, Err(RequestError::Signer(_))), "{refused:?}");
    wanted.nothing_was_approved();
}

#[test]
fn a_statement_that_is_old_or_of_another_request_approves_nothing() {
    let wanted = Wanted::seal();
    assert!(wanted.refused_if(|one| one.at -= Duration::hours(2)).contains("of this hour"));
    assert!(wanted.refused_if(|one| one.at += Duration::hours(1)).contains("of this hour"));
    let country = &wanted.country;
    let things = country.settled(&wanted.applicant, "LRA");
    let other = country.submit(&wanted.applicant, "person-signature", things.person, &csr()).unwrap();
    let text = signed(&wanted.one, &country.statement(&wanted.one, other.id).unwrap());
    assert!(wanted.refused(&wanted.one, &text).contains("another request"));
    wanted.nothing_was_approved();
}

#[test]
fn what_was_signed_is_what_is_issued() {
    let wanted = Wanted::seal();
    let bend: [(&str, Bend); 4] = [
        ("the subject", |one| one.matter.subject.push("common-name: Somebody".to_owned())),
        ("the alternative names", |one| one.matter.names.push("dns:elsewhere.example".to_owned())),
        ("the profile", |one| one.matter.profile_sha256 = Some("00".repeat(32))),
        ("the request itself", |one| one.matter.csr_sha256 = "00".repeat(32)),
    ];
    for (what, bend) in bend {
        let mut statement = wanted.statement(&wanted.one);
        bend(&mut statement);
        let refused = wanted.hand_in(&wanted.one, &signed(&wanted.one, &statement));
        let Err(RequestError::MatterChanged(_, changed)) = refused else { panic!("{refused:?}") };
        assert_eq!(changed, what);
    }
    wanted.nothing_was_approved();
}

#[test]
fn an_approval_handed_in_again_counts_once() {
    let wanted = Wanted::seal();
    let text = signed(&wanted.one, &wanted.statement(&wanted.one));
    assert_eq!(wanted.hand_in(&wanted.one, &text).unwrap().approvals.len(), 1);
    assert!(matches!(wanted.hand_in(&wanted.one, &text), Err(RequestError::ApprovedAlready(_))));
    let hindrance =
        wanted.country.registry.to_approve(&wanted.one.permit(), wanted.seal.id).unwrap().hindrance;
    assert!(matches!(hindrance, Some(RequestError::ApprovedAlready(_))), "{hindrance:?}");
    let hindrance =
        wanted.country.registry.to_approve(&wanted.applicant.permit(), wanted.seal.id).unwrap().hindrance;
    assert!(matches!(hindrance, Some(RequestError::Own(_))), "{hindrance:?}");
}

#[test]
fn an_approval_of_what_has_changed_since_is_void() {
    let wanted = Wanted::seal();
    let country = &wanted.country;
    country.approve(&wanted.one, wanted.seal.id, None).unwrap();
    let two = country.enrol("Another Administrator", Role::Administrator);
    crate::profiles::shorten_seals(country, &two);
    // The first approval was of the edition before: it does not count beside the second, and may be given anew.
    let after = country.approve(&wanted.two, wanted.seal.id, None).unwrap();
    assert_eq!((after.status(), after.approvals.len()), (RequestStatus::Waiting, 1));
    assert_eq!(after.approvals[0].by, wanted.two.principal.id());
    let issued = country.approve(&wanted.one, wanted.seal.id, None).unwrap();
    assert_eq!((issued.status(), issued.approvals.len()), (RequestStatus::Issued, 2));
}

#[test]
fn what_is_drawn_for_each_certificate_is_not_promised() {
    let country = Country::founded();
    let (applicant, officer) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let pseudonymous = "person-authentication-pseudonymous";
    let request = country.submit(&applicant, pseudonymous, things.person, &csr()).unwrap();
    let subject = country.registry.to_approve(&officer.permit(), request.id).unwrap().matter.subject;
    assert!(subject.iter().any(|attribute| attribute.ends_with("(drawn when it is issued)")), "{subject:?}");
    assert!(country.approve(&officer, request.id, None).unwrap().serial().is_some());
}

#[test]
fn who_is_erased_takes_the_statements_along() {
    let country = Country::founded();
    let (applicant, officer) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let lone = country.register(&applicant, crate::country::person("PNOLS-LONE"));
    let request = country.submit(&applicant, "person-signature", lone, &csr()).unwrap();
    country.approve(&officer, request.id, Some("known by sight")).unwrap();
    let serial = country.certificate_of(lone).parse().unwrap();
    let administrator = &country.administrator;
    let reason = ca_core::status::RevocationReason::CessationOfOperation;
    country.registry.revoke(&administrator.permit(), &serial, reason, None).unwrap();
    country.registry.erase_identity(&administrator.permit(), lone, "asked for it").unwrap();
    let refused = country.registry.proof_of(&applicant.permit(), request.id);
    assert!(matches!(refused, Err(RequestError::Identity(_))), "{refused:?}");
    assert_ne!(things.person, lone);
}

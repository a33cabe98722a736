//! Lost tokens: what is in them, who says that they are found, and what a suspension changes about it.

use std::collections::BTreeSet;

use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use id_registry::certificates::{CertificateFilter, CertificateStatus};
use id_registry::enrolment::{RequestError, Submission};
use id_registry::id::IdentityId;
use id_registry::key_origin::{MakersName, OriginKind, StatedOrigin};
use id_registry::life::token::{InToken, TokenRefused};
use id_registry::life::{LifeError, Outcome, Touched};
use id_registry::page::PageSize;
use id_registry::permission::{ChangeIdentities, ReadRegistry};

use crate::country::{Member, csr, csr_of, new_key};
use crate::lives::Life;

impl Life {
    /// A signature certificate whose key is in a card of this model.
    fn issue_in_card(&self, identity: IdentityId, model: &str) -> SerialNumber {
        let csr = csr();
        let origin =
            StatedOrigin { kind: OriginKind::SmartCard, model: Some(model), batch: None, firmware: None };
        let mut submission = Submission::of("person-signature", identity, &csr);
        submission.key_origin = Some(origin);
        let request = self.country.registry.submit(&self.one.permit(), &submission, None).unwrap();
        let approved = self.country.approve(&self.two, request.id, None).unwrap();
        approved.serial().unwrap().clone()
    }

    fn lose(&self, by: &Member, token: &InToken, stolen: bool) -> Result<Outcome, LifeError> {
        let (permit, id) = (by.permit::<ChangeIdentities>(), self.things.person);
        self.country.registry.lose_token(&permit, id, token, stolen, "report 12")
    }

    fn find(&self, by: &Member) -> Result<Outcome, LifeError> {
        let (permit, id) = (by.permit::<ChangeIdentities>(), self.things.person);
        self.country.registry.find_token(&permit, id, "under the bed")
    }

    fn status_of(&self, serial: &SerialNumber) -> CertificateStatus {
        let permit = self.one.permit::<ReadRegistry>();
        let record = self.country.registry.certificate(&permit, serial).unwrap().0;
        self.country.registry.status_of(&record)
    }

    fn serials(&self, identity: IdentityId) -> BTreeSet<SerialNumber> {
        let filter = CertificateFilter { identity: Some(identity), ..CertificateFilter::default() };
        let permit = self.one.permit::<ReadRegistry>();
        let page = self.country.registry.certificates(&permit, filter, None, PageSize::default()).unwrap();
        page.items.into_iter().map(|record| record.serial).collect()
    }
}

fn card(model: &str) -> InToken {
    InToken { model: Some(MakersName::new("model", model).unwrap()), ..InToken::default() }
}

#[test]
fn what_is_in_a_lost_token_is_on_hold_until_another_officer_says_that_it_is_found() {
    let life = Life::begun();
    let person = life.things.person;
    let elsewhere = life.serials(person);
    let within = life.issue_in_card(person, "IDPrime 940");
    let other = life.issue_in_card(person, "IDPrime 930");
    let Err(LifeError::Token(TokenRefused::Unknown(unknown))) =
        life.lose(&life.one, &card("IDPRIME 940"), false)
    else {
        panic!("two keys are nobody knows where");
    };
    assert_eq!(unknown.into_iter().collect::<BTreeSet<_>>(), elsewhere);
    let token = InToken { others_elsewhere: true, ..card("IDPRIME 940") };
    let lost = life.lose(&life.one, &token, false).unwrap();
    assert_eq!(lost.touched, Touched { held: 1, ..Touched::default() });
    assert_eq!(life.status_of(&within), CertificateStatus::OnHold);
    assert_eq!(life.status_of(&other), CertificateStatus::Active);
    assert!(matches!(life.find(&life.one), Err(LifeError::SamePerson(_))));
    assert_eq!(life.country.events("identity.step-refused").len(), 1, "for the auditor to see");
    assert_eq!(life.find(&life.two).unwrap().touched.released, 1);
    assert_eq!(life.status_of(&within), CertificateStatus::Active);
    assert!(matches!(life.find(&life.two), Err(LifeError::Token(TokenRefused::NotLost(_)))));
    let history =
        life.country.registry.history(&life.one.permit(), person, None, PageSize::default()).unwrap();
    let told: Vec<_> = history.items.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["identity.token-lost", "identity.token-found"]);
    crate::sealed::assert_absent(&crate::sealed::everything(&life.country.store), &["report 12"]);
}

#[test]
fn what_was_lost_and_turns_out_to_be_stolen_is_revoked() {
    let life = Life::begun();
    let person = life.things.person;
    let within = life.issue_in_card(person, "IDPrime 940");
    let token = InToken { others_elsewhere: true, ..card("IDPrime 940") };
    life.lose(&life.one, &token, false).unwrap();
    let stolen = life.lose(&life.one, &InToken::default(), true).unwrap();
    assert_eq!(stolen.touched, Touched { revoked: 1, ..Touched::default() });
    let record = life.country.registry.certificate(&life.one.permit::<ReadRegistry>(), &within).unwrap().0;
    assert_eq!(record.revocation.unwrap().reason, RevocationReason::KeyCompromise);
    assert_eq!(stolen.record.lost_token, None);
    assert!(matches!(life.find(&life.two), Err(LifeError::Token(TokenRefused::NotLost(_)))));
}

#[test]
fn certificates_are_named_where_nobody_knows_where_keys_are() {
    let life = Life::begun();
    let person = life.things.person;
    let all = life.serials(person);
    let one = all.first().unwrap().clone();
    assert!(matches!(
        life.lose(&life.one, &InToken::default(), false),
        Err(LifeError::Token(TokenRefused::Nothing(_)))
    ));
    let others = InToken { certificates: life.serials(life.things.device), ..InToken::default() };
    assert!(matches!(
        life.lose(&life.one, &others, false),
        Err(LifeError::Token(TokenRefused::NotIts { .. }))
    ));
    let named = InToken { certificates: BTreeSet::from([one.clone()]), ..InToken::default() };
    assert_eq!(life.lose(&life.one, &named, false).unwrap().touched.held, 1);
    assert_eq!(life.status_of(&one), CertificateStatus::OnHold);
    let everything = InToken { all: true, ..InToken::default() };
    assert_eq!(life.lose(&life.two, &everything, false).unwrap().touched.held, 1, "the other one");
    assert!(matches!(life.find(&life.one), Err(LifeError::SamePerson(_))), "both entered it");
    assert_eq!(life.find(&life.third).unwrap().touched.released, 2);
    assert_eq!(life.stand(person), ["active", "active"]);
}

/// A renewal would make the lost key count again.
#[test]
fn no_other_certificate_is_had_for_a_key_in_a_lost_token() {
    let life = Life::begun();
    let (device, key) = (life.things.device, new_key());
    life.country.submit(&life.one, "device", device, &csr_of(&key, "first")).unwrap();
    let permit = life.one.permit::<ChangeIdentities>();
    let everything = InToken { all: true, ..InToken::default() };
    life.country.registry.lose_token(&permit, device, &everything, false, "van 3").unwrap();
    let again = life.country.submit(&life.one, "device", device, &csr_of(&key, "second"));
    assert!(matches!(again, Err(RequestError::TokenLost(_))), "{again:?}");
    life.country.submit(&life.one, "device", device, &csr()).unwrap();
    life.country.registry.find_token(&life.two.permit(), device, "found").unwrap();
    life.country.submit(&life.one, "device", device, &csr_of(&key, "third")).unwrap();
}

/// A loss and a suspension at the same time: each ends for itself, and nothing counts before both have.
#[test]
fn a_lost_token_and_a_suspension_do_not_release_each_other() {
    let life = Life::begun();
    let person = life.things.person;
    let everything = InToken { all: true, ..InToken::default() };

    life.suspend(&life.one, person).unwrap();
    life.lose(&life.one, &everything, false).unwrap();
    life.resume(&life.two, person).unwrap();
    assert_eq!(life.stand(person), ["on-hold", "on-hold"], "they are still lost");
    life.find(&life.two).unwrap();
    assert_eq!(life.stand(person), ["active", "active"]);

    life.lose(&life.one, &everything, false).unwrap();
    life.suspend(&life.one, person).unwrap();
    life.find(&life.two).unwrap();
    assert_eq!(life.stand(person), ["on-hold", "on-hold"], "the person is still suspended");
    life.resume(&life.two, person).unwrap();
    assert_eq!(life.stand(person), ["active", "active"]);
}

/// Certificates that are being issued at the very moment are in the token too, where all is.
#[test]
fn none_is_issued_past_a_loss() {
    for _ in 0..5 {
        let life = Life::begun();
        let (device, everything) = (life.things.device, InToken { all: true, ..InToken::default() });
        let requests: Vec<_> = (0..4).map(|_| csr()).collect();
        let permit = life.two.permit::<ChangeIdentities>();
        std::thread::scope(|scope| {
            let issued: Vec<_> = requests
                .iter()
                .map(|request| scope.spawn(|| life.country.submit(&life.one, "device", device, request)))
                .collect();
            let lost = scope.spawn(|| {
                life.country.registry.lose_token(&permit, device, &everything, false, "stolen van").unwrap()
            });
            // Whatever was there before the loss is on hold; what comes after it is in another token.
            let lost = lost.join().unwrap();
            issued.into_iter().for_each(|thread| drop(thread.join().unwrap()));
            assert_eq!(lost.record.lost_token.unwrap().held.len(), lost.touched.held);
        });
        let on_hold = life.stand(device).iter().filter(|status| **status == "on-hold").count();
        assert!(on_hold >= 1, "the one from before");
    }
}

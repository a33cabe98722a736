//! At its dates a campaign does what it must, to whom it must, once.

use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use id_registry::campaign::terms::{Terms, WhenReplaced};
use id_registry::campaign::{CampaignError, MemberState};
use id_registry::certificates::CertificateStatus;
use time::Duration;

use super::{CARD, Stage, name};
use crate::country::{csr, csr_of, new_key};

#[test]
fn exactly_what_is_left_ends_at_the_dates() {
    let stage = Stage::set();
    let bad = stage.bad(5);
    let bystander = stage.issue("device", stage.things.device, &csr(), None);
    stage.running(stage.terms());
    let [(renewed, replaced), (_, exempt), (_, by_hand), (_, left), (_, other)] = &bad[..] else { panic!() };
    // One holder has another certificate, one is exempted, one was revoked by an administrator.
    let replacement = stage.issue("device", *renewed, &csr(), None);
    let registry = &stage.country.registry;
    registry.exempt(&stage.second.permit(), &name(), exempt, "a test device without a user").unwrap();
    let lost = RevocationReason::CessationOfOperation;
    registry.revoke(&stage.second.permit(), by_hand, lost, None).unwrap();
    let done = stage.carry_out();
    assert_eq!((done.turned.of(MemberState::Replaced), done.turned.of(MemberState::Revoked)), (1, 1));
    assert_eq!(stage.carry_out().turned.total(), 0, "nothing is done twice");
    for serial in [replaced, exempt, left, other] {
        assert_eq!(stage.status(serial), CertificateStatus::Active, "no date has come");
    }
    stage.later(Duration::days(10));
    stage.carry_out();
    assert_eq!((stage.status(left), stage.state(left)), (CertificateStatus::OnHold, MemberState::Held));
    assert_eq!(stage.status(replaced), CertificateStatus::Active);
    // On hold, the last one renews too.
    let late = bad[4].0;
    stage.issue("device", late, &csr(), None);
    stage.later(Duration::days(20));
    let done = stage.carry_out();
    assert_eq!(done.campaign.left(), 0, "{:?}", done.campaign.tally());
    assert_eq!(
        (stage.status(left), stage.reason(left)),
        (CertificateStatus::Revoked, RevocationReason::Superseded)
    );
    assert_eq!(stage.reason(by_hand), lost, "what was revoked before keeps its reason");
    let states = [replaced, exempt, by_hand, left, other].map(|serial| stage.state(serial));
    let (kept, revoked) = (MemberState::Kept, MemberState::Revoked);
    assert_eq!(states, [kept, MemberState::Exempt, revoked, revoked, kept]);
    for serial in [replaced, exempt, &bystander, &replacement] {
        assert_eq!(stage.status(serial), CertificateStatus::Active);
    }
    assert_eq!(stage.country.events("certificate.revoked").len(), 2);
    let event = &stage.country.events("certificate.revoked")[1];
    assert_eq!(
        (event.actor.0.as_str(), event.reason.as_deref()),
        ("system:campaigns", Some("campaign:cards-2017"))
    );
    assert_eq!(stage.carry_out().turned.total(), 0);
    stage.is_explained();
}

#[test]
fn replaced_certificates_end_too_where_their_keys_are_no_better() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    let terms = Terms { when_replaced: WhenReplaced::Revoke, hold_at: None, ..stage.terms() };
    let terms = Terms { reason: Some(RevocationReason::KeyCompromise), ..terms };
    stage.running(terms);
    stage.issue("device", bad[0].0, &csr(), None);
    stage.later(Duration::days(30));
    let done = stage.carry_out();
    assert_eq!((done.turned.of(MemberState::Retired), done.turned.of(MemberState::Revoked)), (1, 1));
    assert_eq!(stage.reason(&bad[0].1), RevocationReason::KeyCompromise);
    assert_eq!(done.campaign.left(), 0);
    stage.is_explained();
}

#[test]
fn a_replacement_is_another_key_of_the_same_profile_that_counts() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    let terms = Terms { replace_with: vec!["p384".parse().unwrap()], ..stage.terms() };
    stage.running(terms);
    let (device, serial) = &bad[0];
    let p384 = crate::country::csr_with(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    let replacement = stage.issue("device", *device, &p384, None);
    stage.carry_out();
    assert_eq!(stage.state(serial), MemberState::Replaced);
    // What replaced it is lost: it stands as before, and ends at its date.
    let registry = &stage.country.registry;
    registry
        .revoke(&stage.second.permit(), &replacement, RevocationReason::CessationOfOperation, None)
        .unwrap();
    stage.carry_out();
    assert_eq!(stage.state(serial), MemberState::Selected);
    stage.later(Duration::days(30));
    stage.carry_out();
    assert_eq!(stage.state(serial), MemberState::Revoked);
}

#[test]
fn stages_end_one_after_the_other_and_keep_together_what_belongs_together() {
    let stage = Stage::set();
    let bad = stage.bad(12);
    // A second certificate of each holder.
    let twins: Vec<_> =
        bad.iter().map(|(device, _)| stage.issue("device", *device, &csr(), Some(CARD))).collect();
    let terms = Terms { stages: 3, hold_at: None, ..stage.terms() };
    let campaign = stage.running(terms);
    let sizes: Vec<u64> = campaign.tallies.iter().map(|tally| tally.total()).collect();
    assert_eq!(sizes.iter().sum::<u64>(), 24);
    assert!(sizes.iter().all(|size| size % 2 == 0), "{sizes:?}");
    stage.later(Duration::days(30));
    let mut ended = 0;
    for size in sizes {
        ended += size;
        let done = stage.carry_out();
        assert_eq!(done.turned.total(), size);
        assert_eq!(done.campaign.tally().of(MemberState::Revoked), ended);
        stage.later(Duration::days(7));
    }
    for ((_, serial), twin) in bad.iter().zip(&twins) {
        assert_eq!(
            (stage.status(serial), stage.status(twin)),
            (CertificateStatus::Revoked, CertificateStatus::Revoked)
        );
    }
    stage.is_explained();
}

#[test]
fn a_compromised_key_in_several_certificates_is_blocked_once() {
    let stage = Stage::set();
    let key = new_key();
    let device = stage.device("TWICE");
    let serials =
        ["one", "two", "three"].map(|name| stage.issue("device", device, &csr_of(&key, name), Some(CARD)));
    let terms = Terms { reason: Some(RevocationReason::KeyCompromise), hold_at: None, ..stage.terms() };
    stage.running(terms);
    stage.later(Duration::days(30));
    assert_eq!(stage.carry_out().turned.of(MemberState::Revoked), 3);
    for serial in &serials {
        assert_eq!(stage.reason(serial), RevocationReason::KeyCompromise);
    }
    stage.is_explained();
}

#[test]
fn what_ended_by_itself_is_told_and_left_alone() {
    let stage = Stage::set();
    let bad = stage.bad(1);
    let record = stage.country.registry.authorities().find(&bad[0].1).unwrap().unwrap();
    let life = record.not_after - stage.now();
    let terms =
        Terms { hold_at: None, revoke_at: Some(record.not_after + Duration::days(1)), ..stage.terms() };
    stage.running(terms);
    stage.later(life + Duration::days(2));
    let done = stage.carry_out();
    assert_eq!((done.turned.of(MemberState::Expired), done.campaign.left()), (1, 0));
    assert!(stage.country.events("certificate.revoked").is_empty());
}

#[test]
fn a_server_of_tls_is_not_put_on_hold_but_revoked_at_its_date() {
    let stage = Stage::set();
    let another = stage.country.officer();
    let waiting = stage.ask("tls-server", stage.things.application, &csr(), Some(CARD)).unwrap();
    let issued = stage.country.approve(&another, waiting.id, None).unwrap();
    let serial = issued.serial().unwrap().clone();
    stage.running(stage.terms());
    stage.later(Duration::days(10));
    stage.carry_out();
    assert_eq!(
        (stage.status(&serial), stage.state(&serial)),
        (CertificateStatus::Active, MemberState::Selected)
    );
    stage.later(Duration::days(20));
    stage.carry_out();
    assert_eq!(stage.state(&serial), MemberState::Revoked);
}

#[test]
fn what_cannot_be_done_is_told_and_tried_again() {
    let stage = Stage::set();
    let another = stage.country.officer();
    let waiting = stage.ask("tls-server", stage.things.application, &csr(), Some(CARD)).unwrap();
    stage.country.approve(&another, waiting.id, None).unwrap();
    // A hold alone, and no date at which it would be revoked.
    stage.running(Terms { revoke_at: None, reason: None, ..stage.terms() });
    stage.later(Duration::days(10));
    let done = stage.carry_out();
    assert_eq!((done.turned.of(MemberState::Failed), done.campaign.left()), (1, 1));
    assert_eq!(stage.carry_out().turned.total(), 0, "told once");
    let events = stage.country.events("campaign.advanced").len();
    stage.carry_out();
    assert_eq!(stage.country.events("campaign.advanced").len(), events, "what changes nothing is no event");
}

#[test]
fn whatever_fails_in_between_nothing_is_done_twice_or_left_out() {
    for failure in [Failure::BeforePersisting, Failure::AfterPersisting] {
        let stage = Stage::set();
        let bad = stage.bad(3);
        stage.start(super::bad_batch(), stage.terms()).unwrap();
        stage.country.store.fail_next_commit(failure);
        let cut = stage.country.registry.gather(&stage.first().permit(), &name());
        assert!(matches!(cut, Err(CampaignError::Fault(_))));
        assert_eq!(stage.gathered().tally().total(), 3, "{failure:?}");
        stage.country.store.fail_next_commit(failure);
        assert!(stage.approve().is_err());
        let approved = stage.approve();
        assert_eq!(approved.is_ok(), failure == Failure::BeforePersisting, "{approved:?}");
        stage.gathered();
        stage.later(Duration::days(30));
        stage.country.store.fail_next_commit(failure);
        assert!(matches!(stage.country.registry.carry_on(&name(), None), Err(CampaignError::Fault(_))));
        stage.carry_out();
        for (_, serial) in &bad {
            assert_eq!(stage.state(serial), MemberState::Revoked);
        }
        assert_eq!(stage.country.events("certificate.revoked").len(), 3, "{failure:?}");
        stage.is_explained();
    }
}

#[test]
fn several_at_once_do_it_once() {
    let stage = Stage::set();
    stage.bad(8);
    stage.running(Terms { hold_at: None, ..stage.terms() });
    stage.later(Duration::days(30));
    let turned: u64 = std::thread::scope(|scope| {
        let run =
            || stage.country.registry.advance(&stage.second.permit(), &name(), None).unwrap().turned.total();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((turned, stage.country.events("certificate.revoked").len()), (8, 8));
    stage.is_explained();
}

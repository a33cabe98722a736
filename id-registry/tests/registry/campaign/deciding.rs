//! Who decides, and when nothing happens.

use id_registry::campaign::terms::{Terms, TermsError};
use id_registry::campaign::{CampaignError, MemberState, Phase};
use id_registry::certificates::CertificateStatus;
use time::Duration;

use super::{CARD, Stage, bad_batch, name};
use crate::country::csr;

#[test]
fn a_campaign_that_nobody_approved_does_nothing() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    let campaign = stage.started(stage.terms());
    assert_eq!((campaign.phase, campaign.tally().total(), campaign.left()), (Phase::Waiting, 2, 2));
    let registry = &stage.country.registry;
    let own = registry.approve_campaign(&stage.first().permit(), &name());
    assert!(matches!(own, Err(CampaignError::Own(_))), "{own:?}");
    assert_eq!(stage.country.events("campaign.approval-refused").len(), 1, "for the auditor to see");
    stage.later(Duration::days(31));
    assert!(registry.unfinished_campaigns().unwrap().is_empty());
    assert!(matches!(registry.carry_on(&name(), None), Err(CampaignError::Phase { .. })));
    let by_hand = registry.advance(&stage.first().permit(), &name(), None);
    assert!(matches!(by_hand, Err(CampaignError::Phase { .. })));
    for (device, serial) in &bad {
        assert_eq!(stage.status(serial), CertificateStatus::Active);
        // And what it selects is issued as ever.
        stage.issue("device", *device, &csr(), Some(CARD));
    }
    // Its dates have passed without anybody being told: it cannot be approved any more.
    assert!(matches!(stage.approve(), Err(CampaignError::Late { .. })));
    let withdrawn = registry.finish_campaign(&stage.first().permit(), &name(), "never approved").unwrap();
    assert_eq!(withdrawn.phase, Phase::Finished);
    assert_eq!(stage.country.events("certificate.revoked").len(), 0);
    stage.is_explained();
}

#[test]
fn an_approval_comes_once_from_another_administrator_when_all_are_gathered() {
    let stage = Stage::set();
    stage.bad(1);
    stage.start(bad_batch(), stage.terms()).unwrap();
    let early = stage.approve();
    assert!(matches!(early, Err(CampaignError::Phase { phase: Phase::Gathering, .. })), "{early:?}");
    stage.gathered();
    let approved = stage.approve().unwrap();
    assert_eq!(approved.approval.unwrap().by, stage.second.principal.id());
    assert!(matches!(stage.approve(), Err(CampaignError::Phase { .. })));
    assert!(matches!(stage.start(bad_batch(), stage.terms()), Err(CampaignError::Exists(_))));
    let event = &stage.country.events("campaign.approved")[0];
    assert_eq!(event.detail["members"], "1");
    assert!(event.detail["selects"].contains("IDPrime 940"));
}

#[test]
fn what_cannot_be_meant_is_not_started() {
    let stage = Stage::set();
    let past = Terms { hold_at: Some(stage.now() - Duration::hours(1)), ..stage.terms() };
    let refused = stage.start(bad_batch(), past);
    assert!(matches!(refused, Err(CampaignError::Terms(TermsError::Past(_)))), "{refused:?}");
    let everything = stage.start(Default::default(), stage.terms());
    assert!(matches!(everything, Err(CampaignError::Selection(_))));
    // It may be started for nobody, as some may come while it gathers; it is not approved for nobody.
    stage.started(stage.terms());
    assert!(matches!(stage.approve(), Err(CampaignError::Empty(_))));
    assert!(stage.country.events("campaign.approved").is_empty());
}

#[test]
fn what_is_issued_before_the_approval_does_not_escape() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    stage.started(stage.terms());
    stage.later(Duration::hours(2));
    let late = stage.bad(1);
    stage.approve().unwrap();
    let campaign = stage.gathered();
    assert_eq!(
        (campaign.tally().total(), campaign.left()),
        (3, 3),
        "the one that came late is a member, once"
    );
    stage.later(Duration::days(31));
    stage.carry_out();
    for (_, serial) in bad.iter().chain(&late) {
        assert_eq!(stage.state(serial), MemberState::Revoked);
    }
    stage.is_explained();
}

#[test]
fn a_paused_campaign_waits_and_one_that_has_ended_is_over() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    stage.running(stage.terms());
    let registry = &stage.country.registry;
    let permit = stage.second.permit();
    assert!(matches!(registry.resume_campaign(&permit, &name()), Err(CampaignError::Phase { .. })));
    registry.pause_campaign(&permit, &name(), "the post is on strike").unwrap();
    stage.later(Duration::days(11));
    assert!(matches!(registry.carry_on(&name(), None), Err(CampaignError::Phase { .. })));
    assert!(stage.ask("device", bad[0].0, &csr(), Some(CARD)).is_err(), "the key is no better for that");
    assert_eq!(stage.status(&bad[0].1), CertificateStatus::Active);
    registry.resume_campaign(&permit, &name()).unwrap();
    stage.carry_out();
    assert_eq!(stage.status(&bad[0].1), CertificateStatus::OnHold, "what came due meanwhile is due at once");
    let ended = registry.finish_campaign(&permit, &name(), "the maker was wrong").unwrap();
    assert_eq!(ended.left(), 2);
    assert!(matches!(registry.finish_campaign(&permit, &name(), "again"), Err(CampaignError::Phase { .. })));
    stage.later(Duration::days(31));
    assert!(registry.unfinished_campaigns().unwrap().is_empty());
    assert_eq!(stage.status(&bad[1].1), CertificateStatus::OnHold, "it stays as it is");
    stage.issue("device", bad[0].0, &csr(), Some(CARD));
    stage.is_explained();
}

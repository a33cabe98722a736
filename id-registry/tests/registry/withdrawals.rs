//! Nobody's certificates are withdrawn unheard; what endangers others is revoked at once and looked at afterwards.

use ca_core::status::RevocationReason;
use ca_core::storage::memory::Failure;
use id_registry::certificates::{CertificateError, CertificateStatus};
use id_registry::id::IdentityId;
use id_registry::identity::IdentityError;
use id_registry::page::PageSize;
use id_registry::permission::{ReadRegistry, WithdrawCertificates};
use id_registry::principal::Role;
use id_registry::staff::NewStaff;
use id_registry::withdrawal::{Notice, ReviewError, Stage, Verdict, Withdrawal, WithdrawalError, Word};
use time::Duration;

use crate::country::{Country, Member, Things, csr};

/// A person with a certificate to sign and one to log in, and four officers.
struct Hearing {
    country: Country,
    officers: [Member; 4],
    things: Things,
}

impl Hearing {
    fn begun() -> Self {
        let country = Country::founded();
        let officers = [(); 4].map(|()| country.officer());
        let things = country.settled(&officers[0], "RSL");
        for profile in ["person-signature", "person-authentication"] {
            let request = country.submit(&officers[0], profile, things.person, &csr()).unwrap();
            country.approve(&officers[1], request.id, None).unwrap();
        }
        Self { country, officers, things }
    }

    fn notice(&self) -> Withdrawal {
        let notice = Notice { identity: self.things.person, certificates: Vec::new(), reason: "section 12" };
        self.country.registry.give_notice(&self.officers[0].permit(), &notice).unwrap()
    }

    fn step(&self, officer: usize, on: &Withdrawal, word: Word) -> Result<Withdrawal, WithdrawalError> {
        let permit = self.officers[officer].permit::<WithdrawCertificates>();
        self.country.registry.step_withdrawal(&permit, on.id, word, "as said at the office")
    }

    fn pass(&self, days: i64) {
        self.country.pass(Duration::days(days));
    }

    fn statuses(&self) -> Vec<CertificateStatus> {
        let reference = ca_core::subject::IdentityRef(self.things.person.to_string());
        let records = self.country.registry.authorities().of_identity(&reference, None, 10).unwrap();
        records.iter().map(|record| self.country.registry.status_of(record)).collect()
    }

    fn are(&self, status: CertificateStatus) {
        assert_eq!(self.statuses(), [status; 2]);
    }
}

#[test]
fn a_withdrawal_goes_through_notice_hearing_and_appeal_and_is_undone() {
    let hearing = Hearing::begun();
    let noticed = hearing.notice();
    assert_eq!((noticed.stage, noticed.certificates.len()), (Stage::Noticed, 2));
    hearing.are(CertificateStatus::Active);
    // The holder has two weeks, and has not replied.
    assert!(matches!(hearing.step(1, &noticed, Word::Uphold), Err(WithdrawalError::TooEarly { .. })));
    hearing.step(0, &noticed, Word::Reply).unwrap();
    assert!(matches!(hearing.step(0, &noticed, Word::Uphold), Err(WithdrawalError::SamePerson(_))));
    assert_eq!(hearing.step(1, &noticed, Word::Uphold).unwrap().stage, Stage::Upheld);
    hearing.are(CertificateStatus::OnHold);
    assert_eq!(hearing.step(2, &noticed, Word::Appeal).unwrap().stage, Stage::Appealed);
    assert!(matches!(hearing.step(2, &noticed, Word::Appeal), Err(WithdrawalError::Elsewhere { .. })));
    for taken in [0, 1] {
        assert!(matches!(hearing.step(taken, &noticed, Word::Grant), Err(WithdrawalError::SamePerson(_))));
    }
    // Time does not revoke what an appeal stands against.
    hearing.pass(365);
    assert_eq!(hearing.country.registry.carry_on_withdrawals(10).unwrap(), 0);
    assert_eq!(hearing.step(3, &noticed, Word::Grant).unwrap().stage, Stage::Undone);
    hearing.are(CertificateStatus::Active);
    assert_eq!(hearing.country.events("withdrawal.step-refused").len(), 3);
    let words: Vec<_> =
        hearing.country.events("withdrawal.step").iter().map(|event| event.detail["word"].clone()).collect();
    assert_eq!(words, ["notice", "reply", "uphold", "appeal", "grant"]);
    // It is over: the same certificates can be in another.
    hearing.notice();
}

#[test]
fn without_an_appeal_it_becomes_final_by_itself() {
    let hearing = Hearing::begun();
    let noticed = hearing.notice();
    hearing.pass(15);
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    hearing.pass(29);
    assert_eq!(hearing.country.registry.carry_on_withdrawals(10).unwrap(), 0);
    hearing.are(CertificateStatus::OnHold);
    hearing.pass(2);
    assert!(matches!(hearing.step(2, &noticed, Word::Appeal), Err(WithdrawalError::TooLate { .. })));
    assert_eq!(hearing.country.registry.carry_on_withdrawals(10).unwrap(), 1);
    assert_eq!(hearing.country.registry.carry_on_withdrawals(10).unwrap(), 0);
    hearing.are(CertificateStatus::Revoked);
    let told = hearing.country.registry.withdrawal(&hearing.officers[2].permit(), noticed.id).unwrap();
    assert_eq!(told.withdrawal.stage, Stage::Revoked);
    assert_eq!(told.texts[0].as_deref(), Some("section 12"));
}

#[test]
fn an_appeal_that_is_dismissed_revokes_and_a_notice_that_is_dropped_does_nothing() {
    let hearing = Hearing::begun();
    let noticed = hearing.notice();
    assert_eq!(hearing.step(0, &noticed, Word::Drop).unwrap().stage, Stage::Dropped);
    hearing.are(CertificateStatus::Active);
    assert!(matches!(hearing.step(1, &noticed, Word::Uphold), Err(WithdrawalError::Elsewhere { .. })));
    let noticed = hearing.notice();
    hearing.step(0, &noticed, Word::Reply).unwrap();
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    hearing.step(1, &noticed, Word::Appeal).unwrap();
    assert_eq!(hearing.step(2, &noticed, Word::Dismiss).unwrap().stage, Stage::Revoked);
    hearing.are(CertificateStatus::Revoked);
}

#[test]
fn notice_is_given_of_what_is_there_and_once() {
    let hearing = Hearing::begun();
    let give = |identity: IdentityId, serials: &[&str]| {
        let certificates = serials.iter().map(|serial| serial.parse().unwrap()).collect();
        let notice = Notice { identity, certificates, reason: "section 12" };
        hearing.country.registry.give_notice(&hearing.officers[0].permit(), &notice)
    };
    assert!(matches!(give(hearing.things.organisation, &[]), Err(WithdrawalError::Identity(_))));
    assert!(matches!(give(hearing.things.person, &["0a1b"]), Err(WithdrawalError::NotTheirs(_))));
    let lone = hearing.country.register(&hearing.officers[0], crate::country::person("PNOLS-LONE"));
    assert!(matches!(give(lone, &[]), Err(WithdrawalError::Nothing(_))));
    let outcomes = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(|| give(hearing.things.person, &[])));
        threads.map(|thread| thread.join().unwrap())
    });
    let given = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(given, 1, "{outcomes:?}");
    assert!(matches!(give(hearing.things.person, &[]), Err(WithdrawalError::OpenAlready(_))));
    let reader = hearing.officers[1].permit::<ReadRegistry>();
    let list = |open, of| {
        hearing
            .country
            .registry
            .withdrawals(&reader, of, open, None, PageSize::default())
            .unwrap()
            .items
            .len()
    };
    assert_eq!(
        (list(true, None), list(true, Some(hearing.things.person)), list(false, Some(lone))),
        (1, 1, 0)
    );
}

#[test]
fn what_is_upheld_stays_on_hold_whatever_else_ends() {
    let hearing = Hearing::begun();
    let registry = &hearing.country.registry;
    let person = hearing.things.person;
    let suspend = || {
        let cause = id_registry::life::SuspensionCause::Investigation;
        registry.suspend_identity(&hearing.officers[0].permit(), person, cause, "asked").unwrap();
    };
    let resume = || registry.resume_identity(&hearing.officers[1].permit(), person, "over").unwrap();
    // Suspended first, upheld meanwhile, resumed: it stays on hold, nobody releases it, and the appeal does.
    suspend();
    let noticed = hearing.notice();
    hearing.pass(15);
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    resume();
    hearing.are(CertificateStatus::OnHold);
    let refused = registry.release(&hearing.country.administrator.permit(), &noticed.certificates[0], None);
    assert!(matches!(refused, Err(CertificateError::Withdrawn { .. })), "{refused:?}");
    hearing.step(1, &noticed, Word::Appeal).unwrap();
    hearing.step(2, &noticed, Word::Grant).unwrap();
    hearing.are(CertificateStatus::Active);
    // Upheld first, suspended, the appeal granted: it stays on hold with the identity, and comes back with it.
    let noticed = hearing.notice();
    hearing.pass(15);
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    suspend();
    hearing.step(1, &noticed, Word::Appeal).unwrap();
    hearing.step(2, &noticed, Word::Grant).unwrap();
    hearing.are(CertificateStatus::OnHold);
    resume();
    hearing.are(CertificateStatus::Active);
}

#[test]
fn nobody_decides_on_their_own_withdrawal() {
    let hearing = Hearing::begun();
    let registry = &hearing.country.registry;
    let csr = csr();
    let person = Some(hearing.things.person);
    let new = NewStaff { name: "Thabo Mokoena", role: Role::Officer, person, csr: &csr };
    let enrolled = registry.enrol_staff(&hearing.country.administrator.permit(), &new).unwrap();
    let oneself = registry.authenticate(&enrolled.certificate.der).unwrap();
    let noticed = hearing.notice();
    hearing.pass(15);
    for word in [Word::Drop, Word::Uphold] {
        let own = registry.step_withdrawal(&oneself.permit().unwrap(), noticed.id, word, "it is nothing");
        assert!(matches!(own, Err(WithdrawalError::Identity(IdentityError::Own(_)))), "{own:?}");
    }
    assert_eq!(hearing.country.events("withdrawal.step-refused").len(), 2);
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    hearing.are(CertificateStatus::OnHold);
}

#[test]
fn a_step_of_a_withdrawal_is_whole_or_not_at_all() {
    for (failure, status, stage) in [
        (Failure::BeforePersisting, CertificateStatus::Active, Stage::Noticed),
        (Failure::AfterPersisting, CertificateStatus::OnHold, Stage::Upheld),
    ] {
        let hearing = Hearing::begun();
        let noticed = hearing.notice();
        hearing.pass(15);
        hearing.country.store.fail_next_commit(failure);
        assert!(matches!(hearing.step(1, &noticed, Word::Uphold), Err(WithdrawalError::Fault(_))));
        hearing.are(status);
        let told = hearing.country.registry.withdrawal(&hearing.officers[2].permit(), noticed.id).unwrap();
        assert_eq!(told.withdrawal.stage, stage);
    }
}

#[test]
fn a_death_in_between_leaves_nothing_to_revoke() {
    let hearing = Hearing::begun();
    let noticed = hearing.notice();
    hearing.pass(15);
    hearing.step(1, &noticed, Word::Uphold).unwrap();
    let registry = &hearing.country.registry;
    let source = id_registry::life::DeathSource::CivilRegister;
    registry.report_death(&hearing.officers[0].permit(), hearing.things.person, source, "entry 7").unwrap();
    registry.confirm_death(&hearing.officers[1].permit(), hearing.things.person, None, "entry 7").unwrap();
    hearing.are(CertificateStatus::Revoked);
    hearing.pass(31);
    assert_eq!(registry.carry_on_withdrawals(10).unwrap(), 1);
    hearing.are(CertificateStatus::Revoked);
}

#[test]
fn what_is_revoked_at_once_is_reviewed_by_somebody_else() {
    let hearing = Hearing::begun();
    let (registry, administrator) = (&hearing.country.registry, &hearing.country.administrator);
    let reference = ca_core::subject::IdentityRef(hearing.things.person.to_string());
    let serial = registry.authorities().of_identity(&reference, None, 1).unwrap()[0].serial.clone();
    let revoke = |reason: RevocationReason| registry.revoke(&administrator.permit(), &serial, reason, None);
    let unheard = revoke(RevocationReason::PrivilegeWithdrawn);
    assert!(matches!(unheard, Err(CertificateError::TakesNotice(_))), "{unheard:?}");
    revoke(RevocationReason::KeyCompromise).unwrap();
    let reader = administrator.permit::<ReadRegistry>();
    let open = || registry.reviews(&reader, true, None, PageSize::default()).unwrap().items;
    assert_eq!(open().len(), 1);
    let review =
        |by: &Member| registry.review(&by.permit(), &serial, Verdict::Objected, "the card was found");
    assert!(matches!(review(administrator), Err(ReviewError::Own(_))));
    assert_eq!(review(&hearing.officers[3]).unwrap().reviewed.unwrap().verdict, Verdict::Objected);
    assert!(matches!(review(&hearing.officers[2]), Err(ReviewError::Reviewed(_))));
    assert!(open().is_empty());
    assert_eq!(hearing.country.events("revocation.reviewed").len(), 1);
    let other = "0a1b".parse().unwrap();
    let unknown = registry.review(&administrator.permit(), &other, Verdict::Confirmed, "right");
    assert!(matches!(unknown, Err(ReviewError::Unknown(_))), "{unknown:?}");
    // A device's certificate is nobody's to be heard about.
    let things = hearing.things.device;
    let device = hearing.country.submit(&hearing.officers[0], "device", things, &csr()).unwrap();
    let serial = device.serial().unwrap();
    registry.revoke(&administrator.permit(), serial, RevocationReason::PrivilegeWithdrawn, None).unwrap();
    assert!(open().is_empty());
}

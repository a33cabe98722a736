//! The levels above B-B: what a time stamp saves, and what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::fs;

use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use time::{Duration, OffsetDateTime};

use super::tests::TestSigner;
use super::*;
use crate::timestamp::TimestampQuery;
use crate::timestamp::tests::{UNIT, unit_named};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

const CONTENT: &[u8] = b"Tumellano\n";
const YEAR: &str = "31536000";

/// A signer's certificate of 90 days, two units' of 300 and 340 days, all below CAs of a year.
pub(super) struct Office {
    pub(super) workshop: Workshop,
    pub(super) root: Certificate,
    pub(super) leaf: Certificate,
    pub(super) now: OffsetDateTime,
}

pub(super) fn office() -> Office {
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-256");
    workshop.issue("root", "issuing", "P-256", CA);
    let leaf = workshop.issue("issuing", "leaf", "P-256", LEAF);
    for (name, days) in [("unit", "300"), ("later-unit", "340")] {
        workshop.key(name, "P-256");
        let subject = format!("/C=LS/O=Test/CN={name}");
        workshop.certify("issuing", name, &subject, UNIT, &["-days", days]);
    }
    fs::write(workshop.path("content"), CONTENT).unwrap();
    // What openssl has just made is not of the future.
    let now = SystemClock.now() + Duration::SECOND;
    Office { workshop, root, leaf, now }
}

impl Office {
    fn signed(&self) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let chain = [self.workshop.certificate("issuing")];
        sign_detached(CONTENT, &signer, &self.leaf, &chain, self.now).unwrap()
    }

    pub(super) fn token(&self, unit: &str, digest: ContentDigest, at: OffsetDateTime) -> Vec<u8> {
        let query = TimestampQuery::about(digest, None, &SystemEntropy).unwrap();
        let unit = unit_named(&self.workshop, unit, "P-256", at).unwrap();
        query.read(unit.answer(query.der()).der()).unwrap().token
    }

    fn stamped(&self, at: OffsetDateTime) -> Vec<u8> {
        let signed = self.signed();
        let imprint = signature_imprint(&signed, DigestAlgorithm::Sha256).unwrap();
        with_signature_timestamp(&signed, &self.token("unit", imprint, at)).unwrap()
    }

    /// CRLs of a year that list nothing.
    pub(super) fn evidence(&self) -> GatheredEvidence {
        let crls = ["root", "issuing"].map(|ca| self.workshop.crl_with(ca, &[], "", YEAR));
        GatheredEvidence { crls: crls.to_vec(), ocsp_responses: Vec::new() }
    }

    fn verdict(&self, signature: &[u8], evidence: &GatheredEvidence, at: OffsetDateTime) -> SignatureVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        verify_signed_file(signature, CONTENT, &basis).unwrap()
    }

    /// What a judgement was found by, which must be that all is valid.
    pub(super) fn gathered(
        &self,
        at: OffsetDateTime,
        judged: impl FnOnce(&Basis<'_>) -> (Answer, Vec<String>),
    ) -> Gathered {
        let (anchors, evidence) = (std::slice::from_ref(&self.root), self.evidence());
        let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
        let gathered = RefCell::new(Gathered::default());
        let gathering = Gathering::into(&basis, &gathered);
        let (answer, reasons) = judged(&Basis { evidence: &gathering, ocsp: &gathering, ..basis });
        assert_eq!(answer, Answer::Valid, "{reasons:?}");
        gathered.into_inner()
    }

    fn with_material(&self, signature: &[u8], at: OffsetDateTime) -> Vec<u8> {
        let gathered = self.gathered(at, |basis| {
            let verdict = verify_signed_file(signature, CONTENT, basis).unwrap();
            (verdict.answer, verdict.reasons)
        });
        with_material(signature, &gathered).unwrap()
    }

    fn archived(&self, signature: &[u8], unit: &str, at: OffsetDateTime) -> Vec<u8> {
        let draft = ArchiveDraft::of(signature, Some(&mut &*CONTENT), DigestAlgorithm::Sha384).unwrap();
        draft.complete(&self.token(unit, draft.imprint().clone(), at)).unwrap()
    }

    pub(super) fn days(&self, days: i64) -> OffsetDateTime {
        self.now + Duration::days(days)
    }

    fn openssl_accepts(&self, signature: &[u8]) {
        fs::write(self.workshop.path("raised.p7s"), signature).unwrap();
        self.workshop.openssl(&[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "raised.p7s",
            "-content",
            "content",
            "-CAfile",
            "root.pem",
            "-purpose",
            "any",
            "-cades",
        ]);
    }
}

fn since(at: OffsetDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    let (year, month, day) = (date.year() % 100, u8::from(date.month()), date.day());
    format!("{year:02}{month:02}{day:02}{:02}{:02}{:02}Z", time.hour(), time.minute(), time.second())
}

#[track_caller]
fn assert_is(verdict: &SignatureVerdict, level: SignatureLevel, sub_indication: Option<SubIndication>) {
    assert_eq!((verdict.level, verdict.sub_indication), (Some(level), sub_indication), "{verdict:#?}");
}

#[test]
fn a_signer_who_runs_out_after_the_stamp_is_still_believed() {
    let office = office();
    let evidence = office.evidence();
    let (signed, stamped) = (office.signed(), office.stamped(office.now));
    office.openssl_accepts(&stamped);
    let today = office.days(1);
    assert_is(&office.verdict(&signed, &evidence, today), SignatureLevel::B, None);
    let verdict = office.verdict(&stamped, &evidence, today);
    assert_is(&verdict, SignatureLevel::T, None);
    let proven = verdict.proven_time.unwrap();
    assert!((proven - office.now).abs() < Duration::milliseconds(1), "{proven}");
    let later = office.days(100);
    let out_of_bounds = Some(SubIndication::OutOfBoundsNoPoe);
    assert_is(&office.verdict(&signed, &evidence, later), SignatureLevel::B, out_of_bounds);
    assert_is(&office.verdict(&stamped, &evidence, later), SignatureLevel::T, None);
    // Stamped only then: that it had been made before nobody knows.
    let late = office.stamped(office.days(95));
    assert_is(&office.verdict(&late, &evidence, later), SignatureLevel::T, out_of_bounds);
    // The unit ran out, too: its stamp counts no more.
    let verdict = office.verdict(&stamped, &evidence, office.days(310));
    assert_is(&verdict, SignatureLevel::B, out_of_bounds);
    assert!(
        verdict.reasons.iter().any(|reason| reason.contains("a time stamp of the signature")),
        "{verdict:?}"
    );
}

#[test]
fn a_signer_who_is_revoked_after_the_stamp_is_still_believed_and_before_it_is_not() {
    let office = office();
    let stamp = office.now + Duration::hours(2);
    let (signed, stamped) = (office.signed(), office.stamped(stamp));
    let at = office.now + Duration::hours(4);
    for (hours, reason, sub_indication) in [
        (3, "", None),
        (3, ",keyCompromise", None),
        (3, ",certificateHold", None),
        (1, ",keyCompromise", Some(SubIndication::RevokedNoPoe)),
        (1, ",certificateHold", Some(SubIndication::TryLater)),
    ] {
        let revoked = office.now + Duration::hours(hours);
        let listing = format!("{}{reason}", since(revoked));
        let mut evidence = office.evidence();
        evidence.crls[1] = office.workshop.crl_revoking_since("issuing", &office.leaf, &listing);
        assert_is(&office.verdict(&stamped, &evidence, at), SignatureLevel::T, sub_indication);
        assert_ne!(office.verdict(&signed, &evidence, at).answer, Answer::Valid, "{hours} {reason}");
    }
    // The unit is revoked: nothing says that the stamp is older.
    let mut evidence = office.evidence();
    let unit = office.workshop.certificate("unit");
    evidence.crls[1] = office.workshop.crl_revoking_since("issuing", &unit, &since(at - Duration::HOUR));
    let verdict = office.verdict(&stamped, &evidence, at);
    assert_is(&verdict, SignatureLevel::B, None);
    assert_eq!(verdict.timestamps[0].verdict.sub_indication, Some(SubIndication::RevokedNoPoe));
}

#[test]
fn a_stamp_of_before_the_certificate_is_no_error_of_clocks() {
    let office = office();
    let early = office.workshop.certificate("unit").not_before();
    let signer = TestSigner::open(&office.workshop, "leaf", "P-256");
    // The signer's certificate is an hour younger than the stamp.
    let signed = {
        std::thread::sleep(std::time::Duration::from_millis(2_100));
        let leaf = office.workshop.certify("issuing", "leaf", "/CN=young", LEAF, &[]);
        sign_detached(CONTENT, &signer, &leaf, &[office.workshop.certificate("issuing")], SystemClock.now())
            .unwrap()
    };
    let imprint = signature_imprint(&signed, DigestAlgorithm::Sha256).unwrap();
    let stamped = with_signature_timestamp(&signed, &office.token("unit", imprint, early)).unwrap();
    let verdict = office.verdict(&stamped, &office.evidence(), office.days(1));
    assert_is(&verdict, SignatureLevel::T, Some(SubIndication::NotYetValid));
    assert_eq!(verdict.indication, Indication::TotalFailed);
}

#[test]
fn what_is_carried_is_enough_and_what_is_archived_outlives_the_units() {
    let office = office();
    let (evidence, nothing) = (office.evidence(), GatheredEvidence::default());
    let stamped = office.stamped(office.now);
    let complete = office.with_material(&stamped, office.days(1));
    office.openssl_accepts(&complete);
    assert_is(
        &office.verdict(&stamped, &nothing, office.days(100)),
        SignatureLevel::B,
        Some(SubIndication::OutOfBoundsNoPoe),
    );
    assert_is(&office.verdict(&complete, &nothing, office.days(100)), SignatureLevel::Lt, None);
    let archived = office.archived(&complete, "later-unit", office.days(50));
    office.openssl_accepts(&archived);
    // The unit of the first stamp has run out, that of the archive has not.
    let late = office.days(310);
    assert_is(
        &office.verdict(&complete, &evidence, late),
        SignatureLevel::B,
        Some(SubIndication::OutOfBoundsNoPoe),
    );
    let verdict = office.verdict(&archived, &nothing, late);
    assert_is(&verdict, SignatureLevel::Lta, None);
    assert_eq!(verdict.timestamps.len(), 2);
    assert_eq!(verdict.timestamps[0].over, StampedPart::Archive);
    assert!((verdict.proven_time.unwrap() - office.now).abs() < Duration::milliseconds(1));
    // Again and again: each archive time stamp covers those before.
    let twice = office.archived(&archived, "later-unit", office.days(60));
    let verdict = office.verdict(&twice, &nothing, late);
    assert_is(&verdict, SignatureLevel::Lta, None);
    assert_eq!(verdict.timestamps.len(), 3);
    // Both have run out.
    assert_ne!(office.verdict(&twice, &evidence, office.days(345)).answer, Answer::Valid);
    // An archive stamp that is older than what it covers, by more than clocks may be off.
    let younger = office.with_material(&office.stamped(office.now + Duration::HOUR), office.days(1));
    let backdated = office.archived(&younger, "unit", office.now);
    let verdict = office.verdict(&backdated, &nothing, office.days(100));
    let order = Some(SubIndication::TimestampOrderFailure);
    assert!(verdict.timestamps.iter().any(|stamp| stamp.verdict.sub_indication == order), "{verdict:#?}");
}

#[test]
fn what_was_taken_out_of_an_archived_signature_is_missed() {
    let office = office();
    let evidence = office.evidence();
    let complete = office.with_material(&office.stamped(office.now), office.days(1));
    let archived = office.archived(&complete, "later-unit", office.days(50));
    let (anchors, at) = (std::slice::from_ref(&office.root), office.days(310));
    let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
    for part in ["certificates", "crls"] {
        let mut message = verify::read_message(&archived).unwrap();
        let set = if part == "crls" { &mut message.crls } else { &mut message.certificates };
        let own = |any: &der::Any| der::Encode::to_der(any).unwrap() == office.leaf.der();
        let place = set.as_ref().unwrap().iter().position(|any| !own(any)).unwrap();
        set.as_mut().unwrap().remove(place);
        let verdict = verify_signed_file(&message.framed().unwrap(), CONTENT, &basis).unwrap();
        assert_eq!(verdict.indication, Indication::Indeterminate, "{part}");
        assert_eq!(verdict.timestamps[0].verdict.sub_indication, Some(SubIndication::HashFailure), "{part}");
    }
    // No altered octet helps: whatever is altered, the signature is believed no longer than without what was added.
    for place in (0..archived.len()).step_by(23) {
        let mut altered = archived.clone();
        altered[place] ^= 0x21;
        let verdict = verify_signed_file(&altered, CONTENT, &basis).unwrap();
        let unchanged =
            verdict.proven_time.is_some_and(|at| (at - office.now).abs() < Duration::milliseconds(1));
        assert!(verdict.answer != Answer::Valid || unchanged, "octet {place}");
    }
    let other = verify_signed_file(&archived, &b"other"[..], &basis).unwrap();
    assert_eq!(other.sub_indication, Some(SubIndication::HashFailure));
}

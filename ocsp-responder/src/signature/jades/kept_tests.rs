//! What a JSON Web Signature keeps to be judged by later, and time stamps over all of it: what they save, and what they do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::*;
use crate::signature::levels::{Office, office};
use crate::signature::tests::TestSigner;
use crate::signature::{SignatureLevel, SignatureVerdict, StampedPart};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, SubIndication};

const CONTENT: &[u8] = b"{\"pays\": \"100 maloti\"}\n\xc3\xb6\xff";
const SHAPES: [JwsShape<'static>; 2] = [JwsShape::Json, JwsShape::JsonBeside("order.json")];

fn content(shape: JwsShape<'_>) -> JwsContent<'static> {
    if shape == JwsShape::Json { JwsContent::Inside } else { JwsContent::Octets(CONTENT) }
}

impl Office {
    fn jws(&self, shape: JwsShape<'_>) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let chain = [self.workshop.certificate("issuing")];
        sign_jws(CONTENT, shape, &signer, &self.leaf, &chain, self.now).unwrap()
    }

    fn stamped_jws(&self, jws: &[u8], unit: &str, at: OffsetDateTime) -> Vec<u8> {
        let imprint = jws_imprint(jws, DigestAlgorithm::Sha256).unwrap();
        with_jws_timestamp(jws, &self.token(unit, imprint, at)).unwrap()
    }

    fn on_jws(
        &self,
        jws: &[u8],
        shape: JwsShape<'_>,
        evidence: &GatheredEvidence,
        at: OffsetDateTime,
    ) -> SignatureVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        JwsSignature::judge(JwsSignature::parse(jws), content(shape), &basis)
    }

    fn kept_jws(&self, jws: &[u8], shape: JwsShape<'_>, at: OffsetDateTime) -> Vec<u8> {
        let gathered = self.gathered(at, |basis| {
            let verdict = JwsSignature::judge(JwsSignature::parse(jws), content(shape), basis);
            (verdict.answer, verdict.reasons)
        });
        jws_with_material(jws, &gathered).unwrap()
    }

    fn archived_jws(&self, jws: &[u8], shape: JwsShape<'_>, unit: &str, at: OffsetDateTime) -> Vec<u8> {
        let draft = JwsArchiveDraft::of(jws, content(shape), DigestAlgorithm::Sha384).unwrap();
        let token = self.token(unit, draft.imprint().clone(), at);
        draft.complete(&token)
    }

    /// Of level B-LTA, by a unit that lasts longer than the first.
    fn lasting_jws(&self, shape: JwsShape<'_>) -> Vec<u8> {
        let stamped = self.stamped_jws(&self.jws(shape), "unit", self.now);
        let kept = self.kept_jws(&stamped, shape, self.days(1));
        self.archived_jws(&kept, shape, "later-unit", self.days(50))
    }
}

fn nothing() -> GatheredEvidence {
    GatheredEvidence::default()
}

/// The names of what was added, in its order.
fn names(jws: &[u8]) -> Vec<String> {
    let read: Value = serde_json::from_slice(jws).unwrap();
    let name = |element: &Value| {
        let octets = URL_SAFE_NO_PAD.decode(element.as_str().unwrap()).unwrap();
        let element: Value = serde_json::from_slice(&octets).unwrap();
        element.as_object().unwrap().keys().next().unwrap().clone()
    };
    read["header"]["etsiU"].as_array().unwrap().iter().map(name).collect()
}

type Change = fn(&mut Vec<Value>);

/// With its `etsiU` changed.
fn with_elements(jws: &[u8], change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut read: Value = serde_json::from_slice(jws).unwrap();
    change(read["header"]["etsiU"].as_array_mut().unwrap());
    read.to_string().into_bytes()
}

fn encoded(element: &Value) -> Value {
    URL_SAFE_NO_PAD.encode(element.to_string()).into()
}

#[track_caller]
fn assert_is(verdict: &SignatureVerdict, level: SignatureLevel, sub_indication: Option<SubIndication>) {
    assert_eq!((verdict.level, verdict.sub_indication), (Some(level), sub_indication), "{verdict:#?}");
}

const EXPIRED: Option<SubIndication> = Some(SubIndication::OutOfBoundsNoPoe);

#[test]
fn each_level_lasts_longer_than_the_one_before() {
    let office = office();
    for shape in SHAPES {
        let signed = office.jws(shape);
        let stamped = office.stamped_jws(&signed, "unit", office.now);
        assert!(is_jws_stamped(&stamped).unwrap() && !is_jws_stamped(&signed).unwrap());
        assert_is(
            &office.on_jws(&stamped, shape, &office.evidence(), office.days(1)),
            SignatureLevel::T,
            None,
        );
        assert_eq!(office.on_jws(&stamped, shape, &nothing(), office.days(1)).answer, Answer::CannotTell);

        let kept = office.kept_jws(&stamped, shape, office.days(1));
        assert_eq!(names(&kept), ["sigTst", "xVals", "rVals"]);
        assert_is(&office.on_jws(&kept, shape, &nothing(), office.days(100)), SignatureLevel::Lt, None);
        // The unit has run out.
        assert_is(
            &office.on_jws(&kept, shape, &office.evidence(), office.days(310)),
            SignatureLevel::B,
            EXPIRED,
        );
        // What is there already is not put in twice.
        assert_eq!(office.kept_jws(&kept, shape, office.days(1)), kept);

        let archived = office.archived_jws(&kept, shape, "later-unit", office.days(50));
        let verdict = office.on_jws(&archived, shape, &nothing(), office.days(310));
        assert_is(&verdict, SignatureLevel::Lta, None);
        assert_eq!(verdict.timestamps.len(), 2);
        assert_eq!(verdict.timestamps[0].over, StampedPart::Archive);
        assert!((verdict.proven_time.unwrap() - office.now).abs() < Duration::milliseconds(1));

        // Renewed; what the last unit is judged by goes behind its time stamp.
        let kept_again = office.kept_jws(&archived, shape, office.days(60));
        let renewed = office.archived_jws(&kept_again, shape, "later-unit", office.days(60));
        assert_eq!(names(&renewed)[..4], ["sigTst", "xVals", "rVals", "arcTst"]);
        assert_eq!(names(&renewed).last().unwrap(), "arcTst");
        let verdict = office.on_jws(&renewed, shape, &nothing(), office.days(310));
        assert_is(&verdict, SignatureLevel::Lta, None);
        assert_eq!(verdict.timestamps.len(), 3);
        // All units have run out.
        assert_ne!(
            office.on_jws(&renewed, shape, &office.evidence(), office.days(345)).answer,
            Answer::Valid
        );
    }
    // A compact one is raised, too.
    let raised = office.stamped_jws(&office.jws(JwsShape::Compact), "unit", office.now);
    assert_is(
        &office.on_jws(&raised, JwsShape::Json, &office.evidence(), office.days(1)),
        SignatureLevel::T,
        None,
    );
}

#[test]
fn what_was_taken_out_moved_or_doubled_is_missed() {
    let office = office();
    let shape = JwsShape::Json;
    let archived = office.lasting_jws(shape);
    let last = names(&archived).len() - 1;
    let changes: [(&str, Change); 6] = [
        ("time stamp removed", |all| drop(all.remove(0))),
        ("certificates removed", |all| drop(all.remove(1))),
        ("revocation removed", |all| drop(all.remove(2))),
        ("reordered", |all| all.swap(1, 2)),
        ("doubled", |all| all.insert(1, all[0].clone())),
        ("archive first", |all| {
            let archive = all.pop().unwrap();
            all.insert(0, archive);
        }),
    ];
    for (what, change) in changes {
        let changed = with_elements(&archived, change);
        let verdict = office.on_jws(&changed, shape, &office.evidence(), office.days(310));
        assert_eq!((verdict.answer, verdict.sub_indication), (Answer::CannotTell, EXPIRED), "{what}");
        let archive = verdict.timestamps.iter().find(|stamp| stamp.over == StampedPart::Archive).unwrap();
        assert_eq!(archive.verdict.sub_indication, Some(SubIndication::HashFailure), "{what}");
    }
    // The archive time stamp itself, taken out or doubled, proves no more than it did.
    let without = with_elements(&archived, |all| drop(all.pop()));
    assert_is(
        &office.on_jws(&without, shape, &office.evidence(), office.days(310)),
        SignatureLevel::B,
        EXPIRED,
    );
    let doubled = with_elements(&archived, |all| all.push(all[last].clone()));
    let verdict = office.on_jws(&doubled, shape, &nothing(), office.days(310));
    assert_is(&verdict, SignatureLevel::Lta, None);
    assert_eq!(verdict.timestamps[0].verdict.sub_indication, Some(SubIndication::HashFailure));
    // One over a signature, put behind the archive time stamp, is covered by none.
    let behind = with_elements(&archived, |all| {
        let stamp = all.remove(0);
        all.push(stamp);
    });
    assert_ne!(office.on_jws(&behind, shape, &office.evidence(), office.days(310)).answer, Answer::Valid);
}

#[test]
fn a_time_stamp_over_something_else_or_of_nobody_proves_nothing() {
    let office = office();
    let shape = JwsShape::JsonBeside("order.json");
    let stamped = office.stamped_jws(&office.jws(shape), "unit", office.now);
    let kept = office.kept_jws(&stamped, shape, office.days(1));
    // Another signature's archive time stamp, and the one of a time before another element was added.
    let other = office.lasting_jws(shape);
    let foreign: Value = serde_json::from_slice(&other).unwrap();
    let foreign = foreign["header"]["etsiU"][3].clone();
    let swapped = with_elements(&kept, |all| all.push(foreign));
    let verdict = office.on_jws(&swapped, shape, &office.evidence(), office.days(310));
    assert_eq!(verdict.timestamps[0].verdict.sub_indication, Some(SubIndication::HashFailure));
    assert_eq!(verdict.sub_indication, EXPIRED);
    // Older than what it covers, by more than clocks may be off.
    let younger = office.stamped_jws(&office.jws(shape), "unit", office.now + Duration::HOUR);
    let younger = office.kept_jws(&younger, shape, office.days(1));
    let backdated = office.archived_jws(&younger, shape, "unit", office.now);
    let verdict = office.on_jws(&backdated, shape, &nothing(), office.days(100));
    let order = Some(SubIndication::TimestampOrderFailure);
    assert!(verdict.timestamps.iter().any(|stamp| stamp.verdict.sub_indication == order), "{verdict:#?}");
    // By a unit below a root that nobody trusts.
    let strangers = super::super::levels::office();
    let draft = JwsArchiveDraft::of(&kept, content(shape), DigestAlgorithm::Sha256).unwrap();
    let token = strangers.token("later-unit", draft.imprint().clone(), office.days(50));
    let by_strangers = draft.complete(&token);
    let verdict = office.on_jws(&by_strangers, shape, &office.evidence(), office.days(310));
    assert_eq!((verdict.answer, verdict.sub_indication), (Answer::CannotTell, EXPIRED));
    assert_eq!(verdict.timestamps[0].verdict.answer, Answer::CannotTell);
    assert!(verdict.reasons.iter().any(|reason| reason.contains("a time stamp of the signature")));
    // Over a file of which only the digest is at hand, nobody can say what it is over.
    let archived = office.archived_jws(&kept, shape, "later-unit", office.days(50));
    let signature = JwsSignature::parse(&archived).unwrap();
    let digest = super::super::ContentDigest::of(CONTENT, signature.digest_algorithm().unwrap());
    let anchors = std::slice::from_ref(&office.root);
    let evidence = office.evidence();
    let basis =
        Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at: office.days(2) };
    let verdict = JwsSignature::judge(Ok(signature), JwsContent::Digest(&digest), &basis);
    assert_is(&verdict, SignatureLevel::Lt, None);
    assert!(verdict.timestamps[0].verdict.reasons[0].contains("give the file"), "{verdict:#?}");
}

#[test]
fn revocation_data_of_before_the_signature_does_not_do() {
    let office = office();
    let shape = JwsShape::Json;
    // CRLs that hold for a day, and a time stamp of after that.
    let stamped = office.stamped_jws(&office.jws(shape), "unit", office.days(3));
    let crls = ["root", "issuing"].map(|ca| office.workshop.crl_with(ca, &[], "", "86400"));
    let values: Vec<Value> = crls.iter().map(|crl| json!({"val": STANDARD.encode(crl)})).collect();
    let stale = with_elements(&stamped, |all| all.push(encoded(&json!({"rVals": {"crlVals": values}}))));
    let verdict = office.on_jws(&stale, shape, &nothing(), office.days(4));
    assert_eq!(verdict.answer, Answer::CannotTell, "{verdict:#?}");
    // Once somebody answers who knows better, that counts.
    assert_eq!(office.on_jws(&stale, shape, &office.evidence(), office.days(4)).answer, Answer::Valid);
    // Without any, and with what is none.
    let empty = with_elements(&stamped, |all| all.push(encoded(&json!({"rVals": {"crlVals": []}}))));
    assert_eq!(office.on_jws(&empty, shape, &nothing(), office.days(4)).answer, Answer::CannotTell);
    let other =
        with_elements(&stamped, |all| all.push(encoded(&json!({"rVals": {"crlVals": [{"val": "AAAA"}]}}))));
    assert_eq!(office.on_jws(&other, shape, &nothing(), office.days(4)).answer, Answer::CannotTell);
}

#[test]
fn what_was_added_is_of_one_form_and_bounded() {
    let office = office();
    let shape = JwsShape::Json;
    let archived = office.lasting_jws(shape);
    let refused = |jws: &[u8], reason: &str| {
        let verdict = office.on_jws(jws, shape, &office.evidence(), office.days(1));
        assert_eq!(verdict.sub_indication, Some(SubIndication::FormatFailure), "{verdict:#?}");
        assert!(verdict.reasons[0].contains(reason), "{verdict:#?}");
    };
    let clear = |element: &Value| {
        let octets = URL_SAFE_NO_PAD.decode(element.as_str().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&octets).unwrap()
    };
    refused(&with_elements(&archived, |all| all[1] = clear(&all[1])), "etsiU");
    refused(&with_elements(&archived, |all| all.insert(0, json!({"a": 1}))), "etsiU");
    refused(&with_elements(&archived, |all| all.push(encoded(&json!({"a": 1, "b": 2})))), "etsiU");
    refused(&with_elements(&archived, |all| all.push(encoded(&json!({})))), "etsiU");
    refused(&with_elements(&archived, |all| all.push(1.into())), "etsiU");
    refused(
        &with_elements(&archived, |all| all.extend(vec![encoded(&json!({"a": 1})); 1000])),
        "more elements",
    );
    refused(&with_elements(&archived, |all| all.push(encoded(&json!({"xVals": {}})))), "xVals");
    refused(&with_elements(&archived, |all| all.push(encoded(&json!({"rVals": {"crlVals": 1}})))), "rVals");
    refused(
        &with_elements(&archived, |all| all.push(encoded(&json!({"arcTst": {"tstTokens": [1]}})))),
        "arcTst",
    );
    let many = json!({"arcTst": {"tstTokens": vec![json!({"val": "AAAA"}); 9]}});
    refused(&with_elements(&archived, |all| all.push(encoded(&many))), "more time stamps");
    // As JSON all of it is understood but the time stamp over it, which nobody can say what it is over.
    let in_clear =
        with_elements(&archived, |all| all.iter_mut().for_each(|element| *element = clear(element)));
    assert_is(&office.on_jws(&in_clear, shape, &nothing(), office.days(100)), SignatureLevel::Lt, None);
    let verdict = office.on_jws(&in_clear, shape, &nothing(), office.days(310));
    assert!(
        verdict.answer != Answer::Valid && verdict.reasons.join("\n").contains("base64url"),
        "{verdict:#?}"
    );
    let draft = JwsArchiveDraft::of(&in_clear, content(shape), DigestAlgorithm::Sha256);
    assert!(draft.unwrap_err().to_string().contains("base64url"));
    let further = office.stamped_jws(&in_clear, "later-unit", office.now);
    let further: Value = serde_json::from_slice(&further).unwrap();
    assert!(further["header"]["etsiU"][4].is_object());
    // Others' certificates, and time stamps beyond those that are looked at.
    let more = with_elements(&archived, |all| {
        all.push(encoded(&json!({"xVals": [{"otherCert": {"val": "AAAA"}}, {"x509Cert": {"val": "AAAA"}}]})));
        all.push(encoded(&json!({"cSig": "x"})));
    });
    assert_is(&office.on_jws(&more, shape, &nothing(), office.days(310)), SignatureLevel::Lta, None);
}

#[test]
fn whatever_octet_is_altered_it_is_believed_no_longer_than_without_what_was_added() {
    let office = office();
    for shape in SHAPES {
        let archived = office.lasting_jws(shape);
        let evidence = office.evidence();
        let read: Value = serde_json::from_slice(&archived).unwrap();
        let last = read["header"]["etsiU"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
        let text = String::from_utf8(archived.clone()).unwrap();
        let last = text.find(&last).unwrap()..text.find(&last).unwrap() + last.len();
        for place in (0..archived.len()).step_by(7) {
            let mut altered = archived.clone();
            altered[place] ^= 0x21;
            // Past the first unit's end all of it is needed; but the certificates in the last token are signed by their issuers
            // alone, and stand elsewhere, too.
            let verdict = office.on_jws(&altered, shape, &evidence, office.days(310));
            let proven =
                verdict.proven_time.is_some_and(|at| (at - office.now).abs() < Duration::milliseconds(1));
            assert!(verdict.answer != Answer::Valid || (last.contains(&place) && proven), "octet {place}");
        }
    }
}

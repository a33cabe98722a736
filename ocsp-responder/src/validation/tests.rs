#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::Cell;
use std::slice::from_ref;

use ca_core::clock::{Clock, SystemClock};
use time::{Duration, OffsetDateTime};

use super::certificate::Certificate;
use super::crl::crl_findings;
use super::fixture::{CA, LEAF, Workshop};
use super::path::{Demands, PathFault, Pool};
use super::status::{
    CertificateStatus, CrlOnly, EvidenceSource, Finding, GatheredEvidence, NoEvidence, ReportedStatus,
    RevocationEvidence,
};
use super::{Answer, Basis, Indication, Reason, SubIndication, Verdict, validate};

struct Hierarchy {
    workshop: Workshop,
    root: Certificate,
    issuing: Certificate,
    leaf: Certificate,
}

fn hierarchy(kind: &str) -> Hierarchy {
    hierarchy_with(kind, CA, LEAF)
}

fn hierarchy_with(kind: &str, issuing: &str, leaf: &str) -> Hierarchy {
    let workshop = Workshop::new();
    let root = workshop.root("root", kind);
    let issuing = workshop.issue("root", "issuing", kind, issuing);
    let leaf = workshop.issue("issuing", "leaf", kind, leaf);
    Hierarchy { workshop, root, issuing, leaf }
}

impl Hierarchy {
    fn fresh_crls(&self) -> GatheredEvidence {
        self.evidence(vec![self.workshop.crl("issuing", &[])])
    }

    /// A fresh CRL of the root and these.
    fn evidence(&self, mut crls: Vec<Vec<u8>>) -> GatheredEvidence {
        crls.push(self.workshop.crl("root", &[]));
        GatheredEvidence { crls, ocsp_responses: Vec::new() }
    }

    fn verdict(&self, evidence: &GatheredEvidence) -> Verdict {
        self.verdict_at(evidence, SystemClock.now())
    }

    fn verdict_at(&self, evidence: &GatheredEvidence, at: OffsetDateTime) -> Verdict {
        ask(&self.leaf, from_ref(&self.issuing), from_ref(&self.root), evidence, at)
    }
}

fn ask(
    certificate: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    evidence: &GatheredEvidence,
    at: OffsetDateTime,
) -> Verdict {
    validate(certificate, &Basis { anchors, intermediates, evidence, ocsp: &CrlOnly, at })
}

fn now() -> OffsetDateTime {
    SystemClock.now()
}

#[test]
fn valid_with_every_algorithm() {
    for kind in ["P-384", "P-256", "RSA", "ED25519"] {
        let tree = hierarchy(kind);
        let verdict = tree.verdict(&tree.fresh_crls());
        assert_eq!(verdict.answer, Answer::Valid, "{kind}: {:?}", verdict.reasons);
        assert_eq!(verdict.indication, Indication::TotalPassed);
        assert_eq!(verdict.sub_indication, None);
        let statuses: Vec<_> =
            verdict.path.iter().map(|element| element.status.clone().unwrap().status).collect();
        assert_eq!(
            statuses,
            [CertificateStatus::Good, CertificateStatus::Good, CertificateStatus::TrustAnchor]
        );
    }
}

#[test]
fn valid_with_digests_that_ring_does_not_pair_with_the_curve_and_with_pss() {
    for (kind, options) in [
        ("P-256", &["-sha512"][..]),
        ("P-256", &["-sha384"]),
        ("P-384", &["-sha512"]),
        ("P-384", &["-sha256"]),
        ("RSA", &["-sha512"]),
        ("RSA", &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]),
    ] {
        let tree = hierarchy(kind);
        let leaf = tree.workshop.certify("issuing", "leaf", "/C=LS/CN=leaf", LEAF, options);
        let verdict = ask(&leaf, from_ref(&tree.issuing), from_ref(&tree.root), &tree.fresh_crls(), now());
        assert_eq!(verdict.answer, Answer::Valid, "{kind} {options:?}: {:?}", verdict.reasons);
    }
}

#[test]
fn of_what_is_never_revoked_no_evidence_is_needed_and_what_there_is_counts() {
    let tree = hierarchy("P-256");
    let never = format!("{LEAF}2.5.29.56=DER:05:00\n");
    let of_root = tree.evidence(Vec::new());
    let told = |extensions: &str, evidence: &GatheredEvidence| {
        let leaf = tree.workshop.issue("issuing", "never", "P-256", extensions);
        let verdict = ask(&leaf, from_ref(&tree.issuing), from_ref(&tree.root), evidence, now());
        (verdict.answer, verdict.path[0].status.clone().unwrap().status)
    };
    assert_eq!(told(&never, &of_root), (Answer::Valid, CertificateStatus::NoRevocation));
    assert_eq!(told(&never, &tree.fresh_crls()), (Answer::Valid, CertificateStatus::Good));
    // Another value is not that extension, and a CA cannot say it of itself.
    for other in
        [LEAF.to_owned(), format!("{LEAF}2.5.29.56=DER:30:00\n"), format!("{CA}2.5.29.56=DER:05:00\n")]
    {
        assert_eq!(told(&other, &of_root), (Answer::CannotTell, CertificateStatus::Undetermined), "{other}");
    }
}

#[test]
fn sha1_and_short_rsa_are_too_weak() {
    let tree = hierarchy("RSA");
    let leaf = tree.workshop.certify("issuing", "leaf", "/C=LS/CN=leaf", LEAF, &["-sha1"]);
    let verdict = ask(&leaf, from_ref(&tree.issuing), from_ref(&tree.root), &tree.fresh_crls(), now());
    assert_eq!(verdict.answer, Answer::Invalid);
    assert_eq!(verdict.sub_indication, Some(SubIndication::CryptoConstraintsFailureNoPoe));
    let workshop = Workshop::new();
    let root = workshop.root("root", "RSA-1024");
    let leaf = workshop.issue("root", "leaf", "P-256", LEAF);
    let verdict = ask(&leaf, &[], &[root], &GatheredEvidence::default(), now());
    assert!(matches!(verdict.reasons[..], [Reason::WeakAlgorithm { .. }]), "{:?}", verdict.reasons);
}

#[test]
fn expired_and_not_yet_valid() {
    let tree = hierarchy("P-256");
    let late = tree.verdict_at(&tree.fresh_crls(), now() + Duration::days(91));
    assert_eq!((late.answer, late.sub_indication), (Answer::Invalid, Some(SubIndication::Expired)));
    assert!(matches!(late.reasons[0], Reason::Expired { certificate: 0, .. }));
    let early = tree.verdict_at(&tree.fresh_crls(), now() - Duration::days(1));
    assert_eq!((early.answer, early.sub_indication), (Answer::Invalid, Some(SubIndication::NotYetValid)));
    assert!(matches!(early.reasons[0], Reason::NotYetValid { certificate: 0, .. }));
}

#[test]
fn the_last_second_of_validity_counts() {
    let tree = hierarchy("P-256");
    let last = tree.leaf.not_after();
    let at_end = tree.verdict_at(&GatheredEvidence::default(), last);
    assert!(matches!(at_end.reasons[0], Reason::StatusUndetermined { .. }), "{:?}", at_end.reasons);
    let after = tree.verdict_at(&GatheredEvidence::default(), last + Duration::seconds(1));
    assert!(matches!(after.reasons[0], Reason::Expired { .. }));
}

#[test]
fn revoked_by_crl() {
    let tree = hierarchy("P-384");
    let crl = tree.workshop.crl("issuing", &[(&tree.leaf, "keyCompromise")]);
    let verdict = tree.verdict(&tree.evidence(vec![crl]));
    assert_eq!((verdict.answer, verdict.sub_indication), (Answer::Invalid, Some(SubIndication::Revoked)));
    let at = time::macros::datetime!(2026-01-01 12:00 UTC);
    let reason = Some(ca_core::status::RevocationReason::KeyCompromise);
    assert_eq!(verdict.reasons, [Reason::Revoked { certificate: 0, at, reason }]);
    let report = verdict.path[0].status.clone().unwrap();
    assert_eq!(report.source, Some(EvidenceSource::Crl));
    assert_eq!(report.status, CertificateStatus::Revoked { at, reason });
}

#[test]
fn revoked_without_reason_on_hold_and_revoked_ca() {
    let tree = hierarchy("P-256");
    let silent = tree.verdict(&tree.evidence(vec![tree.workshop.crl("issuing", &[(&tree.leaf, "")])]));
    assert!(matches!(silent.reasons[0], Reason::Revoked { certificate: 0, reason: None, .. }));
    let held = tree.workshop.crl("issuing", &[(&tree.leaf, "certificateHold")]);
    let held = tree.verdict(&tree.evidence(vec![held]));
    assert_eq!((held.answer, held.sub_indication), (Answer::Invalid, Some(SubIndication::TryLater)));
    let above = GatheredEvidence {
        crls: vec![
            tree.workshop.crl("issuing", &[]),
            tree.workshop.crl("root", &[(&tree.issuing, "CACompromise")]),
        ],
        ocsp_responses: Vec::new(),
    };
    let above = tree.verdict(&above);
    assert_eq!((above.answer, above.sub_indication), (Answer::Invalid, Some(SubIndication::RevokedCaNoPoe)));
}

#[test]
fn without_usable_evidence_nobody_can_tell() {
    let tree = hierarchy("P-256");
    let stale = tree.workshop.crl_with("issuing", &[], "", "1");
    let mut tampered = tree.workshop.crl("issuing", &[(&tree.leaf, "keyCompromise")]);
    *tampered.last_mut().unwrap() ^= 1;
    tree.workshop.root("other", "P-256");
    let foreign = tree.workshop.crl("other", &[]);
    let future = now() + Duration::seconds(10);
    for (name, crls) in [
        ("none", Vec::new()),
        ("stale", vec![stale]),
        ("tampered", vec![tampered]),
        ("other issuer", vec![foreign]),
        ("no CRL", vec![b"rubbish".to_vec()]),
    ] {
        let verdict = tree.verdict_at(&tree.evidence(crls), future);
        assert_eq!(verdict.answer, Answer::CannotTell, "{name}");
        assert_eq!(verdict.sub_indication, Some(SubIndication::TryLater), "{name}");
        assert_eq!(verdict.reasons, [Reason::StatusUndetermined { certificate: 0 }], "{name}");
        let report = verdict.path[0].status.clone().unwrap();
        assert_eq!(report.status, CertificateStatus::Undetermined);
        assert!(report.evidence.iter().all(|piece| piece.refusal.is_some()), "{name}");
    }
    let nothing = Basis {
        anchors: from_ref(&tree.root),
        intermediates: from_ref(&tree.issuing),
        evidence: &NoEvidence,
        ocsp: &CrlOnly,
        at: now(),
    };
    assert_eq!(validate(&tree.leaf, &nothing).reasons.len(), 2);
}

#[test]
fn a_crl_signed_by_another_key_under_the_same_name_is_not_believed() {
    let tree = hierarchy("P-256");
    let impostor = Workshop::new();
    impostor.root("root", "P-256");
    impostor.issue("root", "issuing", "P-256", CA);
    let verdict =
        tree.verdict(&tree.evidence(vec![impostor.crl("issuing", &[(&tree.leaf, "keyCompromise")])]));
    assert_eq!(verdict.answer, Answer::CannotTell);
}

#[test]
fn partial_and_delta_crls_are_not_read_as_complete() {
    let leaf = format!("{LEAF}crlDistributionPoints=URI:http://crl.example.ls/issuing.crl\n");
    let tree = hierarchy_with("P-256", CA, &leaf);
    let idp = |text: &str| format!("issuingDistributionPoint=critical,@p\n[p]\n{text}\n");
    let undetermined = [
        idp("onlyCA=TRUE"),
        idp("onlyAA=TRUE"),
        idp("onlysomereasons=keyCompromise"),
        idp("fullname=URI:http://crl.example.ls/other.crl"),
        "2.5.29.27=critical,DER:020101\n".to_owned(),
        "1.2.3.4=critical,DER:0500\n".to_owned(),
    ];
    for extensions in undetermined {
        let crl = tree.workshop.crl_with("issuing", &[], &extensions, "3600");
        assert_eq!(tree.verdict(&tree.evidence(vec![crl])).answer, Answer::CannotTell, "{extensions}");
    }
    let good = [
        idp("onlyuser=TRUE"),
        idp("indirectCRL=TRUE"),
        idp("fullname=URI:http://crl.example.ls/issuing.crl"),
        "1.2.3.4=DER:0500\n".to_owned(),
    ];
    for extensions in good {
        let crl = tree.workshop.crl_with("issuing", &[], &extensions, "3600");
        let verdict = tree.verdict(&tree.evidence(vec![crl]));
        assert_eq!(verdict.answer, Answer::Valid, "{extensions}: {:?}", verdict.path[0].status);
    }
}

#[test]
fn an_issuer_without_crl_sign_does_not_speak_of_status() {
    let tree = hierarchy_with("P-256", &CA.replace(",cRLSign", ""), LEAF);
    let verdict = tree.verdict(&tree.fresh_crls());
    assert_eq!(verdict.reasons, [Reason::StatusUndetermined { certificate: 0 }]);
}

#[test]
fn unknown_anchor_and_same_name_with_another_key() {
    let tree = hierarchy("P-256");
    let stranger = Workshop::new();
    let other = stranger.root("somebody", "P-256");
    let verdict = ask(&tree.leaf, from_ref(&tree.issuing), &[other], &tree.fresh_crls(), now());
    assert_eq!(verdict.answer, Answer::Invalid);
    assert_eq!(verdict.sub_indication, Some(SubIndication::NoCertificateChainFound));
    assert_eq!(verdict.reasons, [Reason::NoPath]);
    let twin = stranger.root("root", "P-256");
    let verdict = ask(&tree.leaf, from_ref(&tree.issuing), &[twin], &tree.fresh_crls(), now());
    assert_eq!((verdict.answer, verdict.reasons), (Answer::Invalid, vec![Reason::NotSignedByIssuer]));
}

#[test]
fn the_right_issuer_is_found_among_namesakes() {
    let tree = hierarchy("P-256");
    let stranger = Workshop::new();
    stranger.root("root", "P-256");
    let namesake = stranger.issue("root", "issuing", "P-256", CA);
    let pool = [namesake.clone(), namesake, tree.issuing.clone()];
    let verdict = ask(&tree.leaf, &pool, from_ref(&tree.root), &tree.fresh_crls(), now());
    assert_eq!(verdict.answer, Answer::Valid, "{:?}", verdict.reasons);
}

fn fault(verdict: &Verdict) -> Option<(usize, PathFault)> {
    match verdict.reasons.first() {
        Some(Reason::PathRefused { certificate, fault }) => Some((*certificate, *fault)),
        _ => None,
    }
}

#[test]
fn constraints_of_the_path_hold() {
    let ca = |usage: &str, basic: &str, more: &str| {
        format!(
            "basicConstraints=critical,{basic}\nkeyUsage=critical,{usage}\nsubjectKeyIdentifier=hash\n{more}"
        )
    };
    let named = "subjectAltName=DNS:www.example.com\n";
    let outside = "nameConstraints=critical,permitted;DNS:example.ls\n";
    for (issuing, leaf, expected) in [
        (ca("cRLSign,digitalSignature", "CA:TRUE", ""), LEAF.to_owned(), (1, PathFault::KeyUsage)),
        (ca("keyCertSign,cRLSign", "CA:FALSE", ""), LEAF.to_owned(), (1, PathFault::NotACa)),
        (LEAF.to_owned(), LEAF.to_owned(), (1, PathFault::NotACa)),
        (
            ca("keyCertSign,cRLSign", "CA:TRUE", outside),
            format!("{LEAF}{named}"),
            (0, PathFault::NameConstraints),
        ),
        (CA.to_owned(), format!("{LEAF}1.2.3.4.5=critical,DER:0500\n"), (0, PathFault::CriticalExtension)),
        (format!("{CA}1.2.3.4.5=critical,DER:0500\n"), LEAF.to_owned(), (1, PathFault::CriticalExtension)),
    ] {
        let tree = hierarchy_with("P-256", &issuing, &leaf);
        let verdict = tree.verdict(&tree.fresh_crls());
        assert_eq!(fault(&verdict), Some(expected), "{issuing}{leaf}{:?}", verdict.reasons);
        assert_eq!(verdict.answer, Answer::Invalid);
        assert_eq!(verdict.sub_indication, Some(SubIndication::ChainConstraintsFailure));
    }
}

#[test]
fn path_length_holds_also_when_the_root_sets_it() {
    let workshop = Workshop::new();
    let limited = CA.replace("CA:TRUE", "CA:TRUE,pathlen:0");
    let root = workshop.root_with("root", "P-256", &limited);
    let issuing = workshop.issue("root", "issuing", "P-256", &limited);
    let below = workshop.issue("issuing", "below", "P-256", CA);
    let leaf = workshop.issue("below", "leaf", "P-256", LEAF);
    let verdict = ask(&leaf, &[issuing.clone(), below], from_ref(&root), &GatheredEvidence::default(), now());
    assert_eq!(fault(&verdict).map(|found| found.1), Some(PathFault::PathLength));
    let direct = workshop.issue("issuing", "direct", "P-256", LEAF);
    let verdict = ask(&direct, &[issuing], &[root], &GatheredEvidence::default(), now());
    assert_eq!(fault(&verdict).map(|found| found.1), Some(PathFault::PathLength));
}

#[test]
fn an_altered_leaf_is_not_signed_by_its_issuer() {
    let tree = hierarchy("P-256");
    let mut der = tree.leaf.der().to_vec();
    let place = der.windows(4).rposition(|octets| octets == b"leaf").unwrap();
    der[place] = b'L';
    let altered = Certificate::from_der(&der).unwrap();
    let verdict = ask(&altered, from_ref(&tree.issuing), from_ref(&tree.root), &tree.fresh_crls(), now());
    assert_eq!((verdict.answer, verdict.reasons), (Answer::Invalid, vec![Reason::NotSignedByIssuer]));
}

#[test]
fn a_bit_changed_anywhere_in_a_certificate_or_a_crl_is_never_accepted() {
    let tree = hierarchy("P-256");
    let pool = Pool::new(from_ref(&tree.issuing), from_ref(&tree.root));
    let crl = tree.workshop.crl("issuing", &[(&tree.issuing, "superseded")]);
    let changed = |original: &[u8], place: usize, bit: u32| {
        let mut octets = original.to_vec();
        octets[place] ^= 1 << bit;
        octets
    };
    let mut read = 0;
    for (place, bit) in (0..tree.leaf.der().len()).zip((0..8).cycle()) {
        let Ok(leaf) = Certificate::from_der(&changed(tree.leaf.der(), place, bit)) else { continue };
        read += 1;
        assert!(pool.find_path(&leaf, &Demands::NONE, now()).is_err(), "bit {bit} of octet {place}");
    }
    for (place, bit) in (0..crl.len()).zip((0..8).cycle()) {
        let findings = crl_findings(&[changed(&crl, place, bit)], &tree.leaf, &tree.issuing, now());
        assert!(findings.iter().all(Result::is_err), "bit {bit} of octet {place}");
    }
    assert!(read > tree.leaf.der().len() / 3, "most stay certificates: {read}");
    assert!(crl_findings(&[crl], &tree.leaf, &tree.issuing, now()).iter().all(Result::is_ok));
}

#[test]
fn the_anchor_itself_is_valid_while_its_validity_lasts() {
    let tree = hierarchy("P-256");
    let none = GatheredEvidence::default();
    let anchors = [tree.root.clone()];
    assert_eq!(ask(&tree.root, &[], &anchors, &none, now()).answer, Answer::Valid);
    let late = ask(&tree.root, &[], &anchors, &none, now() + Duration::days(4000));
    assert_eq!(late.sub_indication, Some(SubIndication::Expired));
}

/// Has nothing, and counts how often it was asked.
struct Counted(Cell<usize>);

impl RevocationEvidence for Counted {
    fn crls(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        self.0.set(self.0.get() + 1);
        Vec::new()
    }

    fn ocsp_responses(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

#[test]
fn of_several_paths_one_without_a_revoked_ca_will_do() {
    let tree = hierarchy("P-256");
    let (workshop, other) = (&tree.workshop, tree.workshop.root("other", "P-256"));
    std::fs::copy(workshop.path("issuing.key"), workshop.path("cross.key")).unwrap();
    let cross = workshop.certify("other", "cross", "/C=LS/O=Test/CN=issuing", CA, &[]);
    let (of_issuing, of_other) = (workshop.crl("issuing", &[]), workshop.crl("other", &[]));
    let revoking = workshop.crl("root", &[(&tree.issuing, "superseded")]);
    let evidence =
        GatheredEvidence { crls: vec![of_issuing, of_other, revoking], ocsp_responses: Vec::new() };
    let anchors = [tree.root.clone(), other];
    let both_ways = cross.clone();
    let both = ask(&tree.leaf, &[tree.issuing.clone(), cross.clone(), cross], &anchors, &evidence, now());
    assert_eq!(both.answer, Answer::Valid, "{:?}", both.reasons);
    assert_eq!(both.path[2].certificate.subject, "CN=other,O=Test,C=LS");
    let one = ask(&tree.leaf, from_ref(&tree.issuing), &anchors, &evidence, now());
    assert!(matches!(one.reasons[..], [Reason::Revoked { certificate: 1, .. }]), "{:?}", one.reasons);
    // Where all are lacking, the likeliest path is told of; each piece of evidence was asked for once.
    let source = Counted(Cell::new(0));
    let (intermediates, at) = ([tree.issuing.clone(), both_ways], now());
    let basis =
        Basis { anchors: &anchors, intermediates: &intermediates, evidence: &source, ocsp: &CrlOnly, at };
    assert_eq!(validate(&tree.leaf, &basis).answer, Answer::CannotTell);
    // The leaf below each of two certificates of its issuer, and each of these below its root.
    assert_eq!(source.0.get(), 4);
}

#[test]
fn crls_for_some_reasons_are_added_up() {
    let tree = hierarchy("P-256");
    let crl = |reasons: &str, revoked: &[(&Certificate, &str)]| {
        let scope = format!("issuingDistributionPoint=critical,@p\n[p]\nonlysomereasons={reasons}\n");
        tree.workshop.crl_with("issuing", revoked, &scope, "3600")
    };
    let others =
        "affiliationChanged,superseded,cessationOfOperation,certificateHold,privilegeWithdrawn,AACompromise";
    let (keys, rest) = (crl("keyCompromise,CACompromise", &[]), crl(others, &[]));
    let half = tree.verdict(&tree.evidence(vec![keys.clone()]));
    assert_eq!(half.answer, Answer::CannotTell);
    let report = half.path[0].status.clone().unwrap();
    assert_eq!((report.status, report.source), (CertificateStatus::Undetermined, None));
    use ca_core::status::RevocationReason::{CaCompromise, KeyCompromise};
    assert_eq!(report.evidence[0].reasons_covered, Some(vec![KeyCompromise, CaCompromise]));
    assert_eq!(tree.verdict(&tree.evidence(vec![keys.clone(), rest])).answer, Answer::Valid);
    let held = crl(others, &[(&tree.leaf, "superseded")]);
    for crls in [vec![keys, held.clone()], vec![held]] {
        let verdict = tree.verdict(&tree.evidence(crls));
        assert!(
            matches!(verdict.reasons[0], Reason::Revoked { certificate: 0, .. }),
            "{:?}",
            verdict.reasons
        );
    }
}

#[test]
fn a_crl_signer_is_believed_while_its_own_certificate_is_good() {
    let tree = hierarchy_with("P-256", &CA.replace(",cRLSign", ""), LEAF);
    let workshop = &tree.workshop;
    workshop.key("signer", "P-256");
    let usage = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,cRLSign\nsubjectKeyIdentifier=hash\n";
    let signer = workshop.certify("root", "signer", "/C=LS/O=Test/CN=issuing", usage, &[]);
    let crl = workshop.crl("signer", &[]);
    let verdict = |pool: &[Certificate], of_root: Vec<u8>| {
        let evidence = GatheredEvidence { crls: vec![crl.clone(), of_root], ocsp_responses: Vec::new() };
        ask(&tree.leaf, pool, from_ref(&tree.root), &evidence, now())
    };
    let pool = [tree.issuing.clone(), signer.clone()];
    let found = verdict(&pool, workshop.crl("root", &[]));
    assert_eq!(found.answer, Answer::Valid, "{:?}", found.path[0].status);
    let alone = verdict(from_ref(&tree.issuing), workshop.crl("root", &[]));
    assert_eq!(alone.reasons, [Reason::StatusUndetermined { certificate: 0 }]);
    let revoked = verdict(&pool, workshop.crl("root", &[(&signer, "keyCompromise")]));
    assert_eq!(revoked.reasons, [Reason::StatusUndetermined { certificate: 0 }]);
    // Another CA of the same root cannot make a namesake speak.
    let neighbour = workshop.issue("root", "neighbour", "P-256", CA);
    let namesake = workshop.certify("neighbour", "signer", "/C=LS/O=Test/CN=issuing", usage, &[]);
    let evidence = vec![crl.clone(), workshop.crl("root", &[]), workshop.crl("neighbour", &[])];
    let evidence = GatheredEvidence { crls: evidence, ocsp_responses: Vec::new() };
    let pool = [tree.issuing.clone(), neighbour, namesake];
    let usurped = ask(&tree.leaf, &pool, from_ref(&tree.root), &evidence, now());
    assert_eq!(usurped.reasons, [Reason::StatusUndetermined { certificate: 0 }]);
    // Under a root that the path does not lead to, the same name and key are a stranger's.
    workshop.root("other", "P-256");
    let stranger = workshop.certify("other", "signer", "/C=LS/O=Test/CN=issuing", usage, &[]);
    let foreign = verdict(&[tree.issuing.clone(), stranger], workshop.crl("root", &[]));
    assert_eq!(foreign.reasons, [Reason::StatusUndetermined { certificate: 0 }]);
}

#[test]
fn ocsp_comes_through_the_verifier_and_the_worst_counts() {
    let tree = hierarchy("P-256");
    let mut evidence = tree.fresh_crls();
    evidence.ocsp_responses.push(b"opaque to the validator".to_vec());
    let anchors = [tree.root.clone()];
    let intermediates = [tree.issuing.clone()];
    let answer = |status: Result<ReportedStatus, String>| {
        let ocsp = move |_: &[u8], _: &Certificate, _: &Certificate, at: OffsetDateTime| {
            status.clone().map(|status| Finding { status, this_update: at, next_update: None })
        };
        validate(
            &tree.leaf,
            &Basis {
                anchors: &anchors,
                intermediates: &intermediates,
                evidence: &evidence,
                ocsp: &ocsp,
                at: now(),
            },
        )
    };
    assert_eq!(answer(Ok(ReportedStatus::Good)).answer, Answer::Valid);
    assert_eq!(answer(Ok(ReportedStatus::Revoked { at: now(), reason: None })).answer, Answer::Invalid);
    let unknown = answer(Ok(ReportedStatus::Unknown));
    assert_eq!((unknown.answer, unknown.sub_indication), (Answer::CannotTell, Some(SubIndication::TryLater)));
    // A response that cannot be used does not spoil the CRL's answer.
    let refused = answer(Err("no".to_owned()));
    assert_eq!(refused.answer, Answer::Valid);
    assert_eq!(refused.path[0].status.clone().unwrap().source, Some(EvidenceSource::Crl));
}

#[test]
fn a_verdict_survives_json_and_reads_like_the_standard() {
    let tree = hierarchy("P-256");
    let crl = tree.workshop.crl("issuing", &[(&tree.leaf, "superseded")]);
    let verdict = tree.verdict(&tree.evidence(vec![crl]));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["answer"], "invalid");
    assert_eq!(json["indication"], "TOTAL-FAILED");
    assert_eq!(json["sub_indication"], "REVOKED");
    assert_eq!(json["reasons"][0]["reason"], "superseded");
    assert_eq!(json["path"][0]["status"]["status"], "revoked");
    assert_eq!(json["path"][0]["status"]["source"], "crl");
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}

#[test]
fn bundles_are_read_whole_or_not_at_all() {
    let tree = hierarchy("P-256");
    let read = |names: &[&str]| {
        let files = names.iter().map(|name| std::fs::read(tree.workshop.path(name)).unwrap());
        Certificate::read_bundle(&files.collect::<Vec<_>>().concat())
    };
    let chain = read(&["leaf.pem", "leaf.key", "issuing.pem"]).unwrap();
    assert_eq!(chain.iter().map(Certificate::der).collect::<Vec<_>>(), [tree.leaf.der(), tree.issuing.der()]);
    assert_eq!(Certificate::read_bundle(tree.root.der()).unwrap().len(), 1);
    assert!(read(&["leaf.key"]).is_err());
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(
        Certificate::read_bundle(
            &[&std::fs::read(tree.workshop.path("leaf.pem")).unwrap()[..], broken].concat()
        )
        .is_err()
    );
}

#[test]
fn octets_that_are_no_certificate_are_refused() {
    let tree = hierarchy("P-256");
    let mut trailing = tree.leaf.der().to_vec();
    trailing.push(0);
    assert!(Certificate::from_der(&trailing).is_err());
    assert!(Certificate::from_der(&[]).is_err());
    assert!(Certificate::from_der(&vec![0x30; 100_000]).is_err());
    let half = &tree.leaf.der()[..200];
    assert!(Certificate::from_der(half).is_err());
}

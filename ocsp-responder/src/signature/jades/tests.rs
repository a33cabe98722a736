#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ca_core::clock::{Clock, SystemClock};
use ca_core::jws;
use ca_core::keys::Signer;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::*;
use crate::signature::tests::TestSigner;
use crate::signature::{ContentDigest, SignatureForm, SignatureLevel, SignatureVerdict};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, SubIndication};

const CONTENT: &[u8] = b"{\"pays\": \"100 maloti\"}\n\xc3\xb6\xff";

struct Office {
    workshop: Workshop,
    root: Certificate,
    issuing: Certificate,
    leaf: Certificate,
    kind: &'static str,
    evidence: GatheredEvidence,
}

impl Office {
    fn open(kind: &'static str) -> Self {
        let workshop = Workshop::new();
        let root = workshop.root("root", kind);
        let issuing = workshop.issue("root", "issuing", kind, CA);
        let leaf = workshop.issue("issuing", "leaf", kind, LEAF);
        let crls = vec![workshop.crl("root", &[]), workshop.crl("issuing", &[])];
        let evidence = GatheredEvidence { crls, ocsp_responses: Vec::new() };
        Self { workshop, root, issuing, leaf, kind, evidence }
    }

    fn signer(&self) -> TestSigner {
        TestSigner::open(&self.workshop, "leaf", self.kind)
    }

    fn sign(&self, shape: JwsShape<'_>) -> Vec<u8> {
        let chain = [self.issuing.clone(), self.root.clone()];
        sign_jws(CONTENT, shape, &self.signer(), &self.leaf, &chain, SystemClock.now()).unwrap()
    }

    /// Header members as npki writes them, to be changed.
    fn header(&self) -> Map<String, Value> {
        let x5c = json!([STANDARD.encode(self.leaf.der()), STANDARD.encode(self.issuing.der())]);
        let alg = jws::name_of(self.signer().signature_algorithm()).unwrap();
        json!({"alg": alg, "x5c": x5c, "iat": 1_700_000_000}).as_object().unwrap().clone()
    }

    /// Signed with the true key, whatever the header says; `payload` as written.
    fn signed_as(&self, header: &str, payload: &str) -> (String, String) {
        let protected = URL_SAFE_NO_PAD.encode(header);
        let signer = self.signer();
        let value = signer.sign(format!("{protected}.{payload}").as_bytes()).unwrap();
        let value = jws::to_jose(signer.signature_algorithm(), value).unwrap();
        (protected, URL_SAFE_NO_PAD.encode(value))
    }

    fn compact(&self, header: &Map<String, Value>) -> String {
        self.compact_of(&Value::Object(header.clone()).to_string())
    }

    fn compact_of(&self, header: &str) -> String {
        let payload = URL_SAFE_NO_PAD.encode(CONTENT);
        let (protected, value) = self.signed_as(header, &payload);
        format!("{protected}.{payload}.{value}")
    }

    fn with(&self, changes: &Value) -> String {
        let mut header = self.header();
        header.extend(changes.as_object().unwrap().clone());
        self.compact(&header)
    }

    fn verdict(&self, octets: &[u8], content: JwsContent<'_>) -> SignatureVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let at = SystemClock.now();
        let evidence = &self.evidence;
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        JwsSignature::judge(JwsSignature::parse(octets), content, &basis)
    }

    #[track_caller]
    fn passes(&self, octets: impl AsRef<[u8]>, content: JwsContent<'_>) -> SignatureVerdict {
        let verdict = self.verdict(octets.as_ref(), content);
        assert_eq!(verdict.answer, Answer::Valid, "{verdict:?}");
        verdict
    }

    #[track_caller]
    fn refuses(&self, octets: impl AsRef<[u8]>, content: JwsContent<'_>, why: SubIndication, reason: &str) {
        let verdict = self.verdict(octets.as_ref(), content);
        assert_eq!(verdict.sub_indication, Some(why), "{verdict:?}");
        assert!(verdict.reasons.join("\n").contains(reason), "{verdict:?}");
    }
}

const INSIDE: JwsContent<'static> = JwsContent::Inside;
const FORMAT: SubIndication = SubIndication::FormatFailure;

#[test]
fn each_shape_is_made_and_judged_with_each_key() {
    for kind in ["P-256", "P-384", "ED25519"] {
        let office = Office::open(kind);
        for shape in [JwsShape::Compact, JwsShape::Json] {
            let made = office.sign(shape);
            assert!(is_jws(&made));
            let verdict = office.passes(&made, INSIDE);
            assert_eq!(
                (verdict.form, verdict.level),
                (Some(SignatureForm::JadesBaselineB), Some(SignatureLevel::B))
            );
            assert!(verdict.claimed_signing_time.is_some());
            assert_eq!(JwsSignature::parse(&made).unwrap().attached().unwrap().as_deref(), Some(CONTENT));
            office.passes(&made, JwsContent::Octets(CONTENT));
            office.refuses(&made, JwsContent::Octets(b"else"), SubIndication::HashFailure, "altered");
        }
        for shape in [JwsShape::CompactBeside("a.json"), JwsShape::JsonBeside("a.json")] {
            let made = office.sign(shape);
            assert!(is_jws(&made));
            office.passes(&made, JwsContent::Octets(CONTENT));
            let algorithm = JwsSignature::parse(&made).unwrap().digest_algorithm().unwrap();
            office.passes(&made, JwsContent::Digest(&ContentDigest::of(CONTENT, algorithm)));
            office.refuses(&made, JwsContent::Octets(b"else"), SubIndication::HashFailure, "altered");
            let other = ContentDigest::of(b"else", algorithm);
            office.refuses(&made, JwsContent::Digest(&other), SubIndication::HashFailure, "altered");
            office.refuses(&made, INSIDE, SubIndication::SignedDataNotFound, "give the file too");
        }
    }
}

#[test]
fn rsa_signatures_that_openssl_makes_are_judged_by_the_name_that_they_have() {
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-256");
    let leaf = workshop.issue("root", "leaf", "RSA", LEAF);
    let evidence = GatheredEvidence { crls: vec![workshop.crl("root", &[])], ocsp_responses: Vec::new() };
    let anchors = std::slice::from_ref(&root);
    let at = SystemClock.now();
    let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
    let signed = |alg: &str, options: &[&str]| {
        let header = json!({"alg": alg, "x5c": [STANDARD.encode(leaf.der())], "iat": at.unix_timestamp()});
        let (header, payload) = (URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(CONTENT));
        std::fs::write(workshop.path("signed"), format!("{header}.{payload}")).unwrap();
        let value = workshop.openssl(&[&["dgst", "-sign", "leaf.key"], options, &["signed"]].concat());
        let jws = format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(value));
        JwsSignature::judge(JwsSignature::parse(jws.as_bytes()), INSIDE, &basis)
    };
    let pss = |salt| ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", salt];
    assert_eq!(signed("RS256", &["-sha256"]).answer, Answer::Valid);
    assert_eq!(signed("RS384", &["-sha384"]).answer, Answer::Valid);
    assert_eq!(signed("PS256", &pss("rsa_pss_saltlen:32")).answer, Answer::Valid);
    // RFC 7518 section 3.5: a salt as long as the digest. And one is not the other.
    for refused in [
        signed("PS256", &pss("rsa_pss_saltlen:20")),
        signed("PS256", &["-sha256"]),
        signed("RS256", &pss("rsa_pss_saltlen:32")),
        signed("RS384", &["-sha256"]),
    ] {
        assert_eq!(refused.sub_indication, Some(SubIndication::SigCryptoFailure), "{refused:?}");
    }
    for alg in ["ES256", "EdDSA", "HS256", "none"] {
        assert_eq!(signed(alg, &["-sha256"]).answer, Answer::Invalid);
    }
}

#[test]
fn what_others_may_write_is_understood() {
    let office = Office::open("P-256");
    let digest = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA512, office.leaf.der()));
    let reference = json!({"digAlg": "S512", "digVal": digest});
    office.passes(
        office.with(&json!({"kid": "1", "typ": "JOSE", "x5u": "http://127.0.0.1:1/", "jwk": {"kty": "oct"}})),
        INSIDE,
    );
    office.passes(
        office.with(&json!({"x5t#o": reference, "sigX5ts": [reference], "crit": ["x5t#o", "sigX5ts"]})),
        INSIDE,
    );
    office.passes(office.with(&json!({"b64": true, "crit": ["b64"]})), INSIDE);
    let mut before_2025 = office.header();
    before_2025.remove("iat");
    assert_eq!(office.passes(office.compact(&before_2025), INSIDE).form, Some(SignatureForm::Jws));
    before_2025
        .extend(json!({"sigT": "2024-03-01T10:00:00Z", "crit": ["sigT"]}).as_object().unwrap().clone());
    let verdict = office.passes(office.compact(&before_2025), INSIDE);
    let claimed = OffsetDateTime::parse("2024-03-01T10:00:00Z", &Rfc3339).unwrap();
    assert_eq!(verdict.claimed_signing_time, Some(claimed));
    // RFC 7515 appendix F, with and without RFC 7797.
    for (changes, payload) in [
        (json!({}), URL_SAFE_NO_PAD.encode(b"a.b")),
        (json!({"b64": false, "crit": ["b64"]}), "a.b".to_owned()),
    ] {
        let mut header = office.header();
        header.extend(changes.as_object().unwrap().clone());
        let (protected, value) = office.signed_as(&Value::Object(header).to_string(), &payload);
        let detached = format!("{protected}..{value}");
        office.passes(&detached, JwsContent::Octets(b"a.b"));
        office.refuses(
            &detached,
            JwsContent::Octets(b"a.c"),
            SubIndication::SigCryptoFailure,
            "does not verify",
        );
        office.refuses(&detached, INSIDE, SubIndication::SignedDataNotFound, "give the file too");
        let sha = ContentDigest::of(b"a.b", DigestAlgorithm::Sha256);
        office.refuses(
            &detached,
            JwsContent::Digest(&sha),
            SubIndication::SignedDataNotFound,
            "give the file too",
        );
        // As it is in JSON; not in the compact form, where the full stop would divide it.
        if payload == "a.b" {
            let json = json!({"protected": protected, "payload": payload, "signature": value});
            office.passes(json.to_string(), INSIDE);
            office.refuses(format!("{protected}.a.b.{value}"), INSIDE, FORMAT, "three parts");
        }
    }
    // Digests of the base64url of what is signed (TS 119 182-1 clause 5.2.8.3.3 without b64), and the octets themselves.
    let hashed = URL_SAFE_NO_PAD
        .encode(ring::digest::digest(&ring::digest::SHA256, URL_SAFE_NO_PAD.encode(CONTENT).as_bytes()));
    let by_hash = json!({"mId": "http://uri.etsi.org/19182/ObjectIdByURIHash", "pars": ["a"], "hashM": "S256", "hashV": [hashed]});
    let by_uri = json!({"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": ["a"]});
    for (sig_d, payload) in [(&by_hash, String::new()), (&by_uri, URL_SAFE_NO_PAD.encode(CONTENT))] {
        let mut header = office.header();
        header.extend(json!({"sigD": sig_d, "crit": ["sigD"]}).as_object().unwrap().clone());
        let (protected, value) = office.signed_as(&Value::Object(header).to_string(), &payload);
        office.passes(format!("{protected}..{value}"), JwsContent::Octets(CONTENT));
    }
    let headers = json!({"mId": "http://uri.etsi.org/19182/HttpHeaders", "pars": ["date"]});
    let headers = office.with(&json!({"sigD": headers, "crit": ["sigD"]}));
    office.refuses(headers, INSIDE, SubIndication::SigConstraintsFailure, "HttpHeaders");
    let two = json!({"mId": "http://uri.etsi.org/19182/ObjectIdByURI", "pars": ["a", "b"]});
    office.refuses(
        office.with(&json!({"sigD": two, "crit": ["sigD"]})),
        INSIDE,
        SubIndication::SignedDataNotFound,
        "2 files",
    );
}

#[test]
fn a_header_that_talks_a_verifier_into_something_is_refused() {
    let office = Office::open("P-256");
    for alg in ["none", "None", "nOnE", "HS256", "HS384", "HS512", "hs256"] {
        office.refuses(office.with(&json!({"alg": alg})), INSIDE, FORMAT, "proves nothing");
        let unsigned = office.with(&json!({"alg": alg}));
        let (signed, _) = unsigned.rsplit_once('.').unwrap();
        office.refuses(format!("{signed}."), INSIDE, FORMAT, "proves nothing");
    }
    // The public key as a shared secret, as key confusion works.
    let header = office.with(&json!({"alg": "HS256"}));
    let (signed, _) = header.rsplit_once('.').unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, office.leaf.public_key_info());
    let forged = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes()));
    office.refuses(format!("{signed}.{forged}"), INSIDE, FORMAT, "proves nothing");
    let weak = SubIndication::CryptoConstraintsFailureNoPoe;
    for alg in ["RS1", "ES512", "ES256K", "es256", "", "ML-DSA-44"] {
        office.refuses(office.with(&json!({"alg": alg})), INSIDE, weak, "not accepted");
    }
    for alg in ["RS256", "PS256", "EdDSA", "Ed25519", "ES384"] {
        let verdict = office.verdict(office.with(&json!({"alg": alg})).as_bytes(), INSIDE);
        assert!(
            verdict.answer == Answer::Invalid && verdict.reasons[0].contains("does not fit"),
            "{verdict:?}"
        );
    }
    for crit in [
        json!(["exp"]),
        json!([]),
        json!("b64"),
        json!(["b64", "b64"]),
        json!(["alg"]),
        json!([1]),
        json!(["b64"]),
    ] {
        office.refuses(office.with(&json!({"crit": crit, "exp": 1})), INSIDE, FORMAT, "crit");
    }
    for undeclared in
        [json!({"b64": true}), json!({"b64": false}), json!({"sigD": {"mId": "x", "pars": ["a"]}})]
    {
        office.refuses(office.with(&undeclared), INSIDE, FORMAT, "crit");
    }
    let wrong = URL_SAFE_NO_PAD.encode([0; 32]);
    let reference = SubIndication::NoSigningCertificateFound;
    office.refuses(office.with(&json!({"x5t#S256": wrong})), INSIDE, reference, "another certificate");
    office.refuses(
        office.with(&json!({"x5t#o": {"digAlg": "S256", "digVal": wrong}})),
        INSIDE,
        reference,
        "another",
    );
    office.refuses(
        office.with(&json!({"x5t#o": {"digAlg": "S1", "digVal": wrong}})),
        INSIDE,
        FORMAT,
        "x5t#o",
    );
    let mut keyless = office.header();
    keyless.remove("x5c");
    keyless.insert("jku".to_owned(), "http://127.0.0.1:1/keys".into());
    office.refuses(office.compact(&keyless), INSIDE, reference, "x5c");
    for x5c in [json!([]), json!("x"), json!([1]), json!(["!"])] {
        office.refuses(office.with(&json!({"x5c": x5c})), INSIDE, FORMAT, "x5c");
    }
    // Another certificate of the same issuer: its key did not sign.
    let other = office.workshop.issue("issuing", "other", "P-256", LEAF);
    let x5c = json!([STANDARD.encode(other.der()), STANDARD.encode(office.issuing.der())]);
    office.refuses(
        office.with(&json!({"x5c": x5c})),
        INSIDE,
        SubIndication::SigCryptoFailure,
        "does not verify",
    );
    office.refuses(office.with(&json!({"iat": "now"})), INSIDE, FORMAT, "iat");
    office.refuses(office.with(&json!({"sigT": "2024-03-01T10:00:00Z"})), INSIDE, FORMAT, "sigT");
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let office = Office::open("P-256");
    let header = Value::Object(office.header()).to_string();
    for twice in [
        header.replacen('{', "{\"alg\":\"none\",", 1),
        header.replacen('{', "{\"kid\":{\"a\":1,\"a\":2},", 1),
    ] {
        office.refuses(office.compact_of(&twice), INSIDE, FORMAT, "stands twice");
    }
    office.refuses(office.compact_of(&format!("{header} x")), INSIDE, FORMAT, "no JSON");
    office.refuses(office.compact_of("[]"), INSIDE, FORMAT, "no JSON");
    let deep = format!("{{\"kid\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    office.refuses(office.compact_of(&deep), INSIDE, FORMAT, "no JSON");
    let whole = office.compact(&office.header());
    office.passes(format!("{whole}\n"), INSIDE);
    let [protected, payload, value] = whole.split('.').collect::<Vec<_>>().try_into().unwrap();
    for padded in [
        format!("{protected}=.{payload}.{value}"),
        format!("{whole}=="),
        format!("{protected}.{payload}=.{value}"),
    ] {
        office.refuses(padded, INSIDE, FORMAT, "base64url");
    }
    office.refuses(
        format!("{protected}.{payload}.{}", value.replace(['-', '_'], "+") + "+"),
        INSIDE,
        FORMAT,
        "base64url",
    );
    office.refuses(format!("{whole}.x"), INSIDE, FORMAT, "three parts");
    // 86 letters hold 516 bits of a value of 512: the last four are nothing, and must be zero.
    let (last, rest) = (value.chars().last().unwrap(), &value[..value.len() - 1]);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    office.refuses(format!("{protected}.{payload}.{rest}{next}"), INSIDE, FORMAT, "base64url");
    let flat = |more: &str| {
        format!("{{\"protected\":\"{protected}\",\"payload\":\"{payload}\",\"signature\":\"{value}\"{more}}}")
    };
    office.passes(flat(""), INSIDE);
    office.refuses(flat(",\"payload\":\"eA\""), INSIDE, FORMAT, "stands twice");
    office.refuses(flat(",\"note\":1"), INSIDE, FORMAT, "not known");
    office.refuses(flat(",\"header\":{\"alg\":\"none\"}"), INSIDE, FORMAT, "is not signed");
    office.refuses(flat(",\"header\":{\"etsiU\":[]}"), INSIDE, FORMAT, "etsiU");
    office.refuses(flat(",\"header\":{\"etsiU\":[\"e30\",{}]}"), INSIDE, FORMAT, "etsiU");
    office.refuses(
        flat(",\"signatures\":[]"),
        INSIDE,
        SubIndication::SigConstraintsFailure,
        "general JSON form",
    );
    // Time stamps that are none take nothing away, and give nothing.
    let verdict = office
        .passes(flat(",\"header\":{\"etsiU\":[{\"sigTst\":{\"tstTokens\":[{\"val\":\"AAAA\"}]}}]}"), INSIDE);
    assert_eq!(
        (verdict.level, verdict.timestamps.len(), verdict.proven_time),
        (Some(SignatureLevel::B), 1, None)
    );
    for cut in (0..whole.len()).step_by(53) {
        assert_ne!(office.verdict(&whole.as_bytes()[..cut], INSIDE).answer, Answer::Valid);
    }
}

#[test]
fn altered_in_every_octet_no_other_content_passes() {
    let office = Office::open("P-256");
    for shape in [JwsShape::Compact, JwsShape::Json, JwsShape::JsonBeside("a")] {
        let whole = office.sign(shape);
        let given =
            if matches!(shape, JwsShape::JsonBeside(_)) { JwsContent::Octets(CONTENT) } else { INSIDE };
        office.passes(&whole, given);
        let mut passed = 0;
        for at in 0..whole.len() {
            for flip in [1, 0x20, 0x80] {
                let mut altered = whole.clone();
                altered[at] ^= flip;
                if office.verdict(&altered, given).answer == Answer::Valid {
                    let inside = JwsSignature::parse(&altered).unwrap().attached().unwrap();
                    assert!(inside.is_none_or(|inside| inside == CONTENT), "octet {at}");
                    passed += 1;
                }
            }
        }
        assert_eq!(passed, 0, "{shape:?}");
    }
}

#[test]
fn whatever_comes_is_read_or_refused() {
    let texts = ".{0,200}";
    let parts = [
        "[A-Za-z0-9_=.-]{0,80}\\.[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_-]{0,40}",
        "\\{\"(protected|payload|header)\":[\\[\\]{}\":a-z0-9,]{0,60}\\}",
    ];
    proptest!(|(text in texts, compact in parts[0], flat in parts[1])| {
        for octets in [text.as_bytes(), compact.as_bytes(), flat.as_bytes()] {
            let _ = is_jws(octets);
            prop_assert!(JwsSignature::parse(octets).is_err());
        }
    });
}

//! What operators choose of answers, judged by OpenSSL and by pyca/cryptography.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixture;

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::clock::whole_seconds;
use fixture::{GOOD, Pki, Statuses};
use ocsp_responder::ocsp::{
    AnswerPolicy, ArchiveCutoff, NamedBy, NotIssued, Responder, ResponderParts, ResponseStatus, ThisUpdate,
};
use time::{Duration, OffsetDateTime};

/// Tells of each answer, in the words of pyca/cryptography: status, reason, how the responder is named, the nonce's length,
/// and whether the signature is the responder's.
const PYCA: &str = r#"
import sys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
answer = ocsp.load_der_ocsp_response(open(sys.argv[1], "rb").read())
responder = x509.load_der_x509_certificate(open(sys.argv[2], "rb").read())
responder.public_key().verify(
    answer.signature, answer.tbs_response_bytes, ec.ECDSA(answer.signature_hash_algorithm))
assert answer.certificates == [responder]
if answer.responder_name is not None:
    assert answer.responder_name == responder.subject
for single in answer.responses:
    reason = single.revocation_reason.value if single.revocation_reason else "-"
    assert single.this_update_utc <= answer.produced_at_utc < single.next_update_utc
    print(single.certificate_status.name, reason, single.hash_algorithm.name)
print("named by", "name" if answer.responder_name is not None else "key")
for extension in answer.extensions:
    value = extension.value
    print("nonce of", len(value.nonce)) if isinstance(value, x509.OCSPNonce) else print(extension.oid.dotted_string)
"#;

struct Judged {
    pki: Pki,
    responder: Responder,
}

impl Judged {
    fn by(policy: AnswerPolicy) -> Self {
        let pki = Pki::new();
        std::fs::write(pki.path("judge.py"), PYCA).unwrap();
        let responder = Responder::new(ResponderParts { policy, ..pki.parts("responder", "ca") }).unwrap();
        Self { pki, responder }
    }

    fn answer(&self, options: &str) {
        self.pki.openssl(&format!("ocsp -issuer ca.pem {options} -reqout made.req"));
        let answer = self.responder.respond(&self.pki.read("made.req"));
        assert_eq!(answer.status(), ResponseStatus::Successful);
        std::fs::write(self.pki.path("made.resp"), answer.der()).unwrap();
    }

    /// What OpenSSL reads in the answer, whose signature it verifies.
    fn openssl(&self, options: &str) -> String {
        self.answer(options);
        let text = self.pki.openssl("ocsp -reqin made.req -respin made.resp -CAfile ca.pem -resp_text");
        assert!(text.contains("Response verify OK"), "{text}");
        text
    }

    /// What pyca/cryptography reads in the answer, line by line.
    fn pyca(&self, options: &str) -> Vec<String> {
        self.answer(options);
        let python =
            std::env::var_os("NPKI_PYTHON_BIN").map_or_else(PathBuf::new, PathBuf::from).join("python3");
        let text = self.pki.run(python.to_str().unwrap(), &["judge.py", "made.resp", "responder.der"]);
        text.lines().map(str::to_owned).collect()
    }
}

const ALL: &str = "-cert good.pem -cert revoked.pem -cert held.pem -cert unknown.pem";

#[test]
fn by_default_an_answer_says_no_more_than_it_must() {
    let judged = Judged::by(AnswerPolicy::default());
    let text = judged.openssl(&format!("-no_nonce {ALL}"));
    assert!(
        text.contains("Responder Id: ") && !text.contains("Responder Id: C") && !text.contains("Extensions")
    );
    assert_eq!(
        judged.pyca(&format!("-no_nonce {ALL}")),
        [
            "GOOD - sha1",
            "REVOKED keyCompromise sha1",
            "REVOKED certificateHold sha1",
            "UNKNOWN - sha1",
            "named by key"
        ]
    );
    let said = judged.pyca("-sha256 -nonce -cert good.pem");
    assert_eq!(said[..2], ["GOOD - sha256", "named by key"]);
    assert!(said[2].starts_with("nonce of "), "{said:?}");
}

#[test]
fn a_responder_may_be_named_by_its_name() {
    let judged = Judged::by(AnswerPolicy { named_by: NamedBy::Name, ..AnswerPolicy::default() });
    let text = judged.openssl("-nonce -cert good.pem");
    assert!(text.contains("Responder Id: C") && text.contains("CN"), "{text}");
    assert_eq!(judged.pyca("-no_nonce -cert good.pem"), ["GOOD - sha1", "named by name"]);
}

/// RFC 6960 sections 2.2 and 4.4.8.
#[test]
fn what_was_never_issued_may_be_called_revoked() {
    let judged = Judged::by(AnswerPolicy { not_issued: NotIssued::Revoked, ..AnswerPolicy::default() });
    let text = judged.openssl("-nonce -cert unknown.pem");
    assert!(text.contains("Cert Status: revoked") && text.contains("Jan  1 00:00:00 1970"), "{text}");
    assert!(text.contains("certificateHold"), "{text}");
    let unissued = ["REVOKED certificateHold sha1", "named by key", "1.3.6.1.5.5.7.48.1.9"];
    assert_eq!(judged.pyca("-no_nonce -cert unknown.pem"), unissued);
    // Only where it was said: an answer that needs no such word has none.
    assert_eq!(judged.pyca("-no_nonce -cert held.pem"), unissued[..2]);
    // Another CA's certificate is not this responder's to revoke.
    judged.pki.authority("other", "/C=LS/CN=Other CA", "P-256");
    judged.pki.issue("stranger", "other", "leaf", "41000000000000000000000000000001");
    judged.answer("-no_nonce -cert good.pem -issuer other.pem -cert stranger.pem");
    let text = judged.pki.openssl("ocsp -respin made.resp -noverify -resp_text");
    let told: Vec<&str> = text.lines().filter(|line| line.contains("Cert Status")).map(str::trim).collect();
    assert_eq!(told, ["Cert Status: good", "Cert Status: unknown"]);
}

/// RFC 6960 section 4.4.4, ETSI EN 319 411-2 section 6.3.10.
#[test]
fn answers_may_say_since_when_revocations_are_known() {
    let policy = AnswerPolicy { archive_cutoff: ArchiveCutoff::SinceTheCaBegan, ..AnswerPolicy::default() };
    let judged = Judged::by(policy);
    let began = judged.pki.openssl("x509 -in ca.pem -noout -startdate").trim().replace("notBefore=", "");
    for (name, says) in [("good", 1), ("held", 1), ("unknown", 0)] {
        let text = judged.openssl(&format!("-no_nonce -cert {name}.pem"));
        assert_eq!(text.matches("OCSP Archive Cutoff").count(), says, "{name}: {text}");
        assert!(text.matches(&began).count() >= says, "{name}: {began} {text}");
    }
}

/// RFC 6960 section 2.4: thisUpdate is "the most recent time at which the status being indicated is known by the responder to
/// have been correct".
#[test]
fn what_is_known_of_hours_ago_is_told_as_of_then_and_for_no_longer_than_it_may_be() {
    let pki = Pki::new();
    pki.openssl(&format!("ocsp -issuer ca.pem -serial 0x{GOOD} -no_nonce -reqout made.req"));
    let request = pki.read("made.req");
    for this_update in [ThisUpdate::Known, ThisUpdate::Now] {
        let statuses = Arc::new(Statuses::default());
        let policy = AnswerPolicy { this_update, ..AnswerPolicy::default() };
        let parts = ResponderParts { policy, status: statuses.clone(), ..pki.parts("responder", "ca") };
        let responder = Responder::new(parts).unwrap();
        let ask = |as_of: Duration, until: Duration| {
            let now = OffsetDateTime::now_utc();
            *statuses.as_of.lock().unwrap() = Some(now - as_of);
            *statuses.until.lock().unwrap() = Some(now + until);
            (now, responder.respond(&request))
        };
        let (now, answer) = ask(Duration::hours(10), Duration::hours(14));
        let told = answer.freshness().unwrap();
        let expected = match this_update {
            ThisUpdate::Known => whole_seconds(now - Duration::hours(10)),
            ThisUpdate::Now => whole_seconds(now),
        };
        assert!((Duration::ZERO..Duration::seconds(5)).contains(&(told.this_update - expected)), "{told:?}");
        let next = told.next_update - whole_seconds(now);
        assert!((Duration::hours(1)..Duration::hours(1) + Duration::seconds(5)).contains(&next), "{told:?}");

        // Never beyond what may be told; and after that nothing at all. A kept answer must not outlive it either.
        *statuses.as_of.lock().unwrap() = None;
        statuses.set(GOOD, ca_core::status::SerialStatus::Good);
        let (now, answer) = ask(Duration::hours(23), Duration::minutes(10));
        assert!(answer.freshness().unwrap().next_update <= now + Duration::minutes(10));
        statuses.set(GOOD, ca_core::status::SerialStatus::Good);
        let (_, answer) = ask(Duration::hours(25), Duration::seconds(-1));
        assert_eq!(answer.status(), ResponseStatus::TryLater);
    }
}

//! Responder and client against each other, and against tampering.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixture;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ca_core::clock::{SetClock, SystemClock, SystemEntropy};
use ca_core::serial::SerialNumber;
use fixture::{GOOD, HELD, Pki, REVOKED, REVOKED_AT, Statuses, UNKNOWN};
use ocsp_responder::ocsp::client::{
    CertificateStatus, Nonce, Query, QueryError, SignedBy, Tolerance, Untrusted, VerifiedStatus,
};
use ocsp_responder::ocsp::{
    CertIdHash, CertificateError, MAX_CERT_IDS, NotDelegated, Responder, ResponderError, ResponderParts,
    Responders, ResponseStatus,
};
use time::{Duration, OffsetDateTime};

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn query(pki: &Pki, name: &str, nonce: Option<Nonce>) -> Query {
    Query::about(&pki.read(&format!("{name}.der")), &pki.read("ca.der"), CertIdHash::Sha1, nonce).unwrap()
}

fn nonce() -> Option<Nonce> {
    Some(Nonce::draw(&SystemEntropy).unwrap())
}

fn ask(responder: &Responder, query: &Query) -> Result<VerifiedStatus, Untrusted> {
    query.verify(responder.respond(query.der()).der(), now(), Tolerance::default())
}

#[test]
fn every_status_is_told_and_verified() {
    let pki = Pki::new();
    let responder = pki.responder();
    for hash in CertIdHash::ALL {
        for (name, serial) in [("good", GOOD), ("revoked", REVOKED), ("held", HELD), ("unknown", UNKNOWN)] {
            let by_certificate =
                Query::about(&pki.read(&format!("{name}.der")), &pki.read("ca.der"), hash, nonce()).unwrap();
            let by_serial =
                Query::about_serial(&serial.parse().unwrap(), &pki.read("ca.der"), hash, None).unwrap();
            for query in [by_certificate, by_serial] {
                let verified = ask(&responder, &query).unwrap();
                match (name, &verified.status) {
                    ("good", CertificateStatus::Good) | ("unknown", CertificateStatus::Unknown) => {}
                    ("revoked", CertificateStatus::Revoked { at, reason }) => {
                        assert_eq!((*at, reason.unwrap().name()), (REVOKED_AT, "key-compromise"));
                    }
                    ("held", CertificateStatus::Revoked { reason, .. }) => {
                        assert_eq!(reason.unwrap().name(), "certificate-hold");
                    }
                    (_, other) => panic!("{name}: {other:?}"),
                }
                assert_eq!(verified.next_update, Some(verified.this_update + Duration::hours(1)));
                assert_eq!(verified.produced_at, verified.this_update);
                assert!(
                    matches!(verified.responder, SignedBy::Delegate { ref subject, .. } if subject.contains("responder"))
                );
            }
        }
    }
}

#[test]
fn serials_with_the_top_bit_set_are_found_and_negative_ones_are_not() {
    #[derive(Debug)]
    struct Only128;
    impl ca_core::status::StatusSource for Only128 {
        fn status(
            &self,
            serial: &SerialNumber,
        ) -> Result<ca_core::status::SerialStatus, ca_core::storage::StorageError> {
            assert_eq!(serial.as_bytes(), [0x80]);
            Ok(ca_core::status::SerialStatus::Good)
        }
    }
    let pki = Pki::new();
    let parts = ResponderParts { status: Arc::new(Only128), ..pki.parts("responder", "ca") };
    let responder = Responder::new(parts).unwrap();
    let query =
        Query::about_serial(&"80".parse().unwrap(), &pki.read("ca.der"), CertIdHash::Sha1, None).unwrap();
    assert_eq!(ask(&responder, &query).unwrap().status, CertificateStatus::Good);

    // The same request with INTEGER -128: one content octet less in every enclosing length.
    let mut negative = query.der().to_vec();
    let tail = negative.split_off(negative.len() - 4);
    assert_eq!(tail, [0x02, 0x02, 0x00, 0x80]);
    negative.extend([0x02, 0x01, 0x80]);
    for length in [1, 3, 5, 7, 9] {
        negative[length] -= 1;
    }
    let answer = responder.respond(&negative);
    assert_eq!(answer.status(), ResponseStatus::Successful);
    std::fs::write(pki.path("answer.der"), answer.der()).unwrap();
    let text = pki.openssl("ocsp -respin answer.der -noverify -resp_text");
    assert!(text.contains("Cert Status: unknown"), "{text}");
}

#[test]
fn only_a_delegate_of_the_issuer_with_its_own_key_becomes_a_responder() {
    let pki = Pki::new();
    // The same name as the CA, another key.
    pki.authority("impostor", "/C=LS/O=Government of Lesotho/CN=Issuing CA", "P-384");
    pki.issue("foreign", "impostor", "responder", "02");
    for section in ["no-eku", "any-eku", "no-nocheck", "no-signing"] {
        pki.issue(section, "ca", section, "03");
    }
    let refusal = |name: &str| match Responder::new(pki.parts(name, "ca")) {
        Err(ResponderError::NotDelegated(cause)) => cause,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(refusal("foreign"), NotDelegated::OtherIssuer);
    assert_eq!(refusal("no-eku"), NotDelegated::NoOcspSigning);
    assert_eq!(refusal("any-eku"), NotDelegated::NoOcspSigning);
    assert_eq!(refusal("no-nocheck"), NotDelegated::NoNoCheck);
    assert_eq!(refusal("no-signing"), NotDelegated::NoDigitalSignature);

    let parts = ResponderParts { signer: pki.signer("good"), ..pki.parts("responder", "ca") };
    assert!(matches!(Responder::new(parts), Err(ResponderError::WrongKey)));
    let clock = Arc::new(SetClock::at(now() + Duration::days(21)));
    let parts = ResponderParts { clock, ..pki.parts("responder", "ca") };
    assert!(matches!(Responder::new(parts), Err(ResponderError::NotDelegated(NotDelegated::NotInForce))));
    let mut certificate = pki.read("responder.der");
    certificate.push(0);
    let parts = ResponderParts { certificate, ..pki.parts("responder", "ca") };
    assert!(matches!(Responder::new(parts), Err(ResponderError::Certificate(CertificateError::Malformed))));
}

#[test]
fn the_certificate_is_rotated_while_serving_and_kept_when_the_new_one_is_refused() {
    let pki = Pki::new();
    pki.issue("second", "ca", "responder", "05");
    let responder = pki.responder();
    let query = query(&pki, "good", None);
    let subject = || match ask(&responder, &query).unwrap().responder {
        SignedBy::Delegate { subject, .. } => subject,
        SignedBy::Issuer => panic!("signed by the CA"),
    };
    assert!(responder.rotate(&pki.read("second.der"), pki.signer("good")).is_err());
    assert!(subject().contains("CN=responder"));
    responder.rotate(&pki.read("second.der"), pki.signer("second")).unwrap();
    assert!(subject().contains("CN=second"));
}

#[test]
fn no_answer_outlives_the_responders_certificate() {
    let pki = Pki::new();
    let clock = Arc::new(SetClock::at(now()));
    let responder = pki.responder_at(clock.clone());
    let ends = responder.certificate_ends();
    let query = query(&pki, "good", None);

    clock.set(ends - Duration::minutes(10));
    let answer = responder.respond(query.der());
    assert_eq!(answer.freshness().unwrap().next_update, ends);

    clock.set(ends + Duration::seconds(1));
    assert_eq!(responder.respond(query.der()).status(), ResponseStatus::InternalError);
    let responders = Responders::new().with(Arc::new(responder));
    assert!(responders.check_ready().is_err());
}

#[test]
fn a_broken_store_is_never_good() {
    let pki = Pki::new();
    let statuses = Arc::new(Statuses::default());
    let parts = ResponderParts { status: statuses.clone(), ..pki.parts("responder", "ca") };
    let responder = Responder::new(parts).unwrap();
    let query = query(&pki, "good", nonce());
    statuses.broken.store(true, Ordering::SeqCst);
    assert_eq!(ask(&responder, &query), Err(Untrusted::Refused(ResponseStatus::TryLater)));
    statuses.broken.store(false, Ordering::SeqCst);
    assert_eq!(ask(&responder, &query).unwrap().status, CertificateStatus::Good);
}

#[test]
fn a_broken_key_is_an_internal_error() {
    #[derive(Debug)]
    struct Stuck(Arc<dyn ca_core::keys::Signer>);
    impl ca_core::keys::Signer for Stuck {
        fn algorithm(&self) -> ca_core::algorithm::KeyAlgorithm {
            self.0.algorithm()
        }
        fn public_key_info(&self) -> &[u8] {
            self.0.public_key_info()
        }
        fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, ca_core::keys::KeyError> {
            Err(ca_core::keys::KeyError::Unusable("told to fail"))
        }
    }
    let pki = Pki::new();
    let signer = Arc::new(Stuck(pki.signer("responder")));
    let responder = Responder::new(ResponderParts { signer, ..pki.parts("responder", "ca") }).unwrap();
    let answer = responder.respond(query(&pki, "good", None).der());
    assert_eq!(answer.status(), ResponseStatus::InternalError);
    assert_eq!(answer.der(), [0x30, 3, 0x0a, 1, 2]);
}

#[test]
fn issuers_are_told_apart() {
    let pki = Pki::new();
    pki.authority("other", "/C=LS/CN=Other CA", "P-256");
    pki.issue("other-responder", "other", "responder", "02");
    pki.issue("other-leaf", "other", "leaf", GOOD);
    let of_other =
        Query::about(&pki.read("other-leaf.der"), &pki.read("other.der"), CertIdHash::Sha256, None).unwrap();
    let of_ca = query(&pki, "good", None);

    let alone = pki.responder();
    let answer = alone.respond(of_other.der());
    assert_eq!((answer.status(), answer.freshness()), (ResponseStatus::Unauthorized, None));

    let both = Responders::new()
        .with(Arc::new(alone))
        .with(Arc::new(Responder::new(pki.parts("other-responder", "other")).unwrap()));
    for query in [&of_other, &of_ca] {
        let verified = query.verify(both.respond(query.der()).der(), now(), Tolerance::default()).unwrap();
        assert_eq!(verified.status, CertificateStatus::Good);
    }
    assert_eq!(Responders::new().respond(of_ca.der()).status(), ResponseStatus::Unauthorized);
    // The answer to one question is no answer to the other.
    let answer = both.respond(of_ca.der());
    assert!(of_other.verify(answer.der(), now(), Tolerance::default()).is_err());

    // One request with both: answered by the first one's responder, the other is unknown to it.
    pki.openssl("ocsp -issuer ca.pem -cert good.pem -issuer other.pem -cert other-leaf.pem -reqout both.req");
    let answer = both.respond(&pki.read("both.req"));
    std::fs::write(pki.path("both.resp"), answer.der()).unwrap();
    // openssl accepts a delegated answer about two issuers only from a responder that is itself trusted.
    let text = pki.openssl("ocsp -reqin both.req -respin both.resp -VAfile responder.pem -resp_text");
    assert!(text.contains("Response verify OK"), "{text}");
    let told: Vec<&str> = text.lines().filter(|line| line.contains("Cert Status")).map(str::trim).collect();
    assert_eq!(told, ["Cert Status: good", "Cert Status: unknown"]);
}

#[test]
fn requests_are_bounded() {
    let pki = Pki::new();
    let responder = pki.responder();
    let ask_for = |count: usize| {
        let many: String = (0..count).map(|serial| format!(" -serial {}", serial + 1)).collect();
        pki.openssl(&format!("ocsp -issuer ca.pem{many} -reqout many.req"));
        responder.respond(&pki.read("many.req")).status()
    };
    assert_eq!(ask_for(MAX_CERT_IDS), ResponseStatus::Successful);
    assert_eq!(ask_for(MAX_CERT_IDS + 1), ResponseStatus::MalformedRequest);
    assert_eq!(responder.respond(&[0; 70_000]).status(), ResponseStatus::MalformedRequest);
}

#[test]
fn a_signed_request_is_answered() {
    let pki = Pki::new();
    pki.openssl("ocsp -issuer ca.pem -cert good.pem -signer good.pem -signkey good.key -reqout signed.req");
    let answer = pki.responder().respond(&pki.read("signed.req"));
    std::fs::write(pki.path("signed.resp"), answer.der()).unwrap();
    let text = pki.openssl(
        "ocsp -reqin signed.req -respin signed.resp -CAfile ca.pem -issuer ca.pem -cert good.pem -no_nonce",
    );
    assert!(text.contains("Response verify OK"), "{text}");
    assert!(text.contains("good.pem: good"), "{text}");
}

#[test]
fn answers_to_a_nonce_are_for_the_asker_alone() {
    let pki = Pki::new();
    let responder = pki.responder();
    assert!(responder.respond(query(&pki, "good", nonce()).der()).freshness().is_none());
    assert!(responder.respond(query(&pki, "good", None).der()).freshness().is_some());
}

#[test]
fn an_answer_to_another_nonce_or_without_one_proves_nothing() {
    let pki = Pki::new();
    let responder = pki.responder();
    let (asked, other, plain) =
        (query(&pki, "good", nonce()), query(&pki, "good", nonce()), query(&pki, "good", None));
    let judge = |question: &Query, answered: &Query| {
        question.verify(responder.respond(answered.der()).der(), now(), Tolerance::default())
    };
    assert!(judge(&asked, &asked).is_ok());
    assert_eq!(judge(&asked, &other), Err(Untrusted::OtherNonce));
    assert_eq!(judge(&asked, &plain), Err(Untrusted::NonceMissing));
    assert!(judge(&plain, &asked).is_ok());
    assert_eq!(judge(&plain, &query(&pki, "revoked", None)), Err(Untrusted::OtherCertificate));
}

#[test]
fn stale_and_future_answers_prove_nothing() {
    let pki = Pki::new();
    let query = query(&pki, "good", None);
    let made = now();
    let answer = pki.responder_at(Arc::new(SetClock::at(made))).respond(query.der());
    let at = |offset| query.verify(answer.der(), made + offset, Tolerance::default());
    assert!(at(Duration::ZERO).is_ok());
    assert!(at(Duration::minutes(64)).is_ok());
    assert!(matches!(at(Duration::minutes(66)), Err(Untrusted::Stale { .. })));
    assert!(at(Duration::minutes(-4)).is_err(), "the responder's certificate is not that old");

    let later = pki.responder_at(Arc::new(SetClock::at(made + Duration::minutes(6)))).respond(query.der());
    assert_eq!(query.verify(later.der(), made, Tolerance::default()), Err(Untrusted::FromTheFuture));
    let ends = Err(Untrusted::NotDelegated(NotDelegated::NotInForce));
    assert_eq!(at(Duration::days(21)), ends);
}

/// openssl answers with whatever certificate it is given: what our responder refuses to be, it can be made to be.
#[test]
fn answers_of_those_who_may_not_answer_prove_nothing() {
    let pki = Pki::new();
    pki.authority("impostor", "/C=LS/O=Government of Lesotho/CN=Issuing CA", "P-384");
    pki.issue("foreign", "impostor", "responder", "02");
    for section in ["no-eku", "any-eku", "no-nocheck", "no-signing"] {
        pki.issue(section, "ca", section, "03");
    }
    let index = format!("V\t270101000000Z\t\t{}\tunknown\t/CN=good\n", GOOD.to_uppercase());
    std::fs::write(pki.path("index.txt"), index).unwrap();
    let query = query(&pki, "good", None);
    std::fs::write(pki.path("good.req"), query.der()).unwrap();
    let judge = |signer: &str| {
        pki.openssl(&format!(
            "ocsp -index index.txt -CA ca.pem -rsigner {signer}.pem -rkey {signer}.key -reqin good.req \
             -respout made.resp -ndays 1"
        ));
        query.verify(&pki.read("made.resp"), now() + Duration::seconds(1), Tolerance::default())
    };
    let good = |signer| judge(signer).map(|verified| (verified.status, verified.responder));
    assert!(matches!(good("responder"), Ok((CertificateStatus::Good, SignedBy::Delegate { .. }))));
    assert_eq!(good("ca"), Ok((CertificateStatus::Good, SignedBy::Issuer)));
    assert_eq!(good("foreign"), Err(NotDelegated::OtherIssuer.into()));
    assert_eq!(good("no-eku"), Err(NotDelegated::NoOcspSigning.into()));
    assert_eq!(good("any-eku"), Err(NotDelegated::NoOcspSigning.into()));
    assert_eq!(good("no-nocheck"), Err(NotDelegated::NoNoCheck.into()));
    assert_eq!(good("no-signing"), Err(NotDelegated::NoDigitalSignature.into()));
    // The impostor has the CA's name, and names itself: its key is not the CA's.
    assert_eq!(good("impostor"), Err(Untrusted::Signature));
}

#[test]
fn answers_signed_with_rsa_and_ed25519_are_verified() {
    let pki = Pki::new();
    let query = query(&pki, "good", None);
    std::fs::write(pki.path("good.req"), query.der()).unwrap();
    let index = format!("V\t270101000000Z\t\t{}\tunknown\t/CN=good\n", GOOD.to_uppercase());
    std::fs::write(pki.path("index.txt"), index).unwrap();
    for (name, digest) in [("RSA", "-rmd sha256"), ("RSA", "-rmd sha512"), ("ED25519", "")] {
        pki.openssl(&format!("genpkey -algorithm {name} -out any.key"));
        pki.openssl("req -new -key any.key -subj /CN=any -out any.csr");
        pki.openssl(
            "x509 -req -in any.csr -CA ca.pem -CAkey ca.key -set_serial 9 -days 20 -extfile extensions \
             -extensions responder -out any.pem",
        );
        let made = pki.attempt(
            "openssl",
            &format!(
                "ocsp -index index.txt -CA ca.pem -rsigner any.pem -rkey any.key -reqin good.req -respout any.resp \
                 -ndays 1 {digest}"
            )
            .split_whitespace()
            .collect::<Vec<_>>(),
        );
        assert!(made.status.success(), "{name}: {}", fixture::printed(&made));
        let verified =
            query.verify(&pki.read("any.resp"), now() + Duration::seconds(1), Tolerance::default());
        assert_eq!(verified.unwrap().status, CertificateStatus::Good, "{name}");
    }
}

#[test]
fn no_flipped_bit_of_an_answer_yields_another_status() {
    let pki = Pki::new();
    let responder = pki.responder();
    for name in ["good", "revoked"] {
        let query = query(&pki, name, None);
        let answer = responder.respond(query.der()).der().to_vec();
        let at = now();
        let genuine = query.verify(&answer, at, Tolerance::default()).unwrap();
        let mut forged = answer.clone();
        for position in 0..answer.len() {
            for bit in 0..8 {
                forged[position] ^= 1 << bit;
                if let Ok(verified) = query.verify(&forged, at, Tolerance::default()) {
                    assert_eq!(verified, genuine, "octet {position}, bit {bit}");
                }
                forged[position] ^= 1 << bit;
            }
            assert!(query.verify(&answer[..position], at, Tolerance::default()).is_err());
        }
    }
}

#[test]
fn every_damaged_request_gets_a_proper_answer() {
    let pki = Pki::new();
    let responder = pki.responder();
    let request = query(&pki, "good", nonce()).der().to_vec();
    for length in 0..request.len() {
        assert_eq!(responder.respond(&request[..length]).status(), ResponseStatus::MalformedRequest);
    }
    let mut damaged = request.clone();
    for position in 0..request.len() {
        for bit in 0..8 {
            damaged[position] ^= 1 << bit;
            let answer = responder.respond(&damaged);
            assert!(
                matches!(
                    answer.status(),
                    ResponseStatus::Successful
                        | ResponseStatus::MalformedRequest
                        | ResponseStatus::Unauthorized
                ),
                "octet {position}, bit {bit}: {}",
                answer.status()
            );
            damaged[position] ^= 1 << bit;
        }
    }
    let mut trailing = request;
    trailing.push(0);
    assert_eq!(responder.respond(&trailing).status(), ResponseStatus::MalformedRequest);
}

#[test]
fn a_question_is_put_only_about_a_certificate_of_the_issuer() {
    let pki = Pki::new();
    pki.authority("impostor", "/C=LS/O=Government of Lesotho/CN=Issuing CA", "P-384");
    let ask = |certificate: &[u8], issuer: &[u8]| {
        Query::about(certificate, issuer, CertIdHash::Sha1, None).map(|_| ())
    };
    let (good, ca) = (pki.read("good.der"), pki.read("ca.der"));
    assert_eq!(ask(&good, &ca), Ok(()));
    assert_eq!(ask(&good, &pki.read("impostor.der")), Err(QueryError::OtherIssuer));
    assert_eq!(ask(b"", &ca), Err(QueryError::Certificate(CertificateError::Malformed)));
    assert_eq!(ask(&good, b"0"), Err(QueryError::Issuer(CertificateError::Malformed)));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(512))]
    #[test]
    fn arbitrary_bytes_get_a_proper_answer_and_prove_nothing(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        static SHARED: std::sync::OnceLock<(Pki, Responder, Query)> = std::sync::OnceLock::new();
        let (_, responder, query) = SHARED.get_or_init(|| {
            let pki = Pki::new();
            let (responder, query) = (pki.responder_at(Arc::new(SystemClock)), query(&pki, "good", None));
            (pki, responder, query)
        });
        let answer = responder.respond(&bytes);
        proptest::prop_assert_eq!(answer.status(), ResponseStatus::MalformedRequest);
        proptest::prop_assert!(query.verify(&bytes, now(), Tolerance::default()).is_err());
    }
}

//! A root, an issuing CA, a subscriber's certificate, CRLs and an OCSP answer of every algorithm, judged by Python's
//! `cryptography` on an OpenSSL that knows ML-DSA, by the OpenSSL that is installed, and by npki's own verifiers.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../ca-core/tests/issuance/authority.rs"]
#[allow(dead_code, reason = "shared with the tests of issuance, which use more of it")]
mod authority;
mod judges;

use std::sync::Arc;

use authority::{Ca, actor};
use ca_core::algorithm::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use ca_core::clock::{Clock, SystemClock};
use ca_core::crl::{CrlPlan, DeltaPlan, NamedIn};
use ca_core::csr::SubjectPublicKey;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::status::RevocationReason;
use ca_core::storage::AuditedChange;
use ca_core::storage::memory::MemoryStore;
use judges::Published;
use ocsp_responder::ocsp::client::{CertificateStatus, Query, Tolerance};
use ocsp_responder::ocsp::{AnswerPolicy, CertIdHash, Responder, ResponderParts};
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::crl::VerifiedList;
use ocsp_responder::validation::path::find_path;
use time::Duration;

/// A key that signs in this way. OpenSSL makes RSA keys, in a fraction of the time.
fn key(algorithm: KeyAlgorithm, signs_with: SignatureAlgorithm) -> Arc<SoftwareKey> {
    let made = match algorithm {
        KeyAlgorithm::Rsa3072 => SoftwareKey::from_pem(&judges::rsa_key(3072)),
        KeyAlgorithm::Rsa4096 => SoftwareKey::from_pem(&judges::rsa_key(4096)),
        other => SoftwareKey::generate(other),
    };
    Arc::new(made.unwrap().signing_with(signs_with).unwrap())
}

fn public(key: &SoftwareKey) -> SubjectPublicKey {
    SubjectPublicKey::from_der(key.public_key_info()).unwrap()
}

/// Founds a hierarchy whose every signature is of this kind, and publishes all there is to publish.
fn published(algorithm: KeyAlgorithm, signs_with: SignatureAlgorithm) -> Published {
    let new_key = || key(algorithm, signs_with);
    let ca = Ca::founded_with_keys(MemoryStore::new(), new_key(), new_key());
    // What is made some seconds later is not ahead of the judges' clocks.
    ca.wait(Duration::seconds(-2));
    // ML-DSA-87 is for CAs and responders only.
    let kind = if algorithm == KeyAlgorithm::MlDsa87 { "ocsp-responder" } else { "device" };
    let leaf = ca.issue(kind, public(&new_key())).unwrap();
    let revoked = ca.issue(kind, public(&new_key())).unwrap();
    let serial = &revoked.record.serial;
    let nothing = AuditedChange::nothing();
    ca.issuing.revoke(serial, RevocationReason::KeyCompromise, &actor(), nothing).unwrap();
    let responder_key = new_key();
    let responder = ca.issue("ocsp-responder", public(&responder_key)).unwrap();
    let answers = Responder::new(ResponderParts {
        issuer: ca.issuing.certificate().to_vec(),
        certificate: responder.der.clone(),
        signer: responder_key,
        status: Arc::new(ca.issuing.certificates().clone()),
        clock: Arc::new(SystemClock),
        policy: AnswerPolicy::default(),
    })
    .unwrap();
    let query = |der: &[u8]| Query::about(der, ca.issuing.certificate(), CertIdHash::Sha256, None).unwrap();
    let (root_crl, crl) = (
        ca.root.publish_crl(Duration::days(90), &actor()).unwrap().der,
        ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap().der,
    );
    let answer = answers.respond(query(&leaf.der).der()).der().to_vec();
    let revoked_answer = answers.respond(query(&revoked.der).der()).der().to_vec();
    let divided = Divided::publish(ca, kind, public(&new_key()));
    let Divided { ca, in_shard, shard, delta } = divided;
    Published {
        in_shard,
        shard,
        delta,
        root: ca.root.certificate().to_vec(),
        issuing: ca.issuing.certificate().to_vec(),
        root_crl,
        crl,
        answer,
        revoked_answer,
        responder: responder.der,
        leaf: leaf.der,
        revoked: revoked.der,
    }
}

/// A CA whose CRL is divided now: a certificate of its shard, which a delta revokes.
struct Divided {
    ca: Ca,
    in_shard: Vec<u8>,
    shard: Vec<u8>,
    delta: Vec<u8>,
}

impl Divided {
    fn publish(ca: Ca, kind: &str, key: SubjectPublicKey) -> Self {
        let delta = Some(DeltaPlan { validity: Duration::hours(6), named_in: NamedIn::Crls });
        let ca = ca.planned(CrlPlan { shards: 1, delta, ..CrlPlan::default() });
        let issued = ca.issue(kind, key).unwrap();
        let (partition, store) = (issued.record.crl_partition, ca.store.clone());
        let shard = ca.issuing.publish_full(partition, &actor()).unwrap().load(store.as_ref()).unwrap();
        // A full CRL and a delta are not of one second.
        ca.wait(Duration::seconds(2));
        let serial = issued.record.serial.clone();
        let nothing = AuditedChange::nothing();
        ca.issuing.revoke(&serial, RevocationReason::KeyCompromise, &actor(), nothing).unwrap();
        let delta = ca.issuing.publish_delta(partition, &[serial], &actor()).unwrap();
        let delta = delta.load(store.as_ref()).unwrap();
        Self { ca, in_shard: issued.der, shard: shard.der, delta: delta.der }
    }
}

/// npki's own relying party: path, CRLs, OCSP.
fn npki_accepts(published: &Published) {
    let read = |der: &[u8]| Certificate::from_der(der).unwrap();
    let (root, issuing, leaf) = (read(&published.root), read(&published.issuing), read(&published.leaf));
    let now = SystemClock.now();
    find_path(&leaf, std::slice::from_ref(&issuing), std::slice::from_ref(&root), now).unwrap();
    VerifiedList::verify(&published.root_crl, &root).unwrap();
    VerifiedList::verify(&published.crl, &issuing).unwrap();
    VerifiedList::verify(&published.shard, &issuing).unwrap();
    VerifiedList::verify(&published.delta, &issuing).unwrap();
    assert!(VerifiedList::verify(&published.crl, &root).is_err());
    let status = |certificate: &[u8], answer: &[u8]| {
        let query = Query::about(certificate, &published.issuing, CertIdHash::Sha256, None).unwrap();
        query.verify(answer, SystemClock.now(), Tolerance::default())
    };
    let good = status(&published.leaf, &published.answer).unwrap();
    assert!(matches!(good.status, CertificateStatus::Good));
    let revoked = status(&published.revoked, &published.revoked_answer).unwrap();
    assert!(matches!(revoked.status, CertificateStatus::Revoked { .. }));
}

/// One flipped bit in a signature, and nobody accepts it.
fn npki_refuses_what_was_altered(published: &Published) {
    let altered = |der: &[u8]| {
        let mut altered = der.to_vec();
        *altered.last_mut().unwrap() ^= 1;
        altered
    };
    let read = |der: &[u8]| Certificate::from_der(der).unwrap();
    let (root, issuing) = (read(&published.root), read(&published.issuing));
    let leaf = read(&altered(&published.leaf));
    let intermediates = std::slice::from_ref(&issuing);
    assert!(find_path(&leaf, intermediates, std::slice::from_ref(&root), SystemClock.now()).is_err());
    for list in [&published.crl, &published.shard, &published.delta] {
        assert!(VerifiedList::verify(&altered(list), &issuing).is_err());
    }
}

fn judged(algorithm: KeyAlgorithm, signs_with: SignatureAlgorithm) {
    let published = published(algorithm, signs_with);
    npki_accepts(&published);
    npki_refuses_what_was_altered(&published);
    judges::cryptography_accepts(&published, signs_with);
    if !signs_with.name().starts_with("ml-dsa") {
        judges::openssl_accepts(&published, signs_with);
    }
}

#[test]
fn a_hierarchy_of_elliptic_curves() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519] {
        judged(algorithm, algorithm.default_signature_algorithm());
    }
}

#[test]
fn a_hierarchy_of_rsa_with_pkcs1() {
    judged(KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256));
    judged(KeyAlgorithm::Rsa4096, SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384));
}

#[test]
fn a_hierarchy_of_rsa_with_pss() {
    judged(KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha256));
    judged(KeyAlgorithm::Rsa4096, SignatureAlgorithm::RsaPss(DigestAlgorithm::Sha384));
}

#[test]
fn a_hierarchy_of_ml_dsa() {
    for algorithm in [KeyAlgorithm::MlDsa44, KeyAlgorithm::MlDsa65, KeyAlgorithm::MlDsa87] {
        judged(algorithm, algorithm.default_signature_algorithm());
    }
}

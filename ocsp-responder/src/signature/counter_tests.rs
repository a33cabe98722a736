//! Signature policies and counter-signatures in CMS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ca_core::clock::{Clock, SystemClock};
use ca_core::keys::Signer;
use cms::cert::IssuerAndSerialNumber;
use cms::content_info::CmsVersion;
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use der::asn1::OctetString;
use der::{Any, Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attributes;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use super::attributes::{CONTENT_TYPE, DATA, attribute, baseline};
use super::levels::{Office, office};
use super::sign::{embedded, signed};
use super::tests::TestSigner;
use super::unsigned::with_attribute;
use super::*;
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::fixture::LEAF;
use crate::validation::status::CrlOnly;
use crate::validation::{Answer, Basis, Indication, SubIndication};

const CONTENT: &[u8] = b"Tumellano\n";
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15");
const COUNTER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.6");

impl Office {
    /// Signed with these attributes besides, and these certificates.
    fn signed_with(&self, change: impl FnOnce(&mut Attributes), chain: &[Certificate]) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let digest = ContentDigest::of(CONTENT, DigestAlgorithm::Sha256);
        let mut attributes = baseline(&digest, &self.leaf, self.now).unwrap();
        change(&mut attributes);
        let content = EncapsulatedContentInfo { econtent_type: DATA, econtent: None };
        let certificates = embedded(&self.leaf, chain).unwrap();
        signed(content, &digest, attributes, &signer, &self.leaf, certificates).unwrap()
    }

    fn judged_now(&self, signature: &[u8]) -> SignatureVerdict {
        let (anchors, evidence) = (std::slice::from_ref(&self.root), self.evidence());
        let at = SystemClock.now() + std::time::Duration::from_secs(2);
        let basis = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
        verify_signed_file(signature, CONTENT, &basis).unwrap()
    }

    /// A counter-signature over this value, by the key and certificate of this name.
    fn counters(&self, value: &[u8], name: &str, change: impl FnOnce(&mut Attributes)) -> Vec<u8> {
        let (signer, certificate) =
            (TestSigner::open(&self.workshop, name, "P-256"), self.workshop.certificate(name));
        let digest = ContentDigest::of(value, DigestAlgorithm::Sha256);
        let all = baseline(&digest, &certificate, self.now).unwrap();
        let all = all.iter().filter(|one| one.oid != CONTENT_TYPE).cloned().collect::<Vec<_>>();
        let mut attributes = Attributes::try_from(all).unwrap();
        change(&mut attributes);
        let info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: Name::from_der(certificate.issuer_name().der()).unwrap(),
                serial_number: SerialNumber::new(certificate.serial_magnitude()).unwrap(),
            }),
            digest_alg: AlgorithmIdentifierOwned { oid: DigestAlgorithm::Sha256.oid(), parameters: None },
            signature_algorithm: AlgorithmIdentifierOwned::from_der(
                signer.signature_algorithm().identifier(),
            )
            .unwrap(),
            signature: OctetString::new(signer.sign(&attributes.to_der().unwrap()).unwrap()).unwrap(),
            signed_attrs: Some(attributes),
            unsigned_attrs: None,
        };
        info.to_der().unwrap()
    }
}

/// 1.3.6.1.4.1.32473.1.5 with a digest of nothing, and where it can be had; as OpenSSL writes it down.
fn policy(office: &Office) -> Any {
    let configuration = "asn1=SEQUENCE:policy\n[policy]\nid=OID:1.3.6.1.4.1.32473.1.5\nhash=SEQUENCE:hash\nquals=SEQUENCE:quals\n\
        [hash]\nalg=SEQUENCE:alg\nvalue=FORMAT:HEX,OCTETSTRING:00\n[alg]\nid=OID:2.16.840.1.101.3.4.2.1\n\
        [quals]\none=SEQUENCE:one\n[one]\nid=OID:1.2.840.113549.1.9.16.5.1\nvalue=IA5STRING:https://example.org/policy.pdf\n";
    std::fs::write(office.workshop.path("policy.cnf"), configuration).unwrap();
    office.workshop.openssl(&["asn1parse", "-genconf", "policy.cnf", "-noout", "-out", "policy.der"]);
    Any::from_der(&std::fs::read(office.workshop.path("policy.der")).unwrap()).unwrap()
}

#[test]
fn a_policy_that_is_named_leaves_it_open_and_an_implied_one_does_not() {
    let office = office();
    let issuing = [office.workshop.certificate("issuing")];
    let named = policy(&office);
    let with = |value: &Any| {
        office
            .signed_with(|attributes| attributes.insert(attribute(POLICY, value).unwrap()).unwrap(), &issuing)
    };
    let verdict = office.judged_now(&with(&named));
    assert_eq!(verdict.sub_indication, Some(SubIndication::SignaturePolicyNotAvailable), "{verdict:?}");
    assert_eq!((verdict.answer, verdict.level), (Answer::CannotTell, Some(SignatureLevel::B)));
    let stated = SignaturePolicy::Explicit {
        identifier: "1.3.6.1.4.1.32473.1.5".to_owned(),
        address: Some("https://example.org/policy.pdf".to_owned()),
    };
    assert_eq!(verdict.policy, Some(stated));
    let implied = office.judged_now(&with(&Any::null()));
    assert_eq!((implied.answer, implied.policy), (Answer::Valid, Some(SignaturePolicy::Implied)));
    let broken = office.judged_now(&with(&Any::encode_from(&OctetString::new(*b"x").unwrap()).unwrap()));
    assert_eq!(broken.sub_indication, Some(SubIndication::FormatFailure), "{broken:?}");
    assert_eq!(office.judged_now(&office.signed_with(|_| {}, &issuing)).policy, None);
}

#[test]
fn counter_signatures_are_told_and_decide_nothing() {
    let office = office();
    let notary = office.workshop.issue("issuing", "notary", "P-256", LEAF);
    let chain = [office.workshop.certificate("issuing"), notary];
    let signature = office.signed_with(|_| {}, &chain);
    let value = SignedFile::parse(&signature).unwrap().value().to_vec();
    let countered =
        |counter: &[u8]| office.judged_now(&with_attribute(&signature, COUNTER, counter).unwrap());
    let told = |counter: &[u8]| {
        let verdict = countered(counter);
        assert_eq!(verdict.indication, Indication::TotalPassed, "{verdict:?}");
        let [one] = verdict.countersignatures.as_slice() else { panic!("{verdict:?}") };
        one.clone()
    };
    let good = told(&office.counters(&value, "notary", |_| {}));
    assert_eq!((good.answer, good.form), (Answer::Valid, Some(SignatureForm::CadesBaselineB)), "{good:?}");
    assert!(good.certificate.unwrap().path[0].certificate.subject.contains("notary"));
    for (counter, why) in [
        (office.counters(b"another value", "notary", |_| {}), SubIndication::HashFailure),
        // RFC 5652 section 11.4: a content type is what a counter-signature has not.
        (
            office.counters(&value, "notary", |all| {
                all.insert(attribute(CONTENT_TYPE, &DATA).unwrap()).unwrap()
            }),
            SubIndication::FormatFailure,
        ),
        (office.counters(&value, "unit", |_| {}), SubIndication::NoSigningCertificateFound),
        (vec![0x30, 0x00], SubIndication::FormatFailure),
    ] {
        let bad = told(&counter);
        assert_eq!(bad.sub_indication, Some(why), "{bad:?}");
    }
    // A policy of the counter-signature's is its own.
    let named = policy(&office);
    let own = told(
        &office.counters(&value, "notary", |all| all.insert(attribute(POLICY, &named).unwrap()).unwrap()),
    );
    assert_eq!(own.sub_indication, Some(SubIndication::SignaturePolicyNotAvailable), "{own:?}");
}

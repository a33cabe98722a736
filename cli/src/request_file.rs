//! Certification requests (PKCS#10, RFC 2986) written here, where the private key is.

use ca_core::algorithm::SignatureAlgorithm;
use ca_core::keys::Signer;
use der::asn1::{BitString, Ia5String, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode, EncodePem};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::request::{CertReq, CertReqInfo, ExtensionReq, Version};

use crate::failure::{Failure, catalogue};

// RFC 5280 section 4.2.1.6.
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Writes a certification request, PEM. Its names are wishes: the registry vouches for those of the certificate.
///
/// # Errors
/// A DNS name that is not ASCII, or a key that could not sign.
pub fn certification_request(
    key: &dyn Signer,
    common_name: &str,
    dns_names: &[String],
) -> Result<String, Failure> {
    let unsigned = unsigned(key, common_name, dns_names).map_err(|error| unencodable(&error))?;
    let bytes = unsigned.to_der().map_err(|error| unencodable(&error))?;
    let signature =
        key.sign(&bytes).map_err(|error| Failure::of(&catalogue::KEY_GENERATION).cause(error.to_string()))?;
    signed(unsigned, key.signature_algorithm(), &signature).map_err(|error| unencodable(&error))
}

fn unsigned(key: &dyn Signer, common_name: &str, dns_names: &[String]) -> der::Result<CertReqInfo> {
    let mut attributes = SetOfVec::new();
    if !dns_names.is_empty() {
        attributes.insert(ExtensionReq(vec![alternative_names(dns_names)?]).try_into()?)?;
    }
    Ok(CertReqInfo {
        version: Version::V1,
        subject: subject(common_name)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key_info())?,
        attributes,
    })
}

fn signed(info: CertReqInfo, algorithm: SignatureAlgorithm, signature: &[u8]) -> der::Result<String> {
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned::from_der(algorithm.identifier())?,
        signature: BitString::from_bytes(signature)?,
    };
    request.to_pem(der::pem::LineEnding::LF)
}

fn subject(common_name: &str) -> der::Result<Name> {
    let value = der::Any::new(der::Tag::Utf8String, common_name.as_bytes())?;
    let attribute = AttributeTypeAndValue { oid: COMMON_NAME, value };
    let relative = RelativeDistinguishedName::try_from(vec![attribute])?;
    Name::from_der(&RdnSequence::from(vec![relative]).to_der()?)
}

fn alternative_names(dns_names: &[String]) -> der::Result<Extension> {
    let names = dns_names
        .iter()
        .map(|name| Ia5String::new(name).map(GeneralName::DnsName))
        .collect::<Result<_, _>>()?;
    Ok(Extension {
        extn_id: SUBJECT_ALT_NAME,
        critical: false,
        extn_value: OctetString::new(SubjectAltName(names).to_der()?)?,
    })
}

fn unencodable(error: &der::Error) -> Failure {
    Failure::of(&catalogue::USAGE)
        .what("a name cannot be written into a certification request")
        .cause(error.to_string())
        .fix("write DNS names in ASCII, international ones as xn--")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use ca_core::algorithm::KeyAlgorithm;
    use ca_core::csr::CertificationRequest;

    use super::certification_request;
    use crate::new_key;

    fn request(algorithm: KeyAlgorithm, common_name: &str, dns_names: &[String]) -> String {
        let (key, _) = new_key::generate(algorithm).unwrap();
        certification_request(&key, common_name, dns_names).unwrap()
    }

    #[test]
    fn the_authority_accepts_what_is_written_here() {
        let names = ["portal.gov.ls".to_owned(), "www.portal.gov.ls".to_owned()];
        for algorithm in KeyAlgorithm::ALL {
            let pem = request(algorithm, "A-01", &names);
            let verified = CertificationRequest::parse(pem.as_bytes()).unwrap().verify().unwrap();
            assert_eq!(verified.dns_names(), names, "{algorithm}");
        }
    }

    #[test]
    fn openssl_accepts_it_too() {
        let folder = tempfile::tempdir().unwrap();
        // OpenSSL 3.0 does not know ML-DSA.
        for algorithm in
            [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa3072, KeyAlgorithm::Ed25519]
        {
            let file = folder.path().join("request.pem");
            std::fs::write(&file, request(algorithm, "'Mamosa Š", &["a.gov.ls".to_owned()])).unwrap();
            let checked = std::process::Command::new("openssl")
                .args(["req", "-verify", "-noout", "-text", "-in"])
                .arg(&file)
                .output()
                .expect("openssl");
            let said = String::from_utf8_lossy(&checked.stdout).into_owned()
                + &String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success() && said.contains("verify OK"), "{algorithm}: {said}");
            assert!(said.contains("DNS:a.gov.ls"), "{algorithm}: {said}");
        }
    }

    #[test]
    fn a_name_that_is_not_ascii_is_refused() {
        let (key, _) = new_key::generate(KeyAlgorithm::P256).unwrap();
        let failure = certification_request(&key, "x", &["š.ls".to_owned()]).unwrap_err();
        assert_eq!(failure.exit().number(), 2);
    }
}

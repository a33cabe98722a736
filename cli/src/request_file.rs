//! Certification requests (PKCS#10, RFC 2986) written here, where the private key is.

use ca_core::algorithm::SignatureAlgorithm;
use ca_core::keys::Signer;
use ca_core::profile::AttributeType;
use der::asn1::{BitString, SetOfVec};
use der::{Decode, Encode, EncodePem};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::failure::{Failure, catalogue};

/// Writes a certification request, PEM. Its subject is a wish: the registry vouches for the certificate's. Names are sent
/// beside it.
///
/// # Errors
/// A value that does not fit into a name, or a key that could not sign.
pub fn certification_request(
    key: &dyn Signer,
    subject: &[(AttributeType, String)],
) -> Result<String, Failure> {
    let unsigned = unsigned(key, subject).map_err(|error| unencodable(&error))?;
    let bytes = unsigned.to_der().map_err(|error| unencodable(&error))?;
    let signature =
        key.sign(&bytes).map_err(|error| Failure::of(&catalogue::KEY_GENERATION).cause(error.to_string()))?;
    signed(unsigned, key.signature_algorithm(), &signature).map_err(|error| unencodable(&error))
}

fn unsigned(key: &dyn Signer, wished: &[(AttributeType, String)]) -> der::Result<CertReqInfo> {
    Ok(CertReqInfo {
        version: Version::V1,
        subject: subject(wished)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key_info())?,
        attributes: SetOfVec::new(),
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

fn subject(wished: &[(AttributeType, String)]) -> der::Result<Name> {
    let attributes: Vec<_> = wished.iter().map(|(attribute, value)| (*attribute, value.as_str())).collect();
    Name::from_der(&ca_core::name::encoded(&attributes)?)
}

fn unencodable(error: &der::Error) -> Failure {
    Failure::of(&catalogue::USAGE)
        .what("the subject cannot be written into a certification request")
        .cause(error.to_string())
        .fix("write each attribute once, as NAME=VALUE; a country as two capital letters")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use ca_core::algorithm::KeyAlgorithm;
    use ca_core::csr::CertificationRequest;

    use super::*;
    use crate::new_key;

    fn request(algorithm: KeyAlgorithm, subject: &[(AttributeType, &str)]) -> Result<String, Failure> {
        let (key, _) = new_key::generate(algorithm).unwrap();
        let subject: Vec<_> = subject.iter().map(|(kind, value)| (*kind, (*value).to_owned())).collect();
        certification_request(&key, &subject)
    }

    #[test]
    fn the_authority_accepts_what_is_written_here() {
        for algorithm in KeyAlgorithm::ALL {
            let wished = [(AttributeType::Country, "LS"), (AttributeType::CommonName, "A-01")];
            let pem = request(algorithm, &wished).unwrap();
            let verified = CertificationRequest::parse(pem.as_bytes()).unwrap().verify().unwrap();
            let read = verified.wishes().subject().iter().map(|asked| (asked.attribute(), asked.value()));
            assert_eq!(read.collect::<Vec<_>>(), [("C", "LS"), ("CN", "A-01")], "{algorithm}");
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
            let pem = request(algorithm, &[(AttributeType::CommonName, "'Mamosa Š")]).unwrap();
            std::fs::write(&file, pem).unwrap();
            let checked = std::process::Command::new("openssl")
                .args(["req", "-verify", "-noout", "-text", "-in"])
                .arg(&file)
                .output()
                .expect("openssl");
            let said = String::from_utf8_lossy(&checked.stdout).into_owned()
                + &String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success() && said.contains("verify OK"), "{algorithm}: {said}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused() {
        let failure = request(KeyAlgorithm::P256, &[(AttributeType::Country, "Lešotho")]).unwrap_err();
        assert_eq!(failure.exit().number(), 2);
    }
}

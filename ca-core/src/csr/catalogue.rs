//! One of each refusal, for documentation: what `npki help E-CSR-…` explains.

use super::CsrError;

/// One refusal of each kind, with example values in it.
pub fn one_of_each() -> Vec<CsrError> {
    let text = |text: &str| text.to_owned();
    let mut all = framing();
    all.extend([
        CsrError::SubjectAttributeRepeated { attribute: text("CN") },
        CsrError::SubjectAttributeEmpty { attribute: text("CN") },
        CsrError::SubjectEncoding { attribute: text("CN"), string_type: "PrintableString" },
        CsrError::SubjectStringType { attribute: text("CN"), string_type: "TeletexString" },
        CsrError::SubjectControlCharacter { attribute: text("CN"), character: '\u{7}' },
        CsrError::ExtensionRequestRepeated,
        CsrError::ExtensionRepeated { oid: text("2.5.29.17") },
        CsrError::DnsName { name: text("a_b.example"), why: "it has an underscore" },
        CsrError::AlternativeName { form: "email", name: text("a.example"), why: "it has no @" },
    ]);
    all.extend(keys());
    all.extend([
        CsrError::WeakSignature { algorithm: text("sha1WithRSAEncryption") },
        CsrError::UnsupportedSignature { found: text("Ed448") },
        CsrError::SignatureOfAnotherKind { key: text("RSA-3072"), algorithm: text("ecdsa-with-SHA256") },
        CsrError::SignatureParameters { algorithm: text("ecdsa-with-SHA256"), why: "they must be absent" },
        CsrError::PssSalt { found: 222, expected: 32 },
        CsrError::ProofOfPossession,
    ]);
    all
}

fn framing() -> Vec<CsrError> {
    let text = |text: &str| text.to_owned();
    vec![
        CsrError::Empty,
        CsrError::TooLarge { octets: 100_000 },
        CsrError::NotARequest,
        CsrError::Utf16,
        CsrError::PrivateKeyGiven,
        CsrError::CertificateGiven,
        CsrError::PublicKeyGiven,
        CsrError::OtherPem { label: text("X509 CRL") },
        CsrError::SeveralPemBlocks { count: 2 },
        CsrError::PemUnfinished,
        CsrError::PemEndMismatch { begun: text("CERTIFICATE REQUEST"), ended: text("CERTIFICATE") },
        CsrError::PemBase64,
        CsrError::TextAfterPem,
        CsrError::Truncated { expected: 300, found: 200 },
        CsrError::TrailingOctets { octets: 1 },
        CsrError::NotDer { offset: 12, rule: "a length has leading zeros" },
        CsrError::Structure { part: "the subject" },
        CsrError::Version,
    ]
}

fn keys() -> Vec<CsrError> {
    let curve = "P-256";
    vec![
        CsrError::UnsupportedKey { found: "P-521".to_owned() },
        CsrError::ExplicitCurve,
        CsrError::KeyParameters { key: "RSA", why: "they must be NULL" },
        CsrError::KeyEncoding { key: "RSA", why: "the modulus is negative" },
        CsrError::PointCompressed { curve },
        CsrError::PointLength { curve, expected: 65, found: 97 },
        CsrError::PointNotOnCurve { curve },
        CsrError::SmallOrderPoint,
        CsrError::RsaSize { bits: 1024 },
        CsrError::RsaSmallFactor { factor: 3 },
        CsrError::RsaClosePrimes,
        CsrError::RsaRoca,
        CsrError::RsaExponent { why: "it is 3" },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The codes in the sources are all here, each once: a new variant must be added to the list.
    #[test]
    fn every_code_is_explained_once() {
        let explained: Vec<_> = one_of_each().iter().map(CsrError::code).collect();
        let distinct: BTreeSet<_> = explained.iter().copied().collect();
        assert_eq!(distinct.len(), explained.len());
        let source = include_str!("error.rs");
        let in_source: BTreeSet<_> =
            source.match_indices("\"E-CSR-").filter_map(|(at, _)| source.get(at + 1..at + 10)).collect();
        assert_eq!(distinct, in_source);
    }
}

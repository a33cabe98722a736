//! Trust anchors of a context, and the fingerprints by which people compare them.

use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::failure::{Failure, catalogue};

/// A CA's certificate that is trusted by decision, not by signature.
#[derive(Debug, Clone)]
pub struct Anchor {
    der: CertificateDer<'static>,
    subject: String,
}

/// One or more trust anchors.
#[derive(Debug, Clone)]
pub struct Anchors(Vec<Anchor>);

/// SHA-256 of a certificate's DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Anchor {
    /// Reads a CA's certificate, DER.
    ///
    /// # Errors
    /// It is none, or not a CA's (RFC 5280 section 4.2.1.9).
    pub fn from_der(der: &[u8]) -> Result<Self, Failure> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| no_anchor("it cannot be read as a certificate"))?;
        if !rest.is_empty() {
            return Err(no_anchor("something follows the certificate"));
        }
        if !certificate.is_ca() {
            return Err(no_anchor(&format!("{} is not a CA's certificate", certificate.subject())));
        }
        let subject = ca_core::name::text(certificate.subject().as_raw());
        Ok(Self { der: CertificateDer::from(der.to_vec()), subject })
    }

    /// Its DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Its subject, for people.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut octets = [0; 32];
        octets.copy_from_slice(digest(&SHA256, &self.der).as_ref());
        Fingerprint(octets)
    }
}

impl Anchors {
    /// Reads PEM certificates, or one in DER.
    ///
    /// # Errors
    /// There is none, or one of them is not a CA's.
    pub fn parse(content: &[u8]) -> Result<Self, Failure> {
        let blocks = pem::parse_many(content).map_err(|_| no_anchor("it is not well-formed PEM"))?;
        let anchors: Vec<Anchor> = if blocks.is_empty() {
            vec![Anchor::from_der(content)?]
        } else {
            let certificates = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
            certificates.map(|block| Anchor::from_der(block.contents())).collect::<Result<_, _>>()?
        };
        if anchors.is_empty() { Err(no_anchor("it holds no certificate")) } else { Ok(Self(anchors)) }
    }

    /// A single anchor.
    pub fn of(anchor: Anchor) -> Self {
        Self(vec![anchor])
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Each anchor.
    pub fn iter(&self) -> impl Iterator<Item = &Anchor> {
        self.0.iter()
    }

    /// All of them as PEM.
    pub fn to_pem(&self) -> String {
        self.0.iter().map(|anchor| crate::files::certificate_pem(&anchor.der)).collect()
    }
}

impl FromIterator<Anchor> for Anchors {
    fn from_iter<I: IntoIterator<Item = Anchor>>(anchors: I) -> Self {
        Self(anchors.into_iter().collect())
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = String;

    /// Reads 64 hexadecimal digits in either case; colons and spaces between them do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        let mut octets = [0; 32];
        hex::decode_to_slice(&digits, &mut octets)
            .map_err(|_| "a SHA-256 fingerprint has 64 hexadecimal digits".to_owned())?;
        Ok(Self(octets))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

fn no_anchor(cause: &str) -> Failure {
    Failure::of(&catalogue::NO_ANCHOR).cause(cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{Anchors, Fingerprint};

    #[test]
    fn fingerprints_are_read_as_people_write_them() {
        let plain: Fingerprint = "ab".repeat(32).parse().unwrap();
        let colons: Fingerprint = vec!["AB"; 32].join(":").parse().unwrap();
        assert_eq!(plain, colons);
        for wrong in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"zz".repeat(32)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_no_anchor() {
        for wrong in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Anchors::parse(wrong).unwrap_err().code(), "E-CTX-006");
        }
    }
}

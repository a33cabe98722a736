//! Issued certificates as files, and the little that tests read out of them themselves.

use std::path::{Path, PathBuf};

use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::pem::Pem;

/// A certificate that was issued, with the files its holder keeps.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The profile it was issued under.
    pub profile: String,
    /// The identity it is bound to.
    pub identity: String,
    /// Its serial number, lower-case hex.
    pub serial: String,
    /// The certificate alone, PEM.
    pub certificate: PathBuf,
    /// The certificate, then its issuer's, PEM.
    pub chain: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

impl Issued {
    /// What `npki cert request --generate --out FOLDER` leaves behind.
    #[track_caller]
    pub fn in_folder(folder: &Path, profile: &str, identity: &str, serial: &str) -> Self {
        let issued = Self {
            profile: profile.to_owned(),
            identity: identity.to_owned(),
            serial: serial.to_owned(),
            certificate: folder.join("cert.pem"),
            chain: folder.join("chain.pem"),
            key: folder.join("key.pem"),
        };
        for file in [&issued.certificate, &issued.chain, &issued.key] {
            assert!(file.is_file(), "{} was not written", file.display());
        }
        issued
    }
}

/// The DER of the first certificate in a PEM text.
#[track_caller]
pub fn der(pem: &[u8]) -> Vec<u8> {
    let first = Pem::iter_from_buffer(pem).next().expect("a PEM block").expect("readable PEM");
    assert_eq!(first.label, "CERTIFICATE");
    first.contents
}

/// Whether a CRL, DER, has an entry for a serial number in lower-case hex.
#[track_caller]
pub fn crl_lists(crl: &[u8], serial: &str) -> bool {
    let (_, parsed) = x509_parser::parse_x509_crl(crl).expect("a readable CRL");
    let wanted = hex::decode(serial).unwrap();
    parsed.iter_revoked_certificates().any(|entry| entry.serial().to_bytes_be() == wanted)
}

/// The cRLNumber of a CRL, DER (RFC 5280 section 5.2.3).
#[track_caller]
pub fn crl_number(crl: &[u8]) -> u64 {
    let (_, parsed) = x509_parser::parse_x509_crl(crl).expect("a readable CRL");
    parsed.crl_number().and_then(|number| number.try_into().ok()).expect("a CRL number")
}

/// The serial numbers that a CRL, DER, lists, in lower-case hex.
#[track_caller]
pub fn crl_serials(crl: &[u8]) -> Vec<String> {
    let (_, parsed) = x509_parser::parse_x509_crl(crl).expect("a readable CRL");
    parsed.iter_revoked_certificates().map(|entry| hex::encode(entry.serial().to_bytes_be())).collect()
}

/// SHA-256, lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// A certificate's serial number, lower-case hex, as lists show it.
#[track_caller]
pub fn serial(certificate: &Path) -> String {
    let der = der(&std::fs::read(certificate).unwrap());
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).expect("a readable certificate");
    hex::encode(parsed.tbs_certificate.raw_serial())
}

/// The addresses at which a certificate says its issuer's CRL can be fetched (RFC 5280 section 4.2.1.13).
#[track_caller]
pub fn crl_addresses(certificate: &Path) -> Vec<String> {
    extension_addresses(certificate, |extension| match extension {
        ParsedExtension::CRLDistributionPoints(points) => {
            points.iter().filter_map(|point| point.distribution_point.as_ref()).flat_map(full_names).collect()
        }
        _ => Vec::new(),
    })
}

/// The addresses at which a certificate says its issuer's certificate can be fetched (RFC 5280 section 4.2.2.1).
#[track_caller]
pub fn issuer_addresses(certificate: &Path) -> Vec<String> {
    access_addresses(certificate, "1.3.6.1.5.5.7.48.2")
}

/// The addresses of the OCSP responder that a certificate names (RFC 6960 section 3.1).
#[track_caller]
pub fn ocsp_addresses(certificate: &Path) -> Vec<String> {
    access_addresses(certificate, "1.3.6.1.5.5.7.48.1")
}

#[track_caller]
fn access_addresses(certificate: &Path, method: &str) -> Vec<String> {
    extension_addresses(certificate, |extension| match extension {
        ParsedExtension::AuthorityInfoAccess(access) => {
            let chosen =
                access.accessdescs.iter().filter(|entry| entry.access_method.to_id_string() == method);
            chosen.filter_map(|entry| address(&entry.access_location)).collect()
        }
        _ => Vec::new(),
    })
}

#[track_caller]
fn extension_addresses(
    certificate: &Path,
    addresses: impl Fn(&ParsedExtension<'_>) -> Vec<String>,
) -> Vec<String> {
    let der = der(&std::fs::read(certificate).unwrap());
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    parsed.extensions().iter().flat_map(|extension| addresses(extension.parsed_extension())).collect()
}

fn full_names(name: &DistributionPointName<'_>) -> Vec<String> {
    match name {
        DistributionPointName::FullName(names) => names.iter().filter_map(address).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => Vec::new(),
    }
}

fn address(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(address) => Some((*address).to_owned()),
        _ => None,
    }
}

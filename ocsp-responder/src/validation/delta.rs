//! What a full CRL says once a delta CRL has amended it (RFC 5280 sections 5.2.4 and 6.3.3).

use const_oid::db::rfc5280;
use der::Decode;
use der::asn1::ObjectIdentifier;
use time::OffsetDateTime;
use x509_cert::certificate::Raw;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::name::DistributionPointName;

use super::certificate::Certificate;
use super::crl::{CrlRefusal, Kind, MAX_CRL_OCTETS, Said, list_number, lookup, uris, usable};
use super::status::{Finding, ReportedStatus};

/// Verifies the complete CRL `crl` and `delta`, and looks `certificate` up in both, at the moment `at`.
///
/// # Errors
/// Each way in which one of them, or the two together, cannot be used.
pub fn amended_status(
    crl: &[u8],
    delta: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    at: OffsetDateTime,
) -> Result<Finding, CrlRefusal> {
    let (amending, this_update, next_update) = usable(delta, certificate, issuer, at, Kind::Delta)?;
    let (complete, _, complete_next_update) = usable(crl, certificate, issuer, at, Kind::Complete)?;
    fits(&complete, &amending)?;
    let said = match lookup(&amending, certificate, Kind::Delta)? {
        Some(said) => Some(said),
        None => lookup(&complete, certificate, Kind::Complete)?,
    };
    let status = match said {
        Some((at, Said::Revoked(reason))) => ReportedStatus::Revoked { at, reason },
        Some((_, Said::Removed)) | None => ReportedStatus::Good,
    };
    Ok(Finding { status, this_update, next_update: Some(next_update.min(complete_next_update)) })
}

/// RFC 5280 section 6.3.3 (c), whose (1) was asked of each for itself.
fn fits(complete: &CertificateList<Raw>, delta: &CertificateList<Raw>) -> Result<(), CrlRefusal> {
    // (c)(2): the scope is the same, octet for octet.
    let scope = rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT;
    if octets(complete, scope) != octets(delta, scope) {
        return Err(CrlRefusal::OtherBase("it is about other certificates"));
    }
    // (c)(3).
    let key = rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER;
    if octets(complete, key) != octets(delta, key) {
        return Err(CrlRefusal::OtherBase("another key signed it"));
    }
    let number = |list, oid| {
        list_number(list, oid)?.ok_or(CrlRefusal::OtherBase("one of the two has no number")).map(ordered)
    };
    let base = number(delta, rfc5280::ID_CE_DELTA_CRL_INDICATOR)?;
    let (complete, delta) =
        (number(complete, rfc5280::ID_CE_CRL_NUMBER)?, number(delta, rfc5280::ID_CE_CRL_NUMBER)?);
    // RFC 5280 section 5.2.4: the complete CRL is not older than the delta's base, and older than the delta.
    if complete < base {
        return Err(CrlRefusal::OtherBase("it begins from a newer one"));
    }
    if complete >= delta {
        return Err(CrlRefusal::OtherBase("it is older than the complete one"));
    }
    Ok(())
}

/// Big-endian octets without leading zeros, so that they are ordered as numbers are.
fn ordered(octets: Vec<u8>) -> (usize, Vec<u8>) {
    let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    (octets.len(), octets)
}

fn octets(list: &CertificateList<Raw>, oid: ObjectIdentifier) -> Option<&[u8]> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    extensions.iter().find(|extension| extension.extn_id == oid).map(|found| found.extn_value.as_bytes())
}

/// Where a full CRL says that its delta CRL is (RFC 5280 section 5.2.6). Not verified: an address to ask, no more.
pub fn delta_addresses(crl: &[u8]) -> Vec<String> {
    if crl.len() > MAX_CRL_OCTETS {
        return Vec::new();
    }
    let Ok(list) = CertificateList::<Raw>::from_der(crl) else { return Vec::new() };
    octets(&list, rfc5280::ID_CE_FRESHEST_CRL).map(addresses_in).unwrap_or_default()
}

/// The addresses in the value of a freshestCRL extension.
pub fn addresses_in(freshest: &[u8]) -> Vec<String> {
    let Ok(points) = CrlDistributionPoints::from_der(freshest) else { return Vec::new() };
    let names = points.0.iter().filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    names.flat_map(uris).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ca_core::clock::{Clock, SystemClock};
    use ca_core::status::RevocationReason;

    use super::{amended_status, delta_addresses};
    use crate::validation::certificate::Certificate;
    use crate::validation::crl::CrlRefusal;
    use crate::validation::fixture::{LEAF, Workshop};
    use crate::validation::status::{ReportedStatus, crl_findings};

    struct Bench {
        workshop: Workshop,
        root: Certificate,
        leaf: Certificate,
    }

    impl Bench {
        fn new() -> Self {
            let workshop = Workshop::new();
            let root = workshop.root("root", "P-256");
            let leaf = workshop.issue("root", "leaf", "P-256", LEAF);
            Self { workshop, root, leaf }
        }

        fn crl(&self, reason: Option<&str>, number: u8, extensions: &str) -> Vec<u8> {
            let revoked: Vec<_> = reason.map(|reason| (&self.leaf, reason)).into_iter().collect();
            self.workshop.numbered_crl("root", &revoked, number, extensions)
        }

        fn delta(&self, reason: Option<&str>, number: u8, base: u8) -> Vec<u8> {
            self.crl(reason, number, &format!("2.5.29.27=critical,DER:0201{base:02x}\n"))
        }

        fn status(&self, full: &[u8], delta: &[u8]) -> Result<ReportedStatus, CrlRefusal> {
            let now = SystemClock.now();
            amended_status(full, delta, &self.leaf, &self.root, now).map(|found| found.status)
        }
    }

    #[test]
    fn a_delta_amends_the_crl_it_fits_and_no_other() {
        let bench = Bench::new();
        let (full, held) = (bench.crl(None, 5, ""), bench.crl(Some("certificateHold"), 5, ""));
        let revoking = bench.delta(Some("keyCompromise"), 6, 5);
        let reason = |outcome| match outcome {
            Ok(ReportedStatus::Revoked { reason, .. }) => reason,
            _ => None,
        };
        assert_eq!(reason(bench.status(&full, &revoking)), Some(RevocationReason::KeyCompromise));
        let silent = bench.delta(None, 6, 4);
        assert_eq!(bench.status(&full, &silent), Ok(ReportedStatus::Good));
        assert_eq!(reason(bench.status(&held, &silent)), Some(RevocationReason::CertificateHold));
        let released = bench.delta(Some("removeFromCRL"), 6, 5);
        assert_eq!(bench.status(&held, &released), Ok(ReportedStatus::Good));

        for (number, base) in [(5, 4), (4, 3), (9, 6)] {
            let unfit = bench.status(&full, &bench.delta(None, number, base));
            assert!(matches!(unfit, Err(CrlRefusal::OtherBase(_))), "{number} {base} {unfit:?}");
        }
        let scope = "issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n";
        let users = bench.crl(None, 6, &format!("2.5.29.27=critical,DER:020105\n{scope}"));
        assert!(matches!(bench.status(&full, &users), Err(CrlRefusal::OtherBase(_))));
        assert_eq!(bench.status(&full, &bench.crl(None, 6, "")), Err(CrlRefusal::OtherBase("it is none")));
        assert_eq!(bench.status(&released, &released), Err(CrlRefusal::Delta));
    }

    #[test]
    fn what_a_delta_says_takes_the_place_of_what_its_base_says() {
        let bench = Bench::new();
        let now = SystemClock.now();
        let said = |crls: &[Vec<u8>]| -> Vec<_> {
            let findings = crl_findings(crls, &bench.leaf, &bench.root, now);
            findings.into_iter().map(|finding| finding.map(|found| found.status)).collect()
        };
        let held = bench.crl(Some("certificateHold"), 5, "");
        let released = bench.delta(Some("removeFromCRL"), 6, 5);
        assert_eq!(said(&[released.clone(), held.clone()]), [Ok(ReportedStatus::Good)]);
        assert_eq!(said(&[released]), [Err(CrlRefusal::Delta)], "a delta alone says nothing");
        let stranger = bench.delta(None, 9, 8);
        let both = said(&[held, stranger]);
        assert!(matches!(
            both.as_slice(),
            [Ok(ReportedStatus::Revoked { .. }), Err(CrlRefusal::OtherBase(_))]
        ));
    }

    #[test]
    fn a_full_crl_names_its_delta() {
        let bench = Bench::new();
        let full = bench.crl(None, 5, "freshestCRL=URI:http://a.example.org/delta.crl\n");
        assert_eq!(delta_addresses(&full), ["http://a.example.org/delta.crl"]);
        assert!(delta_addresses(b"no CRL").is_empty());
    }
}

//! Delta CRLs: which complete CRL one amends (RFC 5280 sections 5.2.4 and 6.3.3 (c)), and where it is.

use super::super::certificate::Certificate;
use super::CrlRefusal;
use super::list::RevocationList;
use super::point::DistributionPoint;

/// Whether `delta` amends `complete`: RFC 5280 section 6.3.3 (c), whose (1) was asked of each for itself, and (h).
pub(super) fn fits(
    (complete, signer): (&RevocationList<'_>, &Certificate),
    (delta, delta_signer): (&RevocationList<'_>, &Certificate),
) -> Result<(), CrlRefusal> {
    // (c)(2): the scope is the same, octet for octet. Indirect CRLs are of one issuer then.
    if complete.extensions.scope_octets != delta.extensions.scope_octets || complete.issuer != delta.issuer {
        return Err(CrlRefusal::OtherBase("it is about other certificates"));
    }
    // (c)(3), (h).
    let one_key = signer.public_key_info() == delta_signer.public_key_info();
    if complete.extensions.authority != delta.extensions.authority || !one_key {
        return Err(CrlRefusal::OtherBase("another key signed it"));
    }
    let number =
        |number: Option<_>| number.ok_or(CrlRefusal::OtherBase("one of the two has no number")).map(ordered);
    let base = number(delta.extensions.base)?;
    let (complete, delta) = (number(complete.extensions.number)?, number(delta.extensions.number)?);
    // RFC 5280 section 5.2.4: the complete CRL is not older than the delta's base, and older than the delta.
    if complete < base {
        return Err(CrlRefusal::OtherBase("it begins from a newer one"));
    }
    if complete >= delta {
        return Err(CrlRefusal::OtherBase("it is older than the complete one"));
    }
    Ok(())
}

/// Big-endian octets without leading zeros, ordered as numbers are.
const fn ordered(octets: &[u8]) -> (usize, &[u8]) {
    (octets.len(), octets)
}

/// Where a full CRL says that its delta CRL is (RFC 5280 section 5.2.6). Not verified: an address to ask, no more.
pub fn delta_addresses(crl: &[u8]) -> Vec<String> {
    let Ok(list) = RevocationList::read(crl) else { return Vec::new() };
    list.extensions.freshest.map(addresses_in).unwrap_or_default()
}

/// The addresses in the value of a freshestCRL extension.
pub fn addresses_in(freshest: &[u8]) -> Vec<String> {
    let points = DistributionPoint::read_all(freshest).unwrap_or_default();
    points.iter().flat_map(DistributionPoint::addresses).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ca_core::clock::{Clock, SystemClock};
    use ca_core::status::RevocationReason;

    use super::delta_addresses;
    use crate::validation::certificate::Certificate;
    use crate::validation::crl::{CrlRefusal, crl_findings};
    use crate::validation::fixture::{LEAF, Workshop};
    use crate::validation::status::ReportedStatus;

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

        /// What the full CRL says as the delta amends it; the refusal of either.
        fn status(&self, full: &[u8], delta: &[u8]) -> Result<ReportedStatus, CrlRefusal> {
            let crls = [full.to_vec(), delta.to_vec()];
            let findings = crl_findings(&crls, &self.leaf, &self.root, SystemClock.now());
            let said: Result<Vec<_>, _> = findings.into_iter().collect();
            said.map(|found| found[0].status.clone())
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

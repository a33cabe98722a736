//! Where each rule about keys is written.

use crate::csr::CsrError;

/// The document that a refused key goes against; nothing for what is wrong with a request rather than with its key.
pub fn clause(fault: &CsrError) -> Option<&'static str> {
    Some(match fault {
        CsrError::UnsupportedKey { .. } => "CA/Browser Forum BR 6.1.5 and 7.1.3.1",
        CsrError::ExplicitCurve => "RFC 5480 section 2.1.1; CVE-2020-0601",
        CsrError::KeyParameters { key, .. } => match *key {
            "RSA" => "RFC 3279 section 2.3.1",
            "Ed25519" => "RFC 8410 section 3",
            "ML-DSA" => "RFC 9881 section 2",
            _ => "RFC 5480 section 2.1.1",
        },
        CsrError::KeyEncoding { key, .. } => match *key {
            "RSA" => "RFC 8017 appendix A.1.1",
            "Ed25519" => "RFC 8032 section 5.1.3",
            "ML-DSA" => "RFC 9881 section 4; FIPS 204 table 2",
            _ => "SEC 1 section 2.3.4",
        },
        CsrError::PointCompressed { .. } => "RFC 5480 section 2.2",
        CsrError::PointLength { .. } => "SEC 1 section 2.3.4",
        CsrError::PointNotOnCurve { .. } => "SEC 1 section 3.2.2.1",
        CsrError::SmallOrderPoint => "RFC 8032 section 5.1.3; RFC 7748 section 7",
        CsrError::RsaSize { .. } => "NIST SP 800-131A; CA/Browser Forum BR 6.1.5",
        CsrError::RsaSmallFactor { .. } => "CA/Browser Forum BR 6.1.6",
        CsrError::RsaClosePrimes => "CA/Browser Forum BR 6.1.1.3; CVE-2022-26320",
        CsrError::RsaRoca => "CVE-2017-15361",
        CsrError::RsaExponent { .. } => "FIPS 186-5 appendix A.1.1; CA/Browser Forum BR 6.1.6",
        _ => return None,
    })
}

//! The ASN.1 of RFC 3161 appendix A, as far as npki reads and writes it.

use const_oid::db::rfc3161;
use der::asn1::{BitString, Int, ObjectIdentifier, OctetString};
use der::{Any, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;

/// id-ct-TSTInfo: the content type of a token (RFC 3161 section 2.4.2).
pub(crate) const TST_INFO: ObjectIdentifier = rfc3161::ID_CT_TST_INFO;

/// TimeStampReq (section 2.4.1).
#[derive(Debug, Clone, Sequence)]
pub(crate) struct TimeStampReq {
    pub(crate) version: u8,
    pub(crate) imprint: MessageImprint,
    #[asn1(optional = "true")]
    pub(crate) policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    pub(crate) nonce: Option<Int>,
    #[asn1(default = "no")]
    pub(crate) certificate_wanted: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

const fn no() -> bool {
    false
}

/// MessageImprint: a digest, and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct MessageImprint {
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    pub(crate) digest: OctetString,
}

/// TimeStampResp (section 2.4.2).
#[derive(Debug, Clone, Sequence)]
pub(crate) struct TimeStampResp {
    pub(crate) status: PkiStatusInfo,
    /// A ContentInfo, kept as the octets it came in.
    #[asn1(optional = "true")]
    pub(crate) token: Option<Any>,
}

/// PKIStatusInfo (section 2.4.2).
#[derive(Debug, Clone, Sequence)]
pub(crate) struct PkiStatusInfo {
    pub(crate) status: u8,
    #[asn1(optional = "true")]
    pub(crate) words: Option<Vec<String>>,
    #[asn1(optional = "true")]
    pub(crate) failure: Option<BitString>,
}

/// TSTInfo (section 2.4.2).
#[derive(Debug, Clone, Sequence)]
pub(crate) struct TstInfo {
    pub(crate) version: u8,
    pub(crate) policy: ObjectIdentifier,
    pub(crate) imprint: MessageImprint,
    pub(crate) serial: Int,
    /// A GeneralizedTime, which may have fractions of a second: the `der` crate's type has none.
    pub(crate) time: Any,
    #[asn1(optional = "true")]
    pub(crate) accuracy: Option<AccuracyParts>,
    #[asn1(default = "no")]
    pub(crate) ordering: bool,
    #[asn1(optional = "true")]
    pub(crate) nonce: Option<Int>,
    /// A GeneralName: a hint only.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) unit: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// Accuracy (section 2.4.2): what is absent is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Sequence)]
pub(crate) struct AccuracyParts {
    #[asn1(optional = "true")]
    pub(crate) seconds: Option<u32>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) milliseconds: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) microseconds: Option<u16>,
}

//! The statements of a certificate's qcStatements extension (RFC 3739 section 3.2.6; ETSI EN 319 412-5).

use der::asn1::ObjectIdentifier;
use der::{Any, Decode, Sequence};

/// id-pe-qcStatements.
pub(crate) const QC_STATEMENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
/// QcType (EN 319 412-5 section 4.2.3): for signatures, for seals, for web sites.
pub(crate) const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
pub(crate) const TYPE_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.1");
pub(crate) const TYPE_SEAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
pub(crate) const TYPE_WEB: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.3");
/// id-qcs-pkixQCSyntax-v2 (RFC 3739 section 3.2.6.1), which says what the identifiers in the subject mean.
pub(crate) const QC_SYNTAX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.11.2");
/// The identifier is a natural person's, or a legal person's (EN 319 412-1 section 5.1.2).
pub(crate) const SEMANTICS_NATURAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.1");
pub(crate) const SEMANTICS_LEGAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.2");

/// A statement.
#[derive(Debug, Clone, Sequence)]
pub(crate) struct QcStatement {
    pub(crate) id: ObjectIdentifier,
    #[asn1(optional = "true")]
    pub(crate) info: Option<Any>,
}

impl QcStatement {
    /// The statements in the extension's value; `None` when it cannot be read.
    pub(crate) fn all(value: &[u8]) -> Option<Vec<Self>> {
        Vec::from_der(value).ok()
    }

    /// The types that a QcType states.
    pub(crate) fn types(&self) -> Option<Vec<ObjectIdentifier>> {
        self.info.as_ref()?.decode_as().ok()
    }

    /// The semantics that a pkixQCSyntax-v2 states; what may stand behind them is not read.
    pub(crate) fn semantics(&self) -> Option<ObjectIdentifier> {
        let mut inside = super::der::Reader::new(self.info.as_ref()?.value());
        super::der::oid(inside.expect(super::der::OID).ok()?.body).ok()
    }
}

//! The CMS frame around a signature, with certificates kept as the octets they came in.

use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{EncapsulatedContentInfo, SignerInfo};
use const_oid::db::rfc5911;
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode, Encode, Sequence, Tag, TagNumber, Tagged};
use spki::AlgorithmIdentifierOwned;
use x509_cert::certificate::Raw;
use x509_cert::ext::pkix::name::GeneralNames;
use x509_cert::serial_number::SerialNumber;

/// SignedData (RFC 5652 section 5.1). The cms crate's own type decodes certificates, and encoding them again could
/// change them. Certificates and CRLs stand in the order they came in: nothing signs it, and what OpenSSL makes (`ts -reply`)
/// does not sort them as DER asks for a SET OF.
#[derive(Debug, Clone, Sequence)]
pub(super) struct SignedData {
    pub(super) version: CmsVersion,
    pub(super) digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    pub(super) content: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(super) certificates: Option<Vec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(super) crls: Option<Vec<Any>>,
    pub(super) signer_infos: SetOfVec<SignerInfo>,
}

impl SignedData {
    /// The version that fits what the message contains (RFC 5652 section 5.1). Attribute certificates, which would be
    /// another reason for a higher one, are refused.
    pub(super) fn due_version(&self) -> CmsVersion {
        // RevocationInfoChoice: a CRL, or [1] another kind, such as an OCSP response.
        let other = |any: &Any| matches!(any.tag(), Tag::ContextSpecific { number: TagNumber(1), .. });
        let by_key = |signer: &SignerInfo| signer.version == CmsVersion::V3;
        if self.crls.iter().flatten().any(other) {
            CmsVersion::V5
        } else if self.content.econtent_type != rfc5911::ID_DATA || self.signer_infos.iter().any(by_key) {
            CmsVersion::V3
        } else {
            CmsVersion::V1
        }
    }

    /// The whole message, DER, of the version that fits.
    pub(super) fn framed(mut self) -> der::Result<Vec<u8>> {
        for set in [&mut self.certificates, &mut self.crls].into_iter().flatten() {
            // X.690 section 11.6: in the order of their encodings.
            *set = SetOfVec::try_from(std::mem::take(set))?.into_vec();
        }
        self.version = self.due_version();
        let content = Any::from_der(&self.to_der()?)?;
        ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content }.to_der()
    }
}

/// SigningCertificateV2 (RFC 5035 section 3).
#[derive(Debug, Clone, Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certificates: Vec<EssCertificateIdV2>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<Any>,
}

/// ESSCertIDv2 (RFC 5035 section 4); an absent hash algorithm means SHA-256.
#[derive(Debug, Clone, Sequence)]
pub(super) struct EssCertificateIdV2 {
    #[asn1(optional = "true")]
    pub(super) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer_serial: Option<IssuerSerial>,
}

/// IssuerSerial (RFC 5035 section 4).
#[derive(Debug, Clone, Sequence)]
pub(super) struct IssuerSerial {
    pub(super) issuer: GeneralNames,
    pub(super) serial: SerialNumber<Raw>,
}

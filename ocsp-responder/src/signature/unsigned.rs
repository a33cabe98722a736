//! Unsigned attributes: what was added to a signature after it was made (ETSI EN 319 122-1 clause 5).

use der::asn1::{ObjectIdentifier, SetOfVec};
use der::{Any, Decode, Encode};
use x509_cert::attr::{Attribute, Attributes};

use super::error::SignatureError;
use super::message::SignedData;
use super::verify::read_message;

/// id-aa-signatureTimeStampToken (EN 319 122-1 clause 5.3).
pub(super) const SIGNATURE_TIMESTAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
/// id-aa-ets-archiveTimestampV3 (clause 5.5.3).
pub(super) const ARCHIVE_TIMESTAMP_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1733.2.4");
/// id-aa-ATSHashIndex-v3 (clause 5.5.2).
pub(super) const HASH_INDEX_V3: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19122.1.5");
/// The most time stamps of one kind that are looked at: each costs signatures and a path.
pub(super) const MAX_TIMESTAMPS: usize = 8;

/// The values of the attribute of this type, DER; they may stand in several attributes.
pub(super) fn values(attributes: Option<&Attributes>, oid: ObjectIdentifier) -> Vec<Vec<u8>> {
    let all = attributes.into_iter().flat_map(|set| set.iter());
    let of_type = all.filter(|attribute| attribute.oid == oid).flat_map(|attribute| attribute.values.iter());
    of_type.filter_map(|value| value.to_der().ok()).collect()
}

/// The message with another unsigned attribute on its one signer.
pub(super) fn with_attribute(
    message: &[u8],
    oid: ObjectIdentifier,
    value: &[u8],
) -> Result<Vec<u8>, SignatureError> {
    let mut read = read_message(message)?;
    let attribute = Attribute { oid, values: one(value)? };
    edit_signer(&mut read, |attributes| attributes.insert(attribute))?;
    read.framed().map_err(|_| SignatureError::NotCms)
}

fn one(value: &[u8]) -> Result<SetOfVec<Any>, SignatureError> {
    let value = Any::from_der(value).map_err(|_| SignatureError::NotCms)?;
    SetOfVec::try_from(vec![value]).map_err(|_| SignatureError::NotCms)
}

fn edit_signer(
    message: &mut SignedData,
    edit: impl FnOnce(&mut Attributes) -> der::Result<()>,
) -> Result<(), SignatureError> {
    let mut signers = std::mem::take(&mut message.signer_infos).into_vec();
    let [signer] = signers.as_mut_slice() else { return Err(SignatureError::SeveralSigners(signers.len())) };
    edit(signer.unsigned_attrs.get_or_insert_with(SetOfVec::new)).map_err(|_| SignatureError::NotCms)?;
    message.signer_infos = SetOfVec::try_from(signers).map_err(|_| SignatureError::NotCms)?;
    Ok(())
}

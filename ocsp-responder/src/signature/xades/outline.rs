//! What a file of signatures says of itself, for display. Nothing of it is verified but that what it says was not altered.

use time::OffsetDateTime;

use super::error::XadesError;
use super::file::SignatureFile;
use super::verdict::XadesSignature;
use crate::signature::policy::SignaturePolicy;
use crate::signature::stamps::StampedPart;

/// A signature of a file.
#[derive(Debug)]
pub(crate) struct XadesOutline {
    /// The certificates that it carries for its key, DER, the signer's first.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// What it is signed with, such as `ecdsa-with-sha256`.
    pub(crate) algorithm: &'static str,
    /// When its signer claims to have signed.
    pub(crate) claimed_signing_time: Option<OffsetDateTime>,
    /// The files that it is over, by their addresses, each with what its signer says that it is.
    pub(crate) covers: Vec<(String, Option<String>)>,
    /// The policy that its signer states.
    pub(crate) policy: Option<SignaturePolicy>,
    /// Its time stamps: the token, DER, or why it is not looked at.
    pub(crate) stamps: Vec<(StampedPart, Result<Vec<u8>, String>)>,
    /// How many certificates were added for judging it later.
    pub(crate) kept_certificates: usize,
    /// How many CRLs.
    pub(crate) kept_crls: usize,
    /// How many OCSP responses.
    pub(crate) kept_ocsp_responses: usize,
    /// How many counter-signatures stand in it.
    pub(crate) countersignatures: usize,
}

/// Reads a file's signatures; each that cannot be read says why.
pub(crate) fn outline(octets: &[u8]) -> Result<Vec<Result<XadesOutline, XadesError>>, XadesError> {
    let file = SignatureFile::parse(octets)?;
    let signatures = file.signatures().into_iter();
    Ok(signatures.map(|node| XadesSignature::read(node).map(|signature| signature.outline())).collect())
}

impl XadesSignature<'_, '_> {
    fn outline(&self) -> XadesOutline {
        let (signer, carried) = (self.signer(), self.carried());
        let others = carried.iter().filter(|certificate| certificate.der() != signer.der());
        let stated =
            |uri: &str| self.media_types().find(|(of, _)| *of == uri).map(|(_, kind)| kind.to_owned());
        let material = self.unsigned.material();
        XadesOutline {
            certificates: std::iter::once(signer).chain(others).map(|one| one.der().to_vec()).collect(),
            algorithm: self.algorithm().name(),
            claimed_signing_time: self.claimed(),
            covers: self.files().map(|(uri, _)| (uri.to_owned(), stated(uri))).collect(),
            policy: self.policy().cloned(),
            stamps: self
                .unsigned
                .stamps()
                .into_iter()
                .map(|stamp| (stamp.over, stamp.read.map(|(token, _)| token)))
                .collect(),
            kept_certificates: material.certificates.len(),
            kept_crls: material.evidence.crls.len(),
            kept_ocsp_responses: material.evidence.ocsp_responses.len(),
            countersignatures: self.unsigned.counter_signatures().count(),
        }
    }
}

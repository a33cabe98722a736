//! Shows what is in a file: certificates, requests, CRLs, OCSP, signatures, documents and containers that are signed, time stamps,
//! keys, trusted lists, what ledgers give; PEM bundles, DER or as it comes. Verifies nothing.
//!
//! Private keys are recognised and never shown, not even in part.

mod extensions;
mod framing;
mod key;
mod ledger;
mod lines;
mod list;
mod message;
mod names;
mod ocsp;
mod pkcs12;
mod recognise;
mod signed;
mod stamps;
#[cfg(test)]
mod tests;
mod view;
mod xades;

pub use ledger::{CheckpointView, ReceiptView};
pub use list::{ListedServiceView, TrustedListView};
pub use ocsp::{CertIdView, OcspAnswerView, OcspRequestView, OcspStatusView, OcspView};
pub use pkcs12::{Pkcs12PartView, Pkcs12View};
pub use signed::{ContainedSignatureView, ContainerView, JwsView, PdfSignatureView, PdfView};
pub use view::{
    CertificateView, ExtensionView, Inspected, KeyView, MessageView, PrivateKeyView, RequestView,
    RevocationListView, RevokedView, SignerView, TimestampReplyView, TimestampRequestView, TimestampView,
};

pub use xades::{CoveredView, StampView, XadesView};

/// The most octets that are looked at: a CRL with a million entries takes 50 MB.
pub const MAX_OCTETS: usize = 96 * 1024 * 1024;
/// The most objects that a PEM bundle may hold.
pub const MAX_OBJECTS: usize = 10_000;

/// A file cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Larger than [`MAX_OCTETS`], or with more than [`MAX_OBJECTS`] objects.
    #[error("the file is larger than any npki reads")]
    TooLarge,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The PEM framing is broken.
    #[error("object {0} of the file is not well-formed PEM")]
    Framing(usize),
    /// A PEM label that npki does not know.
    #[error("object {position} of the file is a {label:?}, which npki does not know")]
    UnknownLabel {
        /// Which object, counted from 1.
        position: usize,
        /// Its PEM label.
        label: String,
    },
    /// What is inside is not what its label says, or has something after it.
    #[error("object {position} of the file is not a readable {expected}")]
    Malformed {
        /// Which object, counted from 1.
        position: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// DER or something else of no known kind.
    #[error(
        "neither PEM nor the DER of a certificate, request, CRL, OCSP request or response, CMS message, time stamp, key or \
         PKCS#12 file, and no PDF document, container, JSON Web Signature, trusted list, receipt or checkpoint"
    )]
    NotRecognised,
}

/// Reads everything in `bytes`: each object of a PEM bundle, or the one DER object.
///
/// # Errors
/// The first object that cannot be shown.
pub fn inspect(bytes: &[u8]) -> Result<Vec<Inspected>, InspectError> {
    if bytes.len() > MAX_OCTETS {
        return Err(InspectError::TooLarge);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(InspectError::Empty);
    }
    // What may hold PEM in the middle of it is known by how it begins.
    if let Some(document) = recognise::document(bytes) {
        return Ok(vec![document]);
    }
    match framing::blocks(bytes)? {
        Some(blocks) => {
            blocks.iter().enumerate().map(|(index, block)| recognise::labelled(block, index + 1)).collect()
        }
        None => Ok(vec![recognise::bare(bytes)?]),
    }
}

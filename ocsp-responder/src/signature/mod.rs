//! Signed files: CMS signatures (RFC 5652), detached or attached, in the CAdES baseline forms (ETSI EN 319 122-1).
//!
//! [`sign_detached`] and [`sign_attached`] make one of level B-B, which [`with_signature_timestamp`], [`with_material`] and
//! [`ArchiveDraft`] raise; [`SignedFile::parse`] and [`SignedFile::verify`] read one, [`verify_signed_file`] gives the whole
//! answer: signature, time stamps, path and status.
//!
//! **How to show the answer.** A B-B signature carries no proof of when it was made: its signing time is only
//! claimed. So everything is judged at the moment of asking, and a signature whose signer's certificate was revoked
//! or has expired since is `INDETERMINATE` (`REVOKED_NO_POE`, `OUT_OF_BOUNDS_NO_POE`): not accepted, exit code 8,
//! because a timestamp that somebody else kept could still save it. `TOTAL-FAILED` (the file or the signature was
//! altered) is exit code 3. Only `TOTAL-PASSED` is exit code 0. With a time stamp that holds, the signer's certificate is judged
//! as of the time that it proves: what was revoked or ran out later does not matter.

mod archive;
pub mod asic;
mod attributes;
mod content;
mod counter;
#[cfg(test)]
mod counter_tests;
mod demands;
mod error;
pub mod jades;
#[cfg(test)]
mod levels;
mod marks;
mod material;
mod message;
mod outline;
pub mod pades;
mod policy;
mod raise;
mod report;
mod sign;
mod signatory;
mod stamps;
#[cfg(test)]
pub(crate) mod tests;
mod unsigned;
mod verdict;
mod verify;
mod xades;

pub(crate) use attributes::SIGNING_CERTIFICATE_V2;
pub use content::ContentDigest;
pub use demands::{NamePattern, NoPattern, SignatureDemands};
pub use error::{MAX_ATTACHED_OCTETS, MAX_SIGNATURE_OCTETS, SignatureError};
pub use marks::SignatureMarks;
pub use material::carries_evidence;
pub(crate) use outline::outline;
pub use policy::SignaturePolicy;
pub use raise::{
    ArchiveDraft, Gathered, Gathering, RaiseError, is_stamped, signature_imprint, with_material,
    with_signature_timestamp,
};
pub use report::{Judged, Language, NotFilledIn, ReportForm, ShownText};
pub(crate) use sign::{NotSigned, embedded, sign_statement};
pub use sign::{SignError, sign_attached, sign_detached, sign_unclaimed};
pub use signatory::{OtherUse, Signatory, SignatureKind};
pub use stamps::{StampVerdict, StampedPart};
pub use verdict::{SignatureLevel, SignatureVerdict, verify_attached, verify_signature, verify_signed_file};
pub use verify::{SignatureForm, SignedFile, VerifiedSignature, carries_content};
pub use xades::XadesError;
pub(crate) use xades::{XadesOutline, xades_outline};

//! Signatures inside PDF documents (ETSI EN 319 142-1, PAdES; ISO 32000-2 section 12.8).
//!
//! [`PreparedPdf`] has room for one, in an incremental update; [`verify_pdf`] judges all there are. A PDF may be added to after it was
//! signed, and what is shown may so become another document while every signature still verifies: the published attacks on PDF
//! signatures work that way. So three things are looked at besides the signature itself. `places.rs`: that it covers its
//! revision from the first octet to the last, but for the hole it stands in. `changes.rs`: that what came afterwards is
//! nothing but further signatures, and none that the signer forbade (`restrictions.rs`). And that the file's own table of objects leads to them, without repair.

mod appearance;
mod changes;
mod dangling;
mod field;
#[cfg(test)]
mod kept_tests;
mod letters;
mod outline;
mod places;
mod restrictions;
#[cfg(test)]
mod restrictions_tests;
mod revision;
mod seen;
mod sheet;
mod sign;
mod store;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use outline::{PlaceOutline, outline};
pub use places::PdfError;
pub use restrictions::{Forbidden, LockedFields, Permitted, Restrictions};
pub use seen::{Corner, MM_PER_POINT, NotSeen, PageNumber, SeenAt, Spot};
pub use sign::{PdfNote, PdfSignError, PreparedPdf};
pub use store::pdf_with_material;
pub use verdict::{DocumentStamp, EmbeddedSignature, PdfVerdict, verify_pdf};

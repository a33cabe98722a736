//! The signatures of a PDF document as the document names them, for display: nothing here is verified.

use time::OffsetDateTime;

use super::places::{Filled, PdfError, places};
use super::restrictions::Restrictions;
use super::revision::Revision;

/// A field that is signed or stamped.
#[derive(Debug)]
pub(crate) struct PlaceOutline {
    /// The field's name.
    pub(crate) field: String,
    /// Whether a time stamp stands in it, and no signature.
    pub(crate) is_stamp: bool,
    /// What the signer claims, UTC.
    pub(crate) claimed: Option<OffsetDateTime>,
    /// What it lets others do to the document afterwards; or why that cannot be told.
    pub(crate) restrictions: Result<Restrictions, PdfError>,
    /// How many octets its revision has, and the CMS message, DER; or why that cannot be read.
    pub(crate) covered: Result<(usize, Vec<u8>), PdfError>,
}

/// The signed and stamped fields, the first that was filled first.
pub(crate) fn outline(octets: &[u8]) -> Result<Vec<PlaceOutline>, PdfError> {
    let revision = Revision::read(octets)?;
    let found = places(octets, revision.document())?.into_iter().map(|place| PlaceOutline {
        field: place.field,
        is_stamp: place.filled == Filled::TimeStamp,
        claimed: place.claimed,
        restrictions: place.restrictions,
        covered: place.covered.map(|covered| (covered.end, covered.message)),
    });
    Ok(found.collect())
}

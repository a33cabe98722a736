//! Containers of files and the signatures over them (ETSI EN 319 162-1, ASiC): made with CAdES, judged with CAdES and XAdES.
//!
//! [`PreparedContainer`] makes one of the form ASiC-E, or has room for a further signature in one; [`verify_container`] judges every
//! signature of an ASiC-E or ASiC-S container, and every time stamp beside them; [`RaisedContainer`] raises one. A ZIP file can be read in several ways: from its front or from its directory, with
//! two entries of one name, with something between them; whoever attacks a container has one program judge other files than the
//! next one shows. So `layout.rs` accounts for every octet of it first, and what has two readings is refused. `contents.rs`
//! inflates within bounds, in memory, never to disk. `manifest.rs` reads what a signature is over; `stamps.rs` judges archive time
//! stamps, each over a manifest of all that there was before it; `xades.rs` judges signatures over the files themselves. Files that no
//! signature covers are named, and a container that has any is not passed.

mod contents;
mod error;
#[cfg(test)]
mod kept_tests;
mod layout;
mod listing;
mod manifest;
mod names;
mod outline;
mod raise;
mod sign;
mod stamps;
#[cfg(test)]
mod tests;
mod verdict;
mod xades;
#[cfg(test)]
mod xades_tests;

pub use contents::is_container;
pub use error::ContainerError;
pub(crate) use outline::outline;
pub use raise::{OpenSignature, PreparedArchive, RaisedContainer};
pub use sign::{DataFile, PreparedContainer};
pub use stamps::ContainerStamp;
pub use verdict::{ContainerForm, ContainerSignature, ContainerVerdict, verify_container};

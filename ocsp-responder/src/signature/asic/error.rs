//! Why a container, or a signature in it, is refused.

use crate::signature::xades::XadesError;
use crate::validation::verdict::SubIndication;

/// A container, or a signature in it, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// Larger than any that is read, packed or unpacked.
    #[error("the container, or what it unpacks to, is larger than any that is read here")]
    TooLarge,
    /// A file unpacks to far more than it takes up.
    #[error("{0} unpacks to so many times its octets that it is not looked at (a zip bomb)")]
    Bomb(String),
    /// More entries or signatures than are looked at.
    #[error("the container has more files or signatures than are looked at")]
    TooMany,
    /// Its records are none, or contradict each other.
    #[error("the container is no ZIP file that can be read in one way only: {0}")]
    Layout(&'static str),
    /// An entry is encrypted.
    #[error("the container is encrypted; what its signatures cover cannot be seen")]
    Encrypted,
    /// An entry is packed in another way than by Deflate.
    #[error("{0} is packed in another way than by Deflate")]
    Packed(String),
    /// A name that could lead elsewhere, or cannot be shown.
    #[error("the name of a file in the container is not accepted: {0}")]
    Name(String),
    /// Two entries of one name.
    #[error("two files in the container are called {0}")]
    SameName(String),
    /// What is unpacked is not what the container says.
    #[error("{0} does not unpack to what the container says")]
    Damaged(String),
    /// The media type is another, or is not at the place where it must be.
    #[error("the container's mimetype is not as it must be: {0}")]
    MediaType(&'static str),
    /// A form that is made, not added to.
    #[error("a signature can be added to ASiC-E containers with CAdES signatures only")]
    NotExtended,
    /// More files than are put into one.
    #[error("{found} files are to be put into the container, and it holds {most}")]
    Files {
        /// How many there are.
        found: usize,
        /// How many there can be.
        most: usize,
    },
    /// There is nothing to sign.
    #[error("there is no file to sign")]
    Nothing,
    /// A manifest cannot be read.
    #[error("the manifest is not as EN 319 162-1 says: {0}")]
    Manifest(String),
    /// A signature without a manifest, or with two.
    #[error("{0} manifests say what this signature is over, not one")]
    Manifests(usize),
    /// Not one data object, in a container for one.
    #[error("the container has {0} files to be signed; one of the form ASiC-S has one")]
    NotOne(usize),
    /// A file that is said to be signed is not there.
    #[error("{0} was signed, and is not in the container")]
    Missing(String),
    /// A file is not the one that was signed.
    #[error("{0} is not the file that was signed, or it was altered")]
    Altered(String),
    /// A digest that is not relied on.
    #[error("{0} is signed by the digest {1}, which is not accepted")]
    Digest(String, String),
    /// A file that a signature over the files themselves leaves out.
    #[error("{0} is not covered by it: a XAdES signature is to be over every file of its container")]
    LeftOut(String),
    /// A signature names a file twice.
    #[error("{0} is signed twice")]
    Twice(String),
    /// A XAdES signature.
    #[error(transparent)]
    Xades(#[from] XadesError),
    /// A time stamp that is over nothing, or over several things.
    #[error("{0} manifests say what this time stamp is over, not one")]
    StampManifests(usize),
    /// An archive manifest that is about something else than a time stamp.
    #[error("an archive manifest is about something else than a time stamp")]
    NoStamp,
    /// A time stamp that is not over what the container says.
    #[error("the time stamp is not over what the container says: {0}")]
    Stamp(String),
    /// All signatures are kept by an archive time stamp already.
    #[error("an archive time stamp covers all signatures: what is added to them now would break it")]
    Archived,
    /// A manifest without its signature.
    #[error("{0} is about a signature that is not in the container")]
    SignatureMissing(String),
    /// Files that nobody signed.
    #[error("{0} is covered by no signature: nobody vouches for it")]
    Uncovered(String),
    /// It could not be written.
    #[error("the container could not be written: {0}")]
    Writing(String),
}

impl ContainerError {
    /// The sub-indication of EN 319 102-1.
    pub(super) const fn sub_indication(&self) -> SubIndication {
        match self {
            Self::Xades(error) => error.sub_indication(),
            Self::Altered(_) => SubIndication::HashFailure,
            Self::Missing(_) => SubIndication::SignedDataNotFound,
            Self::Digest(..) => SubIndication::CryptoConstraintsFailureNoPoe,
            // What is there may be right, and is not all that is asked for.
            Self::Uncovered(_)
            | Self::LeftOut(_)
            | Self::SignatureMissing(_)
            | Self::StampManifests(_)
            | Self::NoStamp
            | Self::Stamp(_) => SubIndication::SigConstraintsFailure,
            _ => SubIndication::FormatFailure,
        }
    }
}

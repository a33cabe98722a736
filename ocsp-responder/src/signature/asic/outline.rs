//! What a container holds, for display: nothing here is verified.

use super::contents::Contents;
use super::error::ContainerError;
use super::names::Role;

/// The parts of a container.
#[derive(Debug)]
pub(crate) struct ContainerOutline {
    /// The media type that it states.
    pub(crate) media_type: Option<String>,
    /// The files that it is about.
    pub(crate) files: Vec<String>,
    /// Its manifests.
    pub(crate) manifests: Vec<String>,
    /// Its CAdES signatures with their octets, where those can be read.
    pub(crate) signatures: Vec<(String, Option<Vec<u8>>)>,
    /// Its files of XAdES signatures with their octets, where those can be read.
    pub(crate) xades: Vec<(String, Option<Vec<u8>>)>,
    /// What else stands beside the content: time stamps, lists for other programs.
    pub(crate) besides: Vec<String>,
}

/// Reads the parts of a container that unpacks to at most so many octets.
pub(crate) fn outline(octets: &[u8], most_unpacked: u64) -> Result<ContainerOutline, ContainerError> {
    let contents = Contents::read(octets, most_unpacked)?;
    let named = |role| contents.of_role(role).into_iter().map(str::to_owned);
    let signature = |name: String| {
        let octets = contents.unpacked(&name).ok();
        (name, octets)
    };
    Ok(ContainerOutline {
        media_type: contents.media_type()?,
        files: named(Role::Data).collect(),
        manifests: named(Role::Manifest).chain(named(Role::ArchiveManifest)).collect(),
        signatures: named(Role::Cades).map(signature).collect(),
        xades: named(Role::Xades).map(signature).collect(),
        besides: [Role::TimeStamp, Role::Other].into_iter().flat_map(named).collect(),
    })
}

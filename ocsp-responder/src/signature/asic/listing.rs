//! The container's own list of its files, `META-INF/manifest.xml`, as OpenDocument has it (EN 319 162-1 clause 4.4.3.2; ODF 1.2 part 3
//! section 3). Nothing signs it and no signature needs it, so that it decides nothing; other programs show files by it, so that it is told
//! where it says something else than what is there.

use std::collections::HashMap;

use super::contents::Contents;
use super::names::Role;
use super::verdict::ContainerSignature;
use crate::xml::{Bounds, elements, parse};

/// The list's name in a container.
const NAME: &str = "META-INF/manifest.xml";
/// The namespace of ODF's manifests.
const ODF: &str = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
/// The folder that is not listed.
const META: &str = "META-INF/";
/// The most that is told.
const MOST_TOLD: usize = 32;
/// The most letters that are repeated of a name or type.
const MOST_LETTERS: usize = 80;

/// What the list says that is not so; nothing where there is no list.
pub(super) fn differences(contents: &Contents<'_>, signatures: &[ContainerSignature]) -> Vec<String> {
    if !contents.has(NAME) {
        return Vec::new();
    }
    match contents.unpacked(NAME).map_err(|error| error.to_string()).and_then(|octets| read(&octets)) {
        Ok(listed) => compared(&listed, contents, signatures),
        Err(why) => vec![format!("{NAME} cannot be read: {why}")],
    }
}

/// The paths in the list with their media types, in its order.
fn read(octets: &[u8]) -> Result<Vec<(String, String)>, String> {
    let document = parse(octets, Bounds::MANIFEST).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if !root.has_tag_name((ODF, "manifest")) {
        return Err("it is another document".to_owned());
    }
    let entries = elements(root).filter(|entry| entry.has_tag_name((ODF, "file-entry")));
    let read = |entry: roxmltree::Node<'_, '_>| {
        let path = entry.attribute((ODF, "full-path")).ok_or("an entry has no path")?;
        let kind = entry.attribute((ODF, "media-type")).unwrap_or_default();
        Ok((path.to_owned(), kind.trim().to_owned()))
    };
    entries.map(read).collect()
}

fn compared(
    listed: &[(String, String)],
    contents: &Contents<'_>,
    signatures: &[ContainerSignature],
) -> Vec<String> {
    let mut told = Vec::new();
    let mut kinds: HashMap<&str, &str> = HashMap::new();
    for (path, kind) in listed {
        if kinds.insert(path, kind).is_some() {
            told.push(format!("{NAME} lists {} twice", shown(path)));
        }
        let is_file = !path.ends_with('/') && !path.starts_with(META);
        if is_file && !contents.has(path) {
            told.push(format!("{NAME} lists {}, which is not in the container", shown(path)));
        }
    }
    // ODF 1.2 part 3 section 3.2: the container itself is listed as a slash.
    if let (Some(own), Some(kind)) = (contents.media_type().ok().flatten(), kinds.get("/"))
        && own != *kind
    {
        told.push(format!("{NAME} says that the container is {}, and it is {own}", shown(kind)));
    }
    for name in contents.of_role(Role::Data) {
        let Some(kind) = kinds.get(name) else {
            told.push(format!("{NAME} does not list {}", shown(name)));
            continue;
        };
        let signed = signatures.iter().filter_map(|one| Some((&one.file, one.media_types.get(name)?)));
        let others = signed.filter(|(_, signed)| !signed.eq_ignore_ascii_case(kind));
        told.extend(others.map(|(signature, signed)| {
            format!(
                "{NAME} says that {} is {}, and the signer in {signature} that it is {}",
                shown(name),
                shown(kind),
                shown(signed)
            )
        }));
    }
    told.truncate(MOST_TOLD);
    told
}

fn shown(text: &str) -> String {
    text.chars().take(MOST_LETTERS).collect()
}

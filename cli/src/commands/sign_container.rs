//! `npki sign --container`: several files and their signatures in one file (ETSI EN 319 162-1, ASiC-E).

use std::path::{Path, PathBuf};

use ocsp_responder::signature::asic::ContainerError;

use super::Ending;
use super::many::{self, PassedOver};
use super::sign::{Level, SignArguments, nothing_to_raise_to, raised, signature, with_raising};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::Outcome;
use crate::relying_party::container::{self, Named, not_signed_in, prepared};
use crate::session::Session;

/// Makes a container, or adds a signature to one.
pub(super) fn signed(container: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    let Contents { files, passed_over } = Contents::of(&arguments.files)?;
    let prepared = prepared(container, &files, session.clock.now())?;
    let manifest = prepared.manifest().to_vec();
    // What keeps a signature for longer than it keeps itself stands in the container.
    let inside = arguments.level.min(Level::BLt);
    let signature = raised(signature(arguments, &manifest, session)?, &manifest, inside, arguments, session)?;
    let signed = prepared.complete(&signature).map_err(|error| not_signed_in(&error))?;
    let signed = if arguments.level > inside { raised_to_level(signed, arguments, session)? } else { signed };
    let outcome = arguments.written(container.to_owned(), signed)?;
    let left = passed_over.iter().map(|(path, why)| format!("{}: left out: {}", path.display(), why.words()));
    Ok(left.fold(outcome, Outcome::warn))
}

/// What is put into a container.
#[derive(Default)]
struct Contents {
    files: Vec<Named>,
    /// What is not, out of the folders that were named.
    passed_over: Vec<(PathBuf, PassedOver)>,
}

impl Contents {
    /// The files that are named, by their names, and all in the folders that are named, by where they are in these.
    fn of(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut contents = Self::default();
        for path in paths {
            if !path.is_dir() {
                let name = path.file_name().map(Path::new).unwrap_or(path);
                contents.files.push(named(path.clone(), name)?);
                continue;
            }
            let found = many::named(std::slice::from_ref(path))?;
            // A signature over a part of the folder would pass for one over all of it.
            if let Some((_, failure)) = found.unreadable.into_iter().next() {
                return Err(failure);
            }
            for file in found.files {
                let within = file.strip_prefix(path).unwrap_or(&file).to_owned();
                contents.files.push(named(file, &within)?);
            }
            contents.passed_over.extend(found.passed_over);
        }
        Ok(contents)
    }
}

fn named(path: PathBuf, within: &Path) -> Result<Named, Failure> {
    let parts: Option<Vec<&str>> = within.iter().map(|part| part.to_str()).collect();
    let Some(parts) = parts else {
        let cause = format!("{} has no name that can stand in a container", path.display());
        return Err(Failure::of(&catalogue::USAGE).cause(cause).fix("give it a name in UTF-8"));
    };
    Ok(Named { name: parts.join("/"), path })
}

/// Raises a container that there is.
pub(super) fn raised_container(container: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    if arguments.level == Level::BB {
        return Err(nothing_to_raise_to());
    }
    if !arguments.files.is_empty() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("a container carries what was signed, and files are given besides")
            .fix("npki sign --container --raise FILE.asice --level b-lta --tsa URL"));
    }
    let octets = files::read(container, files::MAX_DOCUMENT)?;
    let raised = raised_to_level(octets, arguments, session)?;
    arguments.written(container.to_owned(), raised)
}

/// The container with all signatures of this level that no archive time stamp covers, and for b-lta with a time stamp over all of it.
fn raised_to_level(
    container: Vec<u8>,
    arguments: &SignArguments,
    session: &mut Session,
) -> Result<Vec<u8>, Failure> {
    let mut raising = container::raised(container)?;
    let open = raising.open().to_vec();
    if open.is_empty() && arguments.level < Level::BLta {
        return Err(not_signed_in(&ContainerError::Archived).fix("give --level b-lta"));
    }
    for one in open {
        let level = arguments.level.min(Level::BLt);
        raising.replace(&one.file, raised(one.signature, &one.manifest, level, arguments, session)?);
    }
    if arguments.level < Level::BLta {
        return raising.written(session.clock.now()).map_err(|error| not_signed_in(&error));
    }
    with_raising(&[], arguments, session, |one, anchors, evidence| {
        one.archived_container(raising, anchors, evidence)
    })
}

//! `npki sign --container`: several files and their signatures in one file (ETSI EN 319 162-1, ASiC-E).

use std::path::Path;

use super::Ending;
use super::sign::{Level, SignArguments, raised, signature};
use crate::failure::{Failure, catalogue};
use crate::relying_party::container::{not_signed_in, prepared};
use crate::session::Session;

/// Makes a container, or adds a signature to one.
pub(super) fn signed(container: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    if arguments.level > Level::BLt {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("in containers npki makes the levels b-b, b-t and b-lt")
            .fix("give --level b-lt, or leave --container out"));
    }
    let prepared = prepared(container, &arguments.files, session.clock.now())?;
    let manifest = prepared.manifest().to_vec();
    let signature =
        raised(signature(arguments, &manifest, session)?, &manifest, arguments.level, arguments, session)?;
    let signed = prepared.complete(&signature).map_err(|error| not_signed_in(&error))?;
    arguments.written(container.to_owned(), signed)
}

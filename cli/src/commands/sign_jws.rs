//! `npki sign --jws`: a JSON Web Signature (RFC 7515; ETSI TS 119 182-1, JAdES).

use std::path::Path;

use ocsp_responder::signature::jades::JwsShape;

use super::Ending;
use super::sign::{JwsForm, Level, SignArguments, nothing_to_raise_to, raising_by_stamp, with_raising};
use super::signer::SigningKey;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::relying_party::jws;
use crate::session::Session;

/// Signs a document.
pub(super) fn signed(
    form: JwsForm,
    file: &Path,
    document: &[u8],
    arguments: &SignArguments,
    session: &mut Session,
) -> Ending {
    if form == JwsForm::Compact && arguments.level > Level::BB {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("the compact form has no place for what is added to a signature: its level is b-b")
            .fix("give --jws=json, or leave --level out and raise the signature later"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let shape = match (form, arguments.detached) {
        (JwsForm::Compact, false) => JwsShape::Compact,
        (JwsForm::Json, false) => JwsShape::Json,
        (JwsForm::Compact, true) => JwsShape::CompactBeside(&name),
        (JwsForm::Json, true) => JwsShape::JsonBeside(&name),
    };
    let SigningKey { signer, chain } = arguments.signer.open(session)?;
    let signature = jws::sign(document, shape, chain, signer.as_ref(), session.clock.now())?;
    let signature = raised_to_level(signature, document, arguments, session)?;
    arguments.written(arguments.place(file), signature)
}

/// Raises a signature that there is, over the file that is given or over what it carries. A compact one becomes flattened JSON.
pub(super) fn raised(existing: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    let signature = files::read(existing, files::MAX_OBJECT)?;
    if arguments.level == Level::BB {
        return Err(nothing_to_raise_to());
    }
    let document = match arguments.files.as_slice() {
        [] if jws::carries_content(&signature) => Vec::new(),
        _ => files::read(arguments.file()?, files::MAX_DOCUMENT)?,
    };
    let signature = raised_to_level(signature, &document, arguments, session)?;
    arguments.written(arguments.place(existing), signature)
}

/// The signature of this level. Each level has what those below it have.
fn raised_to_level(
    signature: Vec<u8>,
    document: &[u8],
    arguments: &SignArguments,
    session: &mut Session,
) -> Result<Vec<u8>, Failure> {
    match arguments.level {
        Level::BB => Ok(signature),
        Level::BT => {
            raising_by_stamp(document, arguments, session, |raising| raising.stamped_jws(&signature))
        }
        level => with_raising(document, arguments, session, |raising, anchors, evidence| {
            let stamped = raising.stamped_jws(&signature)?;
            let complete = raising.jws_with_material(&stamped, anchors, evidence)?;
            if level == Level::BLt { Ok(complete) } else { raising.archived_jws(&complete) }
        }),
    }
}

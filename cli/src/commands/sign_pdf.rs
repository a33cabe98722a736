//! `npki sign --pdf`: signatures in PDF documents (ETSI EN 319 142-1, PAdES).

use std::path::Path;

use super::Ending;
use super::sign::{Level, SignArguments, raised, signature, with_raising};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::relying_party::judgement::certificate;
use crate::relying_party::signing;
use crate::session::Session;

/// Signs a document.
pub(super) fn signed(file: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    let document = files::read(file, files::MAX_DOCUMENT)?;
    let signer = certificate(&arguments.signer.open(session)?.chain.certificate)?;
    let at = session.clock.now();
    let prepared = signing::prepared_pdf(&document, at, &arguments.seen.note(arguments, &signer, at)?)?;
    let content = prepared.content();
    // What keeps a signature for longer than its time stamp does stands in the document.
    let inside = arguments.level.min(Level::BT);
    let signature = raised(signature(arguments, &content, session)?, &content, inside, arguments, session)?;
    let signed = prepared.complete(&signature).map_err(|error| signing::not_signed_in(&error))?;
    let signed = if arguments.level > inside { kept(&signed, arguments, session)? } else { signed };
    arguments.written(arguments.place(file), signed)
}

/// Raises a document that is signed.
pub(super) fn raised_document(file: &Path, arguments: &SignArguments, session: &mut Session) -> Ending {
    if arguments.level < Level::BLt {
        return Err(Failure::of(&catalogue::USAGE)
            .cause(
                "a signed document is raised to b-lt or b-lta: what is below stands in the signature itself",
            )
            .fix("give --level b-lt or b-lta"));
    }
    let document = files::read(file, files::MAX_DOCUMENT)?;
    let raised = kept(&document, arguments, session)?;
    arguments.written(arguments.place(file), raised)
}

/// The document with what it is judged by, and for b-lta with a time stamp over all of it.
fn kept(document: &[u8], arguments: &SignArguments, session: &mut Session) -> Result<Vec<u8>, Failure> {
    with_raising(document, arguments, session, |raising, anchors, evidence| {
        let kept = raising.pdf_with_material(anchors, evidence)?;
        if arguments.level == Level::BLta { raising.archived_pdf(&kept) } else { Ok(kept) }
    })
}

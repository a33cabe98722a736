//! `npki sign --jws`: a JSON Web Signature (RFC 7515; ETSI TS 119 182-1, JAdES).

use std::path::Path;

use ocsp_responder::signature::jades::JwsShape;

use super::Ending;
use super::sign::{JwsForm, Level, SignArguments, told, unit};
use super::signer::SigningKey;
use crate::client::Publications;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
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
    if arguments.level > Level::BT || (form == JwsForm::Compact && arguments.level == Level::BT) {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("JSON Web Signatures are made with the levels b-b and, as JSON, b-t")
            .fix("give --jws=json --level b-t"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let shape = match (form, arguments.detached) {
        (JwsForm::Compact, false) => JwsShape::Compact,
        (JwsForm::Json, false) => JwsShape::Json,
        (JwsForm::Compact, true) => JwsShape::CompactBeside(&name),
        (JwsForm::Json, true) => JwsShape::JsonBeside(&name),
    };
    let SigningKey { signer, chain } = arguments.signer.open(session)?;
    let mut signature = jws::sign(document, shape, &chain, signer.as_ref(), session.clock.now())?;
    if arguments.level == Level::BT {
        let publications = Publications::within(session.settings.timeout.value);
        signature = jws::stamped(&signature, unit(arguments)?, &publications, session.entropy.as_ref())?;
    }
    let path = arguments.out.clone().unwrap_or_else(|| files::beside(file, ".jws"));
    files::replace(&path, &signature, Readers::Anyone)?;
    Ok(told(arguments, path))
}

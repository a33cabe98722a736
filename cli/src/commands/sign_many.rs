//! `npki sign` and `npki seal` over many files: what this certificate has signed already is left as it is, so that after a power cut
//! the same command goes on; what is somebody else's is never replaced.

use std::path::Path;

use ocsp_responder::signature::SignatureLevel;

use super::many::{self, Errand, Shown, Step};
use super::sign::{Level, SignArguments, alone, unit};
use super::signer::Act;
use super::{Ending, word};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::Meaning;
use crate::relying_party::existing::{Existing, signature_at};
use crate::relying_party::judgement::certificate;
use crate::session::Session;

/// What signatures, time stamps and containers are called.
const OF_SIGNATURES: [&str; 6] = ["p7s", "p7m", "jws", "tsr", "asice", "asics"];

/// Signs each file by itself.
pub(super) fn run(arguments: &SignArguments, session: &mut Session) -> Ending {
    if arguments.out.is_some() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("--out names one file, and each of the many has a signature of its own, beside it")
            .fix("leave --out out, or put all into a container: --container OUT.asice"));
    }
    // What would fail for each of ten thousand fails once, and whoever has a passphrase is asked once.
    if arguments.level > Level::BB {
        unit(arguments)?;
    }
    arguments.signer.open(session)?;
    let found = many::named(&arguments.files)?;
    let act = arguments.signer.act;
    let (schema, doing) = match act {
        Act::Sign => ("npki.sign.files/1", "signing"),
        Act::Seal => ("npki.seal.files/1", "sealing"),
    };
    let errand = Errand { schema, doing, shown: Shown::Exceptions };
    many::run(errand, found, session, |file, session| {
        if let Some(left) = not_to_be_signed(file, arguments) {
            return Ok(left);
        }
        if standing(file, arguments, session)? == Standing::SignedAlready {
            return Ok(Step::Done("signed already"));
        }
        let outcome = alone(&arguments.of_one(file), session)?;
        Ok(Step::Answered { outcome, word: act.done(), meaning: Meaning::Good, why: None })
    })
}

/// What stands in a folder beside what is to be signed.
fn not_to_be_signed(file: &Path, arguments: &SignArguments) -> Option<Step> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    if OF_SIGNATURES.contains(&ending.as_str()) {
        let is_beside = file.with_extension("").exists();
        let why = "a signature, a time stamp or a container itself";
        return Some(if is_beside { Step::Done(why) } else { Step::Left(why) });
    }
    if !arguments.pdf {
        return None;
    }
    if ending != "pdf" {
        return Some(Step::Left("no PDF document"));
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.strip_suffix("-signed"));
    let is_made = stem.is_some_and(|stem| file.with_file_name(format!("{stem}.pdf")).exists());
    is_made.then_some(Step::Done("the signed form of another"))
}

/// What stands where the signature is to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing, or what may be replaced.
    Free,
    /// A signature of this certificate over this file, of at least this level.
    SignedAlready,
}

/// Fails where the signature over a single file would take the place of something else than a signature of this certificate over it.
///
/// # Errors
/// It would.
pub(super) fn is_free(file: &Path, arguments: &SignArguments, session: &Session) -> Result<(), Failure> {
    // Who says where it is to be put has said it.
    if arguments.raise.is_some() || arguments.out.is_some() || files::is_stream(file) {
        return Ok(());
    }
    existing(file, arguments, session).map(drop)
}

fn standing(file: &Path, arguments: &SignArguments, session: &Session) -> Result<Standing, Failure> {
    let Some(level) = existing(file, arguments, session)? else { return Ok(Standing::Free) };
    if arguments.again {
        return Ok(Standing::Free);
    }
    if level >= arguments.level.standard() {
        return Ok(Standing::SignedAlready);
    }
    Err(Failure::of(&catalogue::EXISTS)
        .what(format!(
            "{} is signed already, at a lower level than {}",
            file.display(),
            word(arguments.level)
        ))
        .cause("a signature is not thrown away unasked")
        .fix("raise it: npki sign FILE --raise SIGNATURE; or sign it anew: --again"))
}

/// The level of the signature of this certificate that stands there.
fn existing(
    file: &Path,
    arguments: &SignArguments,
    session: &Session,
) -> Result<Option<SignatureLevel>, Failure> {
    let place = arguments.place(file);
    if place.symlink_metadata().is_err() {
        return Ok(None);
    }
    let signer = certificate(&arguments.signer.open(session)?.chain.certificate)?;
    let document = files::read(file, files::MAX_DOCUMENT)?;
    match signature_at(&place, &document, &signer, session.clock.now())? {
        Existing::Nothing => Ok(None),
        Existing::Own(level) => Ok(Some(level)),
        Existing::Other => Err(Failure::of(&catalogue::EXISTS)
            .what(format!("{} exists and is not replaced", place.display()))
            .cause("it is no signature of this certificate over the file as it is now")
            .fix("look at it: npki verify FILE; move it away, or put the new one elsewhere: --out FILE")),
    }
}

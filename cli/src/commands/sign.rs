//! `npki sign` and `npki seal`: a person's signature or an organisation's seal over a file, of the level that is wanted; raising
//! one that there is.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ocsp_responder::signature::SignatureLevel;
use serde::Serialize;

use super::sign_seen::SeenArguments;
use super::signer::{Act, SignerArguments, SigningKey};
use super::{Ending, many, sign_container, sign_jws, sign_many, sign_pdf, word};
use crate::client::Publications;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Outcome, Simple};
use crate::relying_party::evidence::StatusEvidence;
use crate::relying_party::material;
use crate::relying_party::signing::{self, Placed, Raising};
use crate::session::Session;

/// The most octets of a file that is put into its signature.
const MAX_INSIDE: u64 = 48 * 1024 * 1024;

/// What to sign, and with what.
#[derive(Debug, Clone, Args)]
pub struct SignArguments {
    /// The file to sign, or several, or folders, each file by itself; - is standard input. With --raise, the file that was signed;
    /// with --container, all that are put into it, those in folders with their place in these
    #[arg(value_name = "FILE", required_unless_present_any = ["container", "raise"])]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) signer: SignerArguments,
    /// Raise this signature of the file, or with --pdf or --container this document, to --level, instead of signing; it is replaced
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "key", "p12", "token", "attached"])]
    pub(super) raise: Option<PathBuf>,
    /// Put the file into the signature, FILE.p7m
    #[arg(long)]
    attached: bool,
    /// Put the signature into the PDF document that is signed (PAdES), FILE-signed.pdf
    #[arg(long, conflicts_with = "attached")]
    pub(super) pdf: bool,
    /// Put the files and their signature into this container (ASiC-E), OUT.asice; without files, add a signature to the one
    /// that stands there; with --raise, without OUT: what is raised is a container
    #[arg(long, value_name = "OUT", num_args = 0..=1, conflicts_with_all = ["attached", "pdf", "out"])]
    container: Option<Option<PathBuf>>,
    /// Make a JSON Web Signature (JAdES), FILE.jws: compact, or flattened JSON
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "compact",
        conflicts_with_all = ["attached", "pdf", "container"])]
    jws: Option<JwsForm>,
    /// The file stays beside the JSON Web Signature, which has its digest
    #[arg(long, requires = "jws", conflicts_with = "raise")]
    pub(super) detached: bool,
    /// Why it was signed: the PDF says so
    #[arg(long, value_name = "TEXT", requires = "pdf", conflicts_with = "raise")]
    pub(super) reason: Option<String>,
    /// Where it was signed: the PDF says so
    #[arg(long, value_name = "TEXT", requires = "pdf", conflicts_with = "raise")]
    pub(super) location: Option<String>,
    #[command(flatten)]
    pub(super) seen: SeenArguments,
    /// How long the signature can be believed (ETSI EN 319 122-1): b-t with a time stamp, b-lt with all that it is judged by,
    /// b-lta with a time stamp over that, too
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "b-b")]
    pub(super) level: Level,
    /// The time-stamping unit's address, for all levels but b-b
    #[arg(long, value_name = "URL", env = "NPKI_TSA")]
    tsa: Option<url::Url>,
    /// The trust anchor that b-lt and b-lta are judged by, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The signature's file; - is standard output [default: FILE.p7s, FILE.p7m, FILE.jws or FILE-signed.pdf; with --raise, that file]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Of many files, also those that this certificate has signed already; what somebody else signed is never replaced
    #[arg(long, conflicts_with_all = ["raise", "container"])]
    pub(super) again: bool,
}

/// How a JSON Web Signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum JwsForm {
    /// Three parts with full stops between them
    Compact,
    /// Flattened JSON, which has room for what the levels above b-b add
    Json,
}

/// A level of CAdES baseline signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// A signature
    #[value(name = "b-b")]
    BB,
    /// With a time stamp: believed though the certificate is revoked or runs out later
    #[value(name = "b-t")]
    BT,
    /// With certificates, CRLs and OCSP answers: judged without asking anybody
    #[value(name = "b-lt")]
    BLt,
    /// With a time stamp over all of it: believed when the time stamp's own certificate has run out
    #[value(name = "b-lta")]
    BLta,
}

impl Level {
    /// As verdicts name it.
    pub(super) const fn standard(self) -> SignatureLevel {
        match self {
            Self::BB => SignatureLevel::B,
            Self::BT => SignatureLevel::T,
            Self::BLt => SignatureLevel::Lt,
            Self::BLta => SignatureLevel::Lta,
        }
    }
}

#[derive(Debug, Serialize)]
struct Signed {
    #[serde(skip)]
    act: Act,
    file: PathBuf,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further: Vec<PathBuf>,
    signature: PathBuf,
    level: String,
}

/// Signs.
pub fn run(arguments: &SignArguments, session: &mut Session) -> Ending {
    arguments.streams_fit(session)?;
    match (&arguments.container, &arguments.raise) {
        (Some(Some(container)), None) => return sign_container::signed(container, arguments, session),
        (Some(None), Some(container)) => {
            return sign_container::raised_container(container, arguments, session);
        }
        (Some(_), _) => return Err(unclear_container()),
        (None, _) => {}
    }
    if let (true, Some(document)) = (arguments.pdf, &arguments.raise) {
        return sign_pdf::raised_document(document, arguments, session);
    }
    if let (Some(_), Some(signature)) = (arguments.jws, &arguments.raise) {
        return sign_jws::raised(signature, arguments, session);
    }
    if arguments.raise.is_none() && many::is_many(&arguments.files) {
        return sign_many::run(arguments, session);
    }
    sign_many::is_free(arguments.file()?, arguments, session)?;
    alone(arguments, session)
}

/// Signs one file, or raises its signature.
pub(super) fn alone(arguments: &SignArguments, session: &mut Session) -> Ending {
    let file = arguments.file()?;
    if arguments.pdf {
        return sign_pdf::signed(file, arguments, session);
    }
    let inside = arguments.attached || arguments.jws.is_some() && !arguments.detached;
    let limit = if inside { MAX_INSIDE } else { files::MAX_DOCUMENT };
    let document = files::read(file, limit)?;
    if let Some(form) = arguments.jws {
        return sign_jws::signed(form, file, &document, arguments, session);
    }
    let signature = match &arguments.raise {
        Some(existing) => files::read(existing, files::MAX_OBJECT)?,
        None => signature(arguments, &document, session)?,
    };
    let signature = raised(signature, &document, arguments.level, arguments, session)?;
    arguments.written(arguments.place(file), signature)
}

fn unclear_container() -> Failure {
    Failure::of(&catalogue::USAGE).cause("it is not said which container is meant, or it is said twice").fix(
        "npki sign --container OUT.asice FILE…, or npki sign --container --raise FILE.asice --level b-lta",
    )
}

impl SignArguments {
    /// The same, to seal.
    pub fn sealing(self) -> Self {
        Self { signer: self.signer.acting(Act::Seal), ..self }
    }

    /// The same for this file alone, with the same opened key.
    pub(super) fn of_one(&self, file: &Path) -> Self {
        Self { files: vec![file.to_owned()], ..self.clone() }
    }

    /// Where the signature over a file is put.
    pub(super) fn place(&self, file: &Path) -> PathBuf {
        if let Some(chosen) = self.out.as_ref().or(self.raise.as_ref()) {
            return chosen.clone();
        }
        if files::is_stream(file) {
            return file.to_owned();
        }
        match (self.pdf, self.jws, self.attached) {
            (true, ..) => {
                let stem = file.file_stem().unwrap_or_default().to_string_lossy();
                file.with_file_name(format!("{stem}-signed.pdf"))
            }
            (_, Some(_), _) => files::beside(file, ".jws"),
            (.., true) => files::beside(file, ".p7m"),
            _ => files::beside(file, ".p7s"),
        }
    }

    /// Writes what was made, and tells of it.
    pub(super) fn written(&self, place: PathBuf, content: Vec<u8>) -> Ending {
        if files::is_stream(&place) {
            return Ok(told(self, place).carrying(content));
        }
        files::replace(&place, &content, Readers::Anyone)?;
        Ok(told(self, place))
    }

    /// Fails where standard input or output is asked to be two things at once.
    fn streams_fit(&self, session: &Session) -> Result<(), Failure> {
        let usage = |cause: &str, fix: &str| Err(Failure::of(&catalogue::USAGE).cause(cause).fix(fix));
        let read = self.files.iter().chain(&self.raise).filter(|path| files::is_stream(path)).count();
        let is_container = self.container.is_some();
        if read > 1 || read == 1 && is_container {
            return usage("standard input has one content and no name", "give the files by their names");
        }
        if read == 1 && self.detached {
            return usage(
                "a detached JSON Web Signature names its file, and standard input has no name",
                "leave --detached out, or give the file by its name",
            );
        }
        let first = self.files.first().map(|file| self.place(file));
        let place = self.container.clone().flatten().or(first).or_else(|| self.raise.clone());
        if place.is_some_and(|place| files::is_stream(&place)) {
            session.console.takes_octets()
        } else {
            Ok(())
        }
    }

    /// The one file, where there can be only one.
    pub(super) fn file(&self) -> Result<&Path, Failure> {
        match self.files.as_slice() {
            [one] => Ok(one),
            [] => Err(Failure::of(&catalogue::USAGE)
                .cause("no file is given that was signed")
                .fix("npki sign FILE --raise SIGNATURE --level b-lt --tsa URL")),
            several => Err(Failure::of(&catalogue::USAGE)
                .cause(format!("{} files are given, and a signature is over one", several.len()))
                .fix("raise the signature of each by itself")),
        }
    }
}

pub(super) fn told(arguments: &SignArguments, signature: PathBuf) -> Outcome {
    let mut files = arguments.files.iter().cloned();
    let file = files.next().unwrap_or_else(|| signature.clone());
    let act = arguments.signer.act;
    let signed = Signed { act, file, further: files.collect(), signature, level: word(arguments.level) };
    let schema = match act {
        Act::Sign => "npki.sign/1",
        Act::Seal => "npki.seal/1",
    };
    Outcome::done(Simple::new(schema, signed, |signed, page| {
        for file in std::iter::once(&signed.file).chain(&signed.further) {
            page.line(format!("{}: {}", signed.act.done(), file.display()));
        }
        page.line(format!("level: {}", signed.level.to_uppercase()));
        page.line(format!("written: {}", signed.signature.display()));
    }))
}

pub(super) fn signature(
    arguments: &SignArguments,
    document: &[u8],
    session: &Session,
) -> Result<Vec<u8>, Failure> {
    let SigningKey { signer, chain } = arguments.signer.open(session)?;
    let placed = match (arguments.attached, arguments.pdf) {
        (true, _) => Placed::Inside,
        (false, true) => Placed::Around,
        (false, false) => Placed::Beside,
    };
    signing::sign(document, placed, chain, signer.as_ref(), session.clock.now())
}

/// The time-stamping unit that the level needs.
pub(super) fn unit(arguments: &SignArguments) -> Result<&url::Url, Failure> {
    arguments.tsa.as_ref().ok_or_else(|| {
        Failure::of(&catalogue::USAGE)
            .cause(format!("level {} needs a time stamp", word(arguments.level)))
            .fix("give the time-stamping unit's address: --tsa URL")
    })
}

/// The signature of this level. Each level has what those below it have.
pub(super) fn raised(
    signature: Vec<u8>,
    document: &[u8],
    level: Level,
    arguments: &SignArguments,
    session: &mut Session,
) -> Result<Vec<u8>, Failure> {
    if level == Level::BB {
        return match arguments.raise {
            Some(_) => Err(nothing_to_raise_to()),
            None => Ok(signature),
        };
    }
    if level == Level::BT {
        return raising_by_stamp(document, arguments, session, |raising| raising.stamped(&signature));
    }
    with_raising(document, arguments, session, |raising, anchors, evidence| {
        let complete = raising.with_material(&raising.stamped(&signature)?, anchors, evidence)?;
        if level == Level::BLt { Ok(complete) } else { raising.archived(&complete) }
    })
}

/// Why nothing is raised to the lowest level.
pub(super) fn nothing_to_raise_to() -> Failure {
    Failure::of(&catalogue::USAGE)
        .cause("a signature cannot be raised to b-b: each is at least that")
        .fix("give --level b-t, b-lt or b-lta")
}

/// Raises by a time stamp alone: nothing is judged for it.
pub(super) fn raising_by_stamp(
    document: &[u8],
    arguments: &SignArguments,
    session: &Session,
    raise: impl FnOnce(&Raising<'_>) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<u8>, Failure> {
    let publications = Publications::within(session.settings.timeout.value);
    let (entropy, clock) = (session.entropy.as_ref(), session.clock.as_ref());
    let unit = unit(arguments)?;
    raise(&Raising { document, unit, publications: &publications, entropy, clock })
}

/// Raises what is judged by what is published.
pub(super) fn with_raising(
    document: &[u8],
    arguments: &SignArguments,
    session: &mut Session,
    raise: impl FnOnce(&Raising<'_>, &Anchors, &StatusEvidence<'_>) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<u8>, Failure> {
    let unit = unit(arguments)?;
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    let publications = Publications::within(session.settings.timeout.value);
    let (entropy, clock) = (session.entropy.as_ref(), session.clock.as_ref());
    let raising = Raising { document, unit, publications: &publications, entropy, clock };
    let evidence = StatusEvidence::network(&publications, entropy);
    raise(&raising, &anchors, &evidence)
}

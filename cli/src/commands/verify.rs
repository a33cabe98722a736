//! `npki verify`: a certificate, a signed file, or a file with a time stamp.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::clock::{Entropy, in_words};
use clap::Args;
use der::asn1::ObjectIdentifier;
use ocsp_responder::signature::asic::is_container;
use ocsp_responder::signature::jades::is_jws;
use ocsp_responder::signature::{Language, NamePattern, SignatureDemands, carries_content};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::Ending;
use super::many::{self, Errand, Shown, Step};
use super::moment::moment;
use super::sign::Level;
use crate::client::Publications;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::container;
use crate::relying_party::evidence::{Source, StatusEvidence, completed};
use crate::relying_party::filter::Filters;
use crate::relying_party::judgement::{self, Asked, Judgement, Verdict};
use crate::relying_party::material::{self, Chain};
use crate::relying_party::report::ReportFile;
use crate::session::Session;

/// What to verify.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// A certificate, a file with a signature or a time stamp, a signed PDF, a container (.asice, .asics), or a signature that
    /// carries its file; several, or folders; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The signature [default: FILE.p7s or FILE.jws, when it exists]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Verify a time stamp of the file, and no signature: what `npki timestamp` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    timestamp: Option<PathBuf>,
    /// The trust anchor, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The moment to verify for, or the day, which begins at midnight UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// Write a report of the signatures to this file as well: in the shape of SiVa's simple report (.json), after ETSI TS 119 102-2 (.xml),
    /// or as a page for people (.html)
    #[arg(long, value_name = "FILE", conflicts_with = "timestamp", value_parser = ReportFile::named)]
    report: Option<ReportFile>,
    /// The language of the page: en (English) or st (Sesotho)
    #[arg(long, value_name = "LANGUAGE", default_value = "en", requires = "report", value_parser = language)]
    report_language: Language,
    /// The certificate policy that whoever signed must have it under, dotted; several: one of them
    #[arg(long, value_name = "OID", conflicts_with = "timestamp")]
    policy: Vec<ObjectIdentifier>,
    /// Who must have signed: attributes of the subject, whole, with * for anything (CN=Thabo Mokoena; organizationIdentifier=GO:LS-RSL,C=LS),
    /// or sha256=FINGERPRINT of the certificate
    #[arg(long, value_name = "NAME", conflicts_with = "timestamp")]
    signer: Option<NamePattern>,
    /// The level that the signature must have at least
    #[arg(long, value_name = "LEVEL", value_enum, conflicts_with = "timestamp")]
    level: Option<Level>,
    /// Whom to ask for the status of certificates, and in which order: the next where those before say nothing that holds
    /// [default: ocsp and crl, which must agree]
    #[arg(long, value_name = "SOURCES", value_enum, value_delimiter = ',', conflicts_with = "offline")]
    status: Vec<Source>,
    /// A filter for --status filter, fetched before from /filter/CA.filter of a certificate's CA; repeat it for several CAs
    #[arg(long = "filter", value_name = "FILE", requires = "status")]
    filters: Vec<PathBuf>,
    /// Ask nobody: without what the files hold, the answer is that one cannot tell
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    file: PathBuf,
    #[serde(flatten)]
    judgement: Judgement,
}

pub(super) fn language(tag: &str) -> Result<Language, String> {
    Language::of_tag(tag).ok_or_else(|| "there are en (English) and st (Sesotho)".to_owned())
}

/// Verifies.
pub fn run(arguments: &VerifyArguments, session: &mut Session) -> Ending {
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    match arguments.files.as_slice() {
        [file] if !file.is_dir() => alone(file, arguments, &anchors, session),
        _ => each(arguments, &anchors, session),
    }
}

fn alone(file: &Path, arguments: &VerifyArguments, anchors: &Anchors, session: &Session) -> Ending {
    let by = By::given(file, arguments);
    if files::is_stream(file)
        && matches!(&by, By::Signature(beside) | By::Timestamp(beside) if files::is_stream(beside))
    {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("standard input is the file or its signature, not both")
            .fix("give one of them by its name"));
    }
    let publications = Publications::within(session.settings.timeout.value);
    let at = arguments.at.unwrap_or_else(|| session.clock.now());
    let filters = filters(arguments)?;
    let evidence = evidence(arguments, &filters, &publications, session.entropy.as_ref(), at);
    let demands = demands(arguments);
    let asked = Asked { anchors, at, evidence: &evidence, demands: &demands };
    let judgement = judged(file, &by, &asked, &publications)?;
    if let Some(report) = &arguments.report {
        report.write(file, &judgement.judged, arguments.report_language)?;
    }
    Ok(answered(file, judgement))
}

fn answered(file: &Path, judgement: Judgement) -> Outcome {
    let exit = judgement.verdict.exit();
    let answer = Answer { file: file.to_owned(), judgement };
    Outcome::with_exit(Simple::new("npki.verify/1", answer, text), exit)
}

/// The filters that are given, which is for whoever asks them.
fn filters(arguments: &VerifyArguments) -> Result<Filters, Failure> {
    if arguments.status.contains(&Source::Filter) == arguments.filters.is_empty() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("a filter is asked where it is given and named among the sources, and is one without the other here")
            .fix("npki verify FILE --status filter,crl --filter CA.filter; a filter speaks of no CA's certificate"));
    }
    Filters::given(&arguments.filters)
}

fn evidence<'a>(
    arguments: &VerifyArguments,
    filters: &Filters,
    publications: &'a Publications,
    entropy: &'a dyn Entropy,
    at: OffsetDateTime,
) -> StatusEvidence<'a> {
    if arguments.offline {
        return StatusEvidence::Offline;
    }
    let evidence = StatusEvidence::network(publications, entropy);
    if arguments.status.is_empty() {
        return evidence;
    }
    evidence.in_order(arguments.status.clone(), filters.clone(), at)
}

fn demands(arguments: &VerifyArguments) -> SignatureDemands {
    SignatureDemands {
        policies: arguments.policy.clone(),
        signer: arguments.signer.clone(),
        level: arguments.level.map(Level::standard),
    }
}

/// For how long what was said of a certificate's status is taken for the next file as well.
const KEPT: Duration = Duration::minutes(1);

/// Verifies each file by what is beside it or in it. Who comes with neither is named, and counts as not verified.
fn each(arguments: &VerifyArguments, anchors: &Anchors, session: &mut Session) -> Ending {
    if arguments.signature.is_some() || arguments.timestamp.is_some() || arguments.report.is_some() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("--signature, --timestamp and --report are about one file")
            .fix("give one file; of many, FILE.p7s, FILE.p7m, FILE.jws and FILE.tsr are found beside each"));
    }
    let mut found = many::named(&arguments.files)?;
    found.files = grouped(&found.files);
    let publications = Publications::within(session.settings.timeout.value);
    let entropy = Arc::clone(&session.entropy);
    let demands = demands(arguments);
    let filters = filters(arguments)?;
    let begin =
        |at| evidence(arguments, &filters, &publications, entropy.as_ref(), arguments.at.unwrap_or(at));
    let mut since = session.clock.now();
    let mut evidence = begin(since);
    let errand = Errand { schema: "npki.verify.files/1", doing: "verifying", shown: Shown::Lines };
    many::run(errand, found, session, |file, session| {
        let now = session.clock.now();
        if now - since > KEPT {
            (evidence, since) = (begin(now), now);
        }
        let (file, by) = By::found(file);
        let at = arguments.at.unwrap_or(now);
        let asked = Asked { anchors, at, evidence: &evidence, demands: &demands };
        match judged(&file, &by, &asked, &publications) {
            Ok(judgement) => Ok(step(&file, judgement)),
            Err(failure) if failure.code() == catalogue::NOT_VERIFIABLE.code => Ok(unsigned(&file, &failure)),
            Err(failure) => Err(failure),
        }
    })
}

fn step(file: &Path, judgement: Judgement) -> Step {
    let (word, meaning) = match judgement.verdict {
        Verdict::Valid => ("valid", Meaning::Good),
        Verdict::Invalid => ("not valid", Meaning::Bad),
        Verdict::Undetermined => ("cannot tell", Meaning::Doubtful),
    };
    let why = Some(judgement.summary.clone()).filter(|_| judgement.verdict != Verdict::Valid);
    Step::Answered { outcome: answered(file, judgement), word, meaning, why }
}

/// A file that nobody vouches for.
fn unsigned(file: &Path, failure: &Failure) -> Step {
    #[derive(Serialize)]
    struct Unsigned {
        file: PathBuf,
        why: String,
    }
    let [_, cause, _] = failure.sentences();
    let unsigned = Unsigned { file: file.to_owned(), why: cause.to_owned() };
    let answer = Simple::new("npki.verify.unsigned/1", unsigned, |unsigned, page| page.line(&unsigned.why));
    Step::Answered {
        outcome: Outcome::with_exit(answer, Verdict::Undetermined.exit()),
        word: "not signed",
        meaning: Meaning::Doubtful,
        why: Some(cause.to_owned()),
    }
}

/// What a file is judged by.
#[derive(Debug)]
enum By {
    /// A signature beside it, which may also carry it.
    Signature(PathBuf),
    /// A time stamp beside it.
    Timestamp(PathBuf),
    /// What it holds.
    Itself,
}

/// What signatures and time stamps beside a file are called, the first that is there is the file's.
const BESIDE: [&str; 4] = [".p7s", ".p7m", ".jws", ".tsr"];

impl By {
    fn of(beside: PathBuf) -> Self {
        if beside.extension().is_some_and(|ending| ending == "tsr") {
            Self::Timestamp(beside)
        } else {
            Self::Signature(beside)
        }
    }

    /// For the one file of a command line.
    fn given(file: &Path, arguments: &VerifyArguments) -> Self {
        if let Some(stamp) = &arguments.timestamp {
            return Self::Timestamp(stamp.clone());
        }
        let beside = || {
            let beside = [".p7s", ".jws"].map(|ending| files::beside(file, ending));
            beside.into_iter().find(|path| path.exists())
        };
        arguments.signature.clone().or_else(beside).map_or(Self::Itself, Self::Signature)
    }

    /// For one of many: the file, and what there is of it; for what stands beside a file, that file.
    fn found(path: &Path) -> (PathBuf, Self) {
        if let Some(file) = file_of(path) {
            return (file, Self::of(path.to_owned()));
        }
        let first = BESIDE.iter().map(|ending| files::beside(path, ending)).find(|path| path.exists());
        (path.to_owned(), first.map_or(Self::Itself, Self::of))
    }
}

/// The file that something stands beside by its name.
fn file_of(path: &Path) -> Option<PathBuf> {
    let ending = path.extension().and_then(|ending| ending.to_str())?;
    let is_beside = BESIDE.iter().any(|known| known.strip_prefix('.') == Some(ending));
    Some(path.with_extension("")).filter(|file| is_beside && file.is_file())
}

/// Without those that are judged together with their file: the first beside each.
fn grouped(files: &[PathBuf]) -> Vec<PathBuf> {
    let all: BTreeSet<&PathBuf> = files.iter().collect();
    let is_first = |path: &PathBuf| {
        let Some(file) = file_of(path).filter(|file| all.contains(file)) else { return false };
        matches!(By::found(&file), (_, By::Signature(first) | By::Timestamp(first)) if first == *path)
    };
    files.iter().filter(|path| !is_first(path)).cloned().collect()
}

fn judged(
    file: &Path,
    by: &By,
    asked: &Asked<'_>,
    publications: &Publications,
) -> Result<Judgement, Failure> {
    let (beside, document) = match by {
        By::Itself => return by_itself(file, asked, publications),
        By::Signature(beside) | By::Timestamp(beside) => (beside, files::read(file, files::MAX_DOCUMENT)?),
    };
    // A signature may carry the file.
    let limit = if matches!(by, By::Timestamp(_)) { files::MAX_OBJECT } else { files::MAX_DOCUMENT };
    let beside = files::read(beside, limit)?;
    match by {
        By::Timestamp(_) => judgement::judge_timestamp(&document, &beside, asked),
        _ => judgement::judge_signature(Some(&document), &beside, asked),
    }
}

/// What comes without a signature beside it: a PDF document, a signature that carries its file, or a certificate; by what it holds,
/// whatever it is called.
fn by_itself(path: &Path, asked: &Asked<'_>, publications: &Publications) -> Result<Judgement, Failure> {
    let content = files::read(path, files::MAX_DOCUMENT)?;
    if content.starts_with(b"%PDF-") {
        return judgement::judge_pdf(&content, asked);
    }
    if is_container(&content) {
        return container::judge_container(&content, asked);
    }
    if carries_content(&content) || is_jws(&content) {
        return judgement::judge_signature(None, &content, asked);
    }
    let given = Chain::parse(&content).ok_or_else(|| {
        Failure::of(&catalogue::NOT_VERIFIABLE).what(format!("{} cannot be verified", path.display()))
    })?;
    let chain = match asked.evidence {
        StatusEvidence::Offline => given,
        StatusEvidence::Network(_) => completed(given, asked.anchors, publications),
    };
    judgement::judge_certificate(&chain, asked)
}

fn text(answer: &Answer, page: &mut Page) {
    let meaning = match answer.judgement.verdict {
        Verdict::Valid => Meaning::Good,
        Verdict::Invalid => Meaning::Bad,
        Verdict::Undetermined => Meaning::Doubtful,
    };
    page.verdict(meaning, answer.judgement.verdict.word(), answer.file.display().to_string());
    page.line(format!("  {}", answer.judgement.summary));
    for line in &answer.judgement.parts {
        page.line(format!("  {line}"));
    }
    for (index, station) in answer.judgement.path.iter().enumerate() {
        page.line(format!("  {}  {station}", if index == 0 { "path   " } else { "  under" }));
    }
    if let Some(claimed) = answer.judgement.claimed {
        let proven = if answer.judgement.stamped.is_some() { "" } else { "; no timestamp proves it" };
        page.line(format!("  signed   {}, as the signer claims{proven}", in_words(claimed)));
    }
    if let Some(stamped) = &answer.judgement.stamped {
        page.line(format!("  stamped  {stamped}"));
    }
    if let Some(level) = &answer.judgement.level {
        page.line(format!("  level    {level}"));
    }
    for said in &answer.judgement.afterwards {
        page.line(format!("  after    {said}"));
    }
    for silent in &answer.judgement.unreachable {
        page.line(format!("  silent   {silent}"));
    }
}

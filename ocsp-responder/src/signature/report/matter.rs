//! What a report is about: the answer about a file, in one shape whatever the form of its signatures.

use time::OffsetDateTime;

use crate::signature::asic::ContainerVerdict;
use crate::signature::pades::{DocumentStamp, PdfVerdict, Restrictions};
use crate::signature::{SignatureVerdict, StampVerdict};
use crate::validation::{Answer, Indication, SubIndication};

/// The answer that a report tells.
#[derive(Debug, Clone, Copy)]
pub enum Judged<'a> {
    /// About a signature over a file.
    Signature(&'a SignatureVerdict),
    /// About a signature over a file of which the digest alone was given.
    ByDigest(&'a SignatureVerdict),
    /// About a PDF document.
    Pdf(&'a PdfVerdict),
    /// About a container.
    Container(&'a ContainerVerdict),
}

/// The answer about a file.
#[derive(Debug)]
pub(super) struct Matter<'a> {
    /// What the file is called.
    pub(super) file: &'a str,
    pub(super) given: Given,
    pub(super) answer: Answer,
    pub(super) indication: Indication,
    pub(super) sub_indication: Option<SubIndication>,
    pub(super) reasons: &'a [String],
    pub(super) signatures: Vec<Signed<'a>>,
    /// Time stamps over the whole document.
    pub(super) stamps: Vec<&'a DocumentStamp>,
    /// What is worth a look and decides nothing.
    pub(super) warnings: &'a [String],
    /// Files that no signature covers.
    pub(super) uncovered: &'a [String],
    pub(super) checked_at: OffsetDateTime,
}

/// What of the file was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Whole,
    Digest,
}

/// One signature.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    /// Its field, or its file in a container.
    pub(super) name: Option<&'a str>,
    pub(super) verdict: &'a SignatureVerdict,
    /// When its signer claims to have signed.
    pub(super) claimed: Option<OffsetDateTime>,
    pub(super) covers: Covers<'a>,
    /// What it lets others do to the document afterwards.
    pub(super) restrictions: Option<&'a Restrictions>,
}

/// What a signature is over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Covers<'a> {
    /// The file.
    File,
    /// The document as it stands.
    Document,
    /// The document as it stood when it was signed.
    Revision,
    /// These files of a container, and not those.
    Files { covered: &'a [String], left_out: &'a [String] },
}

impl<'a> Matter<'a> {
    pub(super) fn of(file: &'a str, judged: Judged<'a>) -> Self {
        match judged {
            Judged::Signature(verdict) => Self::of_signature(file, verdict, Given::Whole),
            Judged::ByDigest(verdict) => Self::of_signature(file, verdict, Given::Digest),
            Judged::Pdf(verdict) => Self::of_pdf(file, verdict),
            Judged::Container(verdict) => Self::of_container(file, verdict),
        }
    }

    fn of_signature(file: &'a str, verdict: &'a SignatureVerdict, given: Given) -> Self {
        let claimed = verdict.claimed_signing_time;
        Self {
            file,
            given,
            answer: verdict.answer,
            indication: verdict.indication,
            sub_indication: verdict.sub_indication,
            reasons: &verdict.reasons,
            signatures: vec![Signed {
                name: None,
                verdict,
                claimed,
                covers: Covers::File,
                restrictions: None,
            }],
            stamps: Vec::new(),
            warnings: &[],
            uncovered: &[],
            checked_at: verdict.checked_at,
        }
    }

    fn of_pdf(file: &'a str, verdict: &'a PdfVerdict) -> Self {
        let signatures = verdict.signatures.iter().map(|one| Signed {
            name: Some(&one.field),
            verdict: &one.verdict,
            claimed: one.claimed.or(one.verdict.claimed_signing_time),
            covers: if one.covers_all { Covers::Document } else { Covers::Revision },
            restrictions: one.restrictions.as_ref(),
        });
        Self {
            file,
            given: Given::Whole,
            answer: verdict.answer,
            indication: verdict.indication,
            sub_indication: verdict.sub_indication,
            reasons: &verdict.reasons,
            signatures: signatures.collect(),
            stamps: verdict.timestamps.iter().collect(),
            warnings: &[],
            uncovered: &[],
            checked_at: verdict.checked_at,
        }
    }

    fn of_container(file: &'a str, verdict: &'a ContainerVerdict) -> Self {
        let signatures = verdict.signatures.iter().map(|one| Signed {
            name: Some(&one.file),
            verdict: &one.verdict,
            claimed: one.verdict.claimed_signing_time,
            covers: Covers::Files { covered: &one.covers, left_out: &one.leaves_out },
            restrictions: None,
        });
        Self {
            file,
            given: Given::Whole,
            answer: verdict.answer,
            indication: verdict.indication,
            sub_indication: verdict.sub_indication,
            reasons: &verdict.reasons,
            signatures: signatures.collect(),
            stamps: Vec::new(),
            warnings: &verdict.warnings,
            uncovered: &verdict.uncovered,
            checked_at: verdict.checked_at,
        }
    }
}

impl Signed<'_> {
    /// The time stamp that proves the earliest moment.
    pub(super) fn proof(&self) -> Option<&StampVerdict> {
        let at = |stamp: &&StampVerdict| stamp.verdict.statement.as_ref().map(|statement| statement.at);
        let holding = self.verdict.timestamps.iter().filter(|stamp| stamp.verdict.answer == Answer::Valid);
        holding.min_by_key(at)
    }
}

//! Signatures over files and raising their level, over `ocsp_responder::signature`.

use std::cell::RefCell;

use ca_core::clock::{Clock, Entropy};
use ca_core::keys::Signer;
use ocsp_responder::signature::pades::{
    NotSeen, PdfNote, PdfSignError, PreparedPdf, pdf_with_material, verify_pdf,
};
use ocsp_responder::signature::{
    ArchiveDraft, ContentDigest, Gathered, Gathering, RaiseError, SignError, SignatureVerdict,
    carries_content, is_stamped, sign_attached, sign_detached, sign_unclaimed, signature_imprint,
    verify_attached, verify_signed_file, with_material, with_signature_timestamp,
};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use ocsp_responder::validation::{Answer, Basis};
use time::OffsetDateTime;

use super::evidence::StatusEvidence;
use super::judgement::{certificate, others, trusted};
use super::material::Chain;
use super::stamping::stamp;
use crate::client::Publications;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};

/// Where the file is that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// Beside the signature.
    Beside,
    /// In it.
    Inside,
    /// Around the signature, in a document that has a place for it and says when it was signed.
    Around,
}

/// Signs a document: DER (CMS, CAdES baseline B-B).
///
/// # Errors
/// Key and certificate do not belong together, or the key cannot sign.
pub fn sign(
    document: &[u8],
    placed: Placed,
    chain: &Chain,
    key: &dyn Signer,
    at: OffsetDateTime,
) -> Result<Vec<u8>, Failure> {
    let others = others(chain)?;
    let signer = certificate(&chain.certificate)?;
    let signed = match placed {
        Placed::Beside => sign_detached(document, key, &signer, &others, at),
        Placed::Inside => sign_attached(document, key, &signer, &others, at),
        Placed::Around => sign_unclaimed(document, key, &signer, &others, at),
    };
    signed.map_err(|error| match error {
        SignError::OtherKey => Failure::of(&catalogue::KEY_MISMATCH),
        other => Failure::of(&catalogue::NOT_SIGNED).cause(other.to_string()),
    })
}

/// Makes room for a signature in a PDF document.
///
/// # Errors
/// It is no PDF that can be signed.
pub fn prepared_pdf(document: &[u8], at: OffsetDateTime, note: &PdfNote) -> Result<PreparedPdf, Failure> {
    PreparedPdf::of(document, at, note).map_err(|error| not_signed_in(&error))
}

/// Why a document was not signed.
pub fn not_signed_in(error: &PdfSignError) -> Failure {
    let PdfSignError::NotSeen(why) = error else {
        return Failure::of(&catalogue::NOT_SIGNED).cause(error.to_string());
    };
    let fix = match why {
        NotSeen::NoPage(..) | NotSeen::OffPage(..) | NotSeen::NoRoom(..) => {
            "choose another place: --visible PAGE:X,Y,WIDTHxHEIGHT, or --visible last:bottom-right"
        }
        NotSeen::NoLetter(_) => "give a text without it (--text LINE), or leave the signature unseen",
        NotSeen::NoField(..) | NotSeen::Signed(_) | NotSeen::Locked(..) => {
            "name another field, or leave --field out: then a field is added"
        }
    };
    let what = "the signature cannot be put where it is wanted";
    Failure::of(&catalogue::USAGE).what(what).cause(why.to_string()).fix(fix)
}

/// What raising a signature needs.
#[derive(Debug, Clone, Copy)]
pub struct Raising<'a> {
    /// The file that was signed, or the signature or the document itself where that carries it.
    pub document: &'a [u8],
    /// The time-stamping unit.
    pub unit: &'a url::Url,
    /// Where to ask.
    pub publications: &'a Publications,
    /// Randomness for nonces.
    pub entropy: &'a dyn Entropy,
    /// What is judged is judged as of now.
    pub clock: &'a dyn Clock,
}

impl Raising<'_> {
    /// Has a time stamp over the signature put into it (level B-T), unless it has one.
    ///
    /// # Errors
    /// The signature cannot be read, or there is no time stamp.
    pub fn stamped(&self, signature: &[u8]) -> Result<Vec<u8>, Failure> {
        if is_stamped(signature).map_err(|error| refused(&error))? {
            return Ok(signature.to_vec());
        }
        let imprint =
            signature_imprint(signature, DigestAlgorithm::Sha256).map_err(|error| refused(&error))?;
        let stamp = stamp(imprint, self.unit, self.publications, self.entropy)?;
        with_signature_timestamp(signature, &stamp.token).map_err(|error| refused(&error))
    }

    /// Puts everything into the signature that it is judged by now (level B-LT).
    ///
    /// # Errors
    /// It is not valid: there is nothing to keep.
    pub fn with_material(
        &self,
        signature: &[u8],
        anchors: &Anchors,
        evidence: &StatusEvidence<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let gathered = self.gathered(anchors, evidence, "npki verify FILE --signature FILE", |basis| {
            let verdict = self.judged(signature, basis)?;
            Ok((verdict.answer, verdict.reasons))
        })?;
        with_material(signature, &gathered).map_err(|error| refused(&error))
    }

    /// Puts everything into a signed document that its signatures are judged by now (level B-LT).
    ///
    /// # Errors
    /// One of them is not valid: there is nothing to keep.
    pub fn pdf_with_material(
        &self,
        anchors: &Anchors,
        evidence: &StatusEvidence<'_>,
    ) -> Result<Vec<u8>, Failure> {
        let gathered = self.gathered(anchors, evidence, "npki verify FILE", |basis| {
            let verdict = verify_pdf(self.document, basis).map_err(|error| not_signed_in(&error.into()))?;
            Ok(verdict.map_or((Answer::CannotTell, Vec::new()), |verdict| (verdict.answer, verdict.reasons)))
        })?;
        pdf_with_material(self.document, &gathered).map_err(|error| not_signed_in(&error))
    }

    /// Has a time stamp over the whole document put into it (level B-LTA).
    ///
    /// # Errors
    /// It cannot be added to, or there is no time stamp.
    pub fn archived_pdf(&self, document: &[u8]) -> Result<Vec<u8>, Failure> {
        let prepared = PreparedPdf::to_be_stamped(document).map_err(|error| not_signed_in(&error))?;
        let imprint = ContentDigest::of(&prepared.content(), DigestAlgorithm::Sha256);
        let stamp = stamp(imprint, self.unit, self.publications, self.entropy)?;
        prepared.complete(&stamp.token).map_err(|error| not_signed_in(&error))
    }

    /// What a judgement was found by, where it is that all is valid.
    pub(super) fn gathered(
        &self,
        anchors: &Anchors,
        evidence: &StatusEvidence<'_>,
        see: &str,
        judged: impl FnOnce(&Basis<'_>) -> Result<(Answer, Vec<String>), Failure>,
    ) -> Result<Gathered, Failure> {
        let anchors = trusted(anchors)?;
        let at = self.clock.now();
        let asked = Basis { anchors: &anchors, intermediates: &[], evidence, ocsp: evidence, at };
        let gathered = RefCell::new(Gathered::default());
        let gathering = Gathering::into(&asked, &gathered);
        let basis = Basis { evidence: &gathering, ocsp: &gathering, ..asked };
        let (answer, reasons) = judged(&basis)?;
        if answer != Answer::Valid {
            let why = reasons.first().cloned().unwrap_or_default();
            return Err(Failure::of(&catalogue::NOT_SIGNED)
                .what("the signature cannot be raised: it is not valid at present")
                .cause(why)
                .fix(format!("see what is wrong: {see}")));
        }
        Ok(gathered.into_inner())
    }

    fn judged(&self, signature: &[u8], basis: &Basis<'_>) -> Result<SignatureVerdict, Failure> {
        if carries_content(signature) {
            return Ok(verify_attached(signature, basis));
        }
        verify_signed_file(signature, self.document, basis)
            .map_err(|error| Failure::of(&catalogue::UNREADABLE).cause(error.to_string()))
    }

    /// Has a time stamp over all of it put into the signature (level B-LTA).
    ///
    /// # Errors
    /// The signature cannot be read, or there is no time stamp.
    pub fn archived(&self, signature: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut document = self.document;
        let draft = ArchiveDraft::of(signature, Some(&mut document), DigestAlgorithm::Sha256)
            .map_err(|error| refused(&error))?;
        let stamp = stamp(draft.imprint().clone(), self.unit, self.publications, self.entropy)?;
        draft.complete(&stamp.token).map_err(|error| refused(&error))
    }
}

fn refused(error: &RaiseError) -> Failure {
    Failure::of(&catalogue::NOT_SIGNED).what("the signature cannot be raised").cause(error.to_string())
}

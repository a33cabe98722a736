//! OCSP as it answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::clock::in_words;
use ca_core::serial::SerialNumber;
use ocsp_responder::ocsp::client::{
    CertificateStatus, Nonce, Query, SignedBy, Tolerance, Untrusted, VerifiedStatus,
};
use ocsp_responder::ocsp::{CertIdHash, ResponseStatus};
use time::Duration;

use super::findings::Trouble;
use super::visit::{KnownCa, Visit, cacheable, typed};
use crate::client::Answer;
use crate::failure::{Failure, catalogue};

/// X-Road refuses what is older than an hour; half of that leaves room.
const ANSWER_IS_OLD: Duration = Duration::minutes(30);
/// A responder's certificate lasts for thirty days, and is followed by another when half of that is over.
const RESPONDER_ENDS_SOON: Duration = Duration::days(10);
/// Time to do something about it by hand.
const RESPONDER_ENDS: Duration = Duration::days(2);

const FIX_ANSWER: &str = "read /readyz and the log of npki serve on its machine";

/// Whether an answer must be made for this question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// With a nonce, by POST.
    Afresh,
    /// Without one, by GET: what caches hold.
    Cacheably,
}

/// Why there is no status.
pub(super) enum Silent {
    /// The responder says that it does not answer for this CA.
    NotForThisCa,
    /// It cannot be used.
    Wrong(Trouble),
}

impl Visit<'_> {
    /// What is said of a serial number, and the answer as it came.
    ///
    /// # Errors
    /// There is no randomness.
    pub(super) fn status_of(
        &self,
        ca: &KnownCa,
        serial: &SerialNumber,
        asked: Asked,
    ) -> Result<Result<(VerifiedStatus, Answer), Silent>, Failure> {
        let nonce = match asked {
            Asked::Afresh => Some(Nonce::draw(self.entropy)?),
            Asked::Cacheably => None,
        };
        let query = Query::about_serial(serial, &ca.certificate, CertIdHash::default(), nonce)
            .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))?;
        let answered = match asked {
            Asked::Afresh => self.site.post_ocsp(query.der().to_vec()),
            Asked::Cacheably => self.site.get_ocsp(&STANDARD.encode(query.der())),
        };
        Ok(self.judged(&query, answered))
    }

    fn judged(
        &self,
        query: &Query,
        answered: Result<Answer, Failure>,
    ) -> Result<(VerifiedStatus, Answer), Silent> {
        let wrong = |says: String| Silent::Wrong(Trouble::failed(says, FIX_ANSWER));
        let answer = answered.map_err(|failure| wrong(format!("it does not answer: {failure}")))?;
        if answer.status != 200 {
            return Err(wrong(format!("it answers with HTTP {}", answer.status)));
        }
        match query.verify(&answer.body, self.now, Tolerance::default()) {
            Ok(verified) => Ok((verified, answer)),
            Err(Untrusted::Refused(ResponseStatus::Unauthorized)) => Err(Silent::NotForThisCa),
            Err(untrusted) => Err(wrong(untrusted.to_string())),
        }
    }

    /// Whether OCSP answers for a CA as it should: the certificate that it answers with.
    ///
    /// # Errors
    /// There is no randomness.
    pub(super) fn ocsp(&mut self, ca: &KnownCa) -> Result<Option<SignedBy>, Failure> {
        let id = ca.id.as_str();
        let never_issued = SerialNumber::draw(self.entropy)?;
        let (verified, answer) = match self.status_of(ca, &never_issued, Asked::Afresh)? {
            Ok(found) => found,
            Err(Silent::NotForThisCa) => {
                self.findings.skipped("ocsp", Some(id), "nobody here answers for it (unauthorized)");
                return Ok(None);
            }
            Err(Silent::Wrong(trouble)) => {
                self.findings.found("ocsp", Some(id), "", vec![trouble]);
                return Ok(None);
            }
        };
        let mut troubles: Vec<Trouble> = typed(&answer, "application/ocsp-response").into_iter().collect();
        if verified.status == CertificateStatus::Good {
            troubles.push(Trouble::failed(
                format!("it says \"good\" of {never_issued}, which was never issued"),
                "stop this responder: it answers out of a CRL, or for another installation",
            ));
        }
        troubles.extend(self.times(&verified));
        troubles.extend(self.by_get(ca, &never_issued)?);
        let says = format!("of {}, {}", in_words(verified.this_update), signer(&verified.responder));
        self.findings.found("ocsp", Some(id), says, troubles);
        Ok(Some(verified.responder))
    }

    fn times(&self, verified: &VerifiedStatus) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let age = self.now - verified.this_update;
        if age > ANSWER_IS_OLD {
            let says = format!("what it says is of {} minutes ago", age.whole_minutes());
            troubles.push(Trouble::warning(says, "it does not hear from its feed or store: read /readyz"));
        }
        if verified.next_update.is_none() {
            let fix = "is it an npki? Its answers always say when the next one comes";
            troubles.push(Trouble::warning("it does not say until when it may be used", fix));
        }
        if let SignedBy::Delegate { not_after, .. } = &verified.responder {
            let left = *not_after - self.now;
            let says = format!("its certificate ends {}", in_words(*not_after));
            let fix = "read the log of its machine; by hand: npki responder request, certify, accept";
            match left {
                left if left < RESPONDER_ENDS => troubles.push(Trouble::failed(says, fix)),
                left if left < RESPONDER_ENDS_SOON => troubles.push(Trouble::warning(says, fix)),
                _ => {}
            }
        }
        troubles
    }

    /// RFC 5019 section 6: what caches stand in for.
    fn by_get(&self, ca: &KnownCa, serial: &SerialNumber) -> Result<Vec<Trouble>, Failure> {
        Ok(match self.status_of(ca, serial, Asked::Cacheably)? {
            Ok((verified, answer)) => {
                let mut troubles: Vec<_> = typed(&answer, "application/ocsp-response").into_iter().collect();
                troubles.extend(cacheable(&answer, self.now, verified.next_update.unwrap_or(self.now)));
                troubles
            }
            Err(Silent::Wrong(trouble)) => {
                vec![Trouble { says: format!("by GET: {}", trouble.says), ..trouble }]
            }
            Err(Silent::NotForThisCa) => {
                vec![Trouble::failed("by GET nobody answers for it, by POST somebody does", FIX_ANSWER)]
            }
        })
    }
}

fn signer(signed: &SignedBy) -> String {
    match signed {
        SignedBy::Issuer => "signed by the CA itself".to_owned(),
        SignedBy::Delegate { subject, not_after, .. } => {
            format!("signed by {subject}, until {}", in_words(*not_after))
        }
    }
}

//! A time-stamping unit: one key, its certificate, its clock and its serial numbers.

use std::sync::Arc;

use ca_core::keys::Signer;
use der::asn1::ObjectIdentifier;
use der::{Any, Encode};
use time::OffsetDateTime;

use super::asn1::{AccuracyParts, TST_INFO, TstInfo};
use super::certificate::{NotAUnit, key_ends, verify_purpose};
use super::clock::WatchedClock;
use super::moment;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::TimestampRequest;
use super::serial::Serials;
use crate::signature::{NotSigned, embedded, sign_statement};
use crate::validation::certificate::{Certificate, CertificateError};

/// What a unit is made of.
#[derive(Debug, Clone)]
pub struct UnitParts {
    /// Its key.
    pub signer: Arc<dyn Signer>,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Those above it, DER; self-signed ones are not put into tokens.
    pub chain: Vec<Vec<u8>>,
    /// What it promises.
    pub policy: UnitPolicy,
    /// Its clock.
    pub clock: Arc<WatchedClock>,
    /// Its serial numbers.
    pub serials: Arc<Serials>,
}

/// What a unit promises of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitPolicy {
    /// The policy that tokens are given under.
    pub policy: ObjectIdentifier,
    /// By how many milliseconds the time may be off, 1 to 60 000.
    pub accuracy: u32,
}

/// A time-stamping unit at work.
#[derive(Debug)]
pub struct TimestampingUnit {
    signer: Arc<dyn Signer>,
    certificate: Certificate,
    embedded: Option<Vec<Any>>,
    policy: UnitPolicy,
    clock: Arc<WatchedClock>,
    serials: Arc<Serials>,
    /// Until when the key may sign.
    ends: OffsetDateTime,
}

/// A unit cannot work with this certificate.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate is for another key.
    #[error("the certificate is not for this key")]
    OtherKey,
    /// The certificate is not one of a time-stamping unit.
    #[error(transparent)]
    NotAUnit(#[from] NotAUnit),
    /// The period of the key's use cannot be read.
    #[error("the period of the key's use in the certificate cannot be read")]
    Period,
    /// A certificate cannot be put into tokens.
    #[error("the certificates cannot be written into tokens: {0}")]
    Encoding(#[from] der::Error),
}

impl TimestampingUnit {
    /// A unit that works with this certificate.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn new(parts: UnitParts) -> Result<Self, UnitError> {
        let certificate = Certificate::from_der(&parts.certificate)?;
        if certificate.public_key_info() != parts.signer.public_key_info() {
            return Err(UnitError::OtherKey);
        }
        verify_purpose(&certificate)?;
        let chain = parts.chain.iter().map(|der| Certificate::from_der(der));
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            ends: key_ends(&certificate).map_err(|_| UnitError::Period)?,
            embedded: embedded(&certificate, &chain)?,
            signer: parts.signer,
            certificate,
            policy: parts.policy,
            clock: parts.clock,
            serials: parts.serials,
        })
    }

    /// Until when it gives tokens.
    pub const fn ends(&self) -> OffsetDateTime {
        self.ends
    }

    /// Its certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Whether it would give a token now.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub fn check_ready(&self) -> Result<(), String> {
        let now = self.clock.moment().map_err(|doubt| doubt.to_string())?;
        if self.is_in_force(now) {
            Ok(())
        } else {
            Err("the certificate, or the period of its key's use, is over or has not begun".to_owned())
        }
    }

    fn is_in_force(&self, at: OffsetDateTime) -> bool {
        self.certificate.not_before() <= at && at <= self.ends
    }

    /// Answers a request: with a token, or with why there is none.
    pub fn answer(&self, request: &[u8]) -> Reply {
        let token = TimestampRequest::parse(request).and_then(|request| self.token(request));
        let reply = token.and_then(|token| Reply::granted(&token).map_err(|_| Refusal::SystemFailure));
        reply.unwrap_or_else(Reply::refused)
    }

    fn token(&self, request: TimestampRequest) -> Result<Vec<u8>, Refusal> {
        // RFC 3161 section 2.4.1: under the policy that is asked for, or not at all.
        if request.policy.is_some_and(|wished| wished != self.policy.policy) {
            return Err(Refusal::UnacceptedPolicy);
        }
        let now = self.clock.moment().map_err(|doubt| {
            tracing::error!(%doubt, "no token is given: the clock is not believed");
            Refusal::TimeNotAvailable
        })?;
        if !self.is_in_force(now) {
            tracing::error!(
                "no token is given: the certificate or its key's period of use does not cover now"
            );
            return Err(Refusal::SystemFailure);
        }
        // RFC 3161 section 2.4.1: the certificate only when it is asked for.
        let certificates = self.embedded.clone().filter(|_| request.certificate_wanted);
        let signed = self.statement(request, now).map_err(NotSigned::from).and_then(|statement| {
            sign_statement(TST_INFO, &statement, self.signer.as_ref(), &self.certificate, certificates)
        });
        signed.map_err(|error| {
            tracing::error!(%error, "no token is given: it could not be signed");
            Refusal::SystemFailure
        })
    }

    /// TSTInfo (RFC 3161 section 2.4.2; ETSI EN 319 422 clause 5.2: with accuracy, and no promise of order).
    fn statement(&self, request: TimestampRequest, now: OffsetDateTime) -> der::Result<Vec<u8>> {
        TstInfo {
            version: 1,
            policy: self.policy.policy,
            imprint: request.imprint,
            serial: self.serials.next()?,
            time: moment::written(now)?,
            accuracy: Some(accuracy(self.policy.accuracy)),
            ordering: false,
            nonce: request.nonce,
            unit: None,
            extensions: None,
        }
        .to_der()
    }
}

fn accuracy(milliseconds: u32) -> AccuracyParts {
    let rest = u16::try_from(milliseconds % 1000).unwrap_or_default();
    AccuracyParts {
        seconds: Some(milliseconds / 1000).filter(|seconds| *seconds > 0),
        // 1 to 999: zero is left out.
        milliseconds: Some(rest).filter(|rest| *rest > 0),
        microseconds: None,
    }
}

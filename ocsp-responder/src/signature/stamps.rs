//! The time stamps of a signature, and what they prove: since when at the latest it has existed (ETSI EN 319 102-1 clauses
//! 5.4 to 5.6).

use cms::signed_data::SignerInfo;
use der::asn1::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::archive::{HashIndex, imprint};
use super::content::{ContentDigest, Digests};
use super::error::SignatureError;
use super::material::{Material, judged};
use super::message::SignedData;
use super::unsigned::{ARCHIVE_TIMESTAMP_V3, HASH_INDEX_V3, MAX_TIMESTAMPS, SIGNATURE_TIMESTAMP, values};
use super::verify::read_message;
use crate::timestamp::{
    TimestampToken, TimestampVerdict, TokenError, VerifiedToken, judge_token, refuse_token,
};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::{Answer, Basis};

/// How far the clock of who verifies may be behind a unit's.
const SKEW: Duration = Duration::minutes(5);

/// Which of a signature's parts a time stamp is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StampedPart {
    /// The signature value (EN 319 122-1 clause 5.3).
    Signature,
    /// All that there was (clause 5.5).
    Archive,
}

/// The answer about one time stamp of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StampVerdict {
    /// What it is over.
    pub over: StampedPart,
    /// The answer about it, at the moment until which it is known to have existed.
    #[serde(flatten)]
    pub verdict: TimestampVerdict,
}

/// What the time stamps prove.
#[derive(Debug)]
pub(super) struct Proof {
    /// The earliest moment at which the signature is proven to have existed; the moment of asking without a time stamp.
    pub(super) best: OffsetDateTime,
    pub(super) stamps: Vec<StampVerdict>,
}

/// A time stamp as it stands in a signature.
struct Found {
    value: Vec<u8>,
    token: Result<VerifiedToken, TokenError>,
    index: Option<HashIndex>,
}

/// Judges the time stamps of a message, the newest archive time stamp first: each older one, and those over the signature, are
/// judged as of the moment that a newer one proves.
///
/// `known` is since when at the latest all of it is known to have existed; the moment of asking where nothing shows it.
pub(super) fn prove(
    message: &SignedData,
    content: &Digests,
    material: &Material,
    known: OffsetDateTime,
    basis: &Basis<'_>,
) -> Proof {
    let whole = known;
    let mut proof = Proof { best: whole, stamps: Vec::new() };
    let attributes = message.signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref());
    let found = |oid| values(attributes, oid).into_iter().take(MAX_TIMESTAMPS);
    let mut archives: Vec<Found> =
        found(ARCHIVE_TIMESTAMP_V3).map(|value| archive(value, message, content)).collect();
    let moment = |found: &Found| found.token.as_ref().ok().map(|token| token.statement.at);
    archives.sort_by_key(|found| std::cmp::Reverse(moment(found)));
    // Archive time stamps that hold, with the moment that each proves.
    let mut holding: Vec<(HashIndex, OffsetDateTime)> = Vec::new();
    for archive in archives {
        let known = known_at(&holding, ARCHIVE_TIMESTAMP_V3, &archive.value, whole);
        let verdict = proof.judge(StampedPart::Archive, &archive.token, known, material, basis);
        holding.extend(archive.index.zip(verdict));
    }
    for value in found(SIGNATURE_TIMESTAMP) {
        let signed = message.signer_infos.get(0).map(|signer| signer.signature.as_bytes());
        let token = over_value(&value, signed.unwrap_or_default());
        let known = known_at(&holding, SIGNATURE_TIMESTAMP, &value, whole);
        proof.judge(StampedPart::Signature, &token, known, material, basis);
    }
    proof
}

/// What the time stamps over a counter-signature's value prove.
pub(super) fn prove_value(counter: &SignerInfo, material: &Material, basis: &Basis<'_>) -> Proof {
    let mut proof = Proof { best: basis.at, stamps: Vec::new() };
    for value in values(counter.unsigned_attrs.as_ref(), SIGNATURE_TIMESTAMP).into_iter().take(MAX_TIMESTAMPS)
    {
        let mut material = material.clone();
        take_token(&mut material, &value);
        let token = over_value(&value, counter.signature.as_bytes());
        proof.judge(StampedPart::Signature, &token, basis.at, &material, basis);
    }
    proof
}

/// A time stamp that stands in a list, each of whose archive time stamps covers all that stands before it.
pub(super) struct InOrder {
    pub(super) place: usize,
    pub(super) over: StampedPart,
    pub(super) token: Result<VerifiedToken, TokenError>,
}

/// Judges time stamps in such a list, the last archive time stamp first, as those of JSON Web Signatures and of XAdES. `known` is since when
/// at the latest all of it is known to have existed; the moment of asking where nothing shows it.
pub(super) fn prove_in_order(
    stamps: &[InOrder],
    material: &Material,
    known: OffsetDateTime,
    basis: &Basis<'_>,
) -> Proof {
    let whole = known;
    let mut proof = Proof { best: whole, stamps: Vec::new() };
    // Archive time stamps that hold: where they stand, and the moment that each proves.
    let mut holding: Vec<(usize, OffsetDateTime)> = Vec::new();
    let (archives, others): (Vec<_>, Vec<_>) =
        stamps.iter().partition(|stamp| stamp.over == StampedPart::Archive);
    for stamp in archives.into_iter().rev().chain(others) {
        let covering = holding.iter().filter(|(place, _)| stamp.place < *place);
        let known = covering.map(|(_, at)| *at).min().unwrap_or(whole);
        let proven = proof.judge(stamp.over, &stamp.token, known, material, basis);
        holding.extend(proven.filter(|_| stamp.over == StampedPart::Archive).map(|at| (stamp.place, at)));
    }
    proof
}

/// Takes in what a time stamp carries to be judged by.
pub(super) fn take_token(material: &mut Material, token: &[u8]) {
    read_message(token).iter().for_each(|token| material.take(token));
}

/// The algorithms that a message's content is digested with for its archive time stamps.
pub(super) fn algorithms(message: &SignedData) -> Vec<DigestAlgorithm> {
    let attributes = message.signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref());
    let tokens = values(attributes, ARCHIVE_TIMESTAMP_V3).into_iter().take(MAX_TIMESTAMPS);
    tokens.filter_map(|token| Some(TimestampToken::parse(&token).ok()?.statement().digest)).collect()
}

/// What the signature carries, and its time stamps.
pub(super) fn material(message: &SignedData) -> Material {
    let mut material = Material::default();
    material.take(message);
    let attributes = message.signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref());
    for oid in [SIGNATURE_TIMESTAMP, ARCHIVE_TIMESTAMP_V3] {
        for token in values(attributes, oid).iter().take(MAX_TIMESTAMPS) {
            take_token(&mut material, token);
        }
    }
    material
}

/// Since when at the latest this value has existed: what an archive time stamp covers was there before it.
fn known_at(
    holding: &[(HashIndex, OffsetDateTime)],
    oid: ObjectIdentifier,
    value: &[u8],
    whole: OffsetDateTime,
) -> OffsetDateTime {
    let covering = holding.iter().filter(|(index, _)| index.covers(oid, value));
    covering.map(|(_, at)| *at).min().unwrap_or(whole)
}

impl Proof {
    /// Judges one; the moment that it proves, when it holds.
    fn judge(
        &mut self,
        over: StampedPart,
        token: &Result<VerifiedToken, TokenError>,
        known: OffsetDateTime,
        material: &Material,
        basis: &Basis<'_>,
    ) -> Option<OffsetDateTime> {
        let verdict = judge_stamp(token, known, material, basis);
        let holds = verdict.answer == Answer::Valid;
        let proven = verdict.statement.as_ref().map(|statement| statement.at).filter(|_| holds);
        self.best = proven.map_or(self.best, |at| self.best.min(at));
        self.stamps.push(StampVerdict { over, verdict });
        proven
    }
}

/// The answer about a time stamp that is known to have existed at a moment.
pub(super) fn judge_stamp(
    token: &Result<VerifiedToken, TokenError>,
    known: OffsetDateTime,
    material: &Material,
    basis: &Basis<'_>,
) -> TimestampVerdict {
    match token {
        // EN 319 102-1 clause 5.6.2.4: what was stamped before cannot be younger than what stamps it.
        Ok(token) if earliest(token, known, basis.at) > known => refuse_token(&TokenError::Order, known),
        Ok(token) => judge_token(token, judged(&token.signer, known, material, basis), known),
        Err(error) => refuse_token(error, known),
    }
}

/// The earliest moment that a token can have been made at: by its own accuracy; against the clock of who verifies, by how much that
/// may be behind.
fn earliest(token: &VerifiedToken, known: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    let exact = token.statement.accuracy.unwrap_or_default();
    token.statement.at - if known == now { exact.max(SKEW) } else { exact }
}

/// Clause 5.3 of EN 319 122-1: over the octets of the signature value, without tag and length.
pub(super) fn over_value(token: &[u8], value: &[u8]) -> Result<VerifiedToken, TokenError> {
    let token = TimestampToken::parse(token)?.verify()?;
    token.statement.verify_about(&ContentDigest::of(value, token.statement.digest))?;
    Ok(token)
}

fn archive(value: Vec<u8>, message: &SignedData, content: &Digests) -> Found {
    let read = || {
        let token = TimestampToken::parse(&value)?.verify()?;
        let carrier = read_message(&value)?;
        let attributes = carrier.signer_infos.get(0).and_then(|signer| signer.unsigned_attrs.as_ref());
        // Clause 5.5.2: one index, in the time stamp's own unsigned attributes.
        let index = values(attributes, HASH_INDEX_V3);
        let [index] = index.as_slice() else {
            return Err(SignatureError::MissingAttribute(HASH_INDEX_V3).into());
        };
        let parts = HashIndex::read(index)?;
        parts.verify(message)?;
        let digest = content.with(token.statement.digest).ok_or(SignatureError::Detached)?;
        token.statement.verify_about(&imprint(message, digest, index)?)?;
        Ok((token, parts))
    };
    match read() {
        Ok((token, index)) => Found { value, token: Ok(token), index: Some(index) },
        Err(error) => Found { value, token: Err(error), index: None },
    }
}

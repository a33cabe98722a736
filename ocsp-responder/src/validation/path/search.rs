//! The search for paths: candidates by issuer name, signatures between them, bounded work.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use super::super::algorithm::AlgorithmError;
use super::super::certificate::Certificate;
use super::super::names::DistinguishedName;
use super::super::names::constraints::Comparisons;
use super::process::{process, verify_time};
use super::{
    Demands, MAX_INTERMEDIATES, MAX_PATH_LENGTH, MAX_PATHS, MAX_SIGNATURE_CHECKS, MAX_STEPS, PathFailure,
    Policies, ValidPath,
};

/// The most outcomes of signature checks that a pool remembers.
const MAX_REMEMBERED: usize = 16 * 1024;

/// The certificates that paths are built of. A signature between two of them is checked once: whether it verifies
/// does not depend on the moment, nor on who asks.
#[derive(Debug)]
pub struct Pool {
    /// Trust anchors first.
    members: Vec<Certificate>,
    anchors: usize,
    /// More were given than are looked through.
    is_oversized: bool,
    by_subject: HashMap<Box<[u8]>, Vec<usize>>,
    signed: Mutex<HashMap<(usize, usize), Result<(), AlgorithmError>>>,
}

/// A certificate of a path under construction: one of the pool, by its place there, or the target.
#[derive(Clone, Copy)]
struct Link<'a> {
    certificate: &'a Certificate,
    place: Option<usize>,
}

impl Pool {
    /// A pool of untrusted certificates that may stand between, and trust anchors.
    pub fn new(intermediates: &[Certificate], anchors: &[Certificate]) -> Self {
        let is_oversized = intermediates.len() > MAX_INTERMEDIATES || anchors.len() > MAX_INTERMEDIATES;
        let mut pool = Self {
            members: Vec::new(),
            anchors: 0,
            is_oversized,
            by_subject: HashMap::new(),
            signed: Mutex::default(),
        };
        if is_oversized {
            return pool;
        }
        anchors.iter().for_each(|anchor| pool.add(anchor));
        pool.anchors = pool.members.len();
        intermediates.iter().for_each(|other| pool.add(other));
        pool
    }

    /// Adds a certificate that is not there yet: twice the same would be two paths.
    fn add(&mut self, certificate: &Certificate) {
        let namesakes = self.by_subject.entry(certificate.subject_name().normal().into()).or_default();
        let is_known =
            |place: &usize| self.members.get(*place).is_some_and(|known| known.der() == certificate.der());
        if !namesakes.iter().any(is_known) {
            namesakes.push(self.members.len());
            self.members.push(certificate.clone());
        }
    }

    /// Looks for a path from `target` to a trust anchor that holds at the moment `at`.
    ///
    /// # Errors
    /// Each way in which there is none.
    pub fn find_path(
        &self,
        target: &Certificate,
        demands: &Demands,
        at: OffsetDateTime,
    ) -> Result<ValidPath, Box<PathFailure>> {
        let mut found = None;
        self.visit_paths(target, demands, at, &mut |path| {
            found = Some(path);
            Visit::Enough
        })?;
        found.ok_or_else(|| Box::new(PathFailure::NotFound))
    }

    /// Hands out one valid path after another, the likeliest first, until `visit` has enough. `Ok`: at least one.
    pub(in super::super) fn visit_paths(
        &self,
        target: &Certificate,
        demands: &Demands,
        at: OffsetDateTime,
        visit: &mut dyn FnMut(ValidPath) -> Visit,
    ) -> Result<(), Box<PathFailure>> {
        self.search(target, demands, at, visit).0
    }

    /// The same, and what was spent.
    pub(super) fn search(
        &self,
        target: &Certificate,
        demands: &Demands,
        at: OffsetDateTime,
        visit: &mut dyn FnMut(ValidPath) -> Visit,
    ) -> (Result<(), Box<PathFailure>>, Spent) {
        if self.is_oversized {
            return (Err(Box::new(PathFailure::LimitReached)), Spent::default());
        }
        // The trust anchor itself was asked about.
        if let Some(anchor) = self.anchors().iter().find(|anchor| anchor.der() == target.der()) {
            let outcome = anchor_alone(anchor, at).map(|path| {
                visit(path);
            });
            return (outcome, Spent::default());
        }
        let mut search = Search {
            pool: self,
            demands,
            at,
            visit,
            spent: Spent::default(),
            comparisons: Comparisons::default(),
            failure: None,
            visited: false,
            ended: false,
        };
        search.extend(&mut vec![Link { certificate: target, place: None }]);
        let outcome = match (search.visited, search.failure) {
            (true, _) => Ok(()),
            (false, Some(failure)) => Err(Box::new(failure)),
            (false, None) => Err(Box::new(PathFailure::NotFound)),
        };
        (outcome, search.spent)
    }

    /// The trust anchors.
    pub fn anchors(&self) -> &[Certificate] {
        self.members.get(..self.anchors).unwrap_or_default()
    }

    /// Its members of this name, trust anchors included.
    pub(in super::super) fn named(&self, name: &DistinguishedName) -> impl Iterator<Item = &Certificate> {
        self.places_named(name).filter_map(|place| self.members.get(place))
    }

    fn places_named(&self, name: &DistinguishedName) -> impl Iterator<Item = usize> {
        self.by_subject.get(name.normal()).map(Vec::as_slice).unwrap_or_default().iter().copied()
    }

    /// The members with the issuer's name; those whose key identifier fits first, those whose does not fit last.
    /// The latter are not left out: key identifiers are hints, and RFC 5280 section 6.1 does not look at them.
    fn candidates(&self, certificate: &Certificate) -> Vec<Link<'_>> {
        let mut named: Vec<_> = self
            .places_named(certificate.issuer_name())
            .filter_map(|place| Some(Link { certificate: self.members.get(place)?, place: Some(place) }))
            .collect();
        named.sort_by_cached_key(|candidate| {
            let likelihood = match certificate.names_key_of(candidate.certificate) {
                Some(true) => 0,
                None => 1,
                Some(false) => 2,
            };
            // A trust anchor ends the path.
            (candidate.place >= Some(self.anchors), likelihood)
        });
        named
    }

    fn remembered(&self, pair: (usize, usize)) -> Option<Result<(), AlgorithmError>> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner).get(&pair).copied()
    }

    fn remember(&self, pair: (usize, usize), outcome: Result<(), AlgorithmError>) {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.len() < MAX_REMEMBERED {
            signed.insert(pair, outcome);
        }
    }
}

fn anchor_alone(anchor: &Certificate, at: OffsetDateTime) -> Result<ValidPath, Box<PathFailure>> {
    let certificates = vec![anchor.clone()];
    match verify_time(anchor, at) {
        Ok(()) => Ok(ValidPath { certificates, policies: Policies::Any }),
        Err(fault) => Err(Box::new(PathFailure::Refused { path: certificates, index: 0, fault })),
    }
}

/// Whether to look for another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Visit {
    /// This one will do.
    Enough,
    /// Another may be better.
    Another,
}

/// The work that was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) signatures: usize,
    pub(super) steps: usize,
    pub(super) paths: usize,
}

impl Spent {
    const fn is_all(self) -> bool {
        self.signatures >= MAX_SIGNATURE_CHECKS || self.steps >= MAX_STEPS || self.paths >= MAX_PATHS
    }
}

struct Search<'a> {
    pool: &'a Pool,
    demands: &'a Demands,
    at: OffsetDateTime,
    visit: &'a mut dyn FnMut(ValidPath) -> Visit,
    spent: Spent,
    comparisons: Comparisons,
    failure: Option<PathFailure>,
    visited: bool,
    ended: bool,
}

impl<'a> Search<'a> {
    /// Depth-first: tries to complete `path`, whose last certificate still lacks its issuer.
    fn extend(&mut self, path: &mut Vec<Link<'a>>) {
        let Some(last) = path.last().copied() else { return };
        for issuer in self.pool.candidates(last.certificate) {
            if self.has_ended() {
                return;
            }
            let is_anchor = issuer.place < Some(self.pool.anchors);
            // One place is kept for the trust anchor. A CA does not stand twice in one path: ends loops of
            // cross-certificates.
            let may_stand = is_anchor
                || (path.len() + 1 < MAX_PATH_LENGTH
                    && !path.iter().any(|known| known.certificate.same_entity(issuer.certificate)));
            if !may_stand || !self.signed(last, issuer) {
                continue;
            }
            if is_anchor {
                self.try_path(path, issuer.certificate);
            } else {
                path.push(issuer);
                self.extend(path);
                path.pop();
            }
        }
    }

    fn has_ended(&mut self) -> bool {
        if !self.ended && self.spent.is_all() {
            // Also after a refusal: an unfinished search cannot say that there is no path.
            self.failure = Some(PathFailure::LimitReached);
            self.ended = true;
        }
        self.ended
    }

    fn signed(&mut self, link: Link<'_>, issuer: Link<'_>) -> bool {
        self.spent.steps += 1;
        let pair = link.place.zip(issuer.place);
        let outcome = pair.and_then(|pair| self.pool.remembered(pair)).unwrap_or_else(|| {
            self.spent.signatures += 1;
            let outcome = link.certificate.verify_signed_by(issuer.certificate);
            if let Some(pair) = pair {
                self.pool.remember(pair, outcome);
            }
            outcome
        });
        let failure = match outcome {
            Ok(()) => return true,
            Err(AlgorithmError::Mismatch | AlgorithmError::KeyMismatch) => {
                PathFailure::NotSignedByNamedIssuer
            }
            Err(weak) => PathFailure::WeakAlgorithm(weak),
        };
        self.failure.get_or_insert(failure);
        false
    }

    fn try_path(&mut self, path: &[Link<'a>], anchor: &'a Certificate) {
        self.spent.paths += 1;
        let below: Vec<_> = path.iter().map(|link| link.certificate).collect();
        let complete = || below.iter().copied().chain([anchor]).cloned().collect::<Vec<_>>();
        match process(&below, anchor, self.demands, self.at, &mut self.comparisons) {
            Ok(policies) => {
                self.visited = true;
                self.ended |= (self.visit)(ValidPath { certificates: complete(), policies }) == Visit::Enough;
            }
            // The first path refused is the likeliest one: its refusal is told.
            Err(_) if matches!(self.failure, Some(PathFailure::Refused { .. })) => {}
            Err((index, fault)) => {
                self.failure = Some(PathFailure::Refused { path: complete(), index, fault });
            }
        }
    }
}

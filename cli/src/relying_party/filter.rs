//! Reads filters, which are asked where there is no network.

use std::path::PathBuf;

use ocsp_responder::filter::{FilterError, FilterStatus, MAX_FILTER_OCTETS, VerifiedFilter};
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::status::{Finding, ReportedStatus};
use time::OffsetDateTime;

use super::evidence::given_issuer;
use super::judgement::trusted_issuer;
use super::material::Chain;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;

/// The filter of the CA that issued a certificate, among those given. Fetches nothing.
///
/// # Errors
/// The issuer's certificate was not given or is not trusted, no filter is of this CA, or it is not to be relied on.
pub fn read(
    filters: &[PathBuf],
    chain: &Chain,
    anchors: &Anchors,
    now: OffsetDateTime,
) -> Result<VerifiedFilter, Failure> {
    let found = given_issuer(chain, anchors).ok_or_else(|| {
        Failure::of(&catalogue::NO_ISSUER)
            .fix("without a network, give the chain: the certificate, then its CA's")
    })?;
    let issuer = trusted_issuer(found, chain, anchors, now)?;
    for path in filters {
        let octets = files::read(path, MAX_FILTER_OCTETS)?;
        match VerifiedFilter::verify(&octets, &issuer, now) {
            Ok(filter) => return Ok(filter),
            Err(FilterError::OtherIssuer) => {}
            Err(error) => {
                let what = format!("{} proves nothing about the status", path.display());
                let failure = Failure::of(&catalogue::UNPROVEN).what(what).cause(error.to_string());
                return Err(failure.fix("fetch it anew from /filter/ of its issuer"));
            }
        }
    }
    let cause = "each is of another CA than the one that issued the certificate";
    let failure =
        Failure::of(&catalogue::UNPROVEN).what("none of the filters speaks of this certificate").cause(cause);
    Err(failure.fix("fetch the filter of the certificate's own CA"))
}

/// Filters that were carried here, of which nothing is believed yet.
#[derive(Debug, Clone, Default)]
pub struct Filters(Vec<(PathBuf, Vec<u8>)>);

impl Filters {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, or is larger than any filter.
    pub fn given(paths: &[PathBuf]) -> Result<Self, Failure> {
        let read = |path: &PathBuf| Ok((path.clone(), files::read(path, MAX_FILTER_OCTETS)?));
        paths.iter().map(read).collect::<Result<_, Failure>>().map(Self)
    }

    /// What the filter of the CA that issued a certificate says of it at a moment, or why it says nothing; `None` where there is no
    /// filter of this CA. A path that is trusted leads to `issuer`. The filter must count `now`.
    pub fn say(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Option<Result<Finding, String>> {
        self.0.iter().find_map(|(path, octets)| match VerifiedFilter::verify(octets, issuer.der(), now) {
            Ok(filter) => Some(said(&filter, certificate, at)),
            Err(FilterError::OtherIssuer) => None,
            Err(error) => Some(Err(format!("{}: {error}", path.display()))),
        })
    }
}

/// A filter tells of the moment that it is of, and neither since when somebody is revoked nor why.
fn said(filter: &VerifiedFilter, certificate: &Certificate, at: OffsetDateTime) -> Result<Finding, String> {
    let head = filter.head();
    let status = match filter.status(certificate).map_err(|why| why.to_string())? {
        FilterStatus::Good => ReportedStatus::Good,
        FilterStatus::Revoked if at < head.as_of => {
            return Err(
                "it lists the certificate, and a filter does not tell since when: ask by OCSP or the CRL"
                    .to_owned(),
            );
        }
        FilterStatus::Revoked => ReportedStatus::Revoked { at: head.as_of, reason: None },
    };
    Ok(Finding { status, this_update: head.as_of, next_update: Some(head.expires) })
}

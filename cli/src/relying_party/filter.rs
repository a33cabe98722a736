//! Reads filters, which are asked where there is no network.

use std::path::PathBuf;

use ocsp_responder::filter::{FilterError, MAX_FILTER_OCTETS, VerifiedFilter};
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

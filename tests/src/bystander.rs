//! Somebody without any credential: what the whole country can see.

use crate::installation::Installation;
use crate::rest::{Response, Rest};

/// REST without a client certificate.
pub fn rest(installation: &Installation) -> Rest {
    Rest::new(&installation.url(), &installation.trust())
}

/// GET of an absolute plain-HTTP address, as found in a certificate.
#[track_caller]
pub fn fetch(installation: &Installation, address: &str) -> Response {
    Rest::new("", &installation.trust()).get(address)
}

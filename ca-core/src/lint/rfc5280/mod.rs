//! RFC 5280 section 4: the certificate profile of the Internet.

pub(super) mod extensions;
pub(super) mod fields;
pub(super) mod issuer;
pub(super) mod names;

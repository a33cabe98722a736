//! Rules of our own: the certificate is what its profile says, and its key is what it seems to be.

pub(super) mod cross;
pub(super) mod key;
pub(super) mod profile;

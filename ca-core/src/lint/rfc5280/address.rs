//! Addresses that anybody can fetch.

use x509_parser::extensions::GeneralName;

/// An absolute http URI with a host (RFC 3986 section 3), in ASCII without blanks.
pub(super) fn is_http(name: &GeneralName<'_>) -> bool {
    matches!(name, GeneralName::URI(uri)
        if uri.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && uri.bytes().all(|byte| byte.is_ascii_graphic()))
}

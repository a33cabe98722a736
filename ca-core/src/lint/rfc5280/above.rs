//! What rules ask of the issuer's certificate.

use x509_parser::certificate::TbsCertificate;
use x509_parser::extensions::ParsedExtension;

/// Whether keyCertSign is set.
pub(in crate::lint) fn signs_certificates(issuer: &TbsCertificate<'_>) -> bool {
    issuer.extensions().iter().any(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::KeyUsage(usage) if usage.key_cert_sign())
    })
}

/// Its pathLenConstraint.
pub(in crate::lint) fn path_length(tbs: &TbsCertificate<'_>) -> Option<u32> {
    tbs.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    })
}

/// Its subjectKeyIdentifier.
pub(in crate::lint) fn subject_key_identifier<'t>(issuer: &'t TbsCertificate<'_>) -> Option<&'t [u8]> {
    issuer.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
        _ => None,
    })
}

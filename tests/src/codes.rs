//! The problem codes that tests expect, by what they mean: a code's meaning never changes, so neither may these.

/// Nothing was sent.
pub const CSR_EMPTY: &str = "E-CSR-001";
/// More octets than any request needs.
pub const CSR_TOO_LARGE: &str = "E-CSR-002";
/// Neither DER nor PEM.
pub const CSR_NOT_A_REQUEST: &str = "E-CSR-003";
/// A private key instead of a request.
pub const CSR_PRIVATE_KEY: &str = "E-CSR-005";
/// A certificate instead of a request.
pub const CSR_CERTIFICATE: &str = "E-CSR-006";
/// Ends too early.
pub const CSR_TRUNCATED: &str = "E-CSR-014";
/// Something follows the request.
pub const CSR_TRAILING: &str = "E-CSR-015";
/// One naming attribute twice.
pub const CSR_REPEATED_NAME: &str = "E-CSR-020";
/// A kind of key that is never certified.
pub const CSR_UNSUPPORTED_KEY: &str = "E-CSR-030";
/// An RSA key too short or too long.
pub const CSR_RSA_SIZE: &str = "E-CSR-040";
/// The signature does not prove possession of the key.
pub const CSR_NO_POSSESSION: &str = "E-CSR-055";
/// The caller's role does not have the permission.
pub const NOT_PERMITTED: &str = "E-AUTH-002";
/// The thing belongs to another organisation than the caller's.
pub const NOT_YOURS: &str = "E-AUTH-003";
/// No profile of this name.
pub const NO_SUCH_PROFILE: &str = "E-REQ-001";
/// No identity of this identifier.
pub const NO_SUCH_IDENTITY: &str = "E-ID-001";
/// No certificate of this serial number.
pub const NO_SUCH_CERTIFICATE: &str = "E-CERT-001";
/// The same certification request was sent before.
pub const SAME_REQUEST: &str = "E-REQ-003";
/// Another identity has this identifier.
pub const SAME_IDENTIFIER: &str = "E-ID-002";
/// Settings, or the hierarchy, cannot be used.
pub const SERVICE_SETTINGS: &str = "E-SRV-004";

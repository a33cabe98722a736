//! The fingerprint by which records, ledger and people name a certificate, a key or a file.

/// SHA-256 in lower-case hex.
pub fn fingerprint(octets: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, octets))
}

//! The fingerprint by which records, ledger and people name a certificate, a key or a file.

/// Whether a text is so many lower-case hexadecimal digits, as fingerprints and names drawn at random are written.
pub fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}

/// SHA-256 in lower-case hex.
pub fn fingerprint(octets: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, octets))
}

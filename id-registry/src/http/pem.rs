//! PEM framing (RFC 7468) of the certificates sent, and the two forms of the certification requests received.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A certificate in PEM.
pub(super) fn certificate(der: &[u8]) -> String {
    block(der, "CERTIFICATE")
}

/// A certification request in PEM.
pub(super) fn certification_request(der: &[u8]) -> String {
    block(der, "CERTIFICATE REQUEST")
}

fn block(der: &[u8], label: &str) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, further) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = further;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// The octets of a text that is one PEM block of this label; `None` for any other text.
pub(super) fn contents(text: &str, label: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inside = text.trim().strip_prefix(&begin)?.strip_suffix(&end)?;
    STANDARD.decode(inside.split_ascii_whitespace().collect::<String>()).ok()
}

/// The octets of a certification request sent as text: base64 of DER is decoded, all else is left to the reader of
/// requests, which says what is wrong with it.
pub(super) fn request_octets(text: &str) -> Vec<u8> {
    let bare: String = text.split_ascii_whitespace().collect();
    match STANDARD.decode(&bare) {
        // The first octet of every request, a SEQUENCE, tells base64 of DER from words that happen to decode.
        Ok(der) if der.first() == Some(&0x30) => der,
        _ => text.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_64_characters() {
        let pem = certificate(&[0x30; 100]);
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!(lines.first(), Some(&"-----BEGIN CERTIFICATE-----"));
        assert_eq!(lines.last(), Some(&"-----END CERTIFICATE-----"));
        assert_eq!(lines.iter().skip(1).take(2).map(|line| line.len()).collect::<Vec<_>>(), [64, 64]);
        assert!(certificate(&[]).lines().count() == 2);
    }

    #[test]
    fn a_block_is_read_whole_or_not_at_all() {
        assert_eq!(contents(&certificate(&[0x30; 100]), "CERTIFICATE"), Some(vec![0x30; 100]));
        assert_eq!(contents(&certificate(&[0x30; 100]), "X509 CRL"), None);
        assert_eq!(contents("MAMCAQA=", "CERTIFICATE"), None);
    }

    #[test]
    fn both_forms_of_requests_are_told_apart() {
        assert_eq!(request_octets("MAMC AQA=\n"), [0x30, 3, 2, 1, 0]);
        let pem = "-----BEGIN CERTIFICATE REQUEST-----";
        assert_eq!(request_octets(pem), pem.as_bytes());
        assert_eq!(request_octets("AAAA"), b"AAAA");
    }
}

//! From what a person sends to DER: PEM (RFC 7468) taken apart, other things recognised by name.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CsrError, MAX_OCTETS};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The DER within `bytes`, at most [`MAX_OCTETS`] of them.
pub(super) fn unwrap(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CsrError> {
    if bytes.len() > MAX_OCTETS {
        return Err(CsrError::TooLarge { octets: bytes.len() });
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(CsrError::Empty);
    }
    if is_der(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(CsrError::Utf16);
    }
    pem(bytes).map(Cow::Owned)
}

/// Whether these octets begin as DER does. A SEQUENCE's first octet is also the digit `0`, with which a text may
/// begin; but a text has no long-form length after it, nor the control characters that the version starts with.
fn is_der(bytes: &[u8]) -> bool {
    let begins = |octet: &u8| octet.is_ascii_control() && !octet.is_ascii_whitespace();
    match bytes {
        [0x30, 0x80..=0x84, ..] => true,
        [0x30, rest @ ..] => rest.iter().take(7).any(begins),
        _ => false,
    }
}

fn pem(text: &[u8]) -> Result<Vec<u8>, CsrError> {
    let labels: Vec<&[u8]> = lines(text).filter_map(|line| label(line, BEGIN)).collect();
    if labels.iter().any(|label| label.ends_with(b"PRIVATE KEY")) {
        return Err(CsrError::PrivateKeyGiven);
    }
    match labels[..] {
        [] => Err(CsrError::NotARequest),
        // RFC 7468 section 7; "NEW CERTIFICATE REQUEST" is what keytool, certtool and older tools write.
        [label @ (b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST")] => block(text, label),
        [b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE"] => Err(CsrError::CertificateGiven),
        [b"PUBLIC KEY" | b"RSA PUBLIC KEY"] => Err(CsrError::PublicKeyGiven),
        [other] => Err(CsrError::OtherPem { label: printable(other) }),
        _ => Err(CsrError::SeveralPemBlocks { count: labels.len() }),
    }
}

/// Decodes the only block of `text`.
fn block(text: &[u8], begun: &[u8]) -> Result<Vec<u8>, CsrError> {
    // RFC 7468 section 2: data before the encapsulation boundary is permitted; keytool's and certtool's readable
    // summary is such.
    let mut lines = lines(text).skip_while(|line| label(line, BEGIN).is_none()).skip(1);
    let mut base64 = Vec::with_capacity(text.len());
    let ended = loop {
        let line = lines.next().ok_or(CsrError::PemUnfinished)?;
        match label(line, END) {
            Some(ended) => break ended,
            None => base64.extend(line.iter().filter(|octet| !octet.is_ascii_whitespace())),
        }
    };
    if ended != begun {
        return Err(CsrError::PemEndMismatch { begun: printable(begun), ended: printable(ended) });
    }
    if lines.any(|line| !line.is_empty()) {
        return Err(CsrError::TextAfterPem);
    }
    // RFC 4648 section 3.5: padding bits are zero, so that one request has one encoding.
    STANDARD.decode(base64).map_err(|_| CsrError::PemBase64)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|octet| matches!(octet, b'\n' | b'\r')).map(<[u8]>::trim_ascii)
}

fn label<'a>(line: &'a [u8], boundary: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(boundary)?.strip_suffix(DASHES)
}

/// A label that may be shown: short, without control characters.
fn printable(label: &[u8]) -> String {
    label
        .iter()
        .take(40)
        .map(|octet| if (0x20..0x7f).contains(octet) { char::from(*octet) } else { '?' })
        .collect()
}

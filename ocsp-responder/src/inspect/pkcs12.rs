//! PKCS#12 files (RFC 7292), from the outside: what protects them and how many parts they have. Nothing in them is decrypted, and
//! what is not encrypted is not shown when it is a key.

use serde::{Deserialize, Serialize};

use super::lines::line;
use super::names;
use crate::validation::der::{INTEGER, Malformed, OCTET_STRING, OID, Reader, SEQUENCE, count, oid};

/// [0] EXPLICIT, and [0] IMPLICIT of an OCTET STRING.
const CONTENT: u8 = 0xa0;
const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const ENVELOPED_DATA: &str = "1.2.840.113549.1.7.3";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";

/// A PKCS#12 file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pkcs12View {
    /// What shows that it was not altered: the digest of its MAC, or `signature`; nothing where nothing does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integrity: Option<String>,
    /// How often the passphrase is digested for the MAC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rounds: Option<u32>,
    /// Its parts.
    pub parts: Vec<Pkcs12PartView>,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A part of a PKCS#12 file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pkcs12PartView {
    /// How it is encrypted; nothing where it is not as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encryption: Option<String>,
    /// What is in it, where it is not encrypted as a whole: `private key`, `encrypted private key`, `certificate` and the like.
    pub bags: Vec<String>,
}

/// Reads a file.
pub(super) fn view(der: &[u8]) -> Option<Pkcs12View> {
    read(der).ok()
}

fn read(der: &[u8]) -> Result<Pkcs12View, Malformed> {
    let mut pfx = Reader::only(der, SEQUENCE)?;
    // RFC 7292 section 4: the version is 3.
    if count(pfx.expect(INTEGER)?.body)? != 3 {
        return Err(Malformed);
    }
    let (kind, safe) = content_info(&mut pfx)?;
    let mac = pfx.optional(SEQUENCE)?;
    pfx.end()?;
    let (integrity, rounds) = match mac {
        Some(mac) => mac_data(mac.body)?,
        None => (Some("signature".to_owned()).filter(|_| kind == SIGNED_DATA), None),
    };
    let mut parts = Vec::new();
    if kind == DATA {
        let mut contents = Reader::only(octets(safe)?, SEQUENCE)?;
        while !contents.is_at_end() {
            parts.push(part(&mut contents)?);
        }
    }
    Ok(Pkcs12View { integrity, rounds, parts, sha256: names::sha256(der) })
}

/// A ContentInfo (RFC 5652 section 3): its type, and what is in it.
fn content_info<'a>(reader: &mut Reader<'a>) -> Result<(String, Reader<'a>), Malformed> {
    let mut info = reader.enter(SEQUENCE)?;
    let kind = oid(info.expect(OID)?.body)?.to_string();
    let content = info.enter(CONTENT)?;
    info.end()?;
    [DATA, SIGNED_DATA, ENCRYPTED_DATA, ENVELOPED_DATA]
        .contains(&kind.as_str())
        .then_some((kind, content))
        .ok_or(Malformed)
}

fn octets(mut content: Reader<'_>) -> Result<&[u8], Malformed> {
    let octets = content.expect(OCTET_STRING)?.body;
    content.end().map(|()| octets)
}

/// MacData: DigestInfo, salt, and the rounds, once where they are not said.
fn mac_data(body: &[u8]) -> Result<(Option<String>, Option<u32>), Malformed> {
    let mut mac = Reader::new(body);
    let digest = oid(mac.enter(SEQUENCE)?.enter(SEQUENCE)?.expect(OID)?.body)?;
    mac.expect(OCTET_STRING)?;
    let rounds = mac.optional(INTEGER)?.map_or(Ok(1), |rounds| count(rounds.body))?;
    mac.end()?;
    Ok((Some(names::oid(&digest.to_string())), Some(rounds)))
}

fn part(contents: &mut Reader<'_>) -> Result<Pkcs12PartView, Malformed> {
    let (kind, mut content) = content_info(contents)?;
    match kind.as_str() {
        DATA => Ok(Pkcs12PartView { encryption: None, bags: bags(octets(content)?)? }),
        ENCRYPTED_DATA => {
            // EncryptedData: version, EncryptedContentInfo with type, algorithm and octets.
            let mut data = content.enter(SEQUENCE)?;
            data.expect(INTEGER)?;
            let mut info = data.enter(SEQUENCE)?;
            info.expect(OID)?;
            let algorithm = oid(info.enter(SEQUENCE)?.expect(OID)?.body)?;
            Ok(Pkcs12PartView { encryption: Some(names::oid(&algorithm.to_string())), bags: Vec::new() })
        }
        _ => Ok(Pkcs12PartView { encryption: Some("for a public key".to_owned()), bags: Vec::new() }),
    }
}

fn bags(safe: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut contents = Reader::only(safe, SEQUENCE)?;
    let mut found = Vec::new();
    while !contents.is_at_end() {
        let kind = oid(contents.enter(SEQUENCE)?.expect(OID)?.body)?.to_string();
        found.push(match kind.as_str() {
            "1.2.840.113549.1.12.10.1.1" => "private key".to_owned(),
            "1.2.840.113549.1.12.10.1.2" => "encrypted private key".to_owned(),
            "1.2.840.113549.1.12.10.1.3" => "certificate".to_owned(),
            "1.2.840.113549.1.12.10.1.4" => "CRL".to_owned(),
            "1.2.840.113549.1.12.10.1.5" => "secret".to_owned(),
            _ => kind,
        });
    }
    Ok(found)
}

/// A file for people.
pub(super) fn lines(view: &Pkcs12View) -> Vec<String> {
    let integrity = view.integrity.as_deref().unwrap_or("nothing shows whether it was altered");
    let mut lines =
        vec!["PKCS#12 file (nothing in it is opened)".to_owned(), line("Integrity by", integrity)];
    lines.extend(view.rounds.map(|rounds| line("Rounds", &rounds.to_string())));
    for part in &view.parts {
        let text = part
            .encryption
            .as_ref()
            .map_or_else(|| part.bags.join(", "), |encryption| format!("encrypted, {encryption}"));
        lines.push(line("Part", &text));
    }
    lines.push(line("SHA-256", &view.sha256));
    lines
}

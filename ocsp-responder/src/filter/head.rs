//! What a filter says of itself.

use std::str::Lines;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Values;

/// The first line.
const FORM: &str = "npki.status-filter/1";

/// What a filter says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// SHA-256 of the CA's SubjectPublicKeyInfo, DER.
    pub issuer: [u8; 32],
    /// Every change of status before this moment is in it. UTC, whole seconds.
    pub as_of: OffsetDateTime,
    /// Nobody relies on it after this moment. UTC, whole seconds.
    pub expires: OffsetDateTime,
    /// It speaks of certificates whose notBefore is earlier. UTC, whole seconds.
    pub covers_until: OffsetDateTime,
    /// How many certificates the CA had issued.
    pub issued: u64,
    /// How many of them are revoked or on hold.
    pub revoked: u64,
    pub(super) values: Values,
    /// Octets of the body.
    pub(super) body: usize,
}

impl Head {
    /// The text, with its empty line; `None` of a moment that cannot be written.
    pub(super) fn to_text(&self) -> Option<String> {
        let Values { salt, bits, rice } = self.values;
        let moment = |moment: OffsetDateTime| moment.format(&Rfc3339).ok();
        Some(format!(
            "{FORM}\nissuer {}\nas-of {}\nexpires {}\ncovers not-before-until {}\nissued {}\nrevoked {}\n\
             values salt {} bits {bits} rice {rice}\nbody {}\n\n",
            hex::encode(self.issuer),
            moment(self.as_of)?,
            moment(self.expires)?,
            moment(self.covers_until)?,
            self.issued,
            self.revoked,
            hex::encode(salt),
            self.body,
        ))
    }

    /// Reads the head that `octets` begin with, and says where it ends.
    pub(super) fn read(octets: &[u8]) -> Option<(Self, usize)> {
        // The text has about 400 octets.
        let first = octets.get(..octets.len().min(1024))?;
        let end = first.windows(2).position(|two| two == b"\n\n")? + 2;
        let text = std::str::from_utf8(octets.get(..end)?).ok()?;
        let head = Self::parse(text)?;
        // What is written in another way than ours could be read in another way too.
        (head.to_text()? == text).then_some((head, end))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FORM {
            return None;
        }
        let issuer = octets(after(&mut lines, "issuer ")?)?;
        let as_of = moment(after(&mut lines, "as-of ")?)?;
        let expires = moment(after(&mut lines, "expires ")?)?;
        let covers_until = moment(after(&mut lines, "covers not-before-until ")?)?;
        let issued = after(&mut lines, "issued ")?.parse().ok()?;
        let revoked = after(&mut lines, "revoked ")?.parse().ok()?;
        let (salt, rest) = after(&mut lines, "values salt ")?.split_once(" bits ")?;
        let (bits, rice) = rest.split_once(" rice ")?;
        let body = after(&mut lines, "body ")?.parse().ok()?;
        let values = Values { salt: octets(salt)?, bits: bits.parse().ok()?, rice: rice.parse().ok()? };
        if !(1..=64).contains(&values.bits) || values.rice >= values.bits {
            return None;
        }
        Some(Self { issuer, as_of, expires, covers_until, issued, revoked, values, body })
    }
}

fn after<'a>(lines: &mut Lines<'a>, name: &str) -> Option<&'a str> {
    lines.next()?.strip_prefix(name)
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn octets<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let mut octets = [0; LENGTH];
    hex::decode_to_slice(text, &mut octets).ok()?;
    Some(octets)
}

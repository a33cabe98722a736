//! What a message of the feed says of itself: the text that is signed.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{FeedError, Place, hash};
use crate::tlog::hash::Hash;

/// The first line: form and version. No checkpoint, letter or other text that npki signs begins so, and the key signs
/// nothing else.
const FORM: &str = "npki.status-feed/1";

/// The head of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Everything, or what changed.
    pub kind: Kind,
    /// Every change before this place is told, here or in what came before.
    pub until: Place,
    /// When the message was made, UTC, whole milliseconds.
    pub made: OffsetDateTime,
    /// Whether that was all there was.
    pub level: Option<Level>,
    /// SHA-256 of the installation's CAs and their certificates: when it changes, a snapshot is due.
    pub cas: Hash,
    /// Octets of the body.
    pub body_length: u64,
    /// SHA-256 of the body.
    pub body_sha256: Hash,
}

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The status of every serial number.
    Snapshot,
    /// The serial numbers whose status changed after this place.
    Increment {
        /// Up to where its reader must have come.
        after: Place,
    },
}

/// Of a message after which nothing was left to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Everything that was committed before this moment is told. UTC, whole milliseconds.
    pub as_of: OffsetDateTime,
    /// Nobody may go on answering from it after this moment. UTC, whole milliseconds.
    pub expires: OffsetDateTime,
}

impl Head {
    /// The text that is signed.
    pub(super) fn to_text(&self) -> Option<String> {
        let kind = match &self.kind {
            Kind::Snapshot => "snapshot".to_owned(),
            Kind::Increment { after } => format!("increment after {after}"),
        };
        let level = match &self.level {
            None => "behind".to_owned(),
            Some(Level { as_of, expires }) => format!("level {} {}", written(*as_of)?, written(*expires)?),
        };
        let (until, made, cas) = (self.until, written(self.made)?, self.cas);
        let body = format!("{} {}", self.body_length, self.body_sha256);
        Some(format!("{FORM}\n{kind}\nuntil {until}\nmade {made}\n{level}\ncas {cas}\nbody {body}\n"))
    }

    /// Reads a text, whose signature was verified.
    pub(super) fn parse(text: &str) -> Result<Self, FeedError> {
        let head = parts(text).ok_or(FeedError::Head)?;
        // What is written in another way than ours is not what was signed by us.
        if head.to_text().as_deref() == Some(text) { Ok(head) } else { Err(FeedError::Head) }
    }
}

fn parts(text: &str) -> Option<Head> {
    let mut lines = text.lines();
    if lines.next()? != FORM {
        return None;
    }
    let kind = match lines.next()? {
        "snapshot" => Kind::Snapshot,
        line => Kind::Increment { after: line.strip_prefix("increment after ")?.parse().ok()? },
    };
    let until = lines.next()?.strip_prefix("until ")?.parse().ok()?;
    let made = moment(lines.next()?.strip_prefix("made ")?)?;
    let level = match lines.next()? {
        "behind" => None,
        line => {
            let (as_of, expires) = line.strip_prefix("level ")?.split_once(' ')?;
            Some(Level { as_of: moment(as_of)?, expires: moment(expires)? })
        }
    };
    let cas = hash(lines.next()?.strip_prefix("cas ")?).ok()?;
    let (length, digest) = lines.next()?.strip_prefix("body ")?.split_once(' ')?;
    let (body_length, body_sha256) = (length.parse().ok()?, hash(digest).ok()?);
    Some(Head { kind, until, made, level, cas, body_length, body_sha256 })
}

fn written(moment: OffsetDateTime) -> Option<String> {
    moment.to_offset(time::UtcOffset::UTC).format(&Rfc3339).ok()
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Heads carry whole milliseconds.
pub(super) fn whole_milliseconds(moment: OffsetDateTime) -> OffsetDateTime {
    moment.replace_millisecond(moment.millisecond()).unwrap_or(moment)
}

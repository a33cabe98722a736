//! Numbers and tags that stand in a list. A dry run keeps all of them, as then the registry does not learn them from row
//! to row; an import only those under way, so that of two rows with one number the first is entered.

use std::collections::HashSet;

use ring::digest;
use serde_json::Value;

/// Half a digest of each number, 16 octets: a million rows take about 40 MB.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<[u8; 16]>);

impl Seen {
    /// Notes the row's own number. Whether it stands further up.
    pub(super) fn twice(&mut self, identity: &Value) -> bool {
        own(identity).is_some_and(|own| !self.0.insert(own))
    }

    /// Those of several rows.
    pub(super) fn of<'a>(identities: impl Iterator<Item = &'a Value>) -> Self {
        Self(identities.filter_map(own).collect())
    }

    /// Whether both have one.
    pub(super) fn meets(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// Whether the owner or sponsor that the row names by a number stands further up in the list.
    pub(super) fn has(&self, identity: &Value, field: &str) -> bool {
        let kind = if field == "sponsor" { "person" } else { "organisation" };
        text(identity, field).is_some_and(|number| self.0.contains(&digest_of(kind, number)))
    }
}

/// What nobody else may have: a number, or a tag within its organisation.
fn own(identity: &Value) -> Option<[u8; 16]> {
    let number = text(identity, "kind").zip(text(identity, "identifier"));
    let tag = || text(identity, "organisation").zip(text(identity, "asset_tag"));
    number.or_else(tag).map(|(within, own)| digest_of(within, own))
}

fn text<'a>(identity: &'a Value, field: &str) -> Option<&'a str> {
    identity.get(field).and_then(Value::as_str)
}

fn digest_of(kind: &str, number: &str) -> [u8; 16] {
    let text = format!("{kind}/{number}").to_ascii_uppercase();
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    half
}

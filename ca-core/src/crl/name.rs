//! Which CRL: of which CA, of which part of its certificates, complete or delta; and where each is kept and published.

use serde::{Deserialize, Serialize};

use crate::certificate::CaId;

/// Which part of a CA's certificates a CRL lists. The first holds those issued while the CA's CRL was not divided, and
/// those that name no CRL; a certificate's part is chosen when it is issued and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(u16);

impl Partition {
    /// What is not in any shard.
    pub const FIRST: Self = Self(0);

    /// The shard of this number; shards count from 1.
    pub const fn shard(number: u16) -> Self {
        Self(number)
    }

    /// The shard's number; 0 for [`Self::FIRST`].
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether this is [`Self::FIRST`].
    pub const fn is_first(&self) -> bool {
        self.0 == 0
    }

    /// What the keys of this part's revocations begin with: one part is one range of keys. No CA's name holds a colon.
    pub(crate) fn prefix(self, ca: &CaId) -> Vec<u8> {
        if self.is_first() { ca.prefix() } else { format!("{ca}:{:05}/", self.0).into_bytes() }
    }
}

/// Complete or delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Everything in its scope.
    Full,
    /// What changed since a full CRL (RFC 5280 section 5.2.4).
    Delta,
}

/// One of the CRLs that an installation publishes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlName {
    /// Whose it is.
    pub ca: CaId,
    /// What it is about.
    pub partition: Partition,
    /// How much of it.
    pub form: Form,
}

impl CrlName {
    /// A CRL's name.
    pub const fn new(ca: CaId, partition: Partition, form: Form) -> Self {
        Self { ca, partition, form }
    }

    /// The CA's full CRL of [`Partition::FIRST`].
    pub const fn first(ca: CaId) -> Self {
        Self::new(ca, Partition::FIRST, Form::Full)
    }

    /// The key in [`CRLS`](super::CRLS), which is also its name in the ledger: `issuing`, `issuing/3`,
    /// `issuing/delta`, `issuing/3/delta`.
    pub fn key(&self) -> String {
        match self.form {
            Form::Full => self.scope_key(),
            Form::Delta => format!("{}/delta", self.scope_key()),
        }
    }

    /// Reads what [`Self::key`] wrote.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        let (scope, form) = match key.strip_suffix("/delta") {
            Some(scope) => (scope, Form::Delta),
            None => (key, Form::Full),
        };
        let (ca, partition) = match scope.split_once('/') {
            Some((ca, number)) => (ca, shard_number(number)?),
            None => (scope, Partition::FIRST),
        };
        Some(Self::new(CaId::new(ca).ok()?, partition, form))
    }

    /// The key in [`CRL_NUMBERS`](super::CRL_NUMBERS). RFC 5280 section 5.2.3: full and delta CRLs of one scope share
    /// one sequence of numbers.
    pub(crate) fn scope_key(&self) -> String {
        if self.partition.is_first() {
            self.ca.as_str().to_owned()
        } else {
            format!("{}/{}", self.ca, self.partition.0)
        }
    }

    /// The path under `/crl/`: `issuing.crl`, `issuing/3.crl`, `issuing-delta.crl`, `issuing/3-delta.crl`.
    pub fn path(&self) -> String {
        format!("{}{}", self.scope_key(), ending(self.form))
    }

    /// Reads a path under `/crl/`; `None` for whatever [`Self::path`] never writes.
    pub fn from_path(path: &str) -> Option<Self> {
        let stem = path.strip_suffix(".crl")?;
        let (scope, form) = match stem.strip_suffix("-delta") {
            Some(scope) => (scope, Form::Delta),
            None => (stem, Form::Full),
        };
        let (ca, partition) = match scope.split_once('/') {
            Some((ca, number)) => (ca, shard_number(number)?),
            None => (scope, Partition::FIRST),
        };
        Some(Self::new(CaId::new(ca).ok()?, partition, form))
    }

    /// Where it is published, given the address of the CA's first full CRL.
    pub(crate) fn address(partition: Partition, form: Form, first: &str) -> String {
        let stem = first.strip_suffix(".crl").unwrap_or(first);
        match (partition.0, form) {
            (0, Form::Full) => first.to_owned(),
            (0, Form::Delta) => format!("{stem}{}", ending(form)),
            (number, _) => format!("{stem}/{number}{}", ending(form)),
        }
    }
}

const fn ending(form: Form) -> &'static str {
    match form {
        Form::Full => ".crl",
        Form::Delta => "-delta.crl",
    }
}

/// One way only of writing each: an address in a certificate is compared octet for octet.
fn shard_number(text: &str) -> Option<Partition> {
    let number: u16 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(Partition(number))
}

impl std::fmt::Display for CrlName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{CrlName, Form, Partition};
    use crate::certificate::CaId;

    #[test]
    fn every_name_is_read_back_from_its_key_and_its_path() {
        for number in [0, 1, 17, u16::MAX] {
            for form in [Form::Full, Form::Delta] {
                let name = CrlName::new(CaId::new("a-ca").unwrap(), Partition::shard(number), form);
                assert_eq!(CrlName::from_key(&name.key()).unwrap(), name);
                assert_eq!(CrlName::from_path(&name.path()).unwrap(), name);
                let address = CrlName::address(name.partition, form, "http://a/crl/a-ca.crl");
                assert_eq!(address, format!("http://a/crl/{}", name.path()));
            }
        }
    }

    #[test]
    fn what_is_no_name_is_not_read_as_one() {
        for path in
            ["a", "a/0.crl", "a/01.crl", "a/+1.crl", "a/65536.crl", "A.crl", "a/1/1.crl", "a/.crl", ".crl"]
        {
            assert_eq!(CrlName::from_path(path), None, "{path}");
        }
    }
}

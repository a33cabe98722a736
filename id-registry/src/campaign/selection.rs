//! Which certificates a campaign is about: by algorithm, profile, issuer, key, token, organisation and time.

use std::fmt;

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CaId;
use ca_core::clock::in_words;
use ca_core::csr::KeyKind;
use ca_core::profile::ProfileId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::IdentityId;
use crate::key_origin::{KeyOrigin, MakersName, OriginKind};

/// The most values of one feature. A list of keys that is longer is entered as a batch: `npki campaign inventory`.
pub const MOST_VALUES: usize = 500;

/// A kind of key, or a family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyClass {
    /// One kind and size.
    Kind(KeyKind),
    /// RSA of any size.
    Rsa,
    /// Elliptic curves: P-256, P-384, Ed25519.
    Elliptic,
    /// ML-DSA of any parameter set.
    MlDsa,
}

impl KeyClass {
    /// Whether a key of this kind belongs to it.
    pub fn has(self, kind: KeyKind) -> bool {
        match self {
            Self::Kind(one) => one == kind,
            Self::Rsa => matches!(kind, KeyKind::Rsa { .. }),
            Self::Elliptic => matches!(kind, KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519),
            Self::MlDsa => matches!(kind, KeyKind::MlDsa44 | KeyKind::MlDsa65 | KeyKind::MlDsa87),
        }
    }
}

/// Whether a key counts as a replacement where these kinds are asked for: any does where none is named.
pub(super) fn replaces(classes: &[KeyClass], kind: Option<KeyKind>) -> bool {
    classes.is_empty() || kind.is_some_and(|kind| classes.iter().any(|class| class.has(kind)))
}

impl fmt::Display for KeyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => f.write_str(&kind.name()),
            Self::Rsa => f.write_str("rsa"),
            Self::Elliptic => f.write_str("ec"),
            Self::MlDsa => f.write_str("ml-dsa"),
        }
    }
}

impl std::str::FromStr for KeyClass {
    type Err = UnknownKeyClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rsa" => Ok(Self::Rsa),
            "ec" => Ok(Self::Elliptic),
            "ml-dsa" => Ok(Self::MlDsa),
            kind => kind.parse().map(Self::Kind).map_err(|_| UnknownKeyClass),
        }
    }
}

impl TryFrom<String> for KeyClass {
    type Error = UnknownKeyClass;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KeyClass> for String {
    fn from(class: KeyClass) -> Self {
        class.to_string()
    }
}

/// Not a name of [`KeyClass`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown algorithm: choose p256, p384, ed25519, ml-dsa-44, ml-dsa-65, ml-dsa-87, rsa- and the bits (rsa-2048), or a \
     whole family: rsa, ec, ml-dsa"
)]
pub struct UnknownKeyClass;

/// Features of a certificate and its key. Of each feature, several values may be named; none says nothing about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Features {
    /// Kinds of the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<KeyClass>,
    /// Profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<ProfileId>,
    /// Issuing CAs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<CaId>,
    /// Keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<SpkiDigest>,
    /// What keeps the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginKind>,
    /// Models of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<MakersName>,
    /// Batches of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<MakersName>,
    /// Firmwares of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub firmwares: Vec<MakersName>,
    /// The organisations that hold the certificates, or own what does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<IdentityId>,
}

/// What a selection judges a certificate by, or a request for one.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'a> {
    /// The key's kind, where that is known.
    pub kind: Option<KeyKind>,
    /// The profile.
    pub profile: &'a ProfileId,
    /// The issuing CA.
    pub issuer: &'a CaId,
    /// The key.
    pub key: SpkiDigest,
    /// Where it lives, where that is known.
    pub origin: Option<&'a KeyOrigin>,
    /// The organisation that the holder is or belongs to.
    pub organisation: Option<IdentityId>,
    /// When it was issued, UTC; of a request, now.
    pub issued_at: OffsetDateTime,
    /// When it ends, UTC; of a request nobody knows yet.
    pub not_after: Option<OffsetDateTime>,
}

impl Features {
    /// For each feature that is named, whether the certificate has it.
    fn held<'a>(&'a self, traits: &'a Traits<'_>) -> impl Iterator<Item = bool> + 'a {
        let token =
            |part: fn(&KeyOrigin) -> &Option<MakersName>| traits.origin.and_then(|it| part(it).as_ref());
        let named = |names: &[MakersName], found: Option<&MakersName>| {
            found.is_some_and(|found| names.iter().any(|name| name.is(found)))
        };
        let kind = |class: &KeyClass| traits.kind.is_some_and(|kind| class.has(kind));
        let origin = traits.origin.map(|origin| origin.kind);
        [
            (self.algorithms.is_empty(), self.algorithms.iter().any(kind)),
            (self.profiles.is_empty(), self.profiles.contains(traits.profile)),
            (self.issuers.is_empty(), self.issuers.contains(traits.issuer)),
            (self.keys.is_empty(), self.keys.contains(&traits.key)),
            (self.origins.is_empty(), origin.is_some_and(|kind| self.origins.contains(&kind))),
            (self.models.is_empty(), named(&self.models, token(|origin| &origin.model))),
            (self.batches.is_empty(), named(&self.batches, token(|origin| &origin.batch))),
            (self.firmwares.is_empty(), named(&self.firmwares, token(|origin| &origin.firmware))),
            (
                self.organisations.is_empty(),
                traits.organisation.is_some_and(|organisation| self.organisations.contains(&organisation)),
            ),
        ]
        .into_iter()
        .filter_map(|(unnamed, held)| (!unnamed).then_some(held))
    }

    /// Whether it names anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it asks where keys live.
    pub const fn asks_for_origin(&self) -> bool {
        !(self.origins.is_empty()
            && self.models.is_empty()
            && self.batches.is_empty()
            && self.firmwares.is_empty())
    }

    /// How many values the feature has that has the most.
    fn most_values(&self) -> usize {
        let tokens = [self.models.len(), self.batches.len(), self.firmwares.len(), self.origins.len()];
        let others = [self.algorithms.len(), self.profiles.len(), self.issuers.len(), self.keys.len()];
        tokens.into_iter().chain(others).chain([self.organisations.len()]).max().unwrap_or(0)
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> = self.origins.iter().map(|kind| kind.name()).collect();
        let keys: Vec<String> = match &self.keys[..] {
            [_, _, _, ..] => vec![format!("one of {}", self.keys.len())],
            few => few.iter().map(ToString::to_string).collect(),
        };
        let parts = [
            ("algorithm", joined(&self.algorithms)),
            ("profile", joined(&self.profiles)),
            ("issuer", joined(&self.issuers)),
            ("key", keys.join(" or ")),
            ("key from", kinds.join(" or ")),
            ("token model", joined(&self.models)),
            ("token batch", joined(&self.batches)),
            ("token firmware", joined(&self.firmwares)),
            ("organisation", joined(&self.organisations)),
        ];
        let parts = parts.iter().filter(|(_, values)| !values.is_empty());
        let parts: Vec<String> = parts.map(|(name, values)| format!("{name} {values}")).collect();
        f.write_str(&parts.join(", "))
    }
}

fn joined(values: &[impl fmt::Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// From when until when certificates were issued, and when they end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Times {
    /// Issued at this moment or later, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<OffsetDateTime>,
    /// Issued before this moment, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub issued_until: Option<OffsetDateTime>,
    /// Ending at this moment or later, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub ending_from: Option<OffsetDateTime>,
}

impl Times {
    fn cover(&self, traits: &Traits<'_>) -> bool {
        let ends_late = |from| traits.not_after.is_none_or(|end| end >= from);
        self.issued_from.is_none_or(|from| traits.issued_at >= from)
            && self.issued_until.is_none_or(|until| traits.issued_at < until)
            && self.ending_from.is_none_or(ends_late)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which certificates: those that have one value of each feature named in `only`, and none of those in `not`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// What they have.
    #[serde(skip_serializing_if = "Features::is_empty")]
    pub only: Features,
    /// What they do not have.
    #[serde(skip_serializing_if = "Features::is_empty")]
    pub not: Features,
    /// When they were issued and when they end.
    #[serde(skip_serializing_if = "Times::is_empty")]
    pub times: Times,
}

impl Selection {
    /// Whether it selects what has these traits.
    pub fn selects(&self, traits: &Traits<'_>) -> bool {
        self.only.held(traits).all(|held| held)
            && !self.not.held(traits).any(|held| held)
            && self.times.cover(traits)
    }

    /// Goes on only with a selection that says what it means.
    ///
    /// # Errors
    /// It names nothing, so that it would select everything; too many values; or times that leave nothing.
    pub fn sound(&self) -> Result<(), SelectionError> {
        if self.only.is_empty() && self.times.is_empty() {
            return Err(SelectionError::Everything);
        }
        let most = self.only.most_values().max(self.not.most_values());
        if most > MOST_VALUES {
            return Err(SelectionError::Count(most));
        }
        match (self.times.issued_from, self.times.issued_until) {
            (Some(from), Some(until)) if from >= until => Err(SelectionError::Nothing),
            _ => Ok(()),
        }
    }

    /// Whether it asks where keys live: what is not known then cannot be judged.
    pub const fn asks_for_origin(&self) -> bool {
        self.only.asks_for_origin()
    }
}

impl fmt::Display for Selection {
    /// For people: `algorithm rsa-2048, token model IDPrime 940; not profile device; issued before …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.only.is_empty() {
            parts.push(self.only.to_string());
        }
        if !self.not.is_empty() {
            parts.push(format!("not {}", self.not.to_string().replace(", ", ", not ")));
        }
        let Times { issued_from, issued_until, ending_from } = self.times;
        parts.extend(issued_from.map(|from| format!("issued from {} on", in_words(from))));
        parts.extend(issued_until.map(|until| format!("issued before {}", in_words(until))));
        parts.extend(ending_from.map(|from| format!("ending not before {}", in_words(from))));
        f.write_str(&parts.join("; "))
    }
}

/// A selection that does not say what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is named: every certificate would be selected.
    #[error("it names nothing, so every certificate would be selected")]
    Everything,
    /// More values than one feature takes.
    #[error("one feature has {0} values, and at most {MOST_VALUES} are taken")]
    Count(usize),
    /// The times leave nothing.
    #[error("what is issued from one moment on and before an earlier one is nothing")]
    Nothing,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;
    use crate::key_origin::StatedOrigin;

    fn name(text: &str) -> MakersName {
        MakersName::new("model", text).unwrap()
    }

    struct Made {
        profile: ProfileId,
        issuer: CaId,
        origin: KeyOrigin,
    }

    fn made() -> Made {
        let origin = StatedOrigin {
            kind: OriginKind::SmartCard,
            model: Some("IDPrime 940"),
            batch: Some("2017-04"),
            firmware: None,
        };
        let profile = ProfileId("person-signature".to_owned());
        Made { profile, issuer: CaId::new("persons").unwrap(), origin: origin.read().unwrap() }
    }

    impl Made {
        fn traits(&self) -> Traits<'_> {
            Traits {
                kind: Some(KeyKind::Rsa { bits: 2048 }),
                profile: &self.profile,
                issuer: &self.issuer,
                key: SpkiDigest([7; 32]),
                origin: Some(&self.origin),
                organisation: None,
                issued_at: datetime!(2017-08-30 12:00 UTC),
                not_after: Some(datetime!(2022-08-30 12:00 UTC)),
            }
        }
    }

    fn only(edit: impl FnOnce(&mut Features)) -> Selection {
        let mut selection = Selection::default();
        edit(&mut selection.only);
        selection
    }

    #[test]
    fn each_feature_narrows_and_each_value_widens() {
        let made = made();
        let traits = made.traits();
        let selects = |edit: fn(&mut Features)| only(edit).selects(&traits);
        assert!(selects(|it| it.algorithms = vec![KeyClass::Rsa]));
        assert!(selects(|it| it.algorithms = vec![KeyClass::MlDsa, "rsa-2048".parse().unwrap()]));
        assert!(!selects(|it| it.algorithms = vec!["rsa-3072".parse().unwrap(), KeyClass::Elliptic]));
        assert!(selects(|it| it.models = vec![name("idprime  940")]));
        assert!(!selects(|it| it.models = vec![name("IDPrime 930")]));
        assert!(selects(|it| it.keys = vec![SpkiDigest([7; 32])]));
        assert!(!selects(|it| {
            it.models = vec![name("IDPrime 940")];
            it.batches = vec![name("2017-05")];
        }));
        assert!(!selects(|it| it.firmwares = vec![name("1")]), "what is not known is not selected");
        let nobody = IdentityId::draw(crate::id::IdentityKind::Organisation, &ca_core::clock::SystemEntropy);
        let nobody = only(|it| it.organisations = vec![nobody.unwrap()]);
        assert!(!nobody.selects(&traits), "persons belong to no organisation");
    }

    #[test]
    fn what_is_excluded_stays_out_and_times_have_two_ends() {
        let made = made();
        let traits = made.traits();
        let mut selection = only(|it| it.algorithms = vec![KeyClass::Rsa]);
        selection.not.profiles = vec![ProfileId("device".to_owned())];
        assert!(selection.selects(&traits));
        selection.not.batches = vec![name("2017-04")];
        assert!(!selection.selects(&traits), "one of those that are excluded is enough");
        let mut selection = only(|_| {});
        selection.times.issued_from = Some(traits.issued_at);
        assert!(selection.selects(&traits) && selection.sound().is_ok());
        selection.times.issued_until = Some(traits.issued_at);
        assert!(!selection.selects(&traits));
        assert_eq!(selection.sound(), Err(SelectionError::Nothing));
        let mut selection = only(|_| {});
        selection.times.ending_from = Some(datetime!(2023-01-01 0:00 UTC));
        assert!(!selection.selects(&traits));
        assert!(selection.selects(&Traits { not_after: None, ..traits }), "a request has no end yet");
    }

    #[test]
    fn a_selection_must_say_something() {
        assert_eq!(Selection::default().sound(), Err(SelectionError::Everything));
        let mut selection = Selection::default();
        selection.not.algorithms = vec![KeyClass::Rsa];
        assert_eq!(selection.sound(), Err(SelectionError::Everything), "all but some is too much");
        let long = only(|it| it.keys = vec![SpkiDigest([0; 32]); MOST_VALUES + 1]);
        assert_eq!(long.sound(), Err(SelectionError::Count(MOST_VALUES + 1)));
    }

    #[test]
    fn it_reads_well_and_is_kept_as_it_is() {
        let mut selection = only(|it| {
            it.algorithms = vec![KeyClass::Rsa, "p256".parse().unwrap()];
            it.models = vec![name("IDPrime 940")];
        });
        selection.not.profiles = vec![ProfileId("device".to_owned())];
        selection.times.issued_until = Some(datetime!(2018-01-01 0:00 UTC));
        assert_eq!(
            selection.to_string(),
            "algorithm rsa or p256, token model IDPrime 940; not profile device; issued before 2018-01-01 00:00:00 UTC"
        );
        let kept = serde_json::to_string(&selection).unwrap();
        assert_eq!(serde_json::from_str::<Selection>(&kept).unwrap(), selection);
        assert!(serde_json::from_str::<Selection>(r#"{"only":{"colour":[]}}"#).is_err());
    }
}

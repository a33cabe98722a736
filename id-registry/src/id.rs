//! Opaque identifiers that say nothing about their bearer and do not survive a typing error: `P-7QF3K2M9T4`.
//!
//! A letter for the kind, a hyphen, nine random characters and a check character, all of Crockford's base 32 (no I,
//! L, O, U). The check is Damm's: a totally anti-symmetric quasigroup, here `x, d -> 2(x + d)` over GF(32), so that
//! every single wrong character and every exchange of neighbours is found. The letter takes part.

use std::fmt;
use std::str::FromStr;

use ca_core::clock::{Entropy, EntropyError};
use ca_core::crockford::{character, value_of};
use serde::{Deserialize, Serialize};

/// Random characters: 45 bits. Identifiers are no secrets; a collision is found by the store and drawn again.
const RANDOM: usize = 9;
const LENGTH: usize = RANDOM + 1;

/// The characters of an identifier behind its letter, check character last, as values of 0 to 31.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Digits([u8; LENGTH]);

impl Digits {
    fn draw(letter: u8, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut digits = [0; LENGTH];
        entropy.fill(&mut digits)?;
        for digit in &mut digits {
            *digit &= 31;
        }
        if let Some((check, random)) = digits.split_last_mut() {
            *check = interim(letter, random);
        }
        Ok(Self(digits))
    }

    fn parse(letter: u8, text: &str) -> Result<Self, Flaw> {
        let mut digits = [0; LENGTH];
        if text.chars().count() != LENGTH {
            return Err(Flaw::Form);
        }
        for (digit, character) in digits.iter_mut().zip(text.chars()) {
            *digit = value_of(character).ok_or(Flaw::Form)?;
        }
        // Damm: a number is right when the interim digit over all of it, check included, is zero.
        if interim(letter, &digits) == 0 { Ok(Self(digits)) } else { Err(Flaw::Mistyped) }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.iter().map(|digit| character(*digit));
        text.into_iter().try_for_each(|character| fmt::Write::write_char(f, character))
    }
}

enum Flaw {
    Form,
    Mistyped,
}

/// The check digit of digits behind a letter; zero when the last of them is their check digit (Damm).
pub(crate) fn interim(letter: u8, digits: &[u8]) -> u8 {
    digits.iter().fold(double(letter & 31), |interim, digit| double(interim ^ digit))
}

/// Multiplies by x in GF(32), modulo x^5 + x^2 + 1.
const fn double(value: u8) -> u8 {
    let shifted = value << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

/// Text is not an identifier of the kind that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not of this form at all.
    #[error("{text:?} is no identifier of {wanted}: it looks like {example}")]
    Form {
        /// What was given, at most 40 characters of it.
        text: String,
        /// What it should name.
        wanted: &'static str,
        /// What such an identifier looks like.
        example: &'static str,
    },
    /// The check character does not fit: a character is wrong or two are exchanged.
    #[error("{text} is mistyped: its last character does not fit the others")]
    Mistyped {
        /// What was given.
        text: String,
    },
}

fn parse(
    text: &str,
    letters: &[u8],
    wanted: &'static str,
    example: &'static str,
) -> Result<(u8, Digits), InvalidId> {
    let form = || InvalidId::Form { text: text.chars().take(40).collect(), wanted, example };
    let trimmed = text.trim();
    let (letter, rest) = trimmed.split_once('-').ok_or_else(form)?;
    let letter = match letter.as_bytes() {
        [letter] => letter.to_ascii_uppercase(),
        _ => return Err(form()),
    };
    if !letters.contains(&letter) {
        return Err(form());
    }
    match Digits::parse(letter, rest) {
        Ok(digits) => Ok((letter, digits)),
        Err(Flaw::Form) => Err(form()),
        Err(Flaw::Mistyped) => Err(InvalidId::Mistyped { text: trimmed.to_owned() }),
    }
}

/// What kind of thing an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// A natural person.
    Person,
    /// A ministry, agency, company or other legal person.
    Organisation,
    /// A machine with an owner.
    Device,
    /// A program with an owner.
    Application,
    /// A program that acts by itself on its owner's behalf.
    Agent,
}

impl IdentityKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Person, Self::Organisation, Self::Device, Self::Application, Self::Agent];

    /// The name in profiles, in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Device => "device",
            Self::Application => "application",
            Self::Agent => "agent",
        }
    }

    /// The letter its identifiers begin with.
    pub(crate) const fn letter(self) -> u8 {
        match self {
            Self::Person => b'P',
            Self::Organisation => b'O',
            Self::Device => b'D',
            Self::Application => b'A',
            Self::Agent => b'G',
        }
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for IdentityKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// Not a name of [`IdentityKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of identity: choose person, organisation, device, application or agent")]
pub struct UnknownKind;

/// Names an identity of the registry: `P-…`, `O-…`, `D-…`, `A-…`, `G-…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdentityId {
    kind: IdentityKind,
    digits: Digits,
}

impl IdentityId {
    /// Draws a new identifier.
    ///
    /// # Errors
    /// No randomness.
    pub fn draw(kind: IdentityKind, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self { kind, digits: Digits::draw(kind.letter(), entropy)? })
    }

    /// What it names.
    pub const fn kind(self) -> IdentityKind {
        self.kind
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", char::from(self.kind.letter()), self.digits)
    }
}

impl FromStr for IdentityId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (letter, digits) = parse(text, b"PODAG", "an identity", "P-7QF3K2M9T4")?;
        let kind = IdentityKind::ALL.into_iter().find(|kind| kind.letter() == letter);
        // `parse` admits only the letters named above.
        Ok(Self { kind: kind.unwrap_or(IdentityKind::Person), digits })
    }
}

macro_rules! plain_id {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $wanted:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Digits);

        impl $name {
            /// Draws a new identifier.
            ///
            /// # Errors
            /// No randomness.
            pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                Ok(Self(Digits::draw($letter, entropy)?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}-{}", char::from($letter), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(parse(text, &[$letter], $wanted, $example)?.1))
            }
        }
    };
}

plain_id!(
    /// Names a member of staff: `S-…`.
    StaffId, b'S', "a member of staff", "S-7QF3K2M9TJ"
);
plain_id!(
    /// Names a request for a certificate: `R-…`.
    RequestId, b'R', "a request", "R-7QF3K2M9T3"
);
plain_id!(
    /// Names a proposal to change a profile: `V-…`.
    ProposalId, b'V', "a proposal", "V-7QF3K2M9TD"
);

plain_id!(
    /// Names an administrative revocation on its way: `W-…`.
    WithdrawalId, b'W', "a withdrawal", "W-7QF3K2M9TA"
);

plain_id!(
    /// Names an office where people are registered: `F-…`.
    OfficeId, b'F', "an office", "F-7QF3K2M9T0"
);

plain_id!(
    /// Names a webhook: `H-…`.
    WebhookId, b'H', "a webhook", "H-7QF3K2M9T5"
);

plain_id!(
    /// Names a notification: `N-…`.
    NotificationId, b'N', "a notification", "N-7QF3K2M9TC"
);

macro_rules! id_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

id_as_text!(IdentityId, StaffId, RequestId, ProposalId, WithdrawalId, OfficeId, WebhookId, NotificationId);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SystemEntropy;
    use proptest::prelude::*;

    use ca_core::crockford::ALPHABET;

    use super::*;

    fn drawn() -> IdentityId {
        IdentityId::draw(IdentityKind::Device, &SystemEntropy).unwrap()
    }

    fn mistyped(text: &str) -> bool {
        matches!(text.parse::<IdentityId>(), Err(InvalidId::Mistyped { .. }))
    }

    #[test]
    fn reads_what_it_writes_in_either_case_and_with_lookalikes() {
        for _ in 0..200 {
            let id = drawn();
            let text = id.to_string();
            assert_eq!(text.parse::<IdentityId>().unwrap(), id);
            assert_eq!(text.to_lowercase().parse::<IdentityId>().unwrap(), id);
            let (letter, rest) = text.split_once('-').unwrap();
            let lookalikes = rest.replace('1', "l").replace('0', "o");
            assert_eq!(format!(" {letter}-{lookalikes} ").parse::<IdentityId>().unwrap(), id);
        }
    }

    #[test]
    fn finds_every_single_wrong_character() {
        for _ in 0..50 {
            let text = drawn().to_string();
            for place in 2..text.len() {
                for wrong in ALPHABET {
                    let mut changed = text.clone().into_bytes();
                    if changed[place] != *wrong {
                        changed[place] = *wrong;
                        assert!(mistyped(std::str::from_utf8(&changed).unwrap()), "{text}");
                    }
                }
            }
            for letter in ["P", "O", "A"] {
                assert!(mistyped(&text.replacen('D', letter, 1)), "{text} as {letter}");
            }
        }
    }

    #[test]
    fn finds_every_exchange_of_neighbours() {
        for _ in 0..500 {
            let text = drawn().to_string();
            for place in 2..text.len() - 1 {
                let mut changed = text.clone().into_bytes();
                changed.swap(place, place + 1);
                let changed = String::from_utf8(changed).unwrap();
                assert!(changed == text || mistyped(&changed), "{text} as {changed}");
            }
        }
    }

    #[test]
    fn says_what_an_identifier_looks_like() {
        for wrong in
            ["", "P", "P-", "7QF3K2M9TX", "X-7QF3K2M9TX", "PP-7QF3K2M9TX", "P-7QF3K2M9T", "P-7QF3K2M9U!"]
        {
            let error = wrong.parse::<IdentityId>().unwrap_err();
            assert!(matches!(error, InvalidId::Form { .. }), "{wrong}: {error}");
        }
        assert!("R-0000000000".parse::<StaffId>().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<IdentityId>();
            let _ = text.parse::<RequestId>();
        }
    }
}

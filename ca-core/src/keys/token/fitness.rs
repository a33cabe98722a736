//! Whether a private key in a token may be a CA's: what its attributes say.

use cryptoki::object::{Attribute, AttributeType};

/// Whether a key is accepted whose attributes the token would change (CKA_MODIFIABLE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modifiable {
    /// No: what was judged when it was opened might not hold later.
    #[default]
    Refused,
    /// Yes: for keys that the token maker's tool made so.
    Accepted,
}

/// What decides whether a key is fit.
pub(super) const ASKED: &[AttributeType] = &[
    AttributeType::Private,
    AttributeType::Sensitive,
    AttributeType::AlwaysSensitive,
    AttributeType::Extractable,
    AttributeType::NeverExtractable,
    AttributeType::Local,
    AttributeType::Sign,
    AttributeType::Decrypt,
    AttributeType::Unwrap,
    AttributeType::Derive,
    AttributeType::AlwaysAuthenticate,
    AttributeType::Modifiable,
];

/// What a key must say of itself.
struct Rule {
    wanted: Attribute,
    /// What a token that does not know the attribute tells by that.
    unsaid: Unsaid,
    why: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsaid {
    /// Nothing: there is no promise.
    Fault,
    /// That it does not do such a thing.
    Fine,
}

fn rules() -> [Rule; 12] {
    use Unsaid::{Fault, Fine};
    let rule = |wanted, unsaid, why| Rule { wanted, unsaid, why };
    [
        rule(
            Attribute::Private(true),
            Fault,
            "it can be used without a PIN (CKA_PRIVATE is not true): make a new key with `npki token make-key`",
        ),
        rule(
            Attribute::Sensitive(true),
            Fault,
            "the token would reveal it (CKA_SENSITIVE is not true): make a new key with `npki token make-key`",
        ),
        rule(
            Attribute::Extractable(false),
            Fault,
            "it can be taken out of the token, wrapped (CKA_EXTRACTABLE is not false): make a new key with `npki token \
             make-key`",
        ),
        rule(
            Attribute::AlwaysSensitive(true),
            Fault,
            "the token could once reveal it (CKA_ALWAYS_SENSITIVE is not true), so copies may exist: make a new key with \
             `npki token make-key`",
        ),
        rule(
            Attribute::NeverExtractable(true),
            Fault,
            "it could once be taken out of the token (CKA_NEVER_EXTRACTABLE is not true), so copies may exist: make a new \
             key with `npki token make-key`",
        ),
        rule(
            Attribute::Local(true),
            Fault,
            "it was not made in the token (CKA_LOCAL is not true), so copies may exist: make a new key with `npki token \
             make-key`",
        ),
        rule(
            Attribute::Sign(true),
            Fault,
            "it may not sign (CKA_SIGN is not true): name another key, or make one with `npki token make-key`",
        ),
        rule(
            Attribute::Decrypt(false),
            Fine,
            "it may also decrypt (CKA_DECRYPT is true), and a key for two purposes lends itself to mixing them: make a \
             new key with `npki token make-key`",
        ),
        rule(
            Attribute::Unwrap(false),
            Fine,
            "it may also unwrap keys (CKA_UNWRAP is true), and a key for two purposes lends itself to mixing them: make a \
             new key with `npki token make-key`",
        ),
        rule(
            Attribute::Derive(false),
            Fine,
            "other keys may be derived from it (CKA_DERIVE is true), and a key for two purposes lends itself to mixing \
             them: make a new key with `npki token make-key`",
        ),
        rule(
            Attribute::AlwaysAuthenticate(false),
            Fine,
            "it wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE is true), which a service cannot give: make a \
             new key with `npki token make-key`",
        ),
        rule(
            Attribute::Modifiable(false),
            Fine,
            "its attributes can be changed (CKA_MODIFIABLE is true): make a new key with `npki token make-key`, or accept \
             that with `modifiable_keys = \"accept\"`",
        ),
    ]
}

/// Everything that is wrong with a key of these attributes.
pub(super) fn faults(found: &[Attribute], modifiable: Modifiable) -> impl Iterator<Item = &'static str> {
    let breaks = move |rule: &Rule| {
        let kind = rule.wanted.attribute_type();
        if kind == AttributeType::Modifiable && modifiable == Modifiable::Accepted {
            return false;
        }
        let said = found.iter().find(|attribute| attribute.attribute_type() == kind);
        said.map_or(rule.unsaid == Unsaid::Fault, |said| *said != rule.wanted)
    };
    let broken: Vec<_> = rules().into_iter().filter(breaks).map(|rule| rule.why).collect();
    broken.into_iter()
}

pub(super) fn judge(found: &[Attribute]) -> Result<(), &'static str> {
    faults(found, Modifiable::Refused).next().map_or(Ok(()), Err)
}

pub(super) fn judge_but_modifiable(found: &[Attribute]) -> Result<(), &'static str> {
    faults(found, Modifiable::Accepted).next().map_or(Ok(()), Err)
}

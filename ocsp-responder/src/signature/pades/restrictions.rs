//! What those who sign let others do to the document afterwards (ISO 32000-2 sections 12.8.2.2, 12.8.2.4 and 12.7.5.5).
//!
//! Nothing but further signatures, time stamps and what they are judged by may come after any signature (`changes.rs`); these narrow that
//! further. They are obeyed when a document is signed, and enforced when it is verified. What cannot be read permits nothing that could be
//! told: the signature that says it is refused.

use lopdf::{Dictionary, Document, Object, ObjectId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::places::Filled;

/// The most fields that a signature locks by their names.
const MAX_NAMED: usize = 10_000;

/// What whoever signed lets others do to the document afterwards, as the document says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restrictions {
    /// Whether it certifies the document: its author's signature, which is the first and which the catalogue names (section 12.8.2.2).
    pub certifies: bool,
    /// What may be done to the document; nothing is said where this is left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub permits: Option<Permitted>,
    /// Which fields of the form may not be changed. Each of these counts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub locks: Vec<LockedFields>,
}

/// What may be done to a document after a signature (ISO 32000-2 tables 236 and 257, the entry P).
///
/// Time stamps over the document, and what signatures are judged by, may be added to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Permitted {
    /// 1: nothing.
    Nothing,
    /// 2: filling in forms, and signing.
    FillingIn,
    /// 3: the same, and notes.
    Annotating,
}

/// Fields that may not be changed after a signature (ISO 32000-2 tables 236 and 259). What is below a field that is named counts with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "which", content = "fields", rename_all = "kebab-case")]
pub enum LockedFields {
    /// All.
    All,
    /// These.
    Only(Vec<String>),
    /// All but these.
    AllBut(Vec<String>),
}

/// What somebody adds to a document that others signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Addition<'a> {
    /// The whole name of its field.
    pub(super) name: &'a str,
    pub(super) filled: Filled,
    pub(super) field: FieldState,
}

/// Whether a field was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldState {
    /// It was, and is filled now.
    Empty,
    /// It is new.
    New(Visibility),
}

/// Whether a new field is seen on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    Seen,
    Unseen,
}

/// Why something may not be added to a document that somebody signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Nothing may.
    #[error("it is certified or locked as it is, and nothing but time stamps may be added to it")]
    Anything,
    /// It is seen on a page, in no field that the signer saw.
    #[error("it is certified or locked, and what is seen may be put into its own fields alone")]
    Seen,
    /// The field is locked.
    #[error("an earlier signature locks the field")]
    Locked,
}

/// What a signature and its field say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) restrictions: Restrictions,
    /// Whether the signature has the transform DocMDP.
    pub(super) has_doc_mdp: bool,
    /// Whether its field says what it permits.
    pub(super) field_permits: bool,
}

type Unreadable = &'static str;

impl Said {
    /// Reads what a signature that is in this field says.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub(super) fn read(
        document: &Document,
        field: &Dictionary,
        signature: &Dictionary,
    ) -> Result<Self, Unreadable> {
        let mut said = Self::default();
        for transform in transforms(document, signature)? {
            said.take_transform(document, transform)?;
        }
        if let Some(lock) = entry(document, field, b"Lock")? {
            let lock = lock.as_dict().map_err(|_| "the lock of its field is no dictionary")?;
            said.field_permits = said.take_lock(document, lock)?;
        }
        Ok(said)
    }

    /// ISO 32000-2 table 256.
    fn take_transform(&mut self, document: &Document, transform: &Dictionary) -> Result<(), Unreadable> {
        let method = entry(document, transform, b"TransformMethod")?.and_then(|method| method.as_name().ok());
        let parameters = match entry(document, transform, b"TransformParams")? {
            None => None,
            Some(found) => Some(found.as_dict().map_err(|_| "its parameters are no dictionary")?),
        };
        match method.ok_or("a transform is not named")? {
            b"DocMDP" => {
                if std::mem::replace(&mut self.has_doc_mdp, true) {
                    return Err("it says twice what may be done to the document");
                }
                let stated = match parameters {
                    Some(parameters) => {
                        known_version(document, parameters)?;
                        permitted(document, parameters)?
                    }
                    None => None,
                };
                // Table 257: the default value is 2.
                self.narrow(stated.unwrap_or(Permitted::FillingIn));
                Ok(())
            }
            b"FieldMDP" => {
                let parameters = parameters.ok_or("it locks fields, and does not say which")?;
                known_version(document, parameters)?;
                // Acrobat writes here, too, what the field's lock says of the document.
                self.take_lock(document, parameters).map(|_| ())
            }
            // Usage rights, and a transform of PDF 1.5 that covered one object: they say nothing of later changes.
            b"UR" | b"UR3" | b"Identity" => Ok(()),
            _ => Err("it has a transform that is not known"),
        }
    }

    /// Tables 236 and 259; whether it says what may be done to the document.
    fn take_lock(&mut self, document: &Document, lock: &Dictionary) -> Result<bool, Unreadable> {
        let locked = LockedFields::read(document, lock)?;
        // pyHanko writes one that locks nothing around what is permitted.
        let is_empty = matches!(&locked, LockedFields::Only(fields) if fields.is_empty());
        if !is_empty && !self.restrictions.locks.contains(&locked) {
            self.restrictions.locks.push(locked);
        }
        let stated = permitted(document, lock)?;
        stated.into_iter().for_each(|stated| self.narrow(stated));
        Ok(stated.is_some())
    }

    /// Section 12.7.5.5: permissions can be denied but not added.
    fn narrow(&mut self, stated: Permitted) {
        let known = self.restrictions.permits.unwrap_or(Permitted::Annotating);
        self.restrictions.permits = Some(known.min(stated));
    }
}

impl LockedFields {
    fn read(document: &Document, lock: &Dictionary) -> Result<Self, Unreadable> {
        let action = entry(document, lock, b"Action")?.and_then(|action| action.as_name().ok());
        match action {
            Some(b"All") => Ok(Self::All),
            Some(b"Include") => named(document, lock).map(Self::Only),
            Some(b"Exclude") => named(document, lock).map(Self::AllBut),
            _ => Err("it locks fields, and does not say which"),
        }
    }

    fn has(&self, name: &str) -> bool {
        let is_named = |fields: &[String]| {
            fields.iter().any(|field| {
                let rest = name.strip_prefix(field.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Only(fields) => is_named(fields),
            Self::AllBut(fields) => !is_named(fields),
        }
    }
}

impl Restrictions {
    /// Whether nothing is restricted.
    pub const fn is_empty(&self) -> bool {
        !self.certifies && self.permits.is_none() && self.locks.is_empty()
    }

    /// Why this may not be added; `None` where it may.
    pub(super) fn forbid(&self, addition: Addition<'_>) -> Option<Forbidden> {
        match (addition.filled, addition.field, self.permits) {
            // Table 257: what adds document time stamps, and what signatures are judged by, is no change in this sense.
            (Filled::TimeStamp, FieldState::New(Visibility::Unseen), _) => return None,
            (Filled::Signature, _, Some(Permitted::Nothing)) => return Some(Forbidden::Anything),
            // A field over what was certified would change what is seen, and whoever signs in it vouches for nothing else: the attack on
            // certified documents that is called "sneaky signature". pyHanko refuses it, too.
            (_, FieldState::New(Visibility::Seen), Some(_)) => return Some(Forbidden::Seen),
            _ => {}
        }
        self.locks.iter().any(|locked| locked.has(addition.name)).then_some(Forbidden::Locked)
    }
}

/// In one line, for people.
impl std::fmt::Display for Restrictions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let permits = self.permits.map(|permits| match permits {
            Permitted::Nothing => "nothing may be added but time stamps",
            Permitted::FillingIn => "forms may be filled in, and its own fields signed",
            Permitted::Annotating => "forms may be filled in, its own fields signed, and notes made",
        });
        let locks = self.locks.iter().map(|locked| match locked {
            LockedFields::All => "no field may be changed".to_owned(),
            LockedFields::Only(fields) => format!("these fields may not be changed: {}", listed(fields)),
            LockedFields::AllBut(fields) if fields.is_empty() => "no field may be changed".to_owned(),
            LockedFields::AllBut(fields) => format!("these fields alone may be changed: {}", listed(fields)),
        });
        let parts: Vec<String> = permits.map(str::to_owned).into_iter().chain(locks).collect();
        let certified = if self.certifies { "the document is certified: " } else { "" };
        write!(f, "{certified}{}", parts.join("; "))
    }
}

fn listed(fields: &[String]) -> String {
    // A name may hold anything: what moves a terminal's cursor is written out.
    let names: Vec<String> = fields.iter().map(|name| format!("{name:?}")).collect();
    names.join(", ")
}

/// What the catalogue says of a certification (section 12.8.6, the entry DocMDP of the permissions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certification {
    /// The document is not certified.
    None,
    /// By this signature dictionary.
    By(ObjectId),
    /// By something that no signature can be.
    Unreadable,
}

impl Certification {
    pub(super) fn of(document: &Document) -> Self {
        let Ok(catalog) = document.catalog() else { return Self::None };
        let permissions = match entry(document, catalog, b"Perms") {
            Ok(None) => return Self::None,
            Ok(Some(Object::Dictionary(permissions))) => permissions,
            Ok(Some(_)) | Err(_) => return Self::Unreadable,
        };
        match permissions.get(b"DocMDP") {
            Err(_) | Ok(Object::Null) => Self::None,
            Ok(Object::Reference(id)) => Self::By(*id),
            Ok(_) => Self::Unreadable,
        }
    }
}

fn transforms<'a>(
    document: &'a Document,
    signature: &'a Dictionary,
) -> Result<Vec<&'a Dictionary>, Unreadable> {
    let Some(list) = entry(document, signature, b"Reference")? else { return Ok(Vec::new()) };
    let list = list.as_array().map_err(|_| "its transforms are no list")?;
    let read = |one: &'a Object| document.dereference(one).ok()?.1.as_dict().ok();
    list.iter().map(|one| read(one).ok_or("a transform is no dictionary")).collect()
}

/// The entry P.
fn permitted(document: &Document, holder: &Dictionary) -> Result<Option<Permitted>, Unreadable> {
    match entry(document, holder, b"P")? {
        None => Ok(None),
        Some(Object::Integer(1)) => Ok(Some(Permitted::Nothing)),
        Some(Object::Integer(2)) => Ok(Some(Permitted::FillingIn)),
        Some(Object::Integer(3)) => Ok(Some(Permitted::Annotating)),
        Some(_) => Err("what may be done to the document is none of 1, 2 and 3"),
    }
}

/// Tables 257 and 259: the only version is the name 1.2, which some programs write as a number.
fn known_version(document: &Document, parameters: &Dictionary) -> Result<(), Unreadable> {
    match entry(document, parameters, b"V")? {
        None => Ok(()),
        Some(Object::Name(version)) if version == b"1.2" => Ok(()),
        Some(Object::Real(version)) if (*version - 1.2).abs() < 0.001 => Ok(()),
        Some(_) => Err("its parameters are of a version that is not known"),
    }
}

fn named(document: &Document, lock: &Dictionary) -> Result<Vec<String>, Unreadable> {
    const NOT_NAMED: Unreadable = "it locks fields that are not named";
    let list = entry(document, lock, b"Fields")?.and_then(|list| list.as_array().ok()).ok_or(NOT_NAMED)?;
    if list.len() > MAX_NAMED {
        return Err("it names more fields than are looked at");
    }
    let name = |one: &Object| lopdf::decode_text_string(document.dereference(one).ok()?.1).ok();
    list.iter().map(|one| name(one).ok_or(NOT_NAMED)).collect()
}

/// An entry, wherever it stands; `None` where it is not there.
fn entry<'a>(
    document: &'a Document,
    holder: &'a Dictionary,
    key: &[u8],
) -> Result<Option<&'a Object>, Unreadable> {
    match holder.get(key) {
        Err(_) | Ok(Object::Null) => Ok(None),
        // What this program cannot read, another may.
        Ok(found) => match document.dereference(found) {
            Ok((_, found)) => Ok(Some(found)),
            Err(_) => Err("it refers to something that cannot be read"),
        },
    }
}

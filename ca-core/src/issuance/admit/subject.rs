//! The subject that a request asks for, held against the certificate's where the profile wants it to match.

use super::super::Refusal;
use crate::alternative_name::Name;
use crate::csr::{RequestedAttribute, Wishes};
use crate::profile::{AttributeType, Profile, RequestSubject};
use crate::subject::IdentityRef;

impl Profile {
    /// Goes on where the profile ignores the subject that is asked for, or where each of its attributes says what the
    /// certificate says. An attribute that is left out asks for nothing.
    pub(super) fn admit_subject(
        &self,
        wishes: &Wishes,
        identity: &IdentityRef,
        attributes: &[(AttributeType, String)],
        names: &[Name],
    ) -> Result<(), Refusal> {
        if self.request_subject == RequestSubject::Ignored {
            return Ok(());
        }
        for asked in wishes.subject() {
            let same = |(kind, value): &(AttributeType, String)| {
                asked.is(*kind) && reads_alike(value, asked.value())
            };
            let fits = attributes.iter().any(same)
                || (asked.is(AttributeType::CommonName) && names_it(asked, identity, names));
            if !fits {
                return Err(Refusal::SubjectDiffers {
                    profile: self.id.to_string(),
                    attribute: asked.attribute().to_owned(),
                    asked: asked.value().to_owned(),
                    has_one: attributes.iter().any(|(kind, _)| asked.is(*kind)),
                });
            }
        }
        Ok(())
    }
}

/// What tools write as a common name besides the subject's: the identity's own identifier, which `npki cert request` writes,
/// and the first of a server's names, which tools from before alternative names write (RFC 9525 section 1.1).
fn names_it(asked: &RequestedAttribute, identity: &IdentityRef, names: &[Name]) -> bool {
    let text = asked.value();
    let host = |name: &Name| matches!(name, Name::Dns(_) | Name::Ip(_)) && reads_alike(&name.text(), text);
    identity.0 == text || names.iter().any(host)
}

/// RFC 5280 section 7.1: caseIgnoreMatch, without regard to case and to how many blanks stand together.
fn reads_alike(one: &str, other: &str) -> bool {
    let folded = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    folded(one) == folded(other)
}

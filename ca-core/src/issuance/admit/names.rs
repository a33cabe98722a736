//! Which alternative names a certificate has: those that the registry grants, chosen by the request where an identity has
//! several, and those that the applicant proposes where the profile lets it. A name that is wished for and is none of
//! these is refused, never dropped.

use super::super::Refusal;
use crate::alternative_name::{Name, NameForm};
use crate::csr::{RequestedName, Wishes};
use crate::profile::{AlternativeName, NameSource, Profile};
use crate::subject::{ApprovedSubject, Fact};

/// One form of the profile's, with the names that a certificate may have of it.
struct Granted<'p> {
    entry: &'p AlternativeName,
    names: Vec<Name>,
    /// Those of them that were wished for.
    wished: Vec<Name>,
}

impl Granted<'_> {
    fn is_chosen_from(&self) -> bool {
        self.entry.source == NameSource::Registry && self.entry.form.can_be_chosen()
    }
}

impl Profile {
    pub(super) fn names(&self, subject: &ApprovedSubject, wishes: &Wishes) -> Result<Vec<Name>, Refusal> {
        let mut granted = self.granted(subject)?;
        for wish in wishes.names() {
            self.take_wish(&mut granted, wish)?;
        }
        let choosy = granted.iter().any(|form| form.is_chosen_from() && !form.wished.is_empty());
        let mut names = Vec::new();
        for form in granted {
            // What nobody asked for is left out where something was chosen; a form that must be there is given whole.
            let choose = form.is_chosen_from() && choosy && !(form.entry.required && form.wished.is_empty());
            let proposed = form.entry.source == NameSource::Request;
            let given = if choose || proposed { form.wished } else { form.names };
            if form.entry.required && given.is_empty() {
                return Err(self.name_missing(form.entry));
            }
            names.extend(given);
        }
        Ok(names)
    }

    fn granted(&self, subject: &ApprovedSubject) -> Result<Vec<Granted<'_>>, Refusal> {
        let granted = |entry| -> Result<_, Refusal> {
            Ok(Granted { names: self.registered(entry, subject)?, entry, wished: Vec::new() })
        };
        self.alternative_names.iter().map(granted).collect()
    }

    /// The registry's names of one form, read and held against the profile's pattern.
    fn registered(&self, entry: &AlternativeName, subject: &ApprovedSubject) -> Result<Vec<Name>, Refusal> {
        if entry.source == NameSource::Request {
            return Ok(Vec::new());
        }
        let fact = entry.form.fact();
        let unfit =
            |why: String| Refusal::FactUnfit { profile: self.id.to_string(), fact: fact.to_string(), why };
        let read = |value: &String| {
            let name = match entry.form {
                NameForm::DirectoryName => {
                    let country = subject.values(Fact::Country).first().map_or("", String::as_str);
                    Name::in_sector(country, value)
                }
                form => Name::read(form, value),
            };
            // Not the value: it may be personal, and refusals are shown to whoever asked.
            let name = name.map_err(|error| unfit(format!("it is no {}: {}", error.form, error.why)))?;
            matches(entry, &name).map_err(unfit)?;
            Ok(name)
        };
        subject.values(fact).iter().map(read).collect()
    }

    fn take_wish(&self, granted: &mut [Granted<'_>], wish: &RequestedName) -> Result<(), Refusal> {
        let RequestedName::Known(wish) = wish else { return Err(self.form_not_admitted(wish)) };
        let of_registry = granted.iter_mut().find_map(|form| {
            let own = form.names.iter().find(|name| name.same_as(wish)).cloned();
            own.map(|own| form.wished.push(own))
        });
        if of_registry.is_some() {
            return Ok(());
        }
        let proposed =
            |form: &&mut Granted<'_>| form.entry.source == NameSource::Request && wish.is(form.entry.form);
        if let Some(form) = granted.iter_mut().find(proposed) {
            matches(form.entry, wish).map_err(|why| Refusal::ProposalUnfit {
                profile: self.id.to_string(),
                what: form.entry.form.to_string(),
                why: format!("{wish}: {why}"),
            })?;
            form.wished.push(wish.clone());
            return Ok(());
        }
        if granted.iter().any(|form| wish.is(form.entry.form)) {
            return Err(Refusal::NameNotGranted { name: wish.to_string() });
        }
        Err(self.form_not_admitted(&RequestedName::Known(wish.clone())))
    }

    fn form_not_admitted(&self, wish: &RequestedName) -> Refusal {
        Refusal::NameFormNotAdmitted {
            profile: self.id.to_string(),
            name: wish.to_string(),
            admitted: self.alternative_names.iter().map(|name| name.form).collect(),
        }
    }

    fn name_missing(&self, entry: &AlternativeName) -> Refusal {
        match entry.source {
            NameSource::Registry => self.missing(entry.form.fact()),
            NameSource::Request => {
                Refusal::ProposalMissing { profile: self.id.to_string(), what: entry.form.to_string() }
            }
        }
    }
}

fn matches(entry: &AlternativeName, name: &Name) -> Result<(), String> {
    match &entry.pattern {
        Some(pattern) if !pattern.0.is_match(&name.text()) => {
            Err(format!("it does not match {}", pattern.0.as_str()))
        }
        _ => Ok(()),
    }
}

//! The alternative names are of the profile's forms.

use const_oid::ObjectIdentifier;
use x509_parser::extensions::GeneralName;

use crate::lint::examined::{Examined, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};
use crate::profile::AlternativeNameForm;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.alternative-names",
    clause: "npki",
    severity: Severity::Error,
    says: "the alternative names are of the profile's forms",
    check,
};

/// Ours: only forms that the profile has, and those it requires.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let names = examined.alternative_names();
    let wanted = &profile.alternative_names;
    for name in names {
        let form = form(name).ok_or_else(|| format!("{name} is of no form that profiles have"))?;
        ensure_or(wanted.iter().any(|wanted| wanted.form == form), || format!("the profile has no {name}"))?;
    }
    let missing = wanted.iter().filter(|wanted| wanted.required);
    let missing = missing.filter(|wanted| !names.iter().any(|name| form(name) == Some(wanted.form))).count();
    ensure(missing == 0, "a required form is missing")
}

/// id-on-hardwareModuleName (RFC 4108 section 5).
const HARDWARE_MODULE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.4");

fn form(name: &GeneralName<'_>) -> Option<AlternativeNameForm> {
    match name {
        // An address in the place of a name is asked for as a DNS name.
        GeneralName::DNSName(_) | GeneralName::IPAddress(_) => Some(AlternativeNameForm::Dns),
        GeneralName::URI(_) => Some(AlternativeNameForm::RegistryUri),
        GeneralName::OtherName(oid, _) if same_oid(oid, HARDWARE_MODULE_NAME) => {
            Some(AlternativeNameForm::HardwareModule)
        }
        _ => None,
    }
}

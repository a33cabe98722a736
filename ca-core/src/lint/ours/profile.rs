//! The certificate against its profile: nothing missing, nothing added, nothing changed.

use const_oid::ObjectIdentifier;
use der::Decode;
use time::Duration;
use x509_cert::ext::pkix::CertificatePolicies;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use crate::csr::KeyKind;
use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::{AlternativeNameForm, KeyUsage, Profile, ProfileKind, SubjectAttribute, ValueSource};

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "npki.subject", clause: "npki", check: subject },
    Rule { id: "npki.alternative-names", clause: "npki", check: alternative_names },
    Rule { id: "npki.extensions", clause: "npki", check: extensions },
    Rule { id: "npki.critical", clause: "RFC 5280 section 4.2", check: critical },
    Rule { id: "npki.key-usage", clause: "npki", check: key_usage },
    Rule { id: "npki.extended-key-usage", clause: "npki", check: extended_key_usage },
    Rule { id: "npki.policies", clause: "npki", check: policies },
    Rule { id: "npki.path-length", clause: "npki", check: path_length },
    Rule { id: "npki.addresses", clause: "npki", check: addresses },
    Rule { id: "npki.validity", clause: "npki", check: validity },
];

/// The profile's attributes, in its order, required ones present, each value as the profile wants it.
fn subject(examined: &Examined<'_>) -> Verdict {
    if examined.profile().cross.is_some() {
        return Ok(());
    }
    let attributes = examined.attributes();
    let mut found = attributes.iter().peekable();
    for wanted in &examined.profile().subject {
        match found.next_if(|attribute| attribute.kind == Some(wanted.attribute)) {
            Some(attribute) => value_fits(wanted, attribute.text)?,
            None => ensure(!wanted.required, format!("{} is missing or out of order", wanted.attribute))?,
        }
    }
    ensure(found.next().is_none(), "there are attributes that the profile does not have")
}

fn value_fits(wanted: &SubjectAttribute, value: &str) -> Verdict {
    let attribute = wanted.attribute;
    ensure(
        value.chars().count() <= wanted.max_length,
        format!("{attribute} is longer than the profile admits"),
    )?;
    let matches = wanted.pattern.as_ref().is_none_or(|pattern| pattern.0.is_match(value));
    ensure(matches, format!("{attribute} does not match the profile's pattern"))?;
    let fixed = matches!(&wanted.value, ValueSource::Fixed(fixed) if fixed != value);
    ensure(!fixed, format!("{attribute} is not the profile's fixed value"))
}

/// Only forms that the profile has, and those it requires.
fn alternative_names(examined: &Examined<'_>) -> Verdict {
    let names = examined.alternative_names().unwrap_or_default();
    let wanted = &examined.profile().alternative_names;
    for name in names {
        let form = form(name).ok_or_else(|| format!("{name} is of no form that profiles have"))?;
        ensure(wanted.iter().any(|wanted| wanted.form == form), format!("the profile has no {name}"))?;
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

/// Whether a profile's certificates have an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    Sometimes,
    Never,
}

impl Presence {
    const fn always_if(condition: bool) -> Self {
        if condition { Self::Always } else { Self::Never }
    }
}

/// Every extension that profiles can ask for.
fn expected(profile: &Profile) -> [(ObjectIdentifier, Presence); 14] {
    let names = &profile.alternative_names;
    let alternative_names = match () {
        () if names.is_empty() => Presence::Never,
        () if names.iter().any(|name| name.required) => Presence::Always,
        () => Presence::Sometimes,
    };
    let identifier = profile.is_ca() || profile.subject_key_identifier;
    let constraints = profile.is_ca() || profile.end_entity_constraints;
    let access = profile.ocsp_address || profile.ca_issuers_address;
    let below = profile.kind != ProfileKind::RootCa;
    let cross = profile.cross.as_ref();
    [
        (extension::AUTHORITY_KEY_IDENTIFIER, Presence::always_if(below)),
        (extension::SUBJECT_KEY_IDENTIFIER, Presence::always_if(identifier)),
        (extension::KEY_USAGE, Presence::Always),
        (extension::CERTIFICATE_POLICIES, Presence::always_if(!profile.policies.is_empty())),
        (extension::SUBJECT_ALT_NAME, alternative_names),
        (extension::BASIC_CONSTRAINTS, Presence::always_if(constraints)),
        (extension::EXTENDED_KEY_USAGE, Presence::always_if(!profile.extended_key_usage.is_empty())),
        (extension::CRL_DISTRIBUTION_POINTS, Presence::always_if(profile.crl_address)),
        (extension::AUTHORITY_INFORMATION_ACCESS, Presence::always_if(access)),
        (extension::QC_STATEMENTS, Presence::always_if(profile.qc_statements.is_some())),
        (extension::OCSP_NO_CHECK, Presence::always_if(profile.ocsp_no_check)),
        (
            extension::NAME_CONSTRAINTS,
            Presence::always_if(cross.is_some_and(|it| it.name_constraints.is_some())),
        ),
        (
            extension::POLICY_CONSTRAINTS,
            Presence::always_if(cross.is_some_and(|it| it.policy_constraints.is_some())),
        ),
        (
            extension::POLICY_MAPPINGS,
            Presence::always_if(cross.is_some_and(|it| it.policy_mappings.is_some())),
        ),
    ]
}

/// The extensions that follow from the profile, and no others.
fn extensions(examined: &Examined<'_>) -> Verdict {
    let expected = expected(examined.profile());
    for (oid, presence) in expected {
        let present = examined.extension(oid).is_some();
        ensure(present || presence != Presence::Always, format!("{oid} is missing"))?;
        ensure(!present || presence != Presence::Never, format!("the profile has no {oid}"))?;
    }
    let known = |oid| expected.iter().any(|(known, _)| same_oid(oid, *known));
    match examined.tbs().extensions().iter().find(|extension| !known(&extension.oid)) {
        Some(unknown) => Err(format!("no profile has {}", unknown.oid)),
        None => Ok(()),
    }
}

/// RFC 5280 section 4.2: a verifier refuses critical extensions that it does not know. Only those that every verifier
/// knows are critical; of the extended key usage the profile decides.
fn critical(examined: &Examined<'_>) -> Verdict {
    let purposes = examined.profile().extended_key_usage_critical;
    examined.tbs().extensions().iter().try_for_each(|found| {
        let is = |oid| same_oid(&found.oid, oid);
        let expected = is(extension::KEY_USAGE)
            || is(extension::BASIC_CONSTRAINTS)
            || is(extension::NAME_CONSTRAINTS)
            || is(extension::POLICY_CONSTRAINTS)
            || is(extension::POLICY_MAPPINGS)
            || (is(extension::EXTENDED_KEY_USAGE) && purposes);
        ensure(
            found.critical == expected,
            format!("{} is {}critical", found.oid, if expected { "not " } else { "" }),
        )
    })
}

/// Exactly the profile's bits; keyEncipherment for RSA keys only.
fn key_usage(examined: &Examined<'_>) -> Verdict {
    let is_rsa = matches!(examined.key(), Ok(KeyKind::Rsa { .. }));
    // The bits' numbers of RFC 5280 section 4.2.1.3.
    let bit = |usage: &KeyUsage| match usage {
        KeyUsage::DigitalSignature => 1,
        KeyUsage::NonRepudiation => 1 << 1,
        KeyUsage::KeyEncipherment if is_rsa => 1 << 2,
        KeyUsage::KeyEncipherment => 0,
        KeyUsage::KeyCertSign => 1 << 5,
        KeyUsage::CrlSign => 1 << 6,
    };
    let expected: u16 = examined.profile().key_usage.iter().map(bit).fold(0, |bits, bit| bits | bit);
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::KeyUsage(usage) => Some(usage.flags),
        _ => None,
    });
    ensure(found == Some(expected), "its bits are not the profile's")
}

/// Exactly the profile's purposes, in its order.
fn extended_key_usage(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::EXTENDED_KEY_USAGE) else { return Ok(()) };
    let found = Vec::<ObjectIdentifier>::from_der(found.value).map_err(|error| error.to_string())?;
    let same = found.iter().eq(examined.profile().extended_key_usage.iter().map(|purpose| &purpose.0));
    ensure(same, "its purposes are not the profile's")
}

/// Exactly the profile's policies, in its order, each with its practice statement and no other qualifier.
fn policies(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::CERTIFICATE_POLICIES) else { return Ok(()) };
    let CertificatePolicies(found) =
        CertificatePolicies::from_der(found.value).map_err(|error| error.to_string())?;
    let wanted = &examined.profile().policies;
    let same =
        found.iter().map(|policy| policy.policy_identifier).eq(wanted.iter().map(|policy| policy.oid.0));
    ensure(same, "they are not the profile's")?;
    found.iter().zip(wanted).try_for_each(|(found, wanted)| {
        let qualifiers = found.policy_qualifiers.as_deref().unwrap_or_default();
        let addresses =
            qualifiers.iter().map(|qualifier| qualifier.qualifier.as_ref().map(|any| any.value()));
        let same = addresses.eq(wanted.cps.iter().map(|cps| Some(cps.as_bytes())));
        ensure(same, format!("the practice statement of {} is not the profile's", wanted.oid))
    })
}

/// Exactly the profile's pathLenConstraint.
fn path_length(examined: &Examined<'_>) -> Verdict {
    let wanted = match examined.profile().kind {
        ProfileKind::IssuingCa { path_length } => Some(u32::from(path_length)),
        ProfileKind::RootCa | ProfileKind::EndEntity => None,
    };
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    });
    ensure(found == wanted, "it is not the profile's")
}

/// id-ad-ocsp
const ACCESS_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// id-ad-caIssuers
const ACCESS_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// Exactly the kinds of address that the profile asks for.
fn addresses(examined: &Examined<'_>) -> Verdict {
    let profile = examined.profile();
    let methods = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityInfoAccess(access) => {
            Some(access.accessdescs.iter().map(|description| &description.access_method).collect::<Vec<_>>())
        }
        _ => None,
    });
    let methods = methods.unwrap_or_default();
    let count = |oid| methods.iter().filter(|method| same_oid(method, oid)).count();
    let ocsp = count(ACCESS_OCSP) == usize::from(profile.ocsp_address);
    let ca_issuers = count(ACCESS_CA_ISSUERS) == usize::from(profile.ca_issuers_address);
    let other = methods.len() > count(ACCESS_OCSP) + count(ACCESS_CA_ISSUERS);
    ensure(ocsp && ca_issuers && !other, "its addresses are not those the profile asks for")
}

/// Not longer than the profile says. Shorter is admitted: a certificate may end with its issuer.
fn validity(examined: &Examined<'_>) -> Verdict {
    let validity = examined.tbs().validity();
    // RFC 5280 section 4.1.2.5: both ends belong to it.
    let lasts = validity.not_after.to_datetime() - validity.not_before.to_datetime() + Duration::SECOND;
    ensure(lasts <= examined.profile().validity, "it lasts longer than the profile says")
}

//! From the loose form to the checked types. Everything that is wrong is collected and told together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::file::{
    CrlEntry, CrossEntry, CustodyEntry, KeptEntry, KindEntry, LinkEntry, RootEntry, ScriptFile, WitnessEntry,
};
use super::when::{End, moment};
use super::{
    Act, Crossing, Destruction, Fault, Founding, Issuing, Linking, Listing, NextCrl, Opening, Revoked,
    Script, ScriptError, Witness,
};
use crate::algorithm::KeyAlgorithm;
use crate::ceremony::CeremonyId;
use crate::ceremony::custody::Holder;
use crate::ceremony::foreign::{CrossTerms, NameSpace};
use crate::ceremony::station::TokenKey;
use crate::certificate::CaId;
use crate::crl::NO_NEXT_UPDATE;
use crate::csr::SubjectPublicKey;
use crate::profile::{BUILT_IN, Oid, Profile, ProfileKind, nearest, oids};

/// The form of a script. Another number is refused.
const FORMAT: u32 = 1;
/// The most characters of a name or title.
const LONGEST: usize = 200;

/// Collects what is wrong.
#[derive(Debug, Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, key: &'static str, why: impl Into<String>) {
        self.0.push(Fault::new(key, why));
    }

    fn unless(&mut self, fits: bool, key: &'static str, why: &str) {
        if !fits {
            self.add(key, why);
        }
    }

    /// The value, or its fault.
    fn take<T, E: ToString>(&mut self, key: &'static str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(key, error.to_string())).ok()
    }

    /// The value, or that it is missing.
    fn need<T>(&mut self, key: &'static str, value: Option<T>, why: &str) -> Option<T> {
        if value.is_none() {
            self.add(key, why);
        }
        value
    }
}

/// Checks everything.
pub(super) fn script(file: &str, loose: ScriptFile, text: &str) -> Result<Script, ScriptError> {
    let profiles = profiles(file, &loose.profiles)?;
    let mut faults = Faults::default();
    faults.unless(loose.format == FORMAT, "format", "this npki knows format 1 only");
    for (key, value) in [
        ("title", &loose.title),
        ("hierarchy", &loose.hierarchy),
        ("place", &loose.place),
        ("officer", &loose.officer),
        ("entropy", &loose.entropy),
    ] {
        faults.unless(is_line(value), key, "one line of 1 to 200 characters");
    }
    let id = faults.take("id", CeremonyId::new(loose.id.clone()));
    let ca = faults.take("root.ca", CaId::new(loose.root.ca.clone()));
    let witnesses = witnesses(&loose.witnesses, &loose.officer, &mut faults);
    sections_fit(&loose, &mut faults);
    let act = act(&loose, &profiles, &mut faults);
    match (id, ca, act) {
        (Some(id), Some(ca), Some(act)) if faults.0.is_empty() => Ok(Script {
            id,
            ca,
            act,
            witnesses,
            title: loose.title,
            hierarchy: loose.hierarchy,
            place: loose.place,
            officer: loose.officer,
            entropy: loose.entropy,
            text: text.to_owned(),
        }),
        _ => Err(ScriptError::Faults { file: file.to_owned(), faults: faults.0 }),
    }
}

fn is_line(text: &str) -> bool {
    (1..=LONGEST).contains(&text.trim().chars().count()) && !text.contains(char::is_control)
}

/// The profiles that npki comes with, and above them those of the script.
fn profiles(
    file: &str,
    tables: &BTreeMap<String, toml::Table>,
) -> Result<BTreeMap<String, Profile>, ScriptError> {
    let failed = |source| ScriptError::Profile { file: file.to_owned(), source };
    let mut all = BTreeMap::new();
    for (name, text) in BUILT_IN {
        all.insert((*name).to_owned(), Profile::from_toml(name, text).map_err(failed)?);
    }
    for (name, table) in tables {
        let text = toml::to_string(table).map_err(|error| ScriptError::Malformed {
            place: format!("{file} [profiles.{name}]"),
            message: error.to_string(),
        })?;
        all.insert(name.clone(), Profile::from_toml(name, &text).map_err(failed)?);
    }
    Ok(all)
}

fn witnesses(entries: &[WitnessEntry], officer: &str, faults: &mut Faults) -> Vec<Witness> {
    faults.unless(!entries.is_empty(), "witnesses", "a ceremony has at least one witness");
    let mut all: Vec<Witness> = Vec::new();
    for entry in entries {
        faults.unless(is_line(&entry.name), "witnesses.name", "one line of 1 to 200 characters");
        let twice = entry.name == officer || all.iter().any(|other| other.name == entry.name);
        faults.unless(!twice, "witnesses.name", &format!("{} stands more than once", entry.name));
        let key = entry
            .public_key
            .as_deref()
            .and_then(|text| faults.take("witnesses.public_key", public_key(text)));
        all.push(Witness { name: entry.name.clone(), public_key: key });
    }
    all
}

fn public_key(text: &str) -> Result<Vec<u8>, String> {
    let block = pem::parse(text).map_err(|error| error.to_string())?;
    if block.tag() != "PUBLIC KEY" {
        return Err(format!("it is a PEM block {}, not a PUBLIC KEY", block.tag()));
    }
    let key = SubjectPublicKey::from_der(block.contents()).map_err(|error| error.to_string())?;
    Ok(key.der().to_vec())
}

/// The section of the ceremony's kind, and no other's.
fn sections_fit(loose: &ScriptFile, faults: &mut Faults) {
    let sections = [
        ("issuing_ca", KindEntry::IssuingCa, loose.issuing_ca.is_some()),
        ("cross_certificate", KindEntry::CrossCertificate, loose.cross_certificate.is_some()),
        ("link_certificate", KindEntry::LinkCertificate, loose.link_certificate.is_some()),
        ("root_crl", KindEntry::RootCrl, loose.root_crl.is_some()),
        ("key_destruction", KindEntry::KeyDestruction, loose.key_destruction.is_some()),
    ];
    for (key, kind, present) in sections {
        faults.unless(loose.kind == kind || !present, key, "this section is of another kind of ceremony");
        faults.unless(loose.kind != kind || present, key, "this kind of ceremony needs the section");
    }
    if loose.kind == KindEntry::Root {
        faults.unless(loose.root.sha256.is_none(), "root.sha256", "the root is not there yet");
        faults.unless(loose.custody.present.is_empty(), "custody.present", "the shares are not there yet");
    } else {
        let root = &loose.root;
        let founding = root.algorithm.is_some()
            || root.profile.is_some()
            || root.name.is_some()
            || root.base_url.is_some()
            || root.kept != KeptEntry::Software
            || root.token.is_some()
            || root.crl_next_update.is_some();
        faults.unless(!founding, "root", "the root is there: give `ca` and `sha256` only");
        let custody = &loose.custody;
        let handing = custody.threshold.is_some() || !custody.holders.is_empty();
        faults.unless(!handing, "custody", "the shares are handed out already: give `present` only");
    }
}

fn act(loose: &ScriptFile, profiles: &BTreeMap<String, Profile>, faults: &mut Faults) -> Option<Act> {
    if loose.kind == KindEntry::Root {
        return founding(&loose.root, &loose.custody, profiles, faults).map(|act| Act::Root(Box::new(act)));
    }
    let opening = opening(&loose.root, &loose.custody, faults);
    match loose.kind {
        KindEntry::Root => None,
        KindEntry::IssuingCa => {
            let entry = loose.issuing_ca.as_ref()?;
            let profile = profile("issuing_ca.profile", &entry.profile, profiles, faults);
            let fits = profile.as_ref().is_none_or(|it| matches!(it.kind, ProfileKind::IssuingCa { .. }));
            faults.unless(fits, "issuing_ca.profile", "it is no profile of an issuing CA");
            file_name("issuing_ca.request", &entry.request, faults);
            file_name("issuing_ca.response", &entry.response, faults);
            let request_sha256 = digest("issuing_ca.request_sha256", &entry.request_sha256, faults);
            let (request, response) = (entry.request.clone(), entry.response.clone());
            let (opening, request_sha256, profile) = (opening?, request_sha256?, profile?);
            Some(Act::IssuingCa(Box::new(Issuing { opening, request, request_sha256, profile, response })))
        }
        KindEntry::CrossCertificate => crossing(opening, loose.cross_certificate.as_ref()?, faults),
        KindEntry::LinkCertificate => linking(opening, loose.link_certificate.as_ref()?, faults),
        KindEntry::RootCrl => listing(opening, loose.root_crl.as_ref()?, faults),
        KindEntry::KeyDestruction => {
            let reason = loose.key_destruction.as_ref()?.reason.clone();
            faults.unless(is_line(&reason), "key_destruction.reason", "one line of 1 to 200 characters");
            Some(Act::KeyDestruction(Destruction { opening: opening?, reason }))
        }
    }
}

fn founding(
    root: &RootEntry,
    custody: &CustodyEntry,
    profiles: &BTreeMap<String, Profile>,
    faults: &mut Faults,
) -> Option<Founding> {
    let profile_name = root.profile.clone().unwrap_or_else(|| "root-ca".to_owned());
    let profile = profile("root.profile", &profile_name, profiles, faults);
    let fits = profile.as_ref().is_none_or(|profile| profile.kind == ProfileKind::RootCa);
    faults.unless(fits, "root.profile", "it is no profile of a root CA");
    let algorithm = faults.need("root.algorithm", root.algorithm, "say with which algorithm the root signs");
    let admitted =
        profile.as_ref().zip(algorithm).is_none_or(|(it, algorithm)| it.keys.admits_own(algorithm));
    faults.unless(admitted, "root.algorithm", "the root's profile does not admit it");
    let token = token(root, faults);
    let name = faults.need("root.name", root.name.clone(), "say how the root is called");
    let base_url =
        faults.need("root.base_url", root.base_url.clone(), "say where certificate and CRL are published");
    let web = base_url.as_ref().is_none_or(|url| url.starts_with("http://") && url.len() > 7);
    // RFC 5280 section 8: over plain HTTP, or checking a CRL would need a CRL.
    faults.unless(web, "root.base_url", "an address that begins with http://");
    let due = faults.need(
        "root.crl_next_update",
        root.crl_next_update.as_deref(),
        "say when the second CRL is due",
    );
    let due = due.and_then(|text| when("root.crl_next_update", text, End::Last, faults));
    let threshold = faults.need("custody.threshold", custody.threshold, "say how many holders open the key");
    let holders = holders(custody, threshold, faults);
    Some(Founding {
        algorithm: algorithm?,
        token: token?,
        profile: profile?,
        name: name?,
        base_url: base_url?,
        crl_next_update: due?,
        threshold: threshold?,
        holders,
    })
}

/// Where the key is to be: `None` in a file, under the secret that the holders share.
fn token(root: &RootEntry, faults: &mut Faults) -> Option<Option<TokenKey>> {
    let Some(entry) = &root.token else {
        faults.unless(root.kept == KeptEntry::Software, "root.token", "say which token the key is to be in");
        return Some(None);
    };
    faults.unless(root.kept == KeptEntry::Pkcs11, "root.kept", "a token is named: say kept = \"pkcs11\"");
    faults.unless(
        entry.module.is_absolute(),
        "root.token.module",
        "the whole path of the token maker's library",
    );
    faults.unless(is_line(&entry.label), "root.token.label", "one line of 1 to 200 characters");
    faults.unless(is_line(&entry.key), "root.token.key", "one line of 1 to 200 characters");
    let algorithm = root.algorithm?;
    let offered = matches!(
        algorithm,
        KeyAlgorithm::P256
            | KeyAlgorithm::P384
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::Rsa3072
            | KeyAlgorithm::Rsa4096
    );
    faults.unless(offered, "root.algorithm", "tokens make p256, p384, rsa-3072, rsa-4096 and ed25519 keys");
    let (module, token, key) = (entry.module.clone(), entry.label.clone(), entry.key.clone());
    Some(Some(TokenKey { module, token, key, algorithm }))
}

fn holders(
    custody: &CustodyEntry,
    threshold: Option<u8>,
    faults: &mut Faults,
) -> Vec<(Holder, Option<PathBuf>)> {
    let count = custody.holders.len();
    faults.unless((2..=16).contains(&count), "custody.holders", "2 to 16 holders");
    let threshold = usize::from(threshold.unwrap_or(2));
    let fits = threshold >= 2 && threshold <= count;
    faults.unless(fits, "custody.threshold", "at least 2, at most as many as there are holders");
    let mut all: Vec<(Holder, Option<PathBuf>)> = Vec::new();
    for entry in &custody.holders {
        faults.unless(is_line(&entry.name), "custody.holders.name", "one line of 1 to 200 characters");
        let twice = all.iter().any(|(other, _)| other.name == entry.name);
        faults.unless(!twice, "custody.holders.name", &format!("{} stands more than once", entry.name));
        let holder = Holder { name: entry.name.clone(), protected: entry.passphrase };
        all.push((holder, entry.folder.clone()));
    }
    all
}

fn opening(root: &RootEntry, custody: &CustodyEntry, faults: &mut Faults) -> Option<Opening> {
    let sha256 =
        faults.need("root.sha256", root.sha256.as_deref(), "give the fingerprint of the root's certificate");
    let root_sha256 = sha256.and_then(|text| digest("root.sha256", text, faults));
    let present = &custody.present;
    faults.unless(present.len() >= 2, "custody.present", "name the holders who bring their shares");
    let twice = present.iter().enumerate().any(|(at, name)| present.iter().skip(at + 1).any(|it| it == name));
    faults.unless(!twice, "custody.present", "a holder stands more than once");
    Some(Opening { root_sha256: root_sha256?, present: present.clone() })
}

fn crossing(opening: Option<Opening>, entry: &CrossEntry, faults: &mut Faults) -> Option<Act> {
    file_name("cross_certificate.certificate", &entry.certificate, faults);
    file_name("cross_certificate.output", &entry.output, faults);
    let certificate_sha256 =
        digest("cross_certificate.certificate_sha256", &entry.certificate_sha256, faults);
    let not_before = when("cross_certificate.not_before", &entry.not_before, End::First, faults);
    let not_after = when("cross_certificate.not_after", &entry.not_after, End::Last, faults);
    let ordered = not_before.zip(not_after).is_none_or(|(begin, end)| begin < end);
    faults.unless(ordered, "cross_certificate.not_after", "it is not after not_before");
    faults.unless(
        !entry.permitted.is_empty(),
        "cross_certificate.permitted",
        "say which names the foreign CA may certify: without that it could certify ours",
    );
    let permitted = spaces("cross_certificate.permitted", &entry.permitted, faults);
    let excluded = spaces("cross_certificate.excluded", &entry.excluded, faults);
    faults.unless(!entry.policies.is_empty(), "cross_certificate.policies", "name at least one policy");
    let policies = policies("cross_certificate.policies", &entry.policies, faults);
    let (ours, theirs): (Vec<String>, Vec<String>) =
        entry.policy_mappings.iter().map(|mapping| (mapping.ours.clone(), mapping.theirs.clone())).unzip();
    let ours = self::policies("cross_certificate.policy_mappings.ours", &ours, faults);
    let theirs = self::policies("cross_certificate.policy_mappings.theirs", &theirs, faults);
    // RFC 5280 section 4.2.1.5: each issuerDomainPolicy SHOULD be asserted in the same certificate.
    let asserted = ours.iter().all(|policy| policies.contains(policy));
    faults.unless(asserted, "cross_certificate.policy_mappings.ours", "it is not among `policies`");
    let terms = CrossTerms {
        not_before: not_before?,
        not_after: not_after?,
        path_length: entry.path_length,
        permitted,
        excluded,
        policies,
        mappings: ours.into_iter().zip(theirs).collect(),
    };
    Some(Act::CrossCertificate(Box::new(Crossing {
        opening: opening?,
        certificate: entry.certificate.clone(),
        certificate_sha256: certificate_sha256?,
        terms,
        output: entry.output.clone(),
    })))
}

fn spaces(key: &'static str, entries: &[String], faults: &mut Faults) -> Vec<NameSpace> {
    entries.iter().filter_map(|text| faults.take(key, text.parse::<NameSpace>())).collect()
}

fn policies(key: &'static str, entries: &[String], faults: &mut Faults) -> Vec<Oid> {
    let mut all = Vec::new();
    for text in entries {
        match const_oid::ObjectIdentifier::new(text).map(Oid) {
            // RFC 5280 section 4.2.1.5: policies MUST NOT be mapped to or from anyPolicy; and it would lift every limit.
            Ok(oid) if oid == oids::ANY_POLICY => faults.add(key, "anyPolicy is no policy to certify for"),
            Ok(oid) => all.push(oid),
            Err(_) => faults.add(key, format!("{text:?} is no object identifier")),
        }
    }
    all
}

fn linking(opening: Option<Opening>, entry: &LinkEntry, faults: &mut Faults) -> Option<Act> {
    file_name("link_certificate.certificate", &entry.certificate, faults);
    file_name("link_certificate.output", &entry.output, faults);
    let certificate_sha256 = digest("link_certificate.certificate_sha256", &entry.certificate_sha256, faults);
    let until = entry.not_after.as_deref();
    let not_after = until.map(|text| when("link_certificate.not_after", text, End::Last, faults));
    let (certificate, output) = (entry.certificate.clone(), entry.output.clone());
    let (opening, certificate_sha256) = (opening?, certificate_sha256?);
    let not_after = not_after.flatten();
    Some(Act::LinkCertificate(Linking { opening, certificate, certificate_sha256, not_after, output }))
}

fn listing(opening: Option<Opening>, entry: &CrlEntry, faults: &mut Faults) -> Option<Act> {
    file_name("root_crl.output", &entry.output, faults);
    faults.unless(entry.number >= 1, "root_crl.number", "CRLs are counted from 1");
    let next = next_crl(entry, faults);
    let mut revocations = Vec::new();
    for revocation in &entry.revocations {
        let serial = faults.take("root_crl.revocations.serial", revocation.serial.parse());
        let at = when("root_crl.revocations.at", &revocation.at, End::First, faults);
        if let Some((serial, at)) = serial.zip(at) {
            revocations.push(Revoked { serial, reason: revocation.reason, at });
        }
    }
    let (number, output) = (entry.number, entry.output.clone());
    Some(Act::RootCrl(Listing { opening: opening?, revocations, number, next: next?, output }))
}

fn next_crl(entry: &CrlEntry, faults: &mut Faults) -> Option<NextCrl> {
    const KEY: &str = "root_crl.next_update";
    match (&entry.next_update, entry.last) {
        (Some(text), false) => {
            let due = when(KEY, text, End::Last, faults)?;
            faults.unless(
                due < NO_NEXT_UPDATE,
                KEY,
                "this day means that there is no next one: say last = true",
            );
            Some(NextCrl::Due(due))
        }
        (None, true) => Some(NextCrl::Never),
        (Some(_), true) => {
            faults.add(KEY, "there is no next one after the last: leave it out, or leave out last");
            None
        }
        (None, false) => faults.need(KEY, None, "say when the CRL after this one is due, or last = true"),
    }
}

fn profile(
    key: &'static str,
    name: &str,
    profiles: &BTreeMap<String, Profile>,
    faults: &mut Faults,
) -> Option<Profile> {
    let found = profiles.get(name).cloned();
    if found.is_none() {
        let hint = nearest(name, profiles.keys().map(String::as_str))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        faults.add(key, format!("there is no profile `{name}`{hint}"));
    }
    found
}

fn when(key: &'static str, text: &str, end: End, faults: &mut Faults) -> Option<time::OffsetDateTime> {
    let why = "a day such as 2027-06-01, or a moment such as 2027-06-01T12:00:00Z";
    faults.need(key, moment(text, end), why)
}

fn digest(key: &'static str, text: &str, faults: &mut Faults) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect::<String>().to_lowercase();
    let fits = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    faults.need(key, fits.then_some(digits), "a SHA-256 fingerprint has 64 hexadecimal digits")
}

/// A file on the exchange medium: a name, never a path that leads elsewhere.
fn file_name(key: &'static str, name: &str, faults: &mut Faults) {
    let fits = (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    faults.unless(
        fits,
        key,
        "a file's name of letters, digits, dots, hyphens and underscores, without a folder",
    );
}

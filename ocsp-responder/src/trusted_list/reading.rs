//! Reading lists: octets become a list whose signature is verified, and only that tells of services.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::name::is_country_code;
use roxmltree::Node;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::identifiers::{ServiceKind, Status, TSL};
use super::model::{
    CertificateDer, Identity, Organisation, PastState, PostalAddress, Provider, Scheme, Service, Texts,
    TrustedList,
};
use super::signature::{SignatureBroken, verify};
use crate::xml::{Bounds, XML, XmlRefused, elements, parse, text};

/// Section 5.3.1: the versions of the format that are read; 5 is that of TS 119 612 v2.1.1 and v2.2.1, 6 that of v2.3.1.
const FORMATS: [&str; 2] = ["5", "6"];
/// Extensions whose meaning does not touch what npki uses a list for: they say which certificates are qualified, who took a service
/// over, or how long statuses are kept (sections 5.5.9.1 to 5.5.9.4).
const UNDERSTOOD: [&str; 4] =
    ["AdditionalServiceInformation", "Qualifications", "TakenOverBy", "ExpiredCertsRevocationInfo"];

/// A list that is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListRefused {
    /// It is no XML that is read.
    #[error(transparent)]
    Xml(#[from] XmlRefused),
    /// It is something else.
    #[error("it is no trusted list (ETSI TS 119 612): {0}")]
    NotAList(String),
    /// It is of a version that is not read.
    #[error("it is of version {0:?} of the format; versions 5 and 6 (ETSI TS 119 612 version 2) are read")]
    Format(String),
    /// Its signature.
    #[error(transparent)]
    Signature(#[from] SignatureBroken),
    /// Its signer's certificate did not count when the list was made.
    #[error("its signer's certificate does not count at {0}, when the list was made")]
    SignerPeriod(String),
    /// It is from the future.
    #[error("it says that it was made at {0}, which is later than now: look at this machine's clock")]
    FromTheFuture(String),
    /// An older list than one that was taken before.
    #[error("its number is {found}, and list {known} was taken before: somebody sent an old list again")]
    Backwards {
        /// Its number.
        found: u64,
        /// That of the list which is kept.
        known: u64,
    },
    /// Two lists of one number.
    #[error("its number is {0}, as of the list that was taken before, and it says something else")]
    TwoOfOneNumber(u64),
    /// A list of another territory in the place of this one.
    #[error("it is the list of {found}, and that of {known} is kept here")]
    OtherTerritory {
        /// Its territory.
        found: String,
        /// That of the list which is kept.
        known: String,
    },
}

/// What a list says, for display: nothing is verified, and who signed it may be anybody.
pub(crate) fn outline(octets: &[u8]) -> Option<TrustedList> {
    let document = parse(octets, Bounds::LIST).ok()?;
    let root = document.root_element();
    root.has_tag_name((TSL, "TrustServiceStatusList")).then(|| list(root).ok()).flatten()
}

/// A list whose signature was verified, by a signer that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedList {
    list: TrustedList,
    signer: Vec<u8>,
    sha256: String,
}

impl VerifiedList {
    /// Reads a list and verifies that one of `signers` (certificates, DER) signed all of it.
    ///
    /// # Errors
    /// It is not whole, not a list, not signed by one of them, or made after `now`.
    pub fn read(octets: &[u8], signers: &[Vec<u8>], now: OffsetDateTime) -> Result<Self, ListRefused> {
        let document = parse(octets, Bounds::LIST)?;
        let root = document.root_element();
        if !root.has_tag_name((TSL, "TrustServiceStatusList")) {
            return Err(ListRefused::NotAList(format!("its first element is {}", root.tag_name().name())));
        }
        let signed = verify(&document, signers)?;
        let list = list(root).map_err(|what| match what {
            Unread::Format(version) => ListRefused::Format(version),
            Unread::Part(part) => ListRefused::NotAList(format!("{part} is missing or cannot be read")),
        })?;
        let at = super::writing::moment(list.issued);
        let (_, signer) = X509Certificate::from_der(&signed.signer)
            .map_err(|_| SignatureBroken::Form("its certificate cannot be read"))?;
        let period = signer.validity();
        if list.issued < period.not_before.to_datetime() || list.issued > period.not_after.to_datetime() {
            return Err(ListRefused::SignerPeriod(at));
        }
        // Clocks of two machines differ.
        if list.issued > now + time::Duration::minutes(5) {
            return Err(ListRefused::FromTheFuture(at));
        }
        Ok(Self { list, signer: signed.signer, sha256: crate::publication::sha256(octets) })
    }

    /// What it says.
    pub const fn list(&self) -> &TrustedList {
        &self.list
    }

    /// The certificate of who signed it, DER.
    pub fn signer(&self) -> &[u8] {
        &self.signer
    }

    /// SHA-256 of its octets, lower-case hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether the next list is overdue at a moment.
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        self.list.next_update.is_some_and(|next| next < now)
    }

    /// Whether it may take the place of one that was taken before (TS 119 612 section 5.3.2: numbers only grow).
    ///
    /// # Errors
    /// It may not.
    pub fn after(&self, known: &Self) -> Result<(), ListRefused> {
        let (found, known_list) = (&self.list, &known.list);
        if found.scheme.territory != known_list.scheme.territory {
            let territory = |list: &TrustedList| list.scheme.territory.clone();
            return Err(ListRefused::OtherTerritory {
                found: territory(found),
                known: territory(known_list),
            });
        }
        match found.sequence.cmp(&known_list.sequence) {
            std::cmp::Ordering::Less => {
                Err(ListRefused::Backwards { found: found.sequence, known: known_list.sequence })
            }
            std::cmp::Ordering::Equal if self.sha256 != known.sha256 => {
                Err(ListRefused::TwoOfOneNumber(found.sequence))
            }
            _ => Ok(()),
        }
    }
}

/// What a list lacks.
enum Unread {
    Format(String),
    Part(&'static str),
}

type Read<T> = Result<T, Unread>;

fn list(root: Node<'_, '_>) -> Read<TrustedList> {
    let scheme = child(root, "SchemeInformation")?;
    let format = text_of(scheme, "TSLVersionIdentifier")?;
    if !FORMATS.contains(&format.as_str()) {
        return Err(Unread::Format(format));
    }
    let next_update = child(scheme, "NextUpdate")?;
    Ok(TrustedList {
        sequence: text_of(scheme, "TSLSequenceNumber")?
            .parse()
            .map_err(|_| Unread::Part("TSLSequenceNumber"))?,
        issued: moment_of(scheme, "ListIssueDateTime")?,
        next_update: maybe(next_update, "dateTime")
            .map(|_| moment_of(next_update, "dateTime"))
            .transpose()?,
        providers: match maybe(root, "TrustServiceProviderList") {
            Some(listed) => children(listed, "TrustServiceProvider").map(provider).collect::<Read<_>>()?,
            None => Vec::new(),
        },
        scheme: Scheme {
            territory: territory(scheme)?,
            operator: organisation(scheme, &["SchemeOperatorName", "", "SchemeOperatorAddress", ""])?,
            name: texts(scheme, "SchemeName"),
            information: texts(scheme, "SchemeInformationURI"),
            notice: texts(scheme, "PolicyOrLegalNotice"),
            distribution: maybe(scheme, "DistributionPoints")
                .map(|points| children(points, "URI").filter_map(trimmed).collect())
                .unwrap_or_default(),
        },
    })
}

/// Section 5.3.10. Two capital letters: it becomes part of the names of files.
fn territory(scheme: Node<'_, '_>) -> Read<String> {
    let found = text_of(scheme, "SchemeTerritory")?;
    if is_country_code(&found) { Ok(found) } else { Err(Unread::Part("SchemeTerritory")) }
}

fn provider(node: Node<'_, '_>) -> Read<Provider> {
    let about = child(node, "TSPInformation")?;
    let services = maybe(node, "TSPServices").ok_or(Unread::Part("TSPServices"))?;
    Ok(Provider {
        organisation: organisation(about, &["TSPName", "TSPTradeName", "TSPAddress", "TSPInformationURI"])?,
        services: children(services, "TSPService").map(service).collect::<Read<_>>()?,
    })
}

/// The elements of name, other name, address and information.
fn organisation(
    node: Node<'_, '_>,
    [name, trade_name, address, information]: &[&'static str; 4],
) -> Read<Organisation> {
    let address = child(node, address)?;
    let postal = maybe(address, "PostalAddresses").into_iter();
    let electronic = maybe(address, "ElectronicAddress").into_iter();
    Ok(Organisation {
        name: texts(node, name),
        trade_name: texts(node, trade_name),
        address: postal
            .flat_map(|all| children(all, "PostalAddress"))
            .map(|one| (language(one), postal_address(one)))
            .collect(),
        electronic: electronic
            .flat_map(|all| children(all, "URI"))
            .filter_map(|one| Some((language(one), trimmed(one)?)))
            .collect(),
        information: texts(node, information),
    })
}

fn postal_address(node: Node<'_, '_>) -> PostalAddress {
    let of = |name| maybe(node, name).and_then(trimmed);
    PostalAddress {
        street: of("StreetAddress").unwrap_or_default(),
        locality: of("Locality").unwrap_or_default(),
        province: of("StateOrProvince"),
        postal_code: of("PostalCode"),
        country: of("CountryName").unwrap_or_default(),
    }
}

fn service(node: Node<'_, '_>) -> Read<Service> {
    let now = child(node, "ServiceInformation")?;
    let PastState { kind, name, status, since, information } = state(now)?;
    let points = maybe(now, "ServiceSupplyPoints").into_iter();
    let history = maybe(node, "ServiceHistory").into_iter();
    let mut history = history
        .flat_map(|all| children(all, "ServiceHistoryInstance"))
        .map(state)
        .collect::<Read<Vec<_>>>()?;
    history.sort_by_key(|past| std::cmp::Reverse(past.since));
    Ok(Service {
        kind,
        name,
        identity: identity(child(now, "ServiceDigitalIdentity")?)?,
        status,
        since,
        supply_points: points
            .flat_map(|all| children(all, "ServiceSupplyPoint"))
            .filter_map(trimmed)
            .collect(),
        information,
        not_understood: not_understood(now),
        history,
    })
}

/// What a service is, or was: the parts that both have.
fn state(node: Node<'_, '_>) -> Read<PastState> {
    let extensions = maybe(node, "ServiceInformationExtensions").into_iter();
    Ok(PastState {
        kind: ServiceKind(text_of(node, "ServiceTypeIdentifier")?),
        name: texts(node, "ServiceName"),
        status: Status(text_of(node, "ServiceStatus")?),
        since: moment_of(node, "StatusStartingTime")?,
        information: extensions
            .flat_map(|all| children(all, "Extension"))
            .filter_map(|one| maybe(one, "AdditionalServiceInformation"))
            .filter_map(|about| maybe(about, "URI").and_then(trimmed))
            .collect(),
    })
}

/// Section 5.5.9: who does not understand a critical extension does not use the service.
fn not_understood(node: Node<'_, '_>) -> Vec<String> {
    let extensions = maybe(node, "ServiceInformationExtensions").into_iter();
    let critical = extensions
        .flat_map(|all| children(all, "Extension"))
        .filter(|one| matches!(one.attribute("Critical"), Some("true" | "1")));
    critical
        .flat_map(elements)
        .map(|content| content.tag_name().name().to_owned())
        .filter(|name| !UNDERSTOOD.contains(&name.as_str()))
        .collect()
}

fn identity(node: Node<'_, '_>) -> Read<Identity> {
    let mut identity = Identity::default();
    for id in children(node, "DigitalId").flat_map(elements) {
        let octets = || {
            let written = text(id)?.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
            STANDARD.decode(written).ok()
        };
        match id.tag_name().name() {
            "X509Certificate" => {
                let der = octets().ok_or(Unread::Part("X509Certificate"))?;
                identity.certificates.push(CertificateDer(der));
            }
            "X509SubjectName" => identity.subject = trimmed(id),
            "X509SKI" => {
                identity.key_id = Some(hex::encode(octets().ok_or(Unread::Part("X509SKI"))?));
            }
            // Names of keys that are in no certificate.
            _ => {}
        }
    }
    Ok(identity)
}

fn texts(node: Node<'_, '_>, name: &str) -> Texts {
    let found = maybe(node, name).into_iter().flat_map(elements);
    let mut texts = Texts::new();
    for one in found {
        if let Some(text) = trimmed(one) {
            texts.entry(language(one)).or_insert(text);
        }
    }
    texts
}

fn language(node: Node<'_, '_>) -> String {
    node.attribute((XML, "lang")).unwrap_or("en").to_owned()
}

fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    elements(node).filter(move |child| child.has_tag_name((TSL, name)))
}

fn maybe<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|child| child.has_tag_name((TSL, name)))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Read<Node<'a, 'input>> {
    maybe(node, name).ok_or(Unread::Part(name))
}

fn trimmed(node: Node<'_, '_>) -> Option<String> {
    text(node).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn text_of(node: Node<'_, '_>, name: &'static str) -> Read<String> {
    trimmed(child(node, name)?).ok_or(Unread::Part(name))
}

fn moment_of(node: Node<'_, '_>, name: &'static str) -> Read<OffsetDateTime> {
    let written = text_of(node, name)?;
    let read = OffsetDateTime::parse(&written, &Rfc3339).map_err(|_| Unread::Part(name))?;
    Ok(read.to_offset(UtcOffset::UTC))
}

/// Reads the plain JSON form. It is not signed: for lists that came another way which is trusted, and for tests.
///
/// # Errors
/// It is something else.
pub fn read_json(octets: &[u8]) -> serde_json::Result<TrustedList> {
    serde_json::from_slice::<super::publishing::ListJson>(octets).map(|read| read.list)
}

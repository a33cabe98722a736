//! Copies of what an installation publishes, served by a responder elsewhere under the same addresses.
//!
//! Nothing is believed because of where it came from: a [`Copy`] is made of octets that prove themselves against the certificate of
//! their CA, and [`Copies::replace`] takes only what is newer than the copy it has.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use ca_core::certificate::CaId;
use ca_core::clock::in_words;
use ca_core::crl::{CrlName, Form};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5911;
use der::{Decode, Encode};
use time::{Duration, OffsetDateTime};

use super::compressed::CompressedFiles;
use super::index::{CrlEntry, FilterEntry, OfCa, PublishedIndex, sha256};
use crate::filter::{FilterError, VerifiedFilter};
use crate::validation::certificate::Certificate;
use crate::validation::crl::{CrlRefusal, VerifiedList};

/// By how much the clocks of who made something and who copies it may differ.
const SKEW: Duration = Duration::minutes(5);

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopiedFile {
    /// A CRL.
    Crl(CrlName),
    /// A CA's compact filter.
    Filter(CaId),
    /// What vouches for a CA.
    Bundle(CaId),
}

impl CopiedFile {
    /// Whose it is.
    pub const fn ca(&self) -> &CaId {
        match self {
            Self::Crl(name) => &name.ca,
            Self::Filter(ca) | Self::Bundle(ca) => ca,
        }
    }

    /// Its path at a public address: `crl/issuing.crl`.
    pub fn path(&self) -> String {
        match self {
            Self::Crl(name) => format!("crl/{}", name.path()),
            Self::Filter(ca) => format!("filter/{ca}.filter"),
            Self::Bundle(ca) => format!("ca/{ca}.p7c"),
        }
    }

    /// Reads what [`Self::path`] wrote; `None` of anything else.
    pub fn from_path(path: &str) -> Option<Self> {
        let ca = |name: &str, ending| CaId::new(name.strip_suffix(ending)?).ok();
        match path.split_once('/')? {
            ("crl", name) => CrlName::from_path(name).map(Self::Crl),
            ("filter", name) => ca(name, ".filter").map(Self::Filter),
            ("ca", name) => ca(name, ".p7c").map(Self::Bundle),
            _ => None,
        }
    }
}

/// A file that proves itself.
#[derive(Debug, Clone)]
pub struct Copy {
    /// What it is.
    pub file: CopiedFile,
    /// The file.
    pub octets: Arc<[u8]>,
    /// SHA-256 of it, lower-case hex.
    pub sha256: Arc<str>,
    /// When it was made; nothing of a bundle, which does not say.
    pub made: Option<OffsetDateTime>,
    /// Until when it may be used; nothing of a bundle.
    pub until: Option<OffsetDateTime>,
    /// A CRL's number.
    number: Option<u64>,
}

impl Copy {
    /// Verifies a file against the certificate (DER) of the CA that it is about, as it stands at this moment.
    ///
    /// # Errors
    /// It proves nothing, or is about something else than its name says.
    pub fn verify(
        file: CopiedFile,
        octets: Vec<u8>,
        issuer: &[u8],
        now: OffsetDateTime,
    ) -> Result<Self, NotCopied> {
        let (made, until, number) = match &file {
            CopiedFile::Crl(name) => crl(name, &octets, issuer, now)?,
            CopiedFile::Filter(_) => {
                let filter = VerifiedFilter::verify(&octets, issuer, now)?;
                (Some(filter.head().as_of), Some(filter.head().expires), None)
            }
            CopiedFile::Bundle(_) => {
                bundle(&octets, issuer).ok_or(NotCopied::OtherBundle)?;
                (None, None, None)
            }
        };
        let sha256 = sha256(&octets).into();
        Ok(Self { file, octets: octets.into(), sha256, made, until, number })
    }

    /// Whether it may take the place of another.
    fn may_replace(&self, held: &Self) -> Result<(), NotCopied> {
        if self.sha256 == held.sha256 {
            return Ok(());
        }
        match (&self.file, self.number, held.number) {
            // RFC 5280 section 5.2.3: of two CRLs of one scope the one with the greater number is the newer.
            (CopiedFile::Crl(_), Some(number), Some(before)) if number <= before => {
                Err(NotCopied::Older { number, held: before })
            }
            (CopiedFile::Filter(_), ..) if self.made < held.made => Err(NotCopied::OlderFilter),
            _ => Ok(()),
        }
    }
}

type Times = (Option<OffsetDateTime>, Option<OffsetDateTime>, Option<u64>);

fn crl(name: &CrlName, octets: &[u8], issuer: &[u8], now: OffsetDateTime) -> Result<Times, NotCopied> {
    let issuer = Certificate::from_der(issuer).map_err(|_| NotCopied::Issuer)?;
    let list = VerifiedList::verify_head(octets, &issuer)?;
    let number = list.number.and_then(|number| number.parse().ok()).ok_or(NotCopied::OtherCrl)?;
    let is_delta = list.base.is_some();
    if is_delta != (name.form == Form::Delta) {
        return Err(NotCopied::OtherCrl);
    }
    // RFC 5280 section 5.2.5: a part says which one it is, by the address that its certificates name.
    let address = format!("/crl/{}", CrlName { form: Form::Full, ..name.clone() }.path());
    let of_this_part = match list.distribution_points.as_slice() {
        [] => name.partition.is_first(),
        points => points.iter().any(|point| point.ends_with(&address)),
    };
    if !of_this_part {
        return Err(NotCopied::OtherCrl);
    }
    if list.this_update > now + SKEW {
        return Err(NotCopied::Future(list.this_update));
    }
    Ok((Some(list.this_update), Some(list.next_update), Some(number)))
}

/// A bundle holds certificates of this CA's own name and key, which others signed or it did itself; whoever uses one verifies that.
fn bundle(octets: &[u8], issuer: &[u8]) -> Option<()> {
    let issuer = x509_cert::Certificate::from_der(issuer).ok()?;
    let content =
        ContentInfo::from_der(octets).ok().filter(|it| it.content_type == rfc5911::ID_SIGNED_DATA)?;
    let signed = SignedData::from_der(&content.content.to_der().ok()?).ok()?;
    let (subject, key) =
        (issuer.tbs_certificate().subject(), issuer.tbs_certificate().subject_public_key_info());
    let of_this_ca = |one: &CertificateChoices| match one {
        CertificateChoices::Certificate(one) => {
            one.tbs_certificate().subject() == subject
                && one.tbs_certificate().subject_public_key_info() == key
        }
        CertificateChoices::Other(_) => false,
    };
    let certificates = signed.certificates?.0;
    (!certificates.is_empty() && certificates.iter().all(of_this_ca)).then_some(())
}

/// What is copied now.
#[derive(Debug, Default)]
pub struct Copies {
    files: RwLock<BTreeMap<CopiedFile, Copy>>,
    compared: RwLock<Option<OffsetDateTime>>,
    compressed: CompressedFiles,
}

impl Copies {
    /// The copy of a file.
    pub fn find(&self, file: &CopiedFile) -> Option<Copy> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }

    /// A copy in gzip; `None` where it is not worth it, and while it is being made.
    pub fn compressed(&self, copy: &Copy) -> Option<Arc<[u8]>> {
        let octets = || Ok::<_, Infallible>(copy.octets.to_vec());
        let Ok(made) = self.compressed.find_or_make(&copy.sha256, copy.octets.len() as u64, octets);
        made
    }

    /// Puts a copy in the place of the one before; whether it is another.
    ///
    /// # Errors
    /// It is older than the one before, or another of the same number: then nothing changes.
    pub fn replace(&self, copy: Copy) -> Result<bool, NotCopied> {
        let mut copies = self.files.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = copies.get(&copy.file) {
            copy.may_replace(held)?;
            if held.sha256 == copy.sha256 {
                return Ok(false);
            }
        }
        copies.insert(copy.file.clone(), copy);
        Ok(true)
    }

    /// Keeps those of which this is true; the others.
    pub fn retain(&self, keep: impl Fn(&CopiedFile) -> bool) -> Vec<CopiedFile> {
        let mut copies = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<CopiedFile> = copies.keys().filter(|file| !keep(file)).cloned().collect();
        gone.iter().for_each(|file| {
            copies.remove(file);
        });
        gone
    }

    /// Notes that at this moment everything here was as the installation publishes it.
    pub fn compared(&self, at: OffsetDateTime) {
        *self.compared.write().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// When everything here was last as the installation publishes it.
    pub fn compared_at(&self) -> Option<OffsetDateTime> {
        *self.compared.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is published with these CAs' certificates (DER).
    pub fn index(&self, cas: &BTreeMap<CaId, Vec<u8>>) -> PublishedIndex {
        let copies = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let of_ca = |(ca, certificate): (&CaId, &Vec<u8>)| OfCa {
            ca: ca.clone(),
            certificate: sha256(certificate),
            bundle: copies.get(&CopiedFile::Bundle(ca.clone())).map(|bundle| bundle.sha256.to_string()),
            crls: copies.values().filter(|copy| copy.file.ca() == ca).filter_map(crl_entry).collect(),
            filter: copies.get(&CopiedFile::Filter(ca.clone())).and_then(filter_entry),
        };
        PublishedIndex::of(cas.iter().map(of_ca).collect())
    }
}

fn crl_entry(copy: &Copy) -> Option<CrlEntry> {
    let CopiedFile::Crl(name) = &copy.file else { return None };
    Some(CrlEntry {
        path: name.path(),
        number: copy.number?,
        octets: copy.octets.len() as u64,
        sha256: copy.sha256.to_string(),
        this_update: copy.made?,
        next_update: copy.until?,
    })
}

fn filter_entry(copy: &Copy) -> Option<FilterEntry> {
    Some(FilterEntry { sha256: copy.sha256.to_string(), made: copy.made? })
}

/// Octets that take no copy's place.
#[derive(Debug, thiserror::Error)]
pub enum NotCopied {
    /// The CRL proves nothing.
    #[error(transparent)]
    Crl(#[from] CrlRefusal),
    /// The filter proves nothing.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The certificate of the CA cannot be read.
    #[error("the certificate of the CA cannot be read")]
    Issuer,
    /// The CRL is of another part than its address says, or has no number.
    #[error("the CRL is another of this CA than the address says")]
    OtherCrl,
    /// Certificates of somebody else.
    #[error("the bundle has certificates of another name or key than the CA's")]
    OtherBundle,
    /// A clock is wrong.
    #[error("the CRL was made at a time to come, {}: compare the clocks", in_words(*.0))]
    Future(OffsetDateTime),
    /// There is a newer one here.
    #[error("CRL number {number} is not newer than number {held}, which is here")]
    Older {
        /// Of what came.
        number: u64,
        /// Of what is here.
        held: u64,
    },
    /// There is a newer one here.
    #[error("the filter is older than the one that is here")]
    OlderFilter,
}

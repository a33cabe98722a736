//! Keeps copies of what the installation publishes: fetched when its index says that they changed, verified, kept in the
//! folder `state/copies`, where each file is named after its path.
//!
//! On a thread of its own: a CRL of fifty megabytes over a slow line must not keep the status feed waiting.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ca_core::clock::{Clock, SystemClock};
use ca_core::crl::CrlName;
use ca_core::status::feed::HeldStatus;
use ocsp_responder::filter::MAX_FILTER_OCTETS;
use ocsp_responder::publication::{CopiedFile, Copies, Copy, NotCopied, OfCa, PublishedIndex};
use ocsp_responder::validation::crl::MAX_CRL_OCTETS;

use super::settings::{Copying, ResponderSettings};
use crate::client::PublicSite;
use crate::context::Anchors;
use crate::failure::Failure;
use crate::files::{MAX_OBJECT, Readers, replace};
use crate::service::complaint::Complaint;
use crate::service::{ServiceError, files};

/// The folder, within the state.
const FOLDER: &str = "copies";
/// How long an answer may take that is not a large file.
const PATIENCE: Duration = Duration::from_secs(30);
/// The index of ten thousand shards has two megabytes.
const MAX_INDEX: usize = 16 * 1024 * 1024;
/// What stands in the place of a slash in the name of a file.
const SLASH: &str = "+";

/// Keeps the copies.
#[derive(Debug)]
pub(super) struct Copier {
    site: Option<PublicSite>,
    held: Arc<HeldStatus>,
    copies: Arc<Copies>,
    folder: PathBuf,
    poll: Duration,
    /// What is wrong: told once, and not each second.
    complaint: Complaint,
}

/// Forgets all copies that are kept in a state's folder; a responder that runs sees it.
pub(super) fn forget(state: &Path) -> Result<(), ServiceError> {
    let folder = state.join(FOLDER);
    files::if_there(&folder, std::fs::remove_dir_all(&folder)).map(|_| ())
}

impl Copier {
    /// Reads what is kept. What proves nothing any more is left out, and told.
    ///
    /// # Errors
    /// A file cannot be read, or the address cannot be used.
    pub(super) fn open(
        settings: &ResponderSettings,
        held: Arc<HeldStatus>,
        copies: Arc<Copies>,
    ) -> Result<Self, ServiceError> {
        let published = settings.copying == Copying::Published;
        let trust = settings.trust.as_deref();
        let anchors = trust.map(|file| Anchors::parse(&crate::files::read(file, MAX_OBJECT)?)).transpose()?;
        let site = |url: &url::Url| PublicSite::new(url.clone(), anchors.as_ref(), PATIENCE);
        let copier = Self {
            site: settings.url.as_ref().filter(|_| published).map(site).transpose()?,
            held,
            copies,
            folder: settings.data.join("state").join(FOLDER),
            poll: settings.poll,
            complaint: Complaint::of(
                "what the installation publishes is not copied; what is here goes on being published",
                "what the installation publishes is copied",
            ),
        };
        if published {
            copier.recall()?;
        }
        Ok(copier)
    }

    fn recall(&self) -> Result<(), ServiceError> {
        crate::files::make_folder(&self.folder)?;
        let entries = std::fs::read_dir(&self.folder).map_err(files::at(&self.folder))?;
        let cas = self.held.cas();
        for entry in entries {
            let path = entry.map_err(files::at(&self.folder))?.path();
            let name =
                path.file_name().and_then(|name| name.to_str()).unwrap_or_default().replace(SLASH, "/");
            let Some(file) = CopiedFile::from_path(&name) else { continue };
            let Some(issuer) = cas.get(file.ca()) else { continue };
            let octets = std::fs::read(&path).map_err(files::at(&path))?;
            let kept = Copy::verify(file, octets, issuer, SystemClock.now());
            if let Err(error) = kept.and_then(|copy| self.copies.replace(copy)) {
                tracing::warn!(file = name, %error, "a copy that was kept is not used");
            }
        }
        Ok(())
    }

    /// Works until `stop` says so or is dropped.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        if self.site.is_none() {
            return;
        }
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(self.poll) {
            let copied = self.turn();
            self.complaint.hears(copied);
        }
    }

    /// Fetches what is another than here. One file that cannot be had keeps no other waiting.
    fn turn(&self) -> Result<(), String> {
        let Some(site) = &self.site else { return Ok(()) };
        self.make_room().map_err(|error| error.to_string())?;
        let asked = SystemClock.now();
        let index = site.file("published", MAX_INDEX).map_err(|failure| failure.to_string())?;
        let index = PublishedIndex::parse(&index).ok_or("the index of what is published cannot be read")?;
        let mut wrong = Vec::new();
        for (file, sha256) in index.cas.iter().flat_map(listed) {
            if self.copies.find(&file).is_some_and(|copy| *copy.sha256 == *sha256) {
                continue;
            }
            let path = file.path();
            if let Err(why) = self.fetch(site, file, &sha256) {
                wrong.push(format!("/{path}: {why}"));
            }
        }
        if wrong.is_empty() {
            self.copies.compared(asked);
            return Ok(());
        }
        Err(wrong.join("; "))
    }

    /// The folder is gone where all was to be forgotten; and nothing is published of a CA that the feed does not tell of any more.
    fn make_room(&self) -> Result<(), ServiceError> {
        if !self.folder.exists() {
            self.copies.retain(|_| false);
            crate::files::make_folder(&self.folder)?;
        }
        let cas = self.held.cas();
        for gone in self.copies.retain(|file| cas.contains_key(file.ca())) {
            let path = self.place(&gone);
            std::fs::remove_file(&path).map_err(files::at(&path))?;
        }
        Ok(())
    }

    fn fetch(&self, site: &PublicSite, file: CopiedFile, expected: &str) -> Result<(), String> {
        let most = match &file {
            CopiedFile::Crl(_) => MAX_CRL_OCTETS,
            CopiedFile::Filter(_) => usize::try_from(MAX_FILTER_OCTETS).unwrap_or(usize::MAX),
            CopiedFile::Bundle(_) => usize::try_from(MAX_OBJECT).unwrap_or(usize::MAX),
        };
        // Of a CA that the feed does not tell of, nothing is believed.
        let issuer = self.held.cas().remove(file.ca()).ok_or("the feed does not tell of this CA yet")?;
        let octets = site.file(&file.path(), most).map_err(|failure: Failure| failure.to_string())?;
        let copy = Copy::verify(file, octets, &issuer, SystemClock.now());
        let copy = copy.map_err(|error| error.to_string())?;
        let (place, kept, sha256) =
            (self.place(&copy.file), Arc::clone(&copy.octets), Arc::clone(&copy.sha256));
        let path = copy.file.path();
        // What is published first, and then what a restart finds: the other way round a full disk would hold a revocation back.
        match self.copies.replace(copy) {
            Ok(true) => {
                tracing::info!(%path, "a copy was replaced");
                replace(&place, &kept, Readers::Anyone).map_err(|failure| failure.to_string())
            }
            Ok(false) if *sha256 != *expected => {
                Err("there is a newer one, and a cache on the way gives out the one before".to_owned())
            }
            // Each node of an installation makes its own filters; another was asked before.
            Ok(false) | Err(NotCopied::OlderFilter) => Ok(()),
            Err(refused) => Err(refused.to_string()),
        }
    }

    fn place(&self, file: &CopiedFile) -> PathBuf {
        self.folder.join(file.path().replace('/', SLASH))
    }
}

/// The files that an index lists of a CA, and their digests.
fn listed(of_ca: &OfCa) -> Vec<(CopiedFile, String)> {
    let crls = of_ca
        .crls
        .iter()
        .filter_map(|entry| Some((CopiedFile::Crl(CrlName::from_path(&entry.path)?), entry.sha256.clone())));
    // The index may name others' CRLs; they would be judged against another certificate than their own.
    let mut files: Vec<_> = crls.filter(|(file, _)| *file.ca() == of_ca.ca).collect();
    files.extend(
        of_ca.filter.iter().map(|filter| (CopiedFile::Filter(of_ca.ca.clone()), filter.sha256.clone())),
    );
    files.extend(of_ca.bundle.iter().map(|sha256| (CopiedFile::Bundle(of_ca.ca.clone()), sha256.clone())));
    files
}

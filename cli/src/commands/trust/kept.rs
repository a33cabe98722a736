//! The lists that are kept: of each territory the newest, and the certificates of who may sign it. What is on the disk is verified
//! each time it is read.

use std::fs::File;
use std::path::{Path, PathBuf};

use ca_core::name::is_country_code;
use ocsp_responder::trusted_list::{ListRefused, TrustedList, VerifiedList};
use time::OffsetDateTime;

use crate::context;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::relying_party::material::Chain;

/// The most octets of a list that is read.
pub(super) const MAX_LIST: usize = 16 * 1024 * 1024;

/// A folder of lists: `LS.xml`, and beside it `LS.signer.pem`.
#[derive(Debug)]
pub(super) struct KeptLists {
    folder: PathBuf,
}

/// A list as it is kept.
#[derive(Debug)]
pub(super) struct KeptList {
    /// What was verified.
    pub(super) verified: VerifiedList,
    /// Its octets.
    pub(super) octets: Vec<u8>,
}

impl KeptList {
    /// What it says.
    pub(super) const fn list(&self) -> &TrustedList {
        self.verified.list()
    }

    /// Whose it is.
    pub(super) fn territory(&self) -> &str {
        &self.list().scheme.territory
    }
}

impl KeptLists {
    /// In this folder, or where the configuration is.
    pub(super) fn at(folder: Option<&Path>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => context::folder()?.join("trusted-lists"),
        };
        Ok(Self { folder })
    }

    /// Where they are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Holds the folder for this process, so that two that fetch at once do not go back behind each other.
    pub(super) fn alone(&self) -> Result<File, Failure> {
        files::make_folder(&self.folder)?;
        let path = self.folder.join("lists.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let held = file.and_then(|file| file.lock().map(|()| file));
        held.map_err(|error| files::unwritable(&path, &error))
    }

    /// The certificates, DER, of who may sign the list of a territory; none where none is kept.
    pub(super) fn signers(&self, territory: &str) -> Result<Vec<Vec<u8>>, Failure> {
        let path = self.signer_path(territory);
        if path.exists() { certificates(&path) } else { Ok(Vec::new()) }
    }

    /// The list of a territory.
    pub(super) fn find(&self, territory: &str, now: OffsetDateTime) -> Result<Option<KeptList>, Failure> {
        let path = self.list_path(territory);
        if !path.exists() {
            return Ok(None);
        }
        let octets = files::read(&path, MAX_LIST as u64)?;
        let verified = VerifiedList::read(&octets, &self.signers(territory)?, now)
            .map_err(|error| refused(&error).what(format!("the kept list {} is refused", path.display())))?;
        if verified.list().scheme.territory != territory {
            return Err(Failure::of(&catalogue::LIST_REFUSED)
                .what(format!("the kept list {} is refused", path.display()))
                .cause(format!("it is the list of {}", verified.list().scheme.territory)));
        }
        Ok(Some(KeptList { verified, octets }))
    }

    /// All of them, or that of one territory, which must be there.
    pub(super) fn all(&self, territory: Option<&str>, now: OffsetDateTime) -> Result<Vec<KeptList>, Failure> {
        let territories = match territory {
            Some(territory) => vec![territory.to_owned()],
            None => self.territories()?,
        };
        let mut lists = Vec::new();
        for territory in &territories {
            lists.extend(self.find(territory, now)?);
        }
        if lists.is_empty() {
            let folder = self.folder.display();
            return Err(Failure::of(&catalogue::NO_LIST_KEPT).cause(match territory {
                Some(territory) => format!("{folder} holds no list of {territory}"),
                None => format!("{folder} holds none"),
            }));
        }
        Ok(lists)
    }

    /// The territories whose lists are kept, in order.
    pub(super) fn territories(&self) -> Result<Vec<String>, Failure> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| files::unreadable(&self.folder, &error))?,
        };
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let territory = name.strip_suffix(".xml")?.to_owned();
            is_country_code(&territory).then_some(territory)
        };
        let mut found: Vec<String> = entries.filter_map(name).collect();
        found.sort();
        Ok(found)
    }

    /// Keeps a list and who may sign it. Whatever is interrupted, what is read afterwards is verified by one who signed it: both count
    /// until the list is in its place.
    pub(super) fn keep(
        &self,
        octets: &[u8],
        list: &VerifiedList,
        signers: &[Vec<u8>],
    ) -> Result<(), Failure> {
        let territory = &list.list().scheme.territory;
        let path = self.signer_path(territory);
        let both = [self.signers(territory)?, signers.to_vec()].concat();
        files::replace(&path, pem_of(&both).as_bytes(), Readers::Anyone)?;
        files::replace(&self.list_path(territory), octets, Readers::Anyone)?;
        files::replace(&path, pem_of(signers).as_bytes(), Readers::Anyone)
    }

    fn list_path(&self, territory: &str) -> PathBuf {
        self.folder.join(format!("{territory}.xml"))
    }

    fn signer_path(&self, territory: &str) -> PathBuf {
        self.folder.join(format!("{territory}.signer.pem"))
    }
}

/// Reads the certificates in a file, DER.
pub(super) fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let Chain { certificate, others } = Chain::read(path)?;
    Ok(std::iter::once(certificate).chain(others).map(|der| der.to_vec()).collect())
}

/// Reads a territory: two capital letters, as it stands in the names of files.
pub(super) fn territory(text: &str) -> Result<String, String> {
    if is_country_code(text) {
        Ok(text.to_owned())
    } else {
        Err("give two capital letters, such as LS".to_owned())
    }
}

/// A list that is not believed, as a failure.
pub(super) fn refused(error: &ListRefused) -> Failure {
    Failure::of(&catalogue::LIST_REFUSED).cause(error.to_string())
}

fn pem_of(certificates: &[Vec<u8>]) -> String {
    let mut written: Vec<&Vec<u8>> = Vec::new();
    for certificate in certificates {
        if !written.contains(&certificate) {
            written.push(certificate);
        }
    }
    written.into_iter().map(|der| files::certificate_pem(der)).collect()
}

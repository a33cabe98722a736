//! The services of one installation: founding it (`npki init`), running it (`npki serve`), showing it (`npki demo`).
//! This is the composition root: the only place where ca-core, id-registry and ocsp-responder meet.

use std::net::SocketAddr;
use std::path::PathBuf;

use ca_core::hierarchy::HierarchyError;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use ca_core::tlog::checkpoint::Origin;
use ca_core::tlog::witness::StateError;

mod answers;
mod audit;
mod backup;
mod bringing_over;
mod campaigns;
pub(crate) mod carried;
mod clock;
mod complaint;
mod completion;
mod crl_plans;
mod demo;
mod draft;
mod failure;
mod feed;
mod files;
mod filters;
mod founding;
mod hierarchy;
mod housekeeping;
mod init;
mod key_folder;
mod ledger;
mod linking;
mod lives;
mod master_keys;
mod officer_rules;
mod offline_crls;
mod offline_root;
mod pace;
mod pin_file;
mod profiles;
mod publisher;
pub(crate) mod responder;
mod responding;
mod restore;
mod retiring;
mod rotation;
mod rsa_keys;
mod serve;
mod settings;
mod signatures;
mod signing_token;
mod sockets;
mod status;
mod store;
mod tls;
pub(crate) mod trusted_list;
pub(crate) mod tsa;
mod validating;
mod vault;
mod webhooks;
pub(crate) mod witness;

pub(crate) use audit::{ca_certificates, for_audit};
pub(crate) use backup::{BackupPlan, Made, SealedKeys, create_backup, verify_backup};
pub(crate) use clock::{ClockState, accept_clock, clock_state};
pub(crate) use demo::{Afterwards, DemoPlan, Telling, demo};
pub(crate) use feed::{feed_key, own_feed};
pub(crate) use founding::{Founding, WaitingCa, found_missing};
pub(crate) use init::{Plan, TokenPlan, hierarchy_text, init};
pub(crate) use offline_root::{Installed, RequestPlan, Requested, install_response, request_certificate};
pub(crate) use pin_file::PinFile;
pub(crate) use restore::{Loss, RestorePlan, Restored, restore};
pub(crate) use retiring::{RetiredCa, retire};
pub(crate) use rsa_keys::rsa_keys;
pub(crate) use serve::serve;
pub(crate) use signing_token::SigningToken;
pub(crate) use sockets::take_over as take_over_sockets;
pub(crate) use vault::make_master_key;

use settings::Installation;

use crate::secret::SecretUnfit;

/// The facts that the installation vouches for about itself.
fn own_subject(installation: &Installation, identity: IdentityRef) -> ApprovedSubject {
    ApprovedSubject::new(identity)
        .with(Fact::Country, &installation.country)
        .with(Fact::Organization, &installation.organisation)
        .with(Fact::OrganizationIdentifier, &installation.organisation_identifier)
}

/// A service could not be founded or run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The folder holds no installation.
    #[error("{} holds no npki installation", .0.display())]
    NoInstallation(PathBuf),
    /// The folder is in use already.
    #[error("{} exists and is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings cannot be used.
    #[error("{}: {why}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another npki holds the store.
    #[error("{0}")]
    StoreHeld(String),
    /// A backup was not made, read or restored.
    #[error(transparent)]
    Backup(#[from] ca_core::backup::BackupError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The passphrase of the keys is missing.
    #[error("the passphrase that opens the keys is not there: {0}")]
    NoPassphrase(String),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    /// A restore would go back behind what was signed.
    #[error("{0}")]
    BehindHistory(String),
    /// The store is not the one whose history was signed.
    #[error("{0}")]
    OtherHistory(String),
    /// The folder holds no witness.
    #[error("{} holds no witness", .0.display())]
    NoWitness(PathBuf),
    /// Another process serves the witness in the folder.
    #[error("another process serves the witness in {}", .0.display())]
    WitnessRuns(PathBuf),
    /// A witness's settings cannot be used.
    #[error("{}: {why}", path.display())]
    WitnessSettings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A log is known to a witness by another key.
    #[error("{} has another key for {origin}", path.display())]
    LogKnown {
        /// The settings file.
        path: PathBuf,
        /// The log.
        origin: Origin,
    },
    /// The folder holds no responder.
    #[error("{} holds no responder", .0.display())]
    NoResponder(PathBuf),
    /// Another process serves the responder in the folder.
    #[error("another process serves the responder in {}", .0.display())]
    ResponderRuns(PathBuf),
    /// A responder's settings cannot be used.
    #[error("{}: {why}", path.display())]
    ResponderSettings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The folder holds no time-stamping unit.
    #[error("{} holds no time-stamping unit", .0.display())]
    NoTsa(PathBuf),
    /// Another process serves the time-stamping unit in the folder.
    #[error("another process serves the time-stamping unit in {}", .0.display())]
    TsaRuns(PathBuf),
    /// A file of the status feed is refused.
    #[error("{0}")]
    FeedRefused(String),
    /// What a witness remembers cannot be used.
    #[error(transparent)]
    WitnessState(#[from] StateError),
    /// An earlier demo still serves from this folder.
    #[error("an earlier demo still serves from {} as process {process}", folder.display())]
    DemoStillServing {
        /// The folder.
        folder: PathBuf,
        /// The process.
        process: u32,
    },
    /// A step of the demo ended otherwise than it should.
    #[error("the demo's step `{command}` ended with exit code {exit}: {said}")]
    DemoStep {
        /// The command.
        command: String,
        /// Its exit code.
        exit: i32,
        /// What it printed.
        said: String,
    },
    /// A file could not be written, in the words of the command line.
    #[error("{0}")]
    Unwritten(#[from] crate::failure::Failure),
    /// A request to, or a response from, an offline root was refused.
    #[error(transparent)]
    Exchange(#[from] ca_core::ceremony::exchange::ExchangeError),
    /// Anything a crate below refused, said in its words.
    #[error("{0}")]
    Refused(String),
}

impl From<SecretUnfit> for ServiceError {
    fn from(unfit: SecretUnfit) -> Self {
        match unfit {
            SecretUnfit::Unreadable { path, source } => Self::File { path, source },
            unfit => Self::Refused(unfit.to_string()),
        }
    }
}

impl From<HierarchyError> for ServiceError {
    fn from(error: HierarchyError) -> Self {
        match error {
            HierarchyError::File { path, source } => Self::File { path, source },
            HierarchyError::Fault { path, fault } => Self::Settings { path, why: fault.to_string() },
        }
    }
}

/// Refusals of the crates below that need no words of their own here: their message says it all.
macro_rules! refused {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for ServiceError {
            fn from(error: $error) -> Self {
                Self::Refused(error.to_string())
            }
        })+
    };
}

refused!(
    ca_core::authority::AuthorityError,
    ca_core::authority::absent::CrlRefused,
    ca_core::authority::absent::InstallError,
    ca_core::authority::link::LinkRefused,
    ca_core::storage::CommitError,
    ca_core::authority::RootError,
    ca_core::certificate::InvalidCaId,
    ca_core::clock::EntropyError,
    ca_core::crl::PublishError,
    ca_core::csr::CsrError,
    ca_core::issuance::AbandonError,
    ca_core::issuance::IssueError,
    ca_core::keys::KeyError,
    ca_core::keys::journal::AnnounceError,
    ca_core::keys::journal::JournalError,
    ca_core::profile::ProfileError,
    ca_core::profile_book::FoundError,
    ca_core::profile_book::NotInForce,
    ca_core::storage::StorageError,
    ca_core::token::TokenError,
    ca_core::vault::VaultError,
    ca_core::tlog::note::NoteKeyError,
    id_registry::staff::StaffError,
    ocsp_responder::ocsp::ResponderError,
    ocsp_responder::timestamp::UnitError,
    rustls::Error,
);

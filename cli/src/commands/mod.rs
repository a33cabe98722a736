//! The commands: each module holds one noun, its arguments and what it does.

mod audit;
mod backup;
mod ca;
mod campaign;
mod ceremony;
mod cert;
mod change;
mod citizen;
mod clock;
mod completion;
mod config;
mod context;
mod crl;
mod demo;
mod doctor;
mod duplicates;
mod evidence;
mod export;
mod feed;
mod fleet;
mod guardianship;
mod help;
mod import;
mod init;
mod inspect;
mod key;
mod key_origin;
mod key_pair;
mod life;
mod lint;
mod man;
mod many;
mod master_key;
mod moment;
mod notification;
mod office;
mod packet;
mod paging;
mod party;
mod profile;
mod queue;
mod registry;
mod request;
mod responder;
mod restore;
mod retention;
mod revoke;
mod serve;
mod sign;
mod sign_container;
mod sign_jws;
mod sign_many;
mod sign_pdf;
mod sign_seen;
mod signer;
mod staff;
mod statistics;
mod status;
mod timestamp;
mod token;
mod trust;
mod tsa;
mod verify;
mod version;
mod vet;
mod webhook;
mod whoami;
mod withdrawal;
mod witness;

use clap::Subcommand;

pub use demo::DemoArguments;
pub use init::InitArguments;
pub use serve::ServeArguments;

use crate::failure::Failure;
use crate::output::Outcome;
use crate::session::Session;

/// What a command gives: its answer, or why there is none.
pub type Ending = Result<Outcome, Failure>;

/// Every noun and the few daily verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify a certificate, or a signed file
    Verify(verify::VerifyArguments),
    /// Show what is in a certificate, request, CRL, signed document, time stamp, trusted list and the like
    Inspect(inspect::InspectArguments),
    /// Hold certificates and CRLs against the standards' rules, offline
    #[command(after_help = lint::EXAMPLES)]
    Lint(lint::LintArguments),
    /// Ask OCSP and CRL together whether a certificate is in force
    Status(status::StatusArguments),
    /// Look whether all that tells of certificates' status is sound and says the same
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::DoctorArguments),
    /// Certificate revocation lists
    #[command(subcommand)]
    Crl(crl::CrlCommand),
    /// Trusted lists: take those of countries, tell what they vouch for; have one's own signed
    #[command(subcommand, after_help = trust::EXPLAINED)]
    Trust(trust::TrustCommand),
    /// Sign a file, also with time stamps for decades; raise a signature to a higher level
    Sign(sign::SignArguments),
    /// Put an organisation's seal to a file, in all the ways in which persons sign
    Seal(sign::SignArguments),
    /// Have a file stamped with the time: proof that it was there then
    Timestamp(timestamp::TimestampArguments),
    /// Certificates: request, list, show, download, release
    #[command(subcommand)]
    Cert(cert::CertCommand),
    /// Requests for certificates, and what became of them
    #[command(subcommand)]
    Request(request::RequestCommand),
    /// Certificates for hundreds of devices at once: request, approve, fetch
    #[command(subcommand, after_help = fleet::EXAMPLES)]
    Fleet(fleet::FleetCommand),
    /// Certificate profiles
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// CAs: list, show, found; have them certified by an offline root: request, install
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// Requests that wait for an officer
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Vet a request: show, approve, reject
    #[command(subcommand)]
    Vet(vet::VetCommand),
    /// Identities: organisations, persons, devices, applications
    #[command(subcommand)]
    Registry(registry::RegistryCommand),
    /// Enrol persons on a machine without a network, and bring in what was enrolled
    #[command(subcommand, after_help = packet::EXAMPLES)]
    Packet(packet::PacketCommand),
    /// What a person may know of the own entry: what was issued, who looked, and why
    #[command(subcommand)]
    Citizen(citizen::CitizenCommand),
    /// Revoke a certificate, or put it on hold
    Revoke(revoke::RevokeArguments),
    /// Place a person under guardianship, by law or a court's order, and end it
    #[command(subcommand)]
    Guardianship(guardianship::GuardianshipCommand),
    /// Withdraw a person's certificates with notice, a hearing and an appeal
    #[command(subcommand)]
    Withdrawal(withdrawal::WithdrawalCommand),
    /// Look afterwards at what colleagues revoked of persons at once
    #[command(subcommand)]
    Review(withdrawal::ReviewCommand),
    /// Keys: check them, block what is in others' hands, search for shared primes
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Campaigns: find every certificate of a bad algorithm, model or batch, and have all of them replaced
    #[command(subcommand)]
    Campaign(campaign::CampaignCommand),
    /// Relying parties: what they are told of persons, for which purposes, by which law; ask as one
    #[command(subcommand)]
    Party(party::PartyCommand),
    /// What civil registers, courts and hospitals tell of births, deaths and changes
    #[command(subcommand, after_help = notification::EXPLAINED)]
    Notification(notification::NotificationCommand),
    /// Webhooks: tell organisations, at addresses of their own, what happens to whom and what they may know
    #[command(subcommand, after_help = webhook::EXPLAINED)]
    Webhook(webhook::WebhookCommand),
    /// How many there are of what; nothing is told of the few
    Statistics,
    /// What is erased when its time has come
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Staff: administrators, officers, auditors, agency operators
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Offices where people are registered, accredited until a day
    #[command(subcommand)]
    Office(office::OfficeCommand),
    /// The master key of personal data: show, rotate
    #[command(subcommand)]
    MasterKey(master_key::MasterKeyCommand),
    /// PKCS#11 tokens that hold CA keys: show, make a key, check one
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// This machine's clock against the ledger: show, accept
    #[command(subcommand)]
    Clock(clock::ClockCommand),
    /// The ledger of everything that was done
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Set up a new installation in an empty folder
    Init(Box<InitArguments>),
    /// Run an installation's services
    Serve(ServeArguments),
    /// Backups: make a key for them, make one, verify one
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Restore a backup into a new folder
    Restore(restore::RestoreArguments),
    /// Cosign the ledgers of others, so that they cannot rewrite their history
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    /// An OCSP responder on a machine of its own, without the CA and its database
    #[command(subcommand, after_help = responder::EXAMPLES)]
    Responder(responder::ResponderCommand),
    /// A time-stamping unit on a machine of its own (RFC 3161)
    #[command(subcommand, after_help = tsa::EXAMPLES)]
    Tsa(tsa::TsaCommand),
    /// The signed status feed that responders on other machines follow
    #[command(subcommand)]
    Feed(feed::FeedCommand),
    /// Key ceremonies of an offline CA: check, run, resume, verify
    #[command(subcommand)]
    Ceremony(ceremony::CeremonyCommand),
    /// Run a whole disposable PKI on this machine
    Demo(DemoArguments),
    /// Which server, trust anchor and certificate to use
    #[command(subcommand)]
    Context(context::ContextCommand),
    /// Who you are to the server
    Whoami,
    /// This program's settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Explain a topic, an error code or a command
    Help(help::HelpArguments),
    /// Write a completion script for a shell
    Completion(completion::CompletionArguments),
    /// Write the manual pages
    Man(man::ManArguments),
    /// Show the version
    Version,
}

/// Runs a command.
///
/// # Errors
/// Whatever stopped it.
pub fn run(command: Command, session: &mut Session) -> Ending {
    match command {
        Command::Verify(arguments) => verify::run(&arguments, session),
        Command::Inspect(arguments) => inspect::run(&arguments, session),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Status(arguments) => status::run(&arguments, session),
        Command::Doctor(arguments) => doctor::run(&arguments, session),
        Command::Trust(command) => trust::run(command, session),
        Command::Crl(command) => crl::run(command, session),
        Command::Sign(arguments) => sign::run(&arguments, session),
        Command::Seal(arguments) => sign::run(&arguments.sealing(), session),
        Command::Timestamp(arguments) => timestamp::run(&arguments, session),
        Command::Cert(command) => cert::run(command, session),
        Command::Request(command) => request::run(command, session),
        Command::Fleet(command) => fleet::run(command, session),
        Command::Profile(command) => profile::run(command, session),
        Command::Ca(command) => ca::run(command, session),
        Command::Queue(command) => queue::run(command, session),
        Command::Vet(command) => vet::run(command, session),
        Command::Registry(command) => registry::run(command, session),
        Command::Packet(command) => packet::run(command, session),
        Command::Revoke(arguments) => revoke::run(&arguments, session),
        Command::Citizen(command) => citizen::run(command, session),
        Command::Guardianship(command) => guardianship::run(command, session),
        Command::Withdrawal(command) => withdrawal::run(command, session),
        Command::Review(command) => withdrawal::review(command, session),
        Command::Key(command) => key::run(command, session),
        Command::Campaign(command) => campaign::run(command, session),
        Command::Party(command) => party::run(command, session),
        Command::Notification(command) => notification::run(command, session),
        Command::Webhook(command) => webhook::run(command, session),
        Command::Statistics => statistics::run(session),
        Command::Retention(command) => retention::run(&command, session),
        Command::Staff(command) => staff::run(command, session),
        Command::Office(command) => office::run(command, session),
        Command::MasterKey(command) => master_key::run(command, session),
        Command::Token(command) => token::run(command),
        Command::Clock(command) => clock::run(command),
        Command::Audit(command) => audit::run(command, session),
        Command::Init(arguments) => init::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Backup(command) => backup::run(command, session),
        Command::Restore(arguments) => restore::run(&arguments, session),
        Command::Witness(command) => witness::run(command),
        Command::Responder(command) => responder::run(command, session),
        Command::Tsa(command) => tsa::run(command, session),
        Command::Feed(command) => feed::run(command),
        Command::Ceremony(command) => ceremony::run(command, session),
        Command::Demo(arguments) => demo::run(&arguments, session),
        Command::Context(command) => context::run(command, session),
        Command::Whoami => whoami::run(session),
        Command::Config(command) => config::run(command, session),
        Command::Help(arguments) => help::run(&arguments),
        Command::Completion(arguments) => completion::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Version => Ok(version::run()),
    }
}

/// The word that a value has on the command line, and for the server.
fn word(value: impl clap::ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

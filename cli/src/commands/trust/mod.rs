//! `npki trust`: trusted lists (ETSI TS 119 612): taking those of countries, telling what they vouch for, having one's own signed.

mod export;
mod kept;
mod pull;
mod services;
mod signer;

use clap::Subcommand;

use super::Ending;
use crate::session::Session;

/// How lists come to be and are used.
pub const EXPLAINED: &str =
    "Who relies on a country's services, with the certificate of its list's signer that came another way:
  npki trust pull http://pki.gov.ls/trusted-list/LS.xml --signer signer.pem
  npki trust list
  npki trust export --out ls.pem
  npki verify FILE --trust ls.pem
An installation's own list, once [trusted_list] stands in npki.toml:
  npki trust request --data DIR --out signer.csr
  npki cert request --profile trusted-list-signer --identity ID --csr signer.csr    (two officers approve)
  npki trust accept signer.pem --data DIR
and is then at http://HOST/trusted-list/TERRITORY.xml of the public listener.";

/// What to do about trusted lists.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Fetch a trusted list, verify that its signer signed all of it, and keep it; never an older one than before
    Pull(pull::PullArguments),
    /// The services in the lists that are kept, and whether their countries vouch for them
    List(services::ListArguments),
    /// One service, with its certificates and its history
    Show(services::ShowArguments),
    /// The CAs that are vouched for, as trust anchors for `npki verify --trust`; or a list as it is kept
    Export(export::ExportArguments),
    /// Make a key that signs the installation's trusted list, which stays here, and write a request for its certificate
    Request(signer::RequestArguments),
    /// Take the certificate into use that was issued for that key
    Accept(signer::AcceptArguments),
}

/// Runs a command.
pub fn run(command: TrustCommand, session: &mut Session) -> Ending {
    match command {
        TrustCommand::Pull(arguments) => pull::run(&arguments, session),
        TrustCommand::List(arguments) => services::list(&arguments, session),
        TrustCommand::Show(arguments) => services::show(&arguments, session),
        TrustCommand::Export(arguments) => export::run(arguments, session),
        TrustCommand::Request(arguments) => signer::request(arguments),
        TrustCommand::Accept(arguments) => signer::accept(&arguments),
    }
}

//! `npki trust`: trusted lists (ETSI TS 119 612): having one signed, and taking those of others.

mod signer;

use clap::Subcommand;

use super::Ending;
use crate::session::Session;

/// How a list comes to be.
pub const EXPLAINED: &str = "A list comes to be, once [trusted_list] stands in npki.toml:
  npki trust request --data DIR --out signer.csr
  npki cert request --profile trusted-list-signer --identity ID --csr signer.csr    (two officers approve)
  npki trust accept signer.pem --data DIR
and is then at http://HOST/trusted-list/TERRITORY.xml of the public listener.";

/// What to do about trusted lists.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Make a key that signs the installation's trusted list, which stays here, and write a request for its certificate
    Request(signer::RequestArguments),
    /// Take the certificate into use that was issued for that key
    Accept(signer::AcceptArguments),
}

/// Runs a command.
pub fn run(command: TrustCommand, _: &mut Session) -> Ending {
    match command {
        TrustCommand::Request(arguments) => signer::request(arguments),
        TrustCommand::Accept(arguments) => signer::accept(&arguments),
    }
}

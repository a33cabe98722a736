//! `npki key check|block|blocked|batch-check`: what is wrong with keys, and keys that nobody may use any more.

mod batch;
mod block;
mod blocked;
mod check;
mod file;
mod holders;

pub use file::keys as keys_in;

use clap::Subcommand;

use super::Ending;
use crate::session::Session;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Say everything that is wrong with the keys in files: certificates, requests, public keys
    #[command(after_help = "Examples:\n  npki key check request.pem\n  npki key check *.pem --json\n\n\
        Exit code 0: nothing is wrong; 3: a key has a fault.")]
    Check(check::CheckArguments),
    /// Block keys for all time, and revoke their certificates
    #[command(
        after_help = "Examples:\n  npki key block 2f1c…e0 --source 'posted on a mailing list' --revoke\n  \
        npki key block pwned.txt --source 'pwnedkeys, 24 November' --revoke\n  \
        npki key block blacklist.RSA-2048 --reason weak --source 'Debian, CVE-2008-0166'\n  \
        npki key block things.pem --source 'stolen from the vault' --stops-ca things --revoke\n\n\
        Interrupted, it is taken up again by the same command."
    )]
    Block(block::BlockArguments),
    /// Blocked keys: list, show
    #[command(subcommand)]
    Blocked(blocked::BlockedCommand),
    /// Search all RSA keys for primes that they share
    #[command(
        after_help = "Examples:\n  npki key batch-check\n  npki key batch-check --data /var/lib/npki\n  \
        npki key batch-check --only-files keys/*.pem\n\nExit code 0: no key shares a prime; 3: some do."
    )]
    BatchCheck(batch::BatchArguments),
}

/// Checks, blocks, lists or searches.
pub fn run(command: KeyCommand, session: &mut Session) -> Ending {
    match command {
        KeyCommand::Check(arguments) => check::run(&arguments),
        KeyCommand::Block(arguments) => block::run(&arguments, session),
        KeyCommand::Blocked(command) => blocked::run(command, session),
        KeyCommand::BatchCheck(arguments) => batch::run(&arguments, session),
    }
}

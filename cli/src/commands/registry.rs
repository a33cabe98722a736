//! `npki registry add|list|show|erase`: identities.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Ending;
use super::paging::{Paging, say_if_more};
use crate::client::records::{Identity, Page as Listing};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with identities.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Register an identity
    #[command(subcommand)]
    Add(NewIdentity),
    /// List identities
    List {
        /// Only of this kind
        #[arg(long, value_enum)]
        kind: Option<IdentityKind>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Erase an identity for good: nothing personal of it can be read any more
    Erase {
        /// The identity
        id: String,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show one identity
    Show {
        /// The identity
        id: String,
    },
}

/// A kind of identity.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IdentityKind {
    Organisation,
    Person,
    Device,
    Application,
}

/// An identity to register.
#[derive(Debug, Subcommand)]
pub enum NewIdentity {
    /// Register an organisation
    Organisation {
        /// Its legal name
        #[arg(long)]
        name: String,
        /// Its number: GO:LS-RSL for a government body, NTRLS-... for a company
        #[arg(long)]
        identifier: String,
        /// Where it sits
        #[arg(long)]
        locality: Option<String>,
    },
    /// Register a person
    Person {
        /// Family name
        #[arg(long)]
        surname: String,
        /// Given names
        #[arg(long)]
        given_name: String,
        /// National number: PNOLS-...
        #[arg(long)]
        identifier: String,
    },
    /// Register a device
    Device {
        /// The organisation that owns it
        #[arg(long, value_name = "ID")]
        organisation: String,
        /// The person who answers for it
        #[arg(long, value_name = "ID")]
        sponsor: String,
        /// Its asset tag
        #[arg(long)]
        asset_tag: String,
        /// Hardware type and serial number, as in RFC 4108
        #[arg(long, value_name = "OID/HEX")]
        hardware_module: Option<String>,
    },
    /// Register an application
    Application {
        /// The organisation that runs it
        #[arg(long, value_name = "ID")]
        organisation: String,
        /// The person who answers for it
        #[arg(long, value_name = "ID")]
        sponsor: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Where it runs: production, staging, test
        #[arg(long)]
        environment: String,
        /// A DNS name it may use; repeat for more
        #[arg(long = "dns-name", value_name = "NAME")]
        dns_names: Vec<String>,
    },
}

/// Registers, lists or shows.
pub fn run(command: RegistryCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        RegistryCommand::Add(new) => {
            let entropy = session.entropy.as_ref();
            let identity: Identity = client.change(&["identities"], &new.body(), entropy)?;
            Ok(Outcome::done(Simple::new("npki.registry.add/1", identity, show_text)))
        }
        RegistryCommand::List { kind, paging } => {
            let query = paging.query(&[("kind", kind.map(IdentityKind::word))]);
            let list: Listing<Identity> = client.list(&["identities"], &query)?;
            Ok(Outcome::done(Simple::new("npki.registry.list/1", list, list_text)))
        }
        RegistryCommand::Erase { id, reason } => {
            // A script has said what it wants by naming whom and why; a person at a terminal is asked once more.
            if !session.settings.yes && session.console.can_ask() {
                session.console.confirm(&format!("Erase {id}? It cannot be undone."))?;
            }
            let path = ["identities", &id, "erasure"];
            let identity: Identity =
                client.change(&path, &json!({"reason": reason}), session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.registry.erase/1", identity, show_text)))
        }
        RegistryCommand::Show { id } => {
            let identity: Identity = client.read(&["identities", &id])?;
            Ok(Outcome::done(Simple::new("npki.registry.show/1", identity, show_text)))
        }
    }
}

impl IdentityKind {
    fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl NewIdentity {
    fn body(&self) -> Value {
        let mut body = match self {
            Self::Organisation { name, identifier, locality } => {
                json!({"kind": "organisation", "legal_name": name, "identifier": identifier, "locality": locality})
            }
            Self::Person { surname, given_name, identifier } => {
                json!({"kind": "person", "surname": surname, "given_name": given_name, "identifier": identifier})
            }
            Self::Device { organisation, sponsor, asset_tag, hardware_module } => json!({
                "kind": "device", "organisation": organisation, "sponsor": sponsor,
                "asset_tag": asset_tag, "hardware_module": hardware_module,
            }),
            Self::Application { organisation, sponsor, name, environment, dns_names } => json!({
                "kind": "application", "organisation": organisation, "sponsor": sponsor,
                "name": name, "environment": environment, "dns_names": dns_names,
            }),
        };
        // What is not given is left out, rather than sent as null.
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        body
    }
}

fn list_text(list: &Listing<Identity>, page: &mut Page) {
    let rows = list.items.iter().map(|identity| {
        [identity.id.clone(), identity.kind.clone(), identity.status.clone(), identity.display_name()]
    });
    page.table(["ID", "KIND", "STATUS", "NAME"], rows.collect(), "no identities");
    say_if_more(list, page);
}

fn show_text(identity: &Identity, page: &mut Page) {
    page.verdict(
        Meaning::of_status(&identity.status),
        &identity.status,
        format!("{} {}", identity.kind, identity.id),
    );
    let mut facts = vec![("registered", identity.registered_at.clone())];
    for (name, value) in &identity.facts {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => facts.push((name, "yes".to_owned())),
            Value::String(text) => facts.push((name, text.clone())),
            Value::Array(values) if values.is_empty() => {}
            other => facts.push((name, other.to_string())),
        }
    }
    page.facts(&facts);
}

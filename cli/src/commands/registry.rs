//! `npki registry add|import|export|list|show|erase`: identities. Their life is in [`life`], changes in [`change`].

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::change::{self, ChangeCommand};
use super::life::{self, LifeCommand};
use super::paging::{Paging, say_if_more};
use super::{Ending, duplicates, evidence, export, import, word};
use crate::client::records::{Identity, Page as Listing};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with identities.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Register an identity
    #[command(subcommand)]
    Add(NewIdentity),
    /// Register a whole list, CSV or JSON Lines; run again, it goes on where it was cut off
    #[command(after_help = import::EXAMPLES)]
    Import(import::ImportArguments),
    /// Export identities as a list; the ledger says who, how many and why
    Export(export::ExportArguments),
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
    /// List who may be the same as a person
    Duplicates {
        /// The person
        id: String,
    },
    /// Evidence: what identities were proven by
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    #[command(flatten)]
    Life(LifeCommand),
    #[command(flatten)]
    Change(ChangeCommand),
}

/// A kind of identity.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IdentityKind {
    Organisation,
    Person,
    Device,
    Application,
    Agent,
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
        /// A mailbox of its own; repeat for more
        #[arg(long = "email", value_name = "ADDRESS")]
        email_addresses: Vec<String>,
        /// An https address of its own; repeat for more
        #[arg(long = "uri", value_name = "ADDRESS")]
        uris: Vec<String>,
        /// An object identifier that was registered for it
        #[arg(long, value_name = "OID")]
        registered_id: Option<String>,
        /// The class of its membership in X-Road: GOV, COM
        #[arg(long, value_name = "CLASS", requires = "member_code")]
        member_class: Option<String>,
        /// Its code as a member of X-Road
        #[arg(long, value_name = "CODE", requires = "member_class")]
        member_code: Option<String>,
    },
    /// Register a person
    Person {
        #[command(flatten)]
        facts: PersonFacts,
        /// A person whom this one resembles and is not, as the refusal named it; repeat for more
        #[arg(long, value_name = "ID", requires = "reason")]
        not_the_same_as: Vec<String>,
        /// How that is known. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT", requires = "not_the_same_as")]
        reason: Option<String>,
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
        /// An IP address it is reached at; repeat for more
        #[arg(long = "ip-address", value_name = "ADDRESS")]
        ip_addresses: Vec<String>,
        /// An https address of its own; repeat for more
        #[arg(long = "uri", value_name = "ADDRESS")]
        uris: Vec<String>,
        /// An identifier that stays when other names change, as in RFC 4043
        #[arg(long, value_name = "[OID/]VALUE")]
        permanent_identifier: Option<String>,
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
        #[command(flatten)]
        reached: Reached,
        /// Its code as a security server of X-Road
        #[arg(long, value_name = "CODE")]
        server_code: Option<String>,
    },
    /// Register an agent: a program that acts by itself on an organisation's behalf
    Agent {
        /// The organisation that it acts for
        #[arg(long, value_name = "ID")]
        organisation: String,
        /// The person who answers for it
        #[arg(long, value_name = "ID")]
        sponsor: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its version, or the model that decides for it
        #[arg(long)]
        version: String,
        /// What it is there for, and may do
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        #[command(flatten)]
        reached: Reached,
    },
}

/// What is known of a person.
#[derive(Debug, Args)]
pub struct PersonFacts {
    /// Family name
    #[arg(long)]
    surname: String,
    /// Given names
    #[arg(long)]
    given_name: String,
    /// National number: PNOLS-...
    #[arg(long)]
    identifier: String,
    /// When the person was born: 1984-03-07; 1984-03 or 1984 where no more is known
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// The family name in Latin letters, where it is written otherwise
    #[arg(long, value_name = "NAME")]
    surname_latin: Option<String>,
    /// The given names in Latin letters, where they are written otherwise
    #[arg(long, value_name = "NAMES")]
    given_name_latin: Option<String>,
    /// A mailbox of its own; repeat for more
    #[arg(long = "email", value_name = "ADDRESS")]
    email_addresses: Vec<String>,
    /// The name under which directory services of Windows know the person
    #[arg(long, value_name = "USER@REALM")]
    user_principal_name: Option<String>,
}

impl PersonFacts {
    /// The person, for whoever judges it here.
    pub(super) fn into_domain(self) -> id_registry::identity::NewIdentity {
        let further = id_registry::identity::Further {
            email_addresses: self.email_addresses,
            user_principal_name: self.user_principal_name,
            birth_date: self.birth_date,
            surname_latin: self.surname_latin,
            given_name_latin: self.given_name_latin,
            ..Default::default()
        };
        let Self { surname, given_name, identifier, .. } = self;
        id_registry::identity::NewIdentity::Person { surname, given_name, identifier, further }
    }

    fn further(&self) -> Value {
        json!({
            "email_addresses": self.email_addresses, "user_principal_name": self.user_principal_name,
            "birth_date": self.birth_date, "surname_latin": self.surname_latin,
            "given_name_latin": self.given_name_latin,
        })
    }
}

/// Where a program is reached.
#[derive(Debug, Args)]
pub struct Reached {
    /// A DNS name it may use; repeat for more
    #[arg(long = "dns-name", value_name = "NAME")]
    dns_names: Vec<String>,
    /// An IP address it is reached at; repeat for more
    #[arg(long = "ip-address", value_name = "ADDRESS")]
    ip_addresses: Vec<String>,
    /// A mailbox of its own; repeat for more
    #[arg(long = "email", value_name = "ADDRESS")]
    email_addresses: Vec<String>,
    /// An https address of its own; repeat for more
    #[arg(long = "uri", value_name = "ADDRESS")]
    uris: Vec<String>,
}

/// Registers, lists or shows.
pub fn run(command: RegistryCommand, session: &mut Session) -> Ending {
    match command {
        RegistryCommand::Import(arguments) => import::run(&arguments, session),
        RegistryCommand::Export(arguments) => export::run(&arguments, session),
        RegistryCommand::Life(command) => life::run(command, session),
        RegistryCommand::Change(command) => change::run(command, session),
        RegistryCommand::Add(new) => {
            let client = session.client()?;
            let entropy = session.entropy.as_ref();
            let identity: Identity = client.change(&["identities"], &new.body(), entropy)?;
            Ok(Outcome::done(Simple::new("npki.registry.add/1", identity, show_text)))
        }
        RegistryCommand::List { kind, paging } => {
            let query = paging.query(&[("kind", kind.map(word))]);
            let list: Listing<Identity> = session.client()?.list(&["identities"], &query)?;
            Ok(Outcome::done(Simple::new("npki.registry.list/1", list, list_text)))
        }
        RegistryCommand::Erase { id, reason } => {
            let client = session.client()?;
            session.confirm(&format!("Erase {id}? It cannot be undone."))?;
            let path = ["identities", &id, "erasure"];
            let identity: Identity =
                client.change(&path, &json!({"reason": reason}), session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.registry.erase/1", identity, show_text)))
        }
        RegistryCommand::Evidence(command) => evidence::run(command, session),
        RegistryCommand::Duplicates { id } => duplicates::run(&id, session),
        RegistryCommand::Show { id } => {
            let identity: Identity = session.client()?.read(&["identities", &id])?;
            Ok(Outcome::done(Simple::new("npki.registry.show/1", identity, show_text)))
        }
    }
}

impl NewIdentity {
    fn body(&self) -> Value {
        let mut body = match self {
            Self::Organisation { name, identifier, locality, .. } => {
                json!({"kind": "organisation", "legal_name": name, "identifier": identifier, "locality": locality})
            }
            Self::Person { facts, not_the_same_as, reason } => json!({
                "kind": "person", "surname": facts.surname, "given_name": facts.given_name,
                "identifier": facts.identifier,
                "not_the_same_as": not_the_same_as, "reason": reason,
            }),
            Self::Device { organisation, sponsor, asset_tag, hardware_module, .. } => json!({
                "kind": "device", "organisation": organisation, "sponsor": sponsor,
                "asset_tag": asset_tag, "hardware_module": hardware_module,
            }),
            Self::Application { organisation, sponsor, name, environment, reached, .. } => json!({
                "kind": "application", "organisation": organisation, "sponsor": sponsor,
                "name": name, "environment": environment, "dns_names": reached.dns_names,
            }),
            Self::Agent { organisation, sponsor, name, version, purpose, reached } => json!({
                "kind": "agent", "organisation": organisation, "sponsor": sponsor, "name": name,
                "version": version, "purpose": purpose, "dns_names": reached.dns_names,
            }),
        };
        let further = given(self.further());
        if let (Some(members), false) = (body.as_object_mut(), further == json!({})) {
            members.insert("further".to_owned(), further);
        }
        given(body)
    }

    /// The names and codes that some profiles need.
    fn further(&self) -> Value {
        match self {
            Self::Organisation {
                email_addresses, uris, registered_id, member_class, member_code, ..
            } => {
                json!({
                    "email_addresses": email_addresses, "uris": uris, "registered_id": registered_id,
                    "member_class": member_class, "member_code": member_code,
                })
            }
            Self::Person { facts, .. } => facts.further(),
            Self::Device { ip_addresses, uris, permanent_identifier, .. } => {
                json!({"ip_addresses": ip_addresses, "uris": uris, "permanent_identifier": permanent_identifier})
            }
            Self::Application { reached, server_code, .. } => {
                let mut further = reached.further();
                further["server_code"] = json!(server_code);
                further
            }
            Self::Agent { reached, .. } => reached.further(),
        }
    }
}

impl Reached {
    fn further(&self) -> Value {
        json!({
            "ip_addresses": self.ip_addresses, "email_addresses": self.email_addresses, "uris": self.uris,
        })
    }
}

/// What is not given is left out, rather than sent as null.
fn given(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null() && *value != json!([]));
    }
    body
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
    let further = identity.facts.get("further").and_then(Value::as_object);
    let own = identity.facts.iter().filter(|(name, _)| *name != "further");
    for (name, value) in own.chain(further.into_iter().flatten()) {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => facts.push((name, "yes".to_owned())),
            Value::String(text) => facts.push((name, text.clone())),
            Value::Array(values) if values.is_empty() => {}
            other => facts.push((name, other.to_string())),
        }
    }
    if let Some(assurance) = &identity.assurance {
        facts.push(("proven", assurance.to_string()));
    }
    page.facts(&facts);
}

//! `npki context add|list|show|use|remove`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Ending;
use crate::client;
use crate::context::{Anchors, ClientIdentity, Configuration, Context, Fingerprint, IdentityFiles};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// What to do with contexts.
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// Add a context; the first one is put to use
    Add(Box<AddArguments>),
    /// List the contexts
    List,
    /// Show a context: the one named, or the one in use
    Show {
        /// Its name
        name: Option<String>,
    },
    /// Put a context to use
    Use {
        /// Its name
        name: String,
    },
    /// Remove a context; its files stay
    Remove {
        /// Its name
        name: String,
    },
}

/// A context to add.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// Its name
    name: String,
    /// Where the server's interface is: https://HOST:PORT
    #[arg(long)]
    url: url::Url,
    #[command(flatten)]
    trust: Trust,
    /// Your certificate, PEM, its chain after it
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PKCS#8 PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Where the server publishes CRLs, when your certificate does not say: http://HOST:PORT
    #[arg(long, value_name = "URL")]
    public_url: Option<url::Url>,
}

/// What the server's certificate must lead to.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Trust {
    /// The trust anchor, PEM or DER
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// SHA-256 of the trust anchor, which is then fetched from the server
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<Fingerprint>,
}

#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    current: bool,
    url: url::Url,
    public_url: Option<url::Url>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    anchors: Vec<ShownAnchor>,
}

#[derive(Debug, Serialize)]
struct ShownAnchor {
    subject: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Shown>,
}

/// Adds, lists, shows, puts to use or removes.
pub fn run(command: ContextCommand, session: &mut Session) -> Ending {
    let mut configuration = Configuration::load()?;
    match command {
        ContextCommand::Add(arguments) => add(*arguments, configuration, session),
        ContextCommand::List => {
            let items = configuration.all().map(|context| shown(&configuration, context)).collect();
            Ok(Outcome::done(Simple::new("npki.context.list/1", List { items }, list_text)))
        }
        ContextCommand::Show { name } => {
            let name = name.or_else(|| session.settings.context.value.clone());
            let context = configuration.chosen(name.as_deref())?;
            let shown = shown(&configuration, &context);
            Ok(Outcome::done(Simple::new("npki.context.show/1", shown, show_text)))
        }
        ContextCommand::Use { name } => {
            configuration.put_to_use(&name)?;
            configuration.store()?;
            let shown = shown(&configuration, &configuration.chosen(Some(&name))?);
            Ok(Outcome::done(Simple::new("npki.context.use/1", shown, show_text)))
        }
        ContextCommand::Remove { name } => {
            let removed = shown(&configuration, &configuration.chosen(Some(&name))?);
            configuration.remove(&name)?;
            configuration.store()?;
            Ok(Outcome::done(Simple::new("npki.context.remove/1", removed, |removed, page| {
                page.line(format!("removed: {}", removed.name));
            })))
        }
    }
}

fn add(arguments: AddArguments, mut configuration: Configuration, session: &Session) -> Ending {
    let name = valid_name(arguments.name)?;
    let url = origin(&arguments.url, "https")?;
    let public_url = arguments.public_url.map(|url| origin(&url, "http")).transpose()?;
    let identity = identity(arguments.cert, arguments.key)?;
    let anchors = match (arguments.trust.trust, arguments.trust.fingerprint) {
        (Some(file), _) => Anchors::parse(&files::read(&file, files::MAX_OBJECT)?).map_err(|failure| {
            failure.what(format!("no trust anchor can be read from {}", file.display()))
        })?,
        (None, Some(fingerprint)) => {
            client::fetch_anchors(&url, fingerprint, session.settings.timeout.value)?
        }
        (None, None) => return Err(Failure::of(&catalogue::NO_ANCHOR)),
    };
    configuration.add(Context { name: name.clone(), url, anchors, identity, public_url })?;
    configuration.store()?;
    let shown = shown(&configuration, &configuration.chosen(Some(&name))?);
    Ok(Outcome::done(Simple::new("npki.context.add/1", shown, show_text)))
}

/// Reads the files once, so that a context never names files that do not work, and keeps their absolute paths.
fn identity(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<IdentityFiles>, Failure> {
    let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
    let found = IdentityFiles { certificate: files::absolute(&certificate)?, key: files::absolute(&key)? };
    ClientIdentity::read(&found)?;
    Ok(Some(found))
}

fn valid_name(name: String) -> Result<String, Failure> {
    let fits = (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if fits {
        Ok(name)
    } else {
        Err(Failure::of(&catalogue::CONTEXT_NAME).what(format!("{name:?} is not a name for a context")))
    }
}

/// Scheme, host and port, and nothing else.
fn origin(url: &url::Url, scheme: &str) -> Result<url::Url, Failure> {
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if url.scheme() == scheme && url.has_host() && bare && anonymous {
        return Ok(url.clone());
    }
    Err(Failure::of(&catalogue::ADDRESS)
        .what(format!("{url} is not the address of a server"))
        .fix(format!("give scheme, host and port: {scheme}://HOST:PORT")))
}

fn shown(configuration: &Configuration, context: &Context) -> Shown {
    Shown {
        name: context.name.clone(),
        current: configuration.current() == Some(&context.name),
        url: context.url.clone(),
        public_url: context.public_url.clone(),
        certificate: context.identity.as_ref().map(|files| files.certificate.clone()),
        key: context.identity.as_ref().map(|files| files.key.clone()),
        anchors: context
            .anchors
            .iter()
            .map(|anchor| ShownAnchor {
                subject: anchor.subject().to_owned(),
                sha256: anchor.fingerprint().to_string(),
            })
            .collect(),
    }
}

fn list_text(list: &List, page: &mut Page) {
    let rows = list.items.iter().map(|context| {
        let current = if context.current { "in use" } else { "" };
        [context.name.clone(), current.to_owned(), context.url.to_string()]
    });
    page.table(
        ["CONTEXT", "", "SERVER"],
        rows.collect(),
        "no contexts: npki context add NAME --url URL --fingerprint SHA256",
    );
}

fn show_text(context: &Shown, page: &mut Page) {
    let path =
        |path: &Option<PathBuf>| path.as_ref().map_or("none".to_owned(), |path| path.display().to_string());
    let mut facts = vec![
        ("context", context.name.clone()),
        ("in use", if context.current { "yes" } else { "no" }.to_owned()),
        ("server", context.url.to_string()),
        ("certificate", path(&context.certificate)),
        ("key", path(&context.key)),
    ];
    if let Some(url) = &context.public_url {
        facts.push(("publishes at", url.to_string()));
    }
    for anchor in &context.anchors {
        facts.push(("trust anchor", anchor.subject.clone()));
        facts.push(("sha256", anchor.sha256.clone()));
    }
    page.facts(&facts);
}

//! The configuration file: `config.toml`, read strictly, written whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Anchors, Configuration, Context, IdentityFiles, nearest};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};

const TOP_KEYS: [&str; 2] = ["current", "contexts"];
const CONTEXT_KEYS: [&str; 5] = ["url", "anchors", "certificate", "key", "public_url"];

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, LooseContext>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseContext {
    url: url::Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<url::Url>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    anchors: String,
}

/// The folder of the configuration file: `NPKI_CONFIG_DIR`, else `XDG_CONFIG_HOME/npki`, else `~/.config/npki`.
///
/// # Errors
/// None of the three is known.
pub fn folder() -> Result<PathBuf, Failure> {
    let file = path()?;
    Ok(file.parent().map(Path::to_owned).unwrap_or_default())
}

/// Where the configuration file is: in `NPKI_CONFIG_DIR`, else `XDG_CONFIG_HOME/npki`, else `~/.config/npki`.
///
/// # Errors
/// None of the three is known.
pub fn path() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("NPKI_CONFIG_DIR")
        .or_else(|| variable("XDG_CONFIG_HOME").map(|folder| folder.join("npki")))
        .or_else(|| variable("HOME").map(|home| home.join(".config/npki")));
    let folder = folder.ok_or_else(|| {
        Failure::of(&catalogue::ENVIRONMENT)
            .what("there is no place for the configuration")
            .cause("neither NPKI_CONFIG_DIR nor XDG_CONFIG_HOME nor HOME is set")
            .fix("export NPKI_CONFIG_DIR=/etc/npki")
    })?;
    Ok(folder.join("config.toml"))
}

/// Reads the file; none is an empty configuration.
///
/// # Errors
/// It cannot be read or has a key nobody knows.
pub fn load(path: &Path) -> Result<Configuration, Failure> {
    if !path.exists() {
        return Ok(Configuration::default());
    }
    let content = files::read(path, files::MAX_OBJECT)?;
    let text = std::str::from_utf8(&content).map_err(|_| unreadable(path, "it is not UTF-8"))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| unreadable(path, error.message()))?;
    refuse_unknown_keys(path, &table)?;
    let loose: Loose =
        table.try_into().map_err(|error: toml::de::Error| unreadable(path, error.message()))?;
    checked(path, loose)
}

/// Writes the file, readable by its owner.
///
/// # Errors
/// It cannot be written.
pub fn store(path: &Path, configuration: &Configuration) -> Result<(), Failure> {
    let loose = Loose {
        current: configuration.current.clone(),
        contexts: configuration
            .contexts
            .iter()
            .map(|(name, context)| (name.clone(), context.into()))
            .collect(),
    };
    let text = toml::to_string_pretty(&loose)
        .map_err(|error| Failure::of(&catalogue::UNWRITABLE).cause(error.to_string()))?;
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    files::replace(path, text.as_bytes(), Readers::Owner)
}

fn checked(path: &Path, loose: Loose) -> Result<Configuration, Failure> {
    let mut contexts = BTreeMap::new();
    for (name, context) in loose.contexts {
        let anchors = Anchors::parse(context.anchors.as_bytes()).map_err(|failure| {
            unreadable(path, &format!("contexts.{name}.anchors: {}", failure.sentences()[1]))
        })?;
        let identity = match (context.certificate, context.key) {
            (Some(certificate), Some(key)) => Some(IdentityFiles { certificate, key }),
            (None, None) => None,
            _ => {
                return Err(unreadable(
                    path,
                    &format!("contexts.{name}: certificate and key belong together"),
                ));
            }
        };
        let checked = Context {
            name: name.clone(),
            url: context.url,
            anchors,
            identity,
            public_url: context.public_url,
        };
        contexts.insert(name, checked);
    }
    Ok(Configuration { current: loose.current, contexts })
}

impl From<&Context> for LooseContext {
    fn from(context: &Context) -> Self {
        Self {
            url: context.url.clone(),
            public_url: context.public_url.clone(),
            certificate: context.identity.as_ref().map(|files| files.certificate.clone()),
            key: context.identity.as_ref().map(|files| files.key.clone()),
            anchors: context.anchors.to_pem(),
        }
    }
}

fn refuse_unknown_keys(path: &Path, table: &toml::Table) -> Result<(), Failure> {
    refuse_unknown(path, "", table, &TOP_KEYS)?;
    let contexts = table.get("contexts").and_then(toml::Value::as_table);
    for (name, context) in contexts.into_iter().flatten() {
        if let Some(context) = context.as_table() {
            refuse_unknown(path, &format!("contexts.{name}."), context, &CONTEXT_KEYS)?;
        }
    }
    Ok(())
}

fn refuse_unknown(
    path: &Path,
    prefix: &str,
    table: &toml::Table,
    known: &[&'static str],
) -> Result<(), Failure> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let failure = unreadable(path, &format!("the key {prefix}{key} is unknown"));
    Err(match nearest(key, known.iter().copied()) {
        Some(near) => failure.fix(format!("did you mean {prefix}{near}?")),
        None => failure.fix(format!("remove it; known are {}", known.join(", "))),
    })
}

fn unreadable(path: &Path, cause: &str) -> Failure {
    Failure::of(&catalogue::CONFIGURATION)
        .what(format!("{} cannot be read", path.display()))
        .cause(cause.lines().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::load;

    #[test]
    fn an_unknown_key_is_an_error_with_the_nearest_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[contexts.prod]\nurl = \"https://x\"\nanchors = \"\"\ncertifcate = \"a\"\n")
            .unwrap();
        let failure = load(&path).unwrap_err();
        assert_eq!(failure.code(), "E-CTX-003");
        assert_eq!(failure.sentences()[2], "did you mean contexts.prod.certificate?");
        std::fs::write(&path, "curent = \"prod\"\n").unwrap();
        assert_eq!(load(&path).unwrap_err().sentences()[2], "did you mean current?");
    }

    #[test]
    fn no_file_is_an_empty_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = load(&folder.path().join("config.toml")).unwrap();
        assert_eq!(configuration.all().count(), 0);
    }
}

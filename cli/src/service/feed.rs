//! `[feed]` in `npki.toml`: the status feed for responders on other machines, and its key.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::software::SoftwareKey;
use ca_core::status::feed::{FeedPublisher, FeedSource};
use ca_core::tlog::note::{KeyName, NoteSigner, VerifierKey};
use serde::Deserialize;
use time::Duration;

use super::ServiceError;
use super::hierarchy::OpenedHierarchy;
use super::key_folder::{KeyFolder, Passphrase};
use super::serve::Foundation;
use super::settings::{Settings, bounded};
use crate::files::{Readers, replace};

/// The feed's key in the key folder. It signs nothing else.
const KEY: &str = "feed";
/// Its public key, among the certificates.
const KEY_FILE: &str = "feed.vkey";

/// The section as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseFeed {
    publish: bool,
    listen: Option<SocketAddr>,
    lasts_hours: u32,
    name: Option<String>,
}

impl Default for LooseFeed {
    fn default() -> Self {
        Self { publish: true, listen: None, lasts_hours: 24, name: None }
    }
}

/// Where the feed is published, and for how long it counts.
#[derive(Debug, Clone)]
pub(crate) struct FeedSettings {
    publish: bool,
    /// A listener of its own instead of the public one.
    pub(super) listen: Option<SocketAddr>,
    lasts: Duration,
    name: KeyName,
}

impl LooseFeed {
    /// Checks the section. Without a name, the feed is called after the public address.
    pub(super) fn check(self, base_url: &str) -> Result<FeedSettings, String> {
        let host = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
        let name = self.name.unwrap_or_else(|| format!("{host}/status"));
        Ok(FeedSettings {
            publish: self.publish,
            listen: self.listen,
            lasts: Duration::hours(bounded(self.lasts_hours, 1, 168, "feed.lasts_hours")?.into()),
            name: name.parse().map_err(|error| format!("feed.name is {name:?}: {error}"))?,
        })
    }
}

/// The publisher of an installation's feed; `None` where none is to be published, or cannot be.
pub(super) fn publisher(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    hierarchy: &OpenedHierarchy,
) -> Result<Option<Arc<FeedPublisher>>, ServiceError> {
    if !settings.feed.publish {
        return Ok(None);
    }
    // Nodes that share a store must share the key: none of them makes one by itself.
    if !keys.holds(KEY) && settings.store.folder().is_none() {
        tracing::warn!(
            "the status feed is not published: make its key with `npki feed key --data DIR` on one node, and copy \
             keys/feed.key and certificates/feed.vkey to the others"
        );
        return Ok(None);
    }
    let at_hand = hierarchy.iter().filter(|(_, opened)| opened.authority().is_some());
    let cas = at_hand.map(|(ca, opened)| (ca.id.clone(), opened.certificate.clone())).collect();
    let source = FeedSource {
        store: Arc::clone(&foundation.store),
        index: Arc::clone(&foundation.status),
        clock: Arc::clone(&foundation.clock),
        signer: signer(settings, keys)?,
        cas,
        lasts: settings.feed.lasts,
    };
    Ok(Some(Arc::new(FeedPublisher::new(source))))
}

/// The feed's key, which is made where there is none.
pub(super) fn signer(settings: &Settings, keys: &KeyFolder) -> Result<NoteSigner, ServiceError> {
    let key = match keys.holds(KEY) {
        true => keys.open(KEY)?,
        false => {
            let key = SoftwareKey::generate(KeyAlgorithm::Ed25519)?;
            keys.create(KEY, &key)?;
            key
        }
    };
    let signer = NoteSigner::new(settings.feed.name.clone(), Arc::new(key))?;
    let text = format!("{}\n", signer.verifier_key());
    let path = settings.certificates.join(KEY_FILE);
    if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        replace(&path, text.as_bytes(), Readers::Anyone)?;
    }
    Ok(signer)
}

/// The public key of an installation's feed; it is made where there is none. The service may run meanwhile.
///
/// # Errors
/// There is no installation, or the key cannot be opened or written.
pub(crate) fn feed_key(data: &Path) -> Result<VerifierKey, ServiceError> {
    let settings = Settings::load(data)?;
    let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(&settings)?);
    Ok(signer(&settings, &keys)?.verifier_key().clone())
}

/// Where an installation's own feed is reached from its own machine.
///
/// # Errors
/// There is no installation, or its address cannot be written as one.
pub(crate) fn own_feed(data: &Path) -> Result<url::Url, ServiceError> {
    let settings = Settings::load(data)?;
    let mut address = settings.feed.listen.unwrap_or(settings.public_address);
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}/").parse().map_err(|error| ServiceError::Refused(format!("{address}: {error}")))
}

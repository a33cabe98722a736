//! Checking a transcript: its signature, and everything in it against everything else.

use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Authorisation, Content, Transcript, TranscriptError, outputs};
use crate::ceremony::fingerprint;
use crate::ceremony::journal::{Entry, chain};
use crate::ceremony::run::OPENED;
use crate::ceremony::script::{Act, Script, Witness};

/// A transcript that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// SHA-256 of the root's certificate, hex.
    pub root_sha256: String,
    /// The witnesses for whom the script names a key, and whether each signed.
    pub witnesses: Vec<WitnessSignature>,
}

/// A witness's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessSignature {
    /// The witness.
    pub name: String,
    /// Whether a signature by the key that the script names is there.
    pub signed: bool,
}

impl Transcript {
    /// Checks everything. `root` is the root's certificate, DER, as it was obtained elsewhere; without it, the one in the
    /// transcript is taken, and its fingerprint must be compared by whoever asks.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self, root: Option<&[u8]>) -> Result<Verified, TranscriptError> {
        let content = &self.content;
        if let Some(expected) = root.filter(|root| *root != content.root.as_slice()) {
            return Err(TranscriptError::OtherRoot {
                expected: fingerprint(expected),
                found: fingerprint(&content.root),
            });
        }
        let key = root_key(&content.root)?;
        self.signer_is_the_roots(&key)?;
        if fingerprint(content.script.as_bytes()) != content.script_sha256 {
            return Err(TranscriptError::Script);
        }
        let script = self.script()?;
        let head = chain(&content.steps, &content.script_sha256)?;
        agrees(content, &script, &head)?;
        complete(content, &script)?;
        custody_fits(content, &script)?;
        let witnesses = script.witnesses.iter().filter(|witness| witness.public_key.is_some());
        let witnesses = witnesses.map(|witness| self.witnessed(witness)).collect::<Result<_, _>>()?;
        Ok(Verified { root_sha256: fingerprint(&content.root), witnesses })
    }

    fn signer_is_the_roots(&self, root_key: &[u8]) -> Result<(), TranscriptError> {
        let Some(authorisation) = &self.content.authorisation else {
            self.signed.must_be_signed_by(root_key)?;
            return Ok(());
        };
        authorisation.must_be_signed_by(root_key).map_err(|_| TranscriptError::NotAuthorised)?;
        let authorised = Authorisation::parse(&authorisation.body)?;
        let fits = authorised.ceremony == self.content.ceremony
            && authorised.script_sha256 == self.content.script_sha256;
        if !fits {
            return Err(TranscriptError::NotAuthorised);
        }
        self.signed.must_be_signed_by(&authorised.public_key)?;
        Ok(())
    }

    fn witnessed(&self, witness: &Witness) -> Result<WitnessSignature, TranscriptError> {
        let named = |key: &[u8]| self.signed.signatures.iter().any(|signature| signature.public_key == key);
        let key = witness.public_key.as_deref().unwrap_or_default();
        if !named(key) {
            return Ok(WitnessSignature { name: witness.name.clone(), signed: false });
        }
        self.signed.must_be_signed_by(key)?;
        Ok(WitnessSignature { name: witness.name.clone(), signed: true })
    }
}

fn root_key(root: &[u8]) -> Result<Vec<u8>, TranscriptError> {
    let unreadable = |why: String| TranscriptError::Form(format!("the root's certificate: {why}"));
    let (_, root) = X509Certificate::from_der(root).map_err(|error| unreadable(error.to_string()))?;
    Ok(root.public_key().raw.to_vec())
}

/// What the head of the transcript says is what follows from its parts.
fn agrees(content: &Content, script: &Script, head: &str) -> Result<(), TranscriptError> {
    let contradiction = |what: &str| Err(TranscriptError::Contradiction(what.to_owned()));
    if content.ceremony != script.id || content.kind != script.kind() {
        return contradiction("it names another ceremony than its script");
    }
    if content.head != head {
        return contradiction("its last step is not the one that it names");
    }
    if content.outputs != outputs(&content.steps) {
        return contradiction("what was made is not what its steps made");
    }
    let is_destruction = matches!(script.act, Act::KeyDestruction(_));
    if is_destruction != content.authorisation.is_some() {
        return contradiction("only where a key is destroyed, another one signs");
    }
    match script.opening() {
        Some(opening) if opening.root_sha256 != fingerprint(&content.root) => {
            contradiction("its root is not the script's")
        }
        _ => Ok(()),
    }
}

/// Every step that the script demands, in its order.
fn complete(content: &Content, script: &Script) -> Result<(), TranscriptError> {
    let people = script.witnesses.len() + 1;
    let mut wanted = vec![OPENED.to_owned()];
    wanted.extend((1..=people).map(|number| format!("agreed-{number}")));
    wanted.extend(acts(script));
    let mut steps = content.steps.iter();
    for step in &wanted {
        if !steps.any(|entry| entry.step == *step) {
            return Err(TranscriptError::Incomplete(format!("the step {step} is missing, or out of order")));
        }
    }
    for (number, name) in
        (1..).zip(std::iter::once(&script.officer).chain(script.witnesses.iter().map(|it| &it.name)))
    {
        let agreed = find(content, &format!("agreed-{number}"));
        if agreed.and_then(|entry| entry.facts.get("person")) != Some(name) {
            return Err(TranscriptError::Incomplete(format!("{name} did not agree to the script")));
        }
    }
    if content.steps.iter().any(|entry| entry.step == "key-opened") {
        return Ok(());
    }
    Err(TranscriptError::Incomplete("nobody opened the key".to_owned()))
}

fn acts(script: &Script) -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match &script.act {
        Act::Root(act) if act.token.is_some() => named(&["custody", "pin", "key", "certificate", "crl"]),
        Act::Root(_) => named(&["custody", "key", "certificate", "crl"]),
        Act::IssuingCa(_) => named(&["certificate", "response"]),
        Act::CrossCertificate(_) | Act::LinkCertificate(_) => named(&["certificate", "output"]),
        Act::RootCrl(act) => {
            let revoked = (1..=act.revocations.len()).map(|number| format!("revoked-{number}"));
            revoked.chain(["crl".to_owned()]).collect()
        }
        Act::KeyDestruction(act) => {
            let shares = (1..=act.opening.present.len()).map(|number| format!("share-destroyed-{number}"));
            named(&["authorised", "destroyed"]).into_iter().chain(shares).collect()
        }
    }
}

/// The shares are with those whom the script names, each was proven, and the journal has the same commitments.
fn custody_fits(content: &Content, script: &Script) -> Result<(), TranscriptError> {
    let incomplete = |why: String| Err(TranscriptError::Incomplete(why));
    let Some(record) = &content.custody else {
        return incomplete("there is no record of custody".to_owned());
    };
    let Act::Root(act) = &script.act else { return Ok(()) };
    let names: Vec<&str> = record.holders.iter().map(|held| held.holder.as_str()).collect();
    let meant: Vec<&str> = act.holders.iter().map(|(holder, _)| holder.name.as_str()).collect();
    if names != meant || record.threshold != act.threshold {
        return Err(TranscriptError::Contradiction("the holders are not the script's".to_owned()));
    }
    let facts = find(content, "custody").map(|entry| &entry.facts);
    let round = hex::encode(&record.round);
    for held in &record.holders {
        let commitment = facts.and_then(|facts| facts.get(&format!("commitment-{:02}", held.index)));
        if commitment != Some(&hex::encode(&held.commitment)) {
            return Err(TranscriptError::Contradiction(format!("the commitment to {}'s share", held.holder)));
        }
        let is_proof = |entry: &Entry| {
            entry.step == "share-proven"
                && entry.facts.get("round") == Some(&round)
                && entry.facts.get("index") == Some(&held.index.to_string())
        };
        if !content.steps.iter().any(is_proof) {
            return incomplete(format!("the share of {} was not proven", held.holder));
        }
    }
    Ok(())
}

fn find<'a>(content: &'a Content, step: &str) -> Option<&'a Entry> {
    content.steps.iter().find(|entry| entry.step == step)
}

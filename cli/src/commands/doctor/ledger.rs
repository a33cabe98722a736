//! The ledger's checkpoint, and the status feed beside it.

use ca_core::status::feed::{FeedMessage, Place};
use ca_core::tlog::checkpoint::{Log, SignedCheckpoint};
use ca_core::tlog::note::VerifierKey;
use ca_core::tlog::tile::{self, FULL_WIDTH, Tile, Width};
use time::Duration;

use super::findings::Trouble;
use super::visit::{Visit, typed};
use crate::client::{FeedClient, Following};

/// A responder refuses to speak after a day; it should hear each second.
const FEED_IS_OLD: Duration = Duration::minutes(1);

const FIX_LEDGER: &str = "npki audit verify tells more; keep the checkpoint that you have";
const FIX_FEED: &str = "read the log of the installation; compare the key: npki feed key --data DIR there";

impl Visit<'_> {
    /// The checkpoint: the last place of the ledger that it covers, as the feed names it.
    pub(super) fn ledger(&mut self) -> Option<Place> {
        if self.is_absent("ledger/checkpoint") {
            self.findings.skipped("ledger", None, "it publishes none, as responders elsewhere do not");
            return None;
        }
        match self.checkpoint() {
            Ok((place, says, troubles)) => {
                self.findings.found("ledger", None, says, troubles);
                place
            }
            Err(trouble) => {
                self.findings.found("ledger", None, "", vec![trouble]);
                None
            }
        }
    }

    fn checkpoint(&self) -> Result<(Option<Place>, String, Vec<Trouble>), Trouble> {
        let wrong = |says: String| Trouble::failed(says, FIX_LEDGER);
        let (key, whence) = match &self.log_key {
            Some(key) => (key.clone(), "the key that was given"),
            None => (self.published_key("ledger/key")?, "the key that is published beside it"),
        };
        let answer = self.fetched("ledger/checkpoint")?;
        let log = Log::named_by(key).map_err(|error| wrong(error.to_string()))?;
        let checkpoint = SignedCheckpoint::parse(&answer.body)
            .and_then(|checkpoint| checkpoint.verify(&log))
            .map_err(|error| wrong(format!("the checkpoint: {error}")))?;
        let size = checkpoint.head().size;
        let says = format!("{size} events, signed by {whence}");
        let troubles = typed(&answer, "text/plain; charset=utf-8").into_iter().collect();
        Ok((self.last_place(size)?, says, troubles))
    }

    /// The digest of the last event is the last hash of the tree's lowest level (C2SP tlog-tiles).
    fn last_place(&self, size: u64) -> Result<Option<Place>, Trouble> {
        let Some(last) = size.checked_sub(1) else { return Ok(None) };
        let index = last / u64::from(FULL_WIDTH);
        let tile = Width::in_level(size, index).and_then(|width| Tile::new(0, index, width));
        let Some(tile) = tile else { return Ok(None) };
        let octets = self.fetched(&format!("ledger/{tile}"))?.body;
        let hashes = tile::from_octets(&octets)
            .ok_or_else(|| Trouble::failed(format!("the ledger's {tile} cannot be read"), FIX_LEDGER))?;
        Ok(hashes.last().map(|digest| Place { position: size, digest: *digest }))
    }

    /// Whether the feed goes on from there.
    pub(super) fn feed(&mut self, place: Option<Place>) {
        let Some(place) = place else {
            self.findings.skipped(
                "feed",
                None,
                "without a ledger there is no place from which to ask for it",
            );
            return;
        };
        if self.is_absent("status/key") {
            self.findings.skipped("feed", None, "it is not published at this address");
            return;
        }
        match self.follows(&place) {
            Ok((says, troubles)) => self.findings.found("feed", None, says, troubles),
            Err(trouble) => self.findings.found("feed", None, "", vec![trouble]),
        }
    }

    fn follows(&self, place: &Place) -> Result<(String, Vec<Trouble>), Trouble> {
        let wrong = |says: String| Trouble::failed(says, FIX_FEED);
        let (key, whence) = match &self.feed_key {
            Some(key) => (key.clone(), "the key that was given"),
            None => (self.published_key("status/key")?, "the key that is published beside it"),
        };
        let client = FeedClient::of(self.site.base().clone(), Some(&self.anchors), self.patience);
        let client = client.map_err(|failure| wrong(failure.to_string()))?;
        let octets = match client.after(place).map_err(|failure| wrong(failure.to_string()))? {
            Following::Message(octets) => octets,
            Following::OtherHistory => {
                let says =
                    format!("the feed knows no event {} as the ledger has it: they part", place.position);
                return Err(Trouble::failed(
                    says,
                    "an old copy of the store was put back, or a cache mixes two installations: npki audit verify",
                ));
            }
        };
        let message = FeedMessage::whole(&octets)
            .and_then(|message| message.verify(std::slice::from_ref(&key)))
            .map_err(|error| wrong(error.to_string()))?;
        let head = message.head();
        let Some(level) = head.level else {
            return Ok((format!("goes on from event {}, signed by {whence}", place.position), Vec::new()));
        };
        let age = self.now - level.as_of;
        let says = format!(
            "goes on from the ledger's event {}, of {:.1} s ago, signed by {whence}",
            place.position,
            age.as_seconds_f64().max(0.0)
        );
        let old = || Trouble::warning(format!("it is old: {says}"), "a cache holds it: it may, for a second");
        Ok((says.clone(), (age > FEED_IS_OLD).then(old).into_iter().collect()))
    }

    /// A key that is published for convenience: it proves that what is beside it is whole, and not whose it is.
    fn published_key(&self, path: &str) -> Result<VerifierKey, Trouble> {
        let answer = self.fetched(path)?;
        let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
        text.parse().map_err(|error| Trouble::failed(format!("/{path}: {error}"), FIX_LEDGER))
    }

    fn is_absent(&self, path: &str) -> bool {
        self.site.get(path).is_ok_and(|answer| answer.status == 404)
    }
}

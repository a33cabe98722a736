//! No serial number is listed twice.

use super::Entry;
use crate::lint::element::Elements;
use crate::lint::{Rule, Severity};

/// RFC 5280 section 5.1.2.6 lists each certificate by its serial number; which of two entries holds nobody says.
pub(super) const RULE: Rule<()> = Rule {
    id: "rfc5280.crl-serials-once",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Error,
    says: "no serial number is listed twice",
    check: (),
};

/// Watches serial numbers pass. In ascending order, which is ours, nothing is remembered.
#[derive(Debug, Default)]
pub(super) struct Order<'a> {
    last: &'a [u8],
    ascending: bool,
    begun: bool,
}

impl<'a> Order<'a> {
    pub(super) fn see(&mut self, serial: &'a [u8]) {
        let above = (serial.len(), serial) > (self.last.len(), self.last);
        self.ascending = above && (self.ascending || !self.begun);
        self.begun = true;
        self.last = serial;
    }

    /// Whether a number came twice. In another order than ours all are sorted by reference, which takes two words for
    /// each, less than the CRL itself.
    pub(super) fn repeats(&self, entries: &'a [u8]) -> bool {
        if self.ascending || !self.begun {
            return false;
        }
        let all = Elements::of(entries).flatten().filter_map(|element| Entry::read(&element));
        // In an indirect CRL numbers of several CAs stand side by side.
        let mut serials: Vec<&[u8]> = all.map(|entry| entry.serial).collect();
        serials.sort_unstable();
        serials.windows(2).any(|pair| matches!(pair, [one, next] if one == next))
    }
}

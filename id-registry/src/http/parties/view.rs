//! How parties, and what is proposed of them, are shown.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::party::{NewPurpose, Party, ProposedParty, Purpose};

/// A purpose as entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PurposeEntered {
    /// Its name: lower-case letters, digits and hyphens.
    name: String,
    /// The act and section that allows it. It is public, and stays in the ledger.
    legal_basis: String,
    /// What it admits: `surname`, `given-name`, `surname-latin`, `given-name-latin`, `birth-date`, `age-over-18` (any age from 1 to
    /// 120), `alive`, `status`, `assurance`, `pseudonym`, `national-number`.
    attributes: Vec<String>,
}

impl From<PurposeEntered> for NewPurpose {
    fn from(entered: PurposeEntered) -> Self {
        Self { name: entered.name, legal_basis: entered.legal_basis, attributes: entered.attributes }
    }
}

/// A purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Purpose)]
pub(in crate::http) struct PurposeView {
    name: String,
    legal_basis: String,
    /// What it admits, and nothing else.
    attributes: Vec<String>,
}

impl From<Purpose> for PurposeView {
    fn from(purpose: Purpose) -> Self {
        let attributes = purpose.attributes.iter().map(ToString::to_string).collect();
        Self { name: purpose.name, legal_basis: purpose.legal_basis, attributes }
    }
}

/// A relying party.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelyingParty)]
pub(in crate::http) struct PartyView {
    /// The organisation.
    organisation: String,
    /// `registered` or `ended`.
    status: &'static str,
    /// In which sector it knows persons.
    sector: String,
    purposes: Vec<PurposeView>,
    /// Since when these are so.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    since: OffsetDateTime,
    proposed_by: String,
    confirmed_by: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<OffsetDateTime>,
    ended_by: Option<String>,
    /// Why it was ended.
    reason: Option<String>,
}

impl From<Party> for PartyView {
    fn from(party: Party) -> Self {
        let ended = party.ended;
        Self {
            organisation: party.organisation.to_string(),
            status: if ended.is_some() { "ended" } else { "registered" },
            sector: party.sector.to_string(),
            purposes: party.purposes.into_iter().map(PurposeView::from).collect(),
            since: party.since,
            proposed_by: party.proposed_by.to_string(),
            confirmed_by: party.confirmed_by.to_string(),
            ended_at: ended.as_ref().map(|ended| ended.at),
            ended_by: ended.as_ref().map(|ended| ended.by.to_string()),
            reason: ended.map(|ended| ended.reason),
        }
    }
}

/// What is proposed of a party, and waits for another administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelyingPartyChange)]
pub(in crate::http) struct ProposedView {
    /// Its name: the ledger's event that proposed it.
    change: String,
    /// The organisation.
    organisation: String,
    /// `register` or `change`.
    act: &'static str,
    sector: String,
    /// All the purposes that it is to have.
    purposes: Vec<PurposeView>,
    reason: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    proposed_at: OffsetDateTime,
    proposed_by: String,
}

impl From<ProposedParty> for ProposedView {
    fn from(proposed: ProposedParty) -> Self {
        Self {
            change: proposed.id.to_string(),
            organisation: proposed.organisation.to_string(),
            act: proposed.act.name(),
            sector: proposed.sector.to_string(),
            purposes: proposed.purposes.into_iter().map(PurposeView::from).collect(),
            reason: proposed.reason,
            proposed_at: proposed.at,
            proposed_by: proposed.by.to_string(),
        }
    }
}

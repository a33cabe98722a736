//! What the ledger's events say to the person whom they concern.

use ca_core::ledger::{Event, Outcome};

use crate::id::IdentityId;

/// What each action means to the person. What is not here is told by the action's own name; a test holds this table
/// against every action that names persons.
const WORDS: &[(&str, &str)] = &[
    ("identity.viewed", "Your record was looked at"),
    ("identity.registered", "You were entered into the register"),
    ("identity.collected", "You were enrolled by an officer without a network"),
    ("identity.change-proposed", "A change of your record was proposed"),
    ("identity.change-dropped", "A proposed change of your record was dropped"),
    ("identity.changed", "Your record was changed"),
    ("identity.suspended", "Your identity was suspended, and your certificates were put on hold"),
    ("identity.resumed", "Your identity counts again"),
    ("identity.death-reported", "Your death was reported"),
    ("identity.died", "Your death was entered"),
    ("identity.found-alive", "It was entered that you live"),
    ("identity.closed", "Your identity was closed"),
    ("identity.reopened", "Your identity was opened again"),
    ("identity.erased", "Your record was erased"),
    ("identity.token-lost", "The loss of your card or token was entered"),
    ("identity.token-stolen", "The theft of your card or token was entered"),
    ("identity.token-found", "Your card or token was entered as found"),
    ("identity.replaced", "Certificates that said what was known of you before were replaced"),
    ("identity.due-lapsed", "A time limit of your record passed"),
    ("identity.step-refused", "A step with your record was tried"),
    ("identity.handed-over", "A device or program that you answer for changed hands"),
    ("identity.orphaned", "A device or program lost the person who answers for it"),
    ("identity.sponsor-back", "A device or program has the person who answers for it back"),
    ("guardianship.proposed", "A guardianship over you was proposed"),
    ("guardianship.dropped", "A proposed guardianship over you was dropped"),
    ("guardianship.begun", "You were placed under guardianship"),
    ("guardianship.ended", "The guardianship over you has ended"),
    ("guardianship.vacant", "The guardianship over you has no guardian any more"),
    ("guardianship.resumed", "The guardianship over you has its guardian back"),
    ("attributes.disclosed", "Something that the register knows of you was told to somebody who may know it"),
    ("notification.received", "The civil register, or another that may, told something of you"),
    ("notification.settled", "An officer looked at what was told of you"),
    ("identity.told", "A change of your entry was told to somebody who knows you by it"),
    ("attributes.refused", "Somebody asked the register for what they may not know of you"),
    ("retention.erased", "Something that is kept for a time only was erased"),
    ("evidence.entered", "A document that proves who you are was entered"),
    ("request.submitted", "A certificate in your name was asked for"),
    ("request.approved", "An officer approved a certificate in your name"),
    ("request.rejected", "A certificate in your name was refused"),
    ("request.decision-refused", "An officer tried to decide on a certificate in your name, and was not let"),
    ("certificate.issued", "A certificate was issued in your name"),
    ("certificate.revoked", "A certificate in your name was revoked"),
    ("certificate.held", "A certificate in your name was put on hold"),
    ("certificate.released", "A certificate in your name counts again"),
    (
        "revocation.review-due",
        "The revocation of a certificate in your name is to be looked at by somebody else",
    ),
    ("revocation.reviewed", "The revocation of a certificate in your name was looked at by somebody else"),
    ("withdrawal.step", "A step was taken to withdraw certificates of yours"),
    ("withdrawal.step-refused", "A step to withdraw certificates of yours was tried"),
    ("campaign.exempted", "A certificate in your name was left out of a campaign"),
];

/// What an event says to a person: in words, with what it names.
pub(super) fn of(event: &Event, person: IdentityId) -> String {
    let action = event.action.as_str();
    let words = WORDS.iter().find(|(known, _)| *known == action).map_or(action, |(_, words)| words);
    let others = event.subject != format!("identity:{person}");
    let mut said = match event.subject.starts_with("identity:") {
        true if others && words.starts_with("You") => {
            format!("A device or program that you answer for: {action}")
        }
        _ => words.to_owned(),
    };
    if event.outcome == Outcome::Refused {
        said.push_str(", and was refused");
    }
    if others {
        said = format!("{said} ({})", event.subject);
    }
    let further = [
        event.reason.as_ref(),
        event.detail.get("purpose"),
        event.detail.get("attributes"),
        event.detail.get("kind"),
    ];
    for further in further.into_iter().flatten() {
        said = format!("{said}: {further}");
    }
    said
}

/// Whether it came of work on many at once.
pub(super) fn bulk(event: &Event) -> bool {
    let work = event.detail.get("work").map_or("", |work| work.split(':').next().unwrap_or_default());
    ["campaign", "import", "export"].contains(&work) || event.action.as_str().starts_with("campaign.")
}

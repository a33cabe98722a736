//! Problems: every refusal and fault as it goes over the wire (RFC 9457), in one table.
//!
//! A code never changes its meaning. What a problem says in particular is its detail; nothing internal is in it.

use std::borrow::Cow;
use std::num::NonZeroU64;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::duplicates::CandidateView;
use crate::duplicates::Candidate;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// Its stable code.
    pub code: &'static str,
    /// The HTTP status it goes out with.
    pub status: u16,
    /// What happened, in general.
    pub title: &'static str,
    /// What to do about it, in general.
    pub fix: &'static str,
    /// Whether the same call can succeed later.
    pub retryable: bool,
}

/// Every problem this interface gives, besides those of certification requests, whose codes and fixes are
/// [`CsrError`](ca_core::csr::CsrError)'s own.
pub fn catalogue() -> &'static [ProblemKind] {
    TABLE
}

macro_rules! problems {
    ($($name:ident = $code:literal $status:literal $retryable:literal, $title:literal, $fix:literal;)+) => {
        $(#[doc = $title]
        pub const $name: ProblemKind =
            ProblemKind { code: $code, status: $status, title: $title, fix: $fix, retryable: $retryable };)+
        static TABLE: &[ProblemKind] = &[$($name),+];
    };
}

problems! {
    NO_CERTIFICATE = "E-AUTH-001" 401 false, "A client certificate is needed",
        "call with your staff certificate: npki context add NAME --cert FILE --key FILE";
    NOT_PERMITTED = "E-AUTH-002" 403 false, "You may not do this",
        "ask somebody whose role allows it; npki whoami shows yours";
    OF_ANOTHER = "E-AUTH-003" 403 false, "This belongs to another organisation",
        "ask that organisation's operator or a registration officer";
    NOT_STAFF = "E-AUTH-009" 403 false, "This certificate belongs to no member of staff",
        "use the certificate that you were enrolled with";
    ACCESS_ENDED = "E-AUTH-004" 403 false, "Your access was ended", "ask an administrator to enrol you again";
    CERTIFICATE_REVOKED = "E-AUTH-005" 403 false, "Your certificate was revoked",
        "ask an administrator to enrol you again";
    CERTIFICATE_ON_HOLD = "E-AUTH-006" 403 false, "Your certificate is on hold", "ask an administrator to release it";
    CERTIFICATE_EXPIRED = "E-AUTH-007" 403 false, "Your certificate has expired",
        "ask an administrator to enrol you again";
    OUTSIDE_HOURS = "E-AUTH-013" 403 true, "Officers do not act at this hour",
        "come back in office hours; an administrator lets one act at any hour: npki staff place ID --any-hour yes";
    QUOTA_REACHED = "E-AUTH-014" 403 true, "Your quota of today is used up",
        "go on tomorrow; an administrator raises it: npki staff place ID --looks-per-day N";
    TOO_FAST = "E-AUTH-015" 429 true, "You are faster than an officer may be",
        "wait as long as the detail says, or ask for fewer at once; an administrator raises it: npki staff place ID --looks-per-minute N";
    OFFICE_INACTIVE = "E-AUTH-012" 403 false, "Your office is not accredited",
        "ask an administrator to renew it: npki office renew, or to place you in another: npki staff place";
    OWN_IDENTITY = "E-AUTH-011" 403 false, "Nobody decides on what the registry knows of oneself or of relatives",
        "let a colleague decide on it";
    ORGANISATION_INACTIVE = "E-AUTH-010" 403 false, "Your organisation is suspended or closed",
        "ask a registration officer how it stands";
    CERTIFICATE_EARLY = "E-AUTH-008" 403 true, "Your certificate is not valid yet",
        "wait, or let the server's operator check its clock";

    UNKNOWN_IDENTITY = "E-ID-001" 404 false, "There is no such identity",
        "look it up: npki registry list";
    IDENTIFIER_TAKEN = "E-ID-002" 409 false, "Another identity has this number or tag",
        "use the identity that is there: npki registry show ID";
    FIELD_UNFIT = "E-ID-003" 422 false, "A field does not fit", "correct the field that the detail names";
    WRONG_KIND = "E-ID-004" 422 false, "The identity is of another kind",
        "name an identity of the kind that the detail asks for";
    IDENTITY_CLOSED = "E-ID-005" 409 false, "The identity is closed", "use an identity that is active";
    ID_MISTYPED = "E-ID-006" 400 false, "The identifier is mistyped",
        "copy it again: two characters are exchanged or one is wrong";
    ID_MALFORMED = "E-ID-007" 400 false, "This is no identifier", "write it as in lists: P-7QF3K2M9T4";
    ERASED = "E-ID-008" 410 false, "The identity was erased",
        "nothing is known of it any more; register it anew if it has to be known again";
    SUSPENDED = "E-ID-011" 409 false, "The identity is suspended",
        "see why: npki registry history ID; another officer resumes it: npki registry resume ID";
    ELSEWHERE = "E-ID-012" 409 false, "The identity is not where this step begins",
        "see where it stands: npki registry show ID";
    SAME_PERSON = "E-ID-013" 403 false, "This step takes another officer",
        "let a colleague take it who had no part in the step before";
    TOO_FEW_SIGNALS = "E-ID-014" 409 false, "Too little says that the person has died",
        "enter what another kind of source says: npki registry report-death ID --source KIND";
    SIGNAL_TWICE = "E-ID-015" 409 false, "This kind of source has said so already", "nothing is left to enter";
    OWN_SUCCESSOR = "E-ID-016" 422 false, "Nobody is one's own successor", "name another person as the successor";
    RESEMBLES = "E-ID-030" 409 false, "The person may be registered already",
        "look at each: npki registry show ID; use the one that is there, or send the same again with not_the_same_as (who it is not) and reason";
    HAS_CERTIFICATE = "E-ID-009" 409 false, "The identity has certificates that count",
        "revoke them first: npki cert list --identity ID, npki revoke SERIAL";
    ANSWERS_FOR = "E-ID-010" 409 false, "Others depend on the identity",
        "erase what it owns or answers for first; the detail names one of these";

    UNKNOWN_OFFICE = "E-OFF-001" 404 false, "There is no such office", "see which there are: npki office list";
    NOT_ACCREDITED = "E-OFF-002" 409 false, "The office is not accredited",
        "renew it: npki office renew; one that was ended is accredited anew: npki office add";
    SAME_OFFICE = "E-OFF-003" 403 false, "This takes an officer of another office",
        "let an officer of another office decide; an officer without an office is placed in one: npki staff place";

    NO_CASE = "E-CAS-001" 400 false, "Say for which case you look",
        "name the file or ticket that it is for: --case REFERENCE, or NPKI_CASE for a whole sitting; over HTTP the header Npki-Case. The person sees it: npki citizen log";
    CASE_UNFIT = "E-CAS-002" 400 false, "The case reference does not fit",
        "write the number of the file or ticket, without names: K-2026/114";

    EVIDENCE_TWICE = "E-EVI-001" 409 false, "You entered this evidence already", "see what is there: npki registry evidence list ID";
    EVIDENCE_FULL = "E-EVI-002" 409 false, "The identity has as much evidence as is kept",
        "see what is there: npki registry evidence list ID";

    IMPORT_UNFIT = "E-IMP-001" 422 false, "This part of a list is not entered",
        "send 1 to 500 rows, in the order of their numbers; npki registry import does so";

    PACKET_UNFIT = "E-PKT-001" 422 false, "This is no whole packet",
        "copy it once more from the machine that it was sealed on: npki packet seal left it there";
    PACKET_UNSIGNED = "E-PKT-002" 403 false, "Nobody who counts signed the packet",
        "have the officer seal it again under the certificate that signs in now: npki packet seal --again FILE";
    PACKET_ELSEWHERE = "E-PKT-003" 422 false, "The packet is for another registry",
        "bring it to the registry that the detail names";
    PACKET_OLD = "E-PKT-004" 409 false, "The packet is too old",
        "have the officer see the persons again and enrol them anew; nothing of it was entered";
    PACKET_EARLY = "E-PKT-005" 409 true, "The packet was sealed in the future",
        "set the clock of that machine, and bring the packet again once that moment has passed";
    PACKET_ANOTHER = "E-PKT-006" 409 false, "Another packet has this identifier",
        "tell the service's operator: one of the two was made up; what came in first stays";
    ENTRY_TIME = "E-PKT-007" 422 false, "The entry was not collected in the time that is taken",
        "see the person again and enrol them anew";
    ENTRY_UNREADABLE = "E-PKT-008" 422 false, "The entry cannot be read",
        "see the person again and enrol them anew, after npki packet begin";

    UNKNOWN_PROFILE = "E-REQ-001" 404 false, "There is no such profile", "see which there are: npki profile list";
    WRONG_PROFILE = "E-REQ-002" 422 false, "The profile is for identities of another kind",
        "choose a profile for this kind of identity: npki profile list";
    CSR_USED = "E-REQ-003" 409 false, "This certification request was used already",
        "look at the earlier request, or make a new certification request";
    KEY_REUSED = "E-REQ-004" 409 false, "This Idempotency-Key was used for something else",
        "use a new Idempotency-Key for each new request";
    UNKNOWN_REQUEST = "E-REQ-005" 404 false, "There is no such request", "look it up: npki request list";
    OWN_REQUEST = "E-REQ-006" 403 false, "Nobody decides on a request of one's own",
        "let another officer decide on it";
    APPROVED_ALREADY = "E-REQ-007" 409 false, "You approved this request already",
        "let another officer approve it too";
    DECIDED_ALREADY = "E-REQ-008" 409 false, "The request is decided already", "see what became of it: npki request show ID";
    NAME_MALFORMED = "E-REQ-009" 422 false, "A name that is asked for is none",
        "write it as form:value, for example dns:payroll.gov.ls or ip:192.0.2.1";
    ASSURANCE_MISSING = "E-REQ-010" 422 false, "The profile asks how surely the identity was proven",
        "say it with the approval: npki vet approve ID --assurance low|substantial|high";
    ASSURANCE_TOO_LOW = "E-REQ-011" 422 false, "The identity was not proven surely enough for the profile",
        "have the identity proven to the level that the detail names, or reject the request";
    EVIDENCE_TOO_LOW = "E-REQ-013" 409 false, "The evidence does not carry the assurance level",
        "have what is missing checked and entered: npki registry evidence add ID; npki registry evidence list ID shows what is there";
    NOT_ASKED_BY = "E-REQ-012" 403 false, "The profile is asked for by others",
        "have somebody ask whose role the detail names: npki profile show ID";
    APPROVAL_UNSIGNED = "E-REQ-014" 422 false, "The approval is not signed as it must be",
        "approve with npki vet approve ID, under the certificate that you sign in with";
    MATTER_CHANGED = "E-REQ-015" 409 false, "The request is not any more what you approved",
        "look at it once more, then approve it: npki vet show ID";

    UNKNOWN_PARTY = "E-RPY-001" 404 false, "The organisation is no relying party",
        "see which there are: npki party list; two administrators register one: npki party add ID";
    PARTY_EXISTS = "E-RPY-002" 409 false, "The organisation is a relying party already",
        "change its purposes: npki party change ID; its sector stays as long as it is one";
    PARTY_ENDED = "E-RPY-003" 409 false, "The relying party was ended",
        "see why: npki party show ID; two administrators register it again: npki party add ID";
    PARTY_WAITS = "E-RPY-004" 409 false, "Something is proposed of the relying party already",
        "have it confirmed, or drop it: npki party show ID shows it";
    UNKNOWN_PARTY_CHANGE = "E-RPY-005" 404 false, "Nothing of that name waits",
        "see what waits: npki party list --waiting";
    OWN_PARTY_CHANGE = "E-RPY-006" 403 false, "Nobody confirms what they proposed themselves",
        "let another administrator confirm it";
    PARTY_UNCHANGED = "E-RPY-007" 409 false, "The relying party's purposes are so already", "nothing is left to do";
    UNKNOWN_PURPOSE = "E-RPY-008" 422 false, "The relying party has no such purpose",
        "name one of the purposes in the detail; npki party show ID tells what each admits";
    NOT_ADMITTED = "E-RPY-009" 403 false, "The purpose does not admit what is asked for; the attempt is in the ledger",
        "ask for what the detail says it admits; what the law admits besides, two administrators add: npki party change ID";
    OTHER_SECTOR = "E-RPY-010" 422 false, "The pseudonym is of another sector",
        "use the pseudonym that your own sector was given";
    UNKNOWN_PSEUDONYM = "E-RPY-011" 404 false, "Nobody is known by this pseudonym",
        "ask by the identifier first, for a purpose that admits pseudonym: the one you are told is known from then on";

    UNKNOWN_NOTIFICATION = "E-NTF-001" 404 false, "There is no such notification",
        "see which there are: npki notification list";
    NO_SOURCE = "E-NTF-002" 404 false, "The application is no source of notifications",
        "see which are: npki notification source list";
    SOURCE_EXISTS = "E-NTF-003" 409 false, "The application is a source already",
        "end it first, to add it with other kinds: npki notification source end";
    KIND_NOT_ADMITTED = "E-NTF-004" 403 false, "The source does not tell of this",
        "ask an administrator of the registry to admit the kind";
    EVENT_OTHERWISE = "E-NTF-005" 409 false, "Something else was told under this event_id before",
        "give each event a name of its own; what came first stays";
    NOTHING_WAITS = "E-NTF-006" 409 false, "The notification does not wait", "see what became of it: npki notification show ID";

    UNKNOWN_WEBHOOK = "E-WHK-001" 404 false, "There is no such webhook", "see which there are: npki webhook list";
    WEBHOOK_ENDED = "E-WHK-002" 409 false, "The webhook was ended", "add another: npki webhook add";
    WEBHOOK_SO = "E-WHK-003" 409 false, "The webhook is so already", "nothing is left to do";

    NOT_COUNTED = "E-STA-001" 404 true, "Nothing was counted yet",
        "ask again later: the service counts by itself, 500 entries a second";

    UNKNOWN_WITHDRAWAL = "E-WDR-001" 404 false, "There is no such withdrawal", "look it up: npki withdrawal list";
    WITHDRAWAL_ELSEWHERE = "E-WDR-002" 409 false, "The withdrawal is not where this step begins",
        "see where it stands: npki withdrawal show ID";
    WITHDRAWAL_EARLY = "E-WDR-003" 409 false, "The holder still has time to reply",
        "write down the reply with npki withdrawal reply ID, or decide once the time has passed";
    APPEAL_LATE = "E-WDR-004" 409 false, "The time for an appeal has passed",
        "the certificates are revoked; a new certificate can be asked for";
    TOOK_PART = "E-WDR-005" 403 false, "Who took part before does not decide",
        "let an officer decide who gave no notice and decided nothing in it";
    NOTHING_TO_WITHDRAW = "E-WDR-006" 422 false, "There is no such certificate to withdraw",
        "see what the person has: npki cert list --identity ID";
    WITHDRAWAL_OPEN = "E-WDR-007" 409 false, "These certificates are being withdrawn already",
        "see what there is: npki withdrawal list --identity ID --open";
    NO_REVIEW = "E-WDR-008" 404 false, "Nothing of this serial number is to be reviewed",
        "see what there is: npki review list --open";
    REVIEWED_ALREADY = "E-WDR-009" 409 false, "It was reviewed already", "see what came of it: npki review list";
    OWN_REVOCATION = "E-WDR-010" 403 false, "Nobody reviews what they revoked themselves", "let a colleague review it";
    TAKES_NOTICE = "E-WDR-011" 422 false, "A person's certificate is not withdrawn without a hearing",
        "give notice: npki withdrawal notice ID --reason TEXT; what endangers others is revoked for another reason";
    WITHDRAWN = "E-WDR-012" 409 false, "The certificate is on hold because its withdrawal was upheld",
        "an appeal that is granted releases it: npki withdrawal show ID";

    KEY_NOT_ADMITTED = "E-ISS-001" 422 false, "The profile does not admit this key",
        "make a key of a kind that the profile admits: npki profile show ID";
    FACT_MISSING = "E-ISS-002" 422 false, "The registry lacks what the profile needs",
        "have an officer register the identity with it";
    FACT_UNFIT = "E-ISS-003" 422 false, "What the registry holds does not fit the profile",
        "have an officer register the identity in the form that the detail asks for";
    NAME_NOT_GRANTED = "E-ISS-004" 422 false, "The name is not one of the identity's",
        "ask only for names that the registry grants the identity: npki registry show ID";
    KEY_OF_ANOTHER = "E-ISS-005" 409 false, "This key belongs to another identity",
        "make a new key; a key serves one identity only";
    LINT = "E-ISS-006" 500 false, "The certificate would have broken a rule, so it was not signed",
        "tell the service's operator; the profile or the service is at fault, not your request";
    ISSUER_ENDS = "E-ISS-007" 503 false, "The issuing CA ends before the certificate would",
        "tell the service's operator: a new issuing CA is due";
    CRL_LEAVES_OUT = "E-ISS-011" 422 false, "The CA issues certificates of another kind only",
        "choose a profile of its kind, or have the operator change [crl] contains in npki.toml";
    CA_KEY = "E-ISS-008" 503 true, "The CA's key could not be used", "try again later";
    NO_ISSUER = "E-ISS-009" 409 false, "No CA issues under this profile at this time",
        "choose another profile, or ask the service's operator which CA is to issue: hierarchy.toml";
    KEY_COMPROMISED = "E-ISS-010" 422 false, "This key is blocked: it is, or may be, in others' hands",
        "do not use this key again for anything: make a new one";
    ISSUER_BLOCKED = "E-ISS-012" 409 false, "The key of the CA that issues under this profile is blocked",
        "tell the service's operator: another CA must be founded for this profile";
    NAME_FORM = "E-ISS-016" 422 false, "The profile's certificates have no names of this form",
        "leave the name out of the request, or choose a profile that has such names: npki profile show ID";
    PROPOSAL_UNFIT = "E-ISS-017" 422 false, "What the request proposes does not fit the profile",
        "propose a value that matches the pattern in the detail: npki profile show ID";
    PROPOSAL_MISSING = "E-ISS-019" 422 false, "The profile takes a value from the request, and there is none",
        "write it into the request's subject, or give it as a name: npki profile show ID says which";
    CA_WISHED = "E-ISS-020" 422 false, "The request asks to be a CA",
        "make the request again without basicConstraints, or with CA:FALSE; a CA is founded, not asked for";
    SUBJECT_DIFFERS = "E-ISS-021" 422 false, "The request's subject is not the registry's",
        "leave the subject empty (openssl req -subj /), or write it as the registry has it: npki registry show ID";
    KEY_USAGE_WISHED = "E-ISS-022" 422 false, "The request asks for a key usage that the profile does not give",
        "make the request again without keyUsage, or choose a profile that has it: npki profile show ID";
    PURPOSE_WISHED = "E-ISS-023" 422 false, "The request asks for a purpose that the profile does not give",
        "make the request again without extendedKeyUsage, or choose a profile that has it: npki profile show ID";
    POLICY_WISHED = "E-ISS-024" 422 false, "The request asks for a policy that the profile does not assert",
        "make the request again without certificatePolicies, or choose a profile that has it: npki profile show ID";
    EXTENSION_WISHED = "E-ISS-025" 422 false, "The request asks for an extension that the profile does not give",
        "make the request again without the extension that the detail names";
    PROFILE_CHANGED = "E-ISS-018" 409 false, "The profile was changed since the request was made",
        "reject the request with what the detail says as the reason; the applicant can make it anew: npki profile history NAME";
    CLOCK_SET_BACK = "E-ISS-015" 503 true, "The server's clock was set back",
        "tell the service's operator: set the clock, or accept it: npki clock accept";

    PROFILE_UNFIT = "E-PROF-201" 422 false, "The text is no profile, or breaks a rule",
        "correct what the detail names, and propose it again";
    PROFILE_OUT_OF_PLACE = "E-PROF-202" 422 false, "The profile does not fit the CAs of this installation",
        "correct what the detail names; npki ca list shows the CAs, hierarchy.toml says who issues what";
    PROFILE_UNCHANGED = "E-PROF-203" 409 false, "The profile is exactly this already", "nothing is left to do";
    PROFILE_NO_ISSUER = "E-PROF-206" 422 false, "No CA issues under this profile yet",
        "name the CA that is to: npki profile propose FILE --issued-by CA; npki ca list shows them";
    PROFILE_OTHER_ISSUER = "E-PROF-207" 409 false, "Another CA issues under this profile",
        "leave --issued-by out, or give the profile a name of its own";
    PROFILE_INDISPENSABLE = "E-PROF-208" 409 false, "The installation cannot do without this profile",
        "change it instead: npki profile propose FILE";
    UNKNOWN_PROPOSAL = "E-PROF-209" 404 false, "There is no such proposal", "look it up: npki profile proposals";
    OWN_PROPOSAL = "E-PROF-210" 403 false, "Nobody decides on a proposal of one's own",
        "let another administrator decide on it, or take it back: npki profile withdraw ID";
    PROPOSAL_OF_ANOTHER = "E-PROF-211" 403 false, "The proposal is somebody else's",
        "reject it, if it must not be approved: npki profile reject ID --reason TEXT";
    PROPOSAL_DECIDED = "E-PROF-212" 409 false, "The proposal is decided already",
        "see what became of it: npki profile proposals ID";
    PROPOSAL_STALE = "E-PROF-213" 409 false, "The profile was changed since this was proposed",
        "compare it with what is in force (npki profile history NAME), and propose it anew";
    PROPOSAL_OTHER_DIGEST = "E-PROF-214" 409 false, "What you approve is not what was proposed",
        "read it again: npki profile proposals ID shows the text and its SHA-256";
    UNKNOWN_EDITION = "E-PROF-215" 404 false, "The profile has no such edition", "see which there are: npki profile history NAME";
    PROFILE_RETIRED = "E-PROF-204" 409 false, "The profile was retired",
        "choose another profile: npki profile list; who retired it and why: npki profile history NAME";
    PROFILE_UNUSABLE = "E-PROF-205" 503 false, "This version of npki cannot use the profile",
        "tell the service's operator: update npki, or have an administrator propose the profile in a form that it takes";

    UNKNOWN_CA = "E-CA-001" 404 false, "There is no such CA", "look it up: npki ca list";
    CA_KEY_HERE = "E-CA-002" 409 false, "The CA's key is in this service",
        "nothing is to be done: the service makes and publishes this CA's CRLs itself";
    CRL_REFUSED = "E-CA-003" 422 false, "The CRL is not taken over",
        "bring the newest CRL as the root-crl ceremony of this very CA wrote it";
    CRL_OLDER = "E-CA-004" 409 false, "A newer CRL is there already", "nothing is left to do: npki ca list shows its number";
    LINK_REFUSED = "E-CA-006" 422 false, "The link certificate is not taken into use",
        "bring the certificate that a link-certificate ceremony of one root made for another root of this installation";
    CA_WITHOUT_RESPONDER = "E-CA-007" 409 false, "No responder answers for a CA whose key is elsewhere",
        "leave it out: its CRL tells the status of what it issued";
    RENEWAL_REFUSED = "E-CA-008" 403 false, "The responder's certificate is not renewed",
        "have an administrator certify it anew: npki responder request, certify, accept";
    RENEWAL_EARLY = "E-CA-009" 409 true, "It is too early to renew the responder's certificate",
        "ask again when half of the certificate's life is over";
    ISSUER_REVOKED = "E-CA-005" 409 false, "The issuing CA was revoked, and issues nothing more",
        "have the next generation of the CA founded, or issue by another CA: npki ca list";
    ISSUER_RETIRED = "E-CA-010" 409 false, "The issuing CA was retired, and issues nothing more",
        "name another CA for the profile in hierarchy.toml, and start the service again: npki ca list";

    NOTHING_CHANGES = "E-CHG-001" 409 false, "Nothing would change", "nothing is left to do: npki registry show ID";
    CHANGE_WAITS = "E-CHG-002" 409 false, "A change of the identity waits already",
        "have it confirmed, or drop it: npki registry changes ID shows it";
    UNKNOWN_CHANGE = "E-CHG-003" 404 false, "No such change waits", "see what waits: npki registry changes";
    CHANGE_REASON = "E-CHG-004" 422 false, "The reason does not fit the kind of identity",
        "give one of the reasons that the detail names";
    REPLACEMENT_UNFIT = "E-CHG-005" 422 false, "The time to replace certificates does not fit",
        "give 1 to 90 days, or none: then they end at once, as they must after a theft of identity";
    OWN_CHANGE = "E-CHG-006" 403 false, "The change takes another officer",
        "let a colleague confirm it who neither proposed it nor entered what it puts right";

    TOKEN_UNNAMED = "E-TOK-001" 422 false, "Nothing says what is in the token",
        "name its model, batch, firmware or kind, certificates by --serial, or say --all";
    TOKEN_EMPTY = "E-TOK-002" 409 false, "No certificate that counts is in such a token",
        "see where the keys live: npki cert show SERIAL; name certificates by --serial, or say --all";
    NOT_IN_TOKEN = "E-TOK-003" 422 false, "The certificate is none of the identity's that counts",
        "name those that npki cert list --identity ID shows as active or on hold";
    TOKEN_UNKNOWN = "E-TOK-004" 409 false, "Nobody knows of some certificates where their keys are",
        "name those in the token by --serial as well, or say --all, or that the --others-are-elsewhere";
    TOKEN_LOST = "E-TOK-006" 409 false, "The key is in a token that is lost",
        "make a new key, in another token";
    TOKEN_NOT_LOST = "E-TOK-005" 409 false, "No token of the identity is lost", "see what happened: npki registry history ID";

    GUARDIAN_UNFIT = "E-GUA-001" 422 false, "This guardian cannot be one",
        "name an active person of full age who decides for themselves, or an active organisation";
    GROUND_UNFIT = "E-GUA-002" 409 false, "Minority is no ground for this person",
        "name another ground, such as court-order; a birth date that is not known is entered with npki registry change";
    GUARDIANSHIP_DAY = "E-GUA-003" 422 false, "The day does not fit",
        "give a day to come, a minor's full age at the latest; or none";
    GUARDIANSHIP_WAITS = "E-GUA-004" 409 false, "A guardianship over the person waits already",
        "have it confirmed, or drop it: npki guardianship show ID";
    UNKNOWN_GUARDIANSHIP = "E-GUA-005" 404 false, "No such guardianship waits", "see what waits: npki guardianship list";
    NO_GUARDIANSHIP = "E-GUA-006" 409 false, "The person is not under guardianship",
        "see what there is: npki guardianship show ID";
    OWN_GUARDIANSHIP = "E-GUA-007" 403 false, "The guardianship takes another officer",
        "let a colleague decide who took no part in it and is nobody's relative in it";
    UNDER_GUARDIANSHIP = "E-GUA-008" 409 false, "A guardian decides this for the person",
        "ask for what the guardianship leaves to the person, or have it ended: npki guardianship show ID";

    UNKNOWN_CERTIFICATE = "E-CERT-001" 404 false, "There is no such certificate", "look it up: npki cert list";
    REVOKED_ALREADY = "E-CERT-002" 409 false, "The certificate was revoked already", "nothing is left to do";
    HELD_ALREADY = "E-CERT-003" 409 false, "The certificate is on hold already",
        "release it, or revoke it for good with another reason";
    NOT_ON_HOLD = "E-CERT-004" 409 false, "The certificate is not on hold",
        "only a hold can be undone; issue a new certificate instead";
    HOLD_FORBIDDEN = "E-CERT-005" 409 false, "Certificates of this profile must not be suspended",
        "revoke it with another reason";
    CA_ELSEWHERE = "E-CERT-007" 409 false, "The key of the CA that issued it is not in this service",
        "have it revoked where the CA's key is: for an offline CA, in a ceremony";
    SERIAL_MALFORMED = "E-CERT-006" 400 false, "This is no serial number", "write it in hexadecimal, as in lists";
    INVALID_SINCE = "E-CERT-008" 400 false, "The certificate cannot be invalid since then",
        "give a moment of its life, not later than now, or leave it out";

    HELD_WITH_IDENTITY = "E-CERT-009" 409 false, "The certificate is on hold with its identity",
        "end what keeps it on hold: npki registry history ID shows what it is";

    NOT_BLOCKED = "E-BLK-001" 404 false, "This key is not blocked", "block it first: npki key block DIGEST";
    DIGEST_MALFORMED = "E-BLK-002" 400 false, "This is no digest of a key",
        "give the SHA-256 of the key's SubjectPublicKeyInfo; npki key check FILE tells it";
    KEY_COUNT = "E-BLK-003" 422 false, "No keys, or too many at once", "send 1 to 1000 keys in each call";
    KEY_OF_CA = "E-BLK-004" 409 false, "One of these keys is a CA's of this installation; nothing was blocked",
        "if that CA must stop, say so: npki key block DIGEST --stops-ca NAME; else strike its key from the list";

    UNKNOWN_CAMPAIGN = "E-CMP-001" 404 false, "There is no such campaign", "look it up: npki campaign list";
    CAMPAIGN_EXISTS = "E-CMP-002" 409 false, "There is a campaign of this name already",
        "choose another name, or look at the one that is there: npki campaign show NAME";
    SELECTION_UNFIT = "E-CMP-003" 422 false, "The selection does not say what it means",
        "name what the certificates have in common: npki help campaign plan";
    CAMPAIGN_PHASE = "E-CMP-004" 409 false, "The campaign is not in a state for this", "see how far it is: npki campaign show NAME";
    OWN_CAMPAIGN = "E-CMP-005" 403 false, "Nobody approves a campaign of one's own", "let another administrator approve it";
    CAMPAIGN_UNFIT = "E-CMP-006" 422 false, "The campaign cannot be carried out as it is meant",
        "correct what the detail names: npki help campaign start";
    CAMPAIGN_LATE = "E-CMP-007" 409 false, "The campaign's first date is past",
        "end it and start one with later dates: npki campaign finish NAME --reason TEXT";
    KEY_SELECTED = "E-CMP-008" 409 false, "A campaign has certificates like this one replaced",
        "make a new key, as the detail says";
    NOT_THE_REPLACEMENT = "E-CMP-009" 409 false, "A campaign has this certificate replaced by one with another kind of key",
        "make a new key of a kind that the detail names";
    NO_MEMBER = "E-CMP-010" 404 false, "The campaign has no such certificate",
        "look its members up: npki campaign members NAME";
    MEMBER_ENDED = "E-CMP-011" 409 false, "Nothing is left to do about this certificate", "see how it stands: npki campaign members NAME";
    CAMPAIGN_EMPTY = "E-CMP-014" 409 false, "The campaign has no members",
        "see what a selection reaches before starting: npki campaign plan";
    TOO_MANY_CAMPAIGNS = "E-CMP-016" 409 false, "Too many campaigns are at work",
        "end those that are done: npki campaign list";
    ORIGIN_CONTRADICTS = "E-CMP-012" 409 false, "This key is known to live elsewhere",
        "state where it lives, or have the list corrected: npki campaign inventory FILE";
    ORIGINS_UNFIT = "E-CMP-013" 422 false, "These origins of keys are not entered",
        "send 1 to 500 entries in each call, each key once";

    UNKNOWN_EVENT = "E-LED-001" 404 false, "There is no such event", "look it up: npki audit search";
    NOT_SEALED = "E-LED-002" 409 true, "The event is recorded and not sealed yet", "ask again in a second";
    LEDGER_BROKEN = "E-LED-003" 500 false, "The ledger is not as it was signed",
        "tell the service's operator and the auditor at once: npki audit verify finds the place";

    NO_RECIPIENTS = "E-OPS-001" 409 false, "Nobody could open a backup",
        "name recipients in npki.toml, [backup] recipients, and restart the service: npki backup key makes one";

    UNKNOWN_STAFF = "E-STAFF-001" 404 false, "There is no such member of staff", "look the member up: npki staff list";
    DISABLED_ALREADY = "E-STAFF-002" 409 false, "The member of staff is disabled already", "nothing is left to do";
    LAST_ADMINISTRATOR = "E-STAFF-003" 409 false, "This is the last administrator",
        "enrol another administrator first: npki staff add --role administrator";
    STAFF_EXISTS = "E-STAFF-004" 409 false, "This installation has staff already",
        "let an administrator enrol further staff: npki staff add";
    ROLE_UNFIT = "E-STAFF-005" 422 false, "The role does not fit",
        "choose administrator, officer, auditor, or agency-operator with its organisation";
    NO_STAFF_PROFILE = "E-STAFF-006" 500 false, "This installation has no profile for staff",
        "tell the service's operator: the profile staff-authentication is missing";

    ROTATION_RUNS = "E-VAULT-001" 409 true, "A rotation of the master key runs already",
        "wait until it is done: npki master-key show";
    NO_NEXT_KEY = "E-VAULT-002" 409 false, "There is no other master key to rotate to",
        "make the next key in the token, name it in npki.toml as vault.pkcs11.key and the former one as retired, restart";
    VAULT = "E-VAULT-003" 503 true, "What is personal cannot be sealed or opened",
        "tell the service's operator: the master key cannot be used, or stored data was altered";

    NO_ROUTE = "E-HTTP-001" 404 false, "There is nothing at this address", "see /openapi.json for what there is";
    NO_METHOD = "E-HTTP-002" 405 false, "This address does not take this method",
        "see /openapi.json for the methods it takes";
    CONDITION = "E-HTTP-010" 412 false, "Changes take no conditions",
        "leave If-Match and If-Unmodified-Since out: a decision names what was shown, and Idempotency-Key recognises a repeated request";
    TOO_LARGE = "E-HTTP-003" 413 false, "The message is too large", "send at most 256 kB";
    NOT_JSON = "E-HTTP-004" 415 false, "The message is not marked as JSON", "send Content-Type: application/json";
    JSON_BROKEN = "E-HTTP-005" 400 false, "The message is not JSON", "send one JSON document, UTF-8 (RFC 8259)";
    JSON_UNFIT = "E-HTTP-006" 422 false, "The message does not have the form that is needed",
        "see /openapi.json for the fields there are";
    QUERY_UNFIT = "E-HTTP-007" 400 false, "A parameter does not fit", "see /openapi.json for the parameters there are";
    HEADER_UNFIT = "E-HTTP-008" 400 false, "A header does not fit", "see /openapi.json for the headers there are";
    BODY_CUT = "E-HTTP-009" 400 true, "The message did not arrive whole", "send it again";

    STORE = "E-INT-001" 503 true, "The registry's storage does not answer", "try again in a minute";
    CONTENDED = "E-INT-002" 503 true, "Too many changed the same record at once", "try again";
    INTERNAL = "E-INT-003" 500 false, "The service failed", "tell the service's operator when it happened";
}

/// The media type of problems (RFC 9457 section 3).
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

const TYPES: &str = "https://npki.invalid/problems/";

/// A refusal or fault, ready to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    status: u16,
    title: &'static str,
    detail: String,
    fix: Cow<'static, str>,
    retryable: bool,
    candidates: Vec<CandidateView>,
    /// Small, so that a refusal is.
    retry_after: Option<NonZeroU64>,
}

impl Problem {
    /// A problem of this kind; `detail` says what happened in particular.
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            code: kind.code,
            status: kind.status,
            title: kind.title,
            detail: detail.into(),
            fix: Cow::Borrowed(kind.fix),
            retryable: kind.retryable,
            candidates: Vec::new(),
            retry_after: None,
        }
    }

    /// A certification request that was refused: its reader has its own codes.
    pub(super) fn of_csr(code: &'static str, detail: String, fix: &'static str) -> Self {
        let title = "The certification request is refused";
        let (fix, candidates) = (Cow::Borrowed(fix), Vec::new());
        Self { code, status: 422, title, detail, fix, retryable: false, candidates, retry_after: None }
    }

    /// Says how many seconds to wait (RFC 9110 section 10.2.3).
    #[must_use]
    pub(super) const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = NonZeroU64::new(seconds);
        self
    }

    /// Says whom the person resembles.
    #[must_use]
    pub(super) fn candidates(mut self, found: &[Candidate]) -> Self {
        self.candidates = found.iter().map(CandidateView::of).collect();
        self
    }

    /// Code, detail and fix: for one of many things asked for at once.
    pub(super) fn told(self) -> (&'static str, String, String) {
        (self.code, self.detail, self.fix.into_owned())
    }

    /// Says more exactly what to do.
    #[must_use]
    pub(super) fn fix(mut self, fix: impl Into<Cow<'static, str>>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// Leads to the code's meaning.
    #[schema(format = "uri")]
    r#type: String,
    /// What happened, in general.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened in particular.
    detail: String,
    /// The stable code.
    #[schema(pattern = "^E-[A-Z]+-[0-9]{3}$")]
    code: &'static str,
    /// What to do about it.
    fix: Cow<'static, str>,
    /// Whether the same call can succeed later.
    retryable: bool,
    /// Of E-ID-030: whom the person resembles, those most alike first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<CandidateView>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = ProblemDocument {
            r#type: format!("{TYPES}{}", self.code),
            title: self.title,
            status: self.status,
            detail: self.detail,
            code: self.code,
            fix: self.fix,
            retryable: self.retryable,
            candidates: self.candidates,
        };
        let media_type = (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let wait = self.retry_after.map(|seconds| [(header::RETRY_AFTER, HeaderValue::from(seconds.get()))]);
        (status, [media_type], wait.map(AppendHeaders), Json(document)).into_response()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_stands_once_and_has_a_status_of_refusal() {
        let codes: BTreeSet<&str> = catalogue().iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), catalogue().len());
        for kind in catalogue() {
            assert!((400..600).contains(&kind.status), "{}", kind.code);
            assert!(
                kind.code.starts_with("E-")
                    && kind.code.as_bytes().iter().filter(|c| **c == b'-').count() == 2
            );
            assert!(
                !kind.title.is_empty() && !kind.fix.is_empty() && !kind.title.ends_with('.'),
                "{}",
                kind.code
            );
        }
    }
}

//! The words of the page for people, and of signatures that are seen in documents, in the languages they are written in: all of them here, so that who knows a language finds them.
//!
//! The Sesotho is in the orthography of Lesotho. What stands in braces is filled in.

use time::OffsetDateTime;

use crate::validation::SubIndication;

/// A language that the page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Sesotho, as it is written in Lesotho.
    Sesotho,
}

impl Language {
    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Sesotho => "st",
        }
    }

    /// The one of a tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        [Self::English, Self::Sesotho].into_iter().find(|language| language.tag() == tag)
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Sesotho => &SESOTHO,
        }
    }

    /// A moment as people write it.
    pub(super) fn moment(self, at: OffsetDateTime) -> String {
        let at = at.to_offset(time::UtcOffset::UTC);
        let month = usize::from(u8::from(at.month())) - 1;
        let month = self.words().months.get(month).copied().unwrap_or_default();
        format!("{} {month} {}, {:02}:{:02} UTC", at.day(), at.year(), at.hour(), at.minute())
    }
}

/// Why a signature is not simply valid, as far as it matters to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Changed,
    OtherKey,
    Malformed,
    Missing,
    Weak,
    NobodyVouches,
    PathBroken,
    Revoked,
    RanOut,
    NotYet,
    NotKnown,
    Uncovered,
    Policy,
}

impl Cause {
    pub(super) const fn of(why: SubIndication) -> Self {
        match why {
            SubIndication::HashFailure => Self::Changed,
            SubIndication::SigCryptoFailure => Self::OtherKey,
            SubIndication::FormatFailure
            | SubIndication::SigConstraintsFailure
            | SubIndication::NoSigningCertificateFound => Self::Malformed,
            SubIndication::SignedDataNotFound => Self::Missing,
            SubIndication::CryptoConstraintsFailureNoPoe => Self::Weak,
            SubIndication::NoCertificateChainFound => Self::NobodyVouches,
            SubIndication::ChainConstraintsFailure
            | SubIndication::CertificateChainGeneralFailure
            | SubIndication::TimestampOrderFailure => Self::PathBroken,
            SubIndication::Revoked | SubIndication::RevokedNoPoe | SubIndication::RevokedCaNoPoe => {
                Self::Revoked
            }
            SubIndication::Expired | SubIndication::OutOfBoundsNoPoe => Self::RanOut,
            SubIndication::NotYetValid => Self::NotYet,
            SubIndication::TryLater => Self::NotKnown,
            SubIndication::SignaturePolicyNotAvailable => Self::Policy,
        }
    }
}

/// What is said in one language.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) months: [&'static str; 12],
    /// The sentence at the top.
    pub(super) signed: &'static str,
    pub(super) sealed: &'static str,
    pub(super) stamped_only: &'static str,
    pub(super) changed: &'static str,
    pub(super) not_valid: &'static str,
    pub(super) cannot_tell: &'static str,
    pub(super) advice: &'static str,
    /// Behind a name.
    pub(super) when_proven: &'static str,
    pub(super) when_claimed: &'static str,
    pub(super) and: &'static str,
    pub(super) nobody: &'static str,
    /// Behind the name of an organisation that put its seal where persons signed.
    pub(super) by_seal: &'static str,
    /// About the file.
    pub(super) file: &'static str,
    pub(super) checked: &'static str,
    pub(super) uncovered: &'static str,
    /// About each signature.
    pub(super) signature: &'static str,
    pub(super) conclusion: &'static str,
    pub(super) valid: &'static str,
    pub(super) invalid: &'static str,
    pub(super) unclear: &'static str,
    pub(super) signer: &'static str,
    pub(super) sealer: &'static str,
    pub(super) organisation: &'static str,
    pub(super) time: &'static str,
    pub(super) proven: &'static str,
    pub(super) claimed: &'static str,
    pub(super) no_time: &'static str,
    pub(super) covers: &'static str,
    pub(super) whole_file: &'static str,
    pub(super) whole_document: &'static str,
    pub(super) revision: &'static str,
    /// What others may do to a document afterwards.
    pub(super) afterwards: &'static str,
    pub(super) certifies: &'static str,
    pub(super) permits_nothing: &'static str,
    pub(super) permits_filling_in: &'static str,
    pub(super) permits_notes: &'static str,
    pub(super) locks_all: &'static str,
    pub(super) locks_only: &'static str,
    pub(super) locks_all_but: &'static str,
    pub(super) files: &'static str,
    pub(super) not_files: &'static str,
    pub(super) certificate: &'static str,
    pub(super) was_valid: &'static str,
    pub(super) is_valid: &'static str,
    pub(super) was_revoked: &'static str,
    pub(super) ran_out: &'static str,
    pub(super) not_looked_at: &'static str,
    pub(super) not_certain: &'static str,
    pub(super) evidence: &'static str,
    pub(super) crl: &'static str,
    pub(super) ocsp: &'static str,
    pub(super) records: &'static str,
    pub(super) no_evidence: &'static str,
    pub(super) vouched: &'static str,
    pub(super) details: &'static str,
    pub(super) why: &'static str,
    /// In a document, where a signature is seen.
    pub(super) shown_signed: &'static str,
    pub(super) shown_sealed: &'static str,
    pub(super) shown_reason: &'static str,
    pub(super) shown_place: &'static str,
    /// Why, and what to do, in the order of [`CAUSES`].
    causes: [(&'static str, &'static str); CAUSES.len()],
}

/// The order of `causes`.
const CAUSES: [Cause; 13] = [
    Cause::Changed,
    Cause::OtherKey,
    Cause::Malformed,
    Cause::Missing,
    Cause::Weak,
    Cause::NobodyVouches,
    Cause::PathBroken,
    Cause::Revoked,
    Cause::RanOut,
    Cause::NotYet,
    Cause::NotKnown,
    Cause::Uncovered,
    Cause::Policy,
];

impl Words {
    /// Why, and what to do about it.
    pub(super) fn of(&self, cause: Cause) -> (&'static str, &'static str) {
        let place = CAUSES.iter().position(|one| *one == cause);
        place.and_then(|place| self.causes.get(place)).copied().unwrap_or_default()
    }
}

static ENGLISH: Words = Words {
    title: "Check of signatures",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    signed: "This document was signed by {who}. Nothing was changed since.",
    sealed: "This document was sealed by {who}. Nothing was changed since.",
    stamped_only: "This document has been there, as it is now, since {when} at the latest. Nobody signed it.",
    changed: "This document was changed after it was signed: do not rely on it.",
    not_valid: "The signature of this document does not hold, because {why}: do not rely on it.",
    cannot_tell: "We cannot tell whether this document can be relied on, because {why}.",
    advice: "What you can do: {what}.",
    when_proven: "no later than {when}, as a time stamp proves",
    when_claimed: "on {when}, as the signer says",
    and: " and ",
    nobody: "somebody who is not named",
    by_seal: " (its seal)",
    file: "File",
    checked: "Checked",
    uncovered: "Signed by nobody",
    signature: "Signature",
    conclusion: "Result",
    valid: "It holds.",
    invalid: "It does not hold.",
    unclear: "It cannot be told.",
    signer: "Who signed",
    sealer: "Whose seal it is",
    organisation: "For which organisation",
    time: "When",
    proven: "{when} at the latest. A time stamp proves it.",
    claimed: "{when}. The signer says so; nothing proves it.",
    no_time: "The signature does not say.",
    covers: "What is signed",
    whole_file: "The whole file.",
    whole_document: "The whole document.",
    revision: "The whole document as it was when it was signed. Only signatures were added later.",
    afterwards: "What others may do afterwards",
    certifies: "Who signed is the document's author, and certified it.",
    permits_nothing: "Nothing may be added but time stamps.",
    permits_filling_in: "Forms may be filled in, and the document's own fields signed.",
    permits_notes: "Forms may be filled in, the document's own fields signed, and notes made.",
    locks_all: "No field may be changed.",
    locks_only: "These fields may not be changed: {fields}.",
    locks_all_but: "These fields alone may be changed: {fields}.",
    files: "These files: {files}.",
    not_files: "Not these: {files}.",
    certificate: "The signer's certificate",
    was_valid: "It was valid, and not revoked, at that time.",
    is_valid: "It is valid, and not revoked.",
    was_revoked: "It was revoked on {when}.",
    ran_out: "It ran out on {when}.",
    not_looked_at: "It was not looked at, because the signature itself does not hold.",
    not_certain: "It is not certain that it is valid.",
    evidence: "How that is known",
    crl: "From the list of revoked certificates of {when}.",
    ocsp: "From the answer of the certificate's issuer of {when}.",
    records: "From the records of the certificate's issuer.",
    no_evidence: "Nobody could be asked, or nobody had an answer.",
    vouched: "Who vouches for it",
    details: "Details for experts",
    why: "Reasons",
    shown_signed: "Signed by {who}",
    shown_sealed: "Sealed by {who}",
    shown_reason: "Reason: {reason}",
    shown_place: "Place: {place}",
    causes: [
        (
            "it was changed after it was signed",
            "ask for the document again from who signed it, and do not use this one",
        ),
        ("the signature was not made with the signer's key", "ask for the document again from who signed it"),
        (
            "the signature is not written as a signature must be",
            "ask who signed it to sign it again with another program",
        ),
        ("what was signed is not here", "put the file that was signed beside the signature, and check again"),
        ("it was signed in a way that is too weak today", "ask who signed it to sign it again"),
        (
            "nobody whom you trust vouches for the signer",
            "find out which country or organisation vouches for the signer, and check again with its root certificate if you trust it",
        ),
        (
            "the signer's certificate may not be used for this",
            "ask who signed it to sign it again with another certificate",
        ),
        (
            "the signer's certificate was revoked, and nothing proves that the signature is older",
            "ask who signed it to sign it again with a certificate that is valid",
        ),
        (
            "the signer's certificate has run out, and nothing proves that the signature is older",
            "ask who signed it to sign it again, with a time stamp",
        ),
        (
            "the signer's certificate was not yet valid when it was signed",
            "ask who signed it to sign it again",
        ),
        (
            "it could not be found out whether the signer's certificate is still valid",
            "check again later, with a connection to the Internet",
        ),
        (
            "there are files in it that nobody signed",
            "use only the files that are named as signed, or ask for the rest to be signed",
        ),
        (
            "the signer signed by rules of their own, which are not known here",
            "ask who signed it what those rules say, or to sign it again without them",
        ),
    ],
};

static SESOTHO: Words = Words {
    title: "Tlhahlobo ea litšaeno",
    months: [
        "Pherekhong",
        "Hlakola",
        "Hlakubele",
        "'Mesa",
        "Motšeanong",
        "Phupjane",
        "Phupu",
        "Phato",
        "Loetse",
        "Mphalane",
        "Pulungoana",
        "Tšitoe",
    ],
    signed: "Tokomane ena e saennoe ke {who}. Ha ho letho le fetotsoeng ho tloha moo.",
    sealed: "Tokomane ena e tiisitsoe ka setempe sa {who}. Ha ho letho le fetotsoeng ho tloha moo.",
    stamped_only: "Tokomane ena e ntse e le teng, e le joalo ka ha e le joale, ho tloha bonyane ka {when}. Ha ho motho ea e saennang.",
    changed: "Tokomane ena e fetotsoe ka mor'a hore e saenoe: u se ke ua e tšepa.",
    not_valid: "Tšaeno ea tokomane ena ha e sebetse, hobane {why}: u se ke ua e tšepa.",
    cannot_tell: "Re ke ke ra tseba hore na tokomane ena e ka tšeptjoa, hobane {why}.",
    advice: "Seo u ka se etsang: {what}.",
    when_proven: "pele ho {when} kapa ka eona nako eo, joalo ka ha tiiso ea nako e paka",
    when_claimed: "ka {when}, joalo ka ha mosaeni a bolela",
    and: " le ",
    nobody: "motho ea sa boleloang ka lebitso",
    by_seal: " (setempe sa eona)",
    file: "Faele",
    checked: "E hlahlobiloe",
    uncovered: "Ha e saenoa ke mang kapa mang",
    signature: "Tšaeno",
    conclusion: "Sephetho",
    valid: "E sebetsa.",
    invalid: "Ha e sebetse.",
    unclear: "Ha ho tsejoe.",
    signer: "Ea saennang",
    sealer: "Mong'a setempe",
    organisation: "Bakeng sa mokhatlo ofe",
    time: "Neng",
    proven: "{when} kapa pele ho moo. Tiiso ea nako ea e paka.",
    claimed: "{when}. Mosaeni o bolela joalo; ha ho letho le e pakang.",
    no_time: "Tšaeno ha e bolele.",
    covers: "Se saennoeng",
    whole_file: "Faele eohle.",
    whole_document: "Tokomane eohle.",
    revision: "Tokomane eohle joalo ka ha e ne e le ha e saenoa. Ho kentsoe litšaeno feela ka mor'a moo.",
    afterwards: "Seo ba bang ba ka se etsang ka mor'a moo",
    certifies: "Ea saennang ke mong'a tokomane, 'me o e netefalitse.",
    permits_nothing: "Ha ho letho le ka eketsoang haese litiiso tsa nako.",
    permits_filling_in: "Liforomo li ka tlatsoa, 'me libaka tsa tokomane ka boeona li ka saenoa.",
    permits_notes: "Liforomo li ka tlatsoa, libaka tsa tokomane ka boeona li ka saenoa, 'me lintlha li ka ngoloa.",
    locks_all: "Ha ho sebaka se ka fetoloang.",
    locks_only: "Libaka tsena li ke ke tsa fetoloa: {fields}.",
    locks_all_but: "Ke libaka tsena feela tse ka fetoloang: {fields}.",
    files: "Lifaele tsena: {files}.",
    not_files: "Eseng tsena: {files}.",
    certificate: "Setifikeiti sa mosaeni",
    was_valid: "Se ne se sebetsa, 'me se sa hlakoloa, ka nako eo.",
    is_valid: "Sea sebetsa, 'me ha sea hlakoloa.",
    was_revoked: "Se hlakotsoe ka {when}.",
    ran_out: "Se felletsoe ke nako ka {when}.",
    not_looked_at: "Ha sea hlahlojoa, hobane tšaeno ka boeona ha e sebetse.",
    not_certain: "Ha ho na bonnete ba hore sea sebetsa.",
    evidence: "Seo re se tsebang ka sona",
    crl: "Lenaneng la litifikeiti tse hlakotsoeng la {when}.",
    ocsp: "Karabong ea mofani oa setifikeiti ea {when}.",
    records: "Libukeng tsa mofani oa setifikeiti.",
    no_evidence: "Ha ho motho ea neng a ka botsoa, kapa ha ho ea nang le karabo.",
    vouched: "Ea se pakang",
    details: "Lintlha tsa litsebi",
    why: "Mabaka",
    shown_signed: "E saennoe ke {who}",
    shown_sealed: "E tiisitsoe ka setempe sa {who}",
    shown_reason: "Lebaka: {reason}",
    shown_place: "Sebaka: {place}",
    causes: [
        (
            "e fetotsoe ka mor'a hore e saenoe",
            "kopa tokomane hape ho ea e saennang, 'me u se ke ua sebelisa ena",
        ),
        ("tšaeno ha ea etsoa ka senotlolo sa mosaeni", "kopa tokomane hape ho ea e saennang"),
        (
            "tšaeno ha ea ngoloa ka moo tšaeno e tlamehang ho ngoloa ka teng",
            "kopa ea e saennang hore a e saene hape ka lenaneo le leng",
        ),
        ("se saennoeng ha se eo mona", "beha faele e saennoeng pela tšaeno, 'me u hlahlobe hape"),
        ("e saennoe ka mokhoa o fokolang haholo kajeno", "kopa ea e saennang hore a e saene hape"),
        (
            "ha ho motho eo u mo tšepang ea pakang mosaeni",
            "fumana hore na ke naha kapa mokhatlo ofe o pakang mosaeni, 'me u hlahlobe hape ka setifikeiti sa ona sa motso haeba u o tšepa",
        ),
        (
            "setifikeiti sa mosaeni se ke ke sa sebelisoa bakeng sa sena",
            "kopa ea e saennang hore a e saene hape ka setifikeiti se seng",
        ),
        (
            "setifikeiti sa mosaeni se hlakotsoe, 'me ha ho letho le pakang hore tšaeno e entsoe pele ho moo",
            "kopa ea e saennang hore a e saene hape ka setifikeiti se sebetsang",
        ),
        (
            "setifikeiti sa mosaeni se felletsoe ke nako, 'me ha ho letho le pakang hore tšaeno e entsoe pele ho moo",
            "kopa ea e saennang hore a e saene hape, ka tiiso ea nako",
        ),
        (
            "setifikeiti sa mosaeni se ne se e-so qale ho sebetsa ha e saenoa",
            "kopa ea e saennang hore a e saene hape",
        ),
        (
            "ha hoa khoneha ho tseba hore na setifikeiti sa mosaeni se ntse se sebetsa",
            "hlahloba hape hamorao, u hokahane le Inthanete",
        ),
        (
            "ho na le lifaele ka ho eona tse sa saenoang ke mang kapa mang",
            "sebelisa feela lifaele tse boletsoeng e le tse saennoeng, kapa u kope hore tse ling li saenoe",
        ),
        (
            "mosaeni o saenne ka melao ea hae, e sa tsejoeng mona",
            "botsa ea e saennang hore na melao eo e reng, kapa u kope hore a e saene hape ntle le eona",
        ),
    ],
};

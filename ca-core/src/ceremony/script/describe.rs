//! A script in plain words: what is printed for the witnesses before anything happens.

use super::{Act, Crossing, Founding, Linking, Listing, NextCrl, Opening, Script};
use crate::clock::in_words;

/// Everything that will happen, line by line.
pub(super) fn words(script: &Script) -> Vec<String> {
    let mut lines = vec![
        format!("Ceremony {} ({}): {}", script.id, script.kind(), script.title),
        format!("SHA-256 of the script: {}", script.sha256()),
        String::new(),
        format!("Place: {}", script.place),
        format!("Conducted by: {}", script.officer),
    ];
    for witness in &script.witnesses {
        let signs = if witness.public_key.is_some() {
            ", who signs the transcript with a key of their own"
        } else {
            ""
        };
        lines.push(format!("Witness: {}{signs}", witness.name));
    }
    lines.push(format!("Hierarchy: {}; root CA: {}", script.hierarchy, script.ca));
    lines.push(format!("Randomness: {}", script.entropy));
    lines.push(String::new());
    lines.push("What will happen, in this order:".to_owned());
    let steps = std::iter::once(agreement(script)).chain(acts(script)).chain([ending(script)]);
    lines.extend((1..).zip(steps).map(|(number, step)| format!("{number:>3}. {step}")));
    lines
}

fn agreement(script: &Script) -> String {
    format!(
        "{} and each witness compare the script's SHA-256 with the printed one and type its first 8 digits.",
        script.officer
    )
}

fn ending(script: &Script) -> String {
    let signer = match script.act {
        Act::KeyDestruction(_) => "a key that the root's key authorised as its last act",
        _ => "the root's key",
    };
    format!("The transcript of all this is written and signed with {signer}.")
}

fn acts(script: &Script) -> Vec<String> {
    match &script.act {
        Act::Root(act) => founding(act),
        Act::IssuingCa(act) => vec![
            open(&act.opening),
            format!("The request {} is read; its SHA-256 must be {}.", act.request, act.request_sha256),
            format!(
                "The CA that it names gets a certificate under the profile {} ({} days), linted before it is signed.",
                act.profile.id,
                act.profile.validity.whole_days()
            ),
            format!("The response is signed and written: {}.", act.response),
        ],
        Act::CrossCertificate(act) => crossing(act),
        Act::LinkCertificate(act) => linking(act),
        Act::RootCrl(act) => listing(act),
        Act::KeyDestruction(act) => vec![
            open(&act.opening),
            "The root's key signs, as its last act, that one new key may sign this ceremony's transcript."
                .to_owned(),
            format!("The root's key is destroyed for good: {}.", act.reason),
            "Its sealed file is overwritten and removed, or, where it is in a token, the token destroys it; so is the key of \
             the medium's store."
                .to_owned(),
            "Each holder who is present destroys their share and confirms it.".to_owned(),
        ],
    }
}

fn founding(act: &Founding) -> Vec<String> {
    let count = act.holders.len();
    let mut lines = vec![drawn(act, count)];
    for (holder, folder) in &act.holders {
        let kept = folder
            .as_ref()
            .map_or_else(|| "on paper".to_owned(), |folder| format!("in {}", folder.display()));
        let guard = if holder.protected { ", protected by a passphrase of their own" } else { "" };
        lines.push(format!(
            "{} receives a share {kept}{guard}, and gives it back once to prove it.",
            holder.name
        ));
    }
    lines.extend(key_made(act));
    lines.push(format!(
        "The root {}, {}, {} is founded: profile {}, valid for {} days, published under {}.",
        act.name.common_name,
        act.name.organisation,
        act.name.country,
        act.profile.id,
        act.profile.validity.whole_days(),
        act.base_url
    ));
    lines.push(format!("Its first CRL is signed; the next is due {}.", in_words(act.crl_next_update)));
    lines
}

fn drawn(act: &Founding, count: usize) -> String {
    let what = if act.token.is_some() { "A PIN of 120 random bits" } else { "A secret of 256 bits" };
    format!(
        "{what} is drawn and split among {count} holders; any {} of them open the key, fewer learn nothing.",
        act.threshold
    )
}

fn key_made(act: &Founding) -> Vec<String> {
    let Some(token) = &act.token else {
        return vec![format!(
            "A new {} key is made and sealed under the secret; only now is it in use.",
            act.algorithm
        )];
    };
    vec![
        format!(
            "The PIN that was drawn becomes the user PIN of the token {:?} (library {}); its present PIN is asked for.",
            token.token,
            token.module.display()
        ),
        format!(
            "A new {} key called {:?} is made in the token, which it never leaves.",
            act.algorithm, token.key
        ),
    ]
}

fn crossing(act: &Crossing) -> Vec<String> {
    let terms = &act.terms;
    let joined = |parts: Vec<String>| parts.join(", ");
    let mut lines = vec![
        open(&act.opening),
        format!(
            "The foreign CA's certificate {} is read; its SHA-256 must be {}.",
            act.certificate, act.certificate_sha256
        ),
        format!(
            "That CA is certified from {} until {}, with at most {} CAs below it.",
            in_words(terms.not_before),
            in_words(terms.not_after),
            terms.path_length
        ),
        format!("It may certify: {}.", joined(terms.permitted.iter().map(ToString::to_string).collect())),
    ];
    if !terms.excluded.is_empty() {
        lines.push(format!(
            "It may not certify: {}.",
            joined(terms.excluded.iter().map(ToString::to_string).collect())
        ));
    }
    lines.push(format!(
        "For these policies: {}.",
        joined(terms.policies.iter().map(ToString::to_string).collect())
    ));
    for (ours, theirs) in &terms.mappings {
        lines.push(format!("Its policy {theirs} counts as our {ours}."));
    }
    lines.push(format!("The certificate is linted, signed and written: {}.", act.output));
    lines
}

fn linking(act: &Linking) -> Vec<String> {
    let until = act
        .not_after
        .map_or_else(|| "as long as both roots are valid".to_owned(), |at| format!("until {}", in_words(at)));
    vec![
        open(&act.opening),
        format!(
            "The other root's certificate {} is read; its SHA-256 must be {}.",
            act.certificate, act.certificate_sha256
        ),
        format!(
            "This root vouches for that root's name and key, {until}: a link certificate, without any limit of names or policies."
        ),
        format!("The certificate is linted, signed and written: {}.", act.output),
    ]
}

fn listing(act: &Listing) -> Vec<String> {
    let mut lines = vec![open(&act.opening)];
    for revoked in &act.revocations {
        lines.push(format!(
            "Certificate {} is revoked as of {}: {}.",
            revoked.serial,
            in_words(revoked.at),
            revoked.reason
        ));
    }
    let Listing { number, output, .. } = act;
    lines.push(match act.next {
        NextCrl::Due(due) => {
            format!("CRL number {number} is signed and written: {output}; the next is due {}.", in_words(due))
        }
        NextCrl::Never => format!(
            "CRL number {number} is signed and written: {output}. It is the root's LAST: it holds for ever, none comes after it, \
             and this root certifies nothing more."
        ),
    });
    lines
}

fn open(opening: &Opening) -> String {
    format!(
        "These holders bring their shares and open the root's key (certificate SHA-256 {}): {}.",
        opening.root_sha256,
        opening.present.join(", ")
    )
}

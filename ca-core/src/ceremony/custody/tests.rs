#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::ceremony::CeremonyId;
use crate::certificate::CaId;
use crate::clock::SystemEntropy;

const NAMES: [&str; 5] = ["Lineo", "Thabo", "Palesa", "Neo", "Mpho"];

fn split(kind: SecretKind, protected: bool) -> (Secret, CustodyRecord, Vec<Share>) {
    let secret = Secret::draw(kind, &SystemEntropy).unwrap();
    let holders = NAMES.map(|name| Holder { name: name.to_owned(), protected });
    let (ceremony, ca) = (CeremonyId::new("test").unwrap(), CaId::new("root").unwrap());
    let (record, shares) = CustodyRecord::split(&secret, ceremony, ca, 3, &holders, &SystemEntropy).unwrap();
    (secret, record, shares)
}

#[test]
fn written_shares_are_read_back_and_three_open() {
    for kind in [SecretKind::KeyEncryptionKey, SecretKind::TokenPin] {
        let (secret, record, shares) = split(kind, false);
        let read: Vec<Share> = shares
            .iter()
            .zip(&record.holders)
            .map(|(share, held)| {
                Share::read(&share.written(&record, None).unwrap(), &record, held, None).unwrap()
            })
            .collect();
        assert_eq!(record.combine(&read[2..]).unwrap().passphrase(), secret.passphrase());
        assert_eq!(record.combine(&read[..2]).unwrap_err(), ShareError::TooFew { found: 2, needed: 3 });
        let twice = [read[0].clone(), read[0].clone(), read[1].clone()];
        assert!(matches!(record.combine(&twice).unwrap_err(), ShareError::TooFew { found: 2, .. }));
    }
}

#[test]
fn a_wrong_share_is_told_by_its_holder() {
    let (_, record, shares) = split(SecretKind::KeyEncryptionKey, false);
    let written = |at: usize| shares[at].written(&record, None).unwrap();
    assert_eq!(
        Share::read(&written(1), &record, &record.holders[0], None).unwrap_err(),
        ShareError::OtherHolder { expected: "Lineo".to_owned(), found: "Thabo".to_owned() }
    );
    let (_, other, others) = split(SecretKind::KeyEncryptionKey, false);
    let foreign = others[0].written(&other, None).unwrap();
    assert_eq!(
        Share::read(&foreign, &record, &record.holders[0], None).unwrap_err(),
        ShareError::OtherCeremony
    );
    // A share that was made up for this holder: its form is right, its value is not.
    let forged = Share { index: 1, value: others[0].value.clone() }.written(&record, None).unwrap();
    assert_eq!(
        Share::read(&forged, &record, &record.holders[0], None).unwrap_err(),
        ShareError::Altered { holder: "Lineo".to_owned() }
    );
}

#[test]
fn a_passphrase_protects_without_making_the_share_longer() {
    let (secret, record, shares) = split(SecretKind::KeyEncryptionKey, true);
    let written = shares[0].written(&record, Some("river cloud seven")).unwrap();
    let (_, open_record, open) = split(SecretKind::KeyEncryptionKey, false);
    let groups = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(groups(&written), groups(&open[0].written(&open_record, None).unwrap()));
    let held = &record.holders[0];
    let wrong = Share::read(&written, &record, held, Some("river cloud eight")).unwrap_err();
    assert_eq!(wrong, ShareError::WrongPassphrase { holder: "Lineo".to_owned() });
    assert!(matches!(Share::read(&written, &record, held, None), Err(ShareError::NoPassphrase { .. })));
    let mut read = vec![Share::read(&written, &record, held, Some("river cloud seven")).unwrap()];
    read.extend(shares[1..3].iter().cloned());
    assert_eq!(record.combine(&read).unwrap().passphrase(), secret.passphrase());
}

#[test]
fn custody_of_one_is_refused_and_nothing_secret_prints() {
    let (secret, record, shares) = split(SecretKind::TokenPin, false);
    let holders = [Holder { name: "Lineo".to_owned(), protected: false }];
    let alone = CustodyRecord::split(
        &secret,
        record.ceremony.clone(),
        record.ca.clone(),
        1,
        &holders,
        &SystemEntropy,
    );
    assert!(matches!(alone, Err(SplitError::Numbers { threshold: 1, holders: 1 })));
    let shown = format!("{secret:?} {shares:?} {:?}", secret.pin());
    let pin = String::from_utf8(secret.passphrase().to_vec()).unwrap();
    assert_eq!(pin.len(), 24);
    assert!(!shown.contains(&pin) && !shown.contains(&hex::encode(secret.octets.as_slice())));
}

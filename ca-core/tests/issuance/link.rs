//! Link certificates: what one root says of another, and what is not taken for it.

use ca_core::authority::link::{KnownRoot, Link, LinkRefused, OtherRoot};
use ca_core::certificate::CaId;
use ca_core::storage::AuditedChange;
use time::{Duration, OffsetDateTime};

use crate::authority::{Ca, actor};

fn id(name: &str) -> CaId {
    CaId::new(name).unwrap()
}

/// The certificate in which `issuer`'s root vouches for `subject`'s.
fn vouched(subject: &Ca, issuer: &Ca, until: Option<OffsetDateTime>) -> Vec<u8> {
    let other = OtherRoot::read(subject.root.certificate()).unwrap();
    let request = issuer.root.admit_link(&other, until).unwrap();
    let prepared = issuer.root.prepare(request, &actor()).unwrap();
    issuer.root.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).unwrap().der
}

#[test]
fn a_link_is_what_one_known_root_says_of_another() {
    // All of one name, as RFC 4210 has it: only keys and signatures tell them apart.
    let (old, new, third) = (Ca::founded(), Ca::founded(), Ca::founded());
    let (old_id, new_id, third_id) = (id("root"), id("root-g2"), id("third"));
    let of_old = KnownRoot { id: &old_id, certificate: old.root.certificate() };
    let of_new = KnownRoot { id: &new_id, certificate: new.root.certificate() };
    let of_third = KnownRoot { id: &third_id, certificate: third.root.certificate() };
    let of_issuing = KnownRoot { id: &old_id, certificate: old.issuing.certificate() };
    let der = vouched(&new, &old, None);
    let now = OffsetDateTime::now_utc();
    let link = Link::verify(&der, &[of_old, of_new], now).unwrap();
    assert_eq!((&link.subject, &link.issuer), (&new_id, &old_id));
    assert_eq!(link.not_after, old.root.not_after().min(new.root.not_after()));

    let refused = |der: &[u8], roots: &[KnownRoot<'_>], at| Link::verify(der, roots, at).unwrap_err();
    assert!(matches!(refused(&der, &[of_new], now), LinkRefused::ByNoRoot(_)));
    assert!(matches!(refused(&der, &[of_issuing, of_new], now), LinkRefused::ByNoRoot(_)));
    assert!(matches!(refused(&der, &[of_old, of_third], now), LinkRefused::OfNoRoot(_)));
    assert!(matches!(refused(&der, &[of_third, of_new], now), LinkRefused::Signature(_)));
    let ended = link.not_after + Duration::SECOND;
    assert!(matches!(refused(&der, &[of_old, of_new], ended), LinkRefused::NotNow { .. }));
    let mut altered = der.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    assert!(matches!(refused(&altered, &[of_old, of_new], now), LinkRefused::Signature(_)));
    assert!(matches!(refused(new.root.certificate(), &[of_old, of_new], now), LinkRefused::Signature(_)));
    assert!(matches!(OtherRoot::read(old.issuing.certificate()), Err(LinkRefused::NoRoot(_))));
}

#[test]
fn a_link_ends_on_the_day_that_is_said_and_never_after_either_root() {
    let (old, new) = (Ca::founded(), Ca::founded());
    let end = |until| {
        let der = vouched(&new, &old, until);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        parsed.validity().not_after.to_datetime()
    };
    let said = old.root.not_after() - Duration::days(3_000);
    assert_eq!(end(Some(said)), said);
    let both = old.root.not_after().min(new.root.not_after());
    assert_eq!(end(Some(both + Duration::days(400))), both);
}

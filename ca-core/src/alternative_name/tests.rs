#![allow(clippy::unwrap_used)]

use der::Encode as _;

use super::*;

/// Form, text, the text it is read as, its GeneralName's DER in hexadecimal.
const READ: &[(&str, &str, &str)] = &[
    ("dns:Portal.GOV.ls", "dns:portal.gov.ls", "820d706f7274616c2e676f762e6c73"),
    ("ip:192.0.2.1", "ip:192.0.2.1", "8704c0000201"),
    ("ip:2001:DB8::1", "ip:2001:db8::1", "871020010db8000000000000000000000001"),
    ("email:Thabo.M@GOV.ls", "email:Thabo.M@gov.ls", "810e546861626f2e4d40676f762e6c73"),
    ("uri:https://gov.ls/a", "uri:https://gov.ls/a", "861068747470733a2f2f676f762e6c732f61"),
    ("registered-id:1.2.3", "registered-id:1.2.3", "88022a03"),
    (
        "hardware-module:1.3.6.1.4.1.32473.1/0A0B",
        "hardware-module:1.3.6.1.4.1.32473.1/0a0b",
        "a01d06082b06010505070804a011300f06092b0601040181fd590104020a0b",
    ),
    (
        "permanent-identifier:1.2.3/RSL-1",
        "permanent-identifier:1.2.3/RSL-1",
        "a01906082b06010505070803a00d300b0c0552534c2d3106022a03",
    ),
    ("permanent-identifier:A/1", "permanent-identifier:A/1", "a01306082b06010505070803a00730050c03412f31"),
    (
        "user-principal-name:thabo@GOV.ls",
        "user-principal-name:thabo@gov.ls",
        "a01c060a2b060104018237140203a00e0c0c746861626f40676f762e6c73",
    ),
];

#[test]
fn names_are_read_into_one_spelling_and_encoded() {
    for (text, spelling, der) in READ {
        let name: Name = text.parse().unwrap();
        assert_eq!(name.to_string(), *spelling);
        assert_eq!(hex::encode(name.encoded().unwrap().to_der().unwrap()), *der, "{text}");
    }
}

#[test]
fn a_sector_s_name_is_country_and_pseudonym() {
    let name = Name::in_sector("LS", "health-7QF3").unwrap();
    assert_eq!(name.text(), "pseudonym=health-7QF3,C=LS");
    assert!(name.is(NameForm::DirectoryName) && name.encoded().is_ok());
}

#[test]
fn what_is_no_name_is_refused() {
    for wrong in [
        "portal.gov.ls",
        "dn:portal.gov.ls",
        "dns:a_b.ls",
        "dns:",
        "ip:192.0.2.256",
        "ip:gov.ls",
        "email:thabo",
        "email:@gov.ls",
        "email:a b@gov.ls",
        "email:a@*.ls",
        "email:a@b@gov.ls",
        "uri:urn:a",
        "uri:https:///a",
        "uri:https://a b",
        "directory-name:C=LS",
        "hardware-module:1.2.3",
        "hardware-module:1.2.3/",
        "hardware-module:1.2.3/zz",
        "hardware-module:x/00",
        "permanent-identifier:",
        "permanent-identifier:a b",
        "user-principal-name:thabo",
        "user-principal-name:@gov.ls",
        "user-principal-name:a@b@gov.ls",
        "registered-id:1",
        "registered-id:a.b",
    ] {
        assert!(wrong.parse::<Name>().is_err(), "{wrong}");
    }
}

#[test]
fn dns_names_are_checked_and_lowered() {
    assert_eq!(dns_name("Portal.GOV.ls").unwrap(), "portal.gov.ls");
    assert_eq!(dns_name("*.gov.ls").unwrap(), "*.gov.ls");
    assert_eq!(dns_name("3com.ls").unwrap(), "3com.ls");
    let long = "a".repeat(64);
    for bad in [
        "", "gov.ls.", ".ls", "a..b", "-a.ls", "a-.ls", "a_b.ls", "a b", "š.ls", "*", "a.*.ls", "a\0.ls",
        &long,
    ] {
        assert!(dns_name(bad).is_err(), "{bad:?}");
    }
    assert!(dns_name(&"a.".repeat(127)).is_err());
}

#[test]
fn every_form_has_its_own_fact_and_name() {
    use std::collections::HashSet;
    let names: HashSet<_> = NameForm::ALL.iter().map(|form| form.name()).collect();
    let facts: HashSet<_> = NameForm::ALL.iter().map(|form| form.fact()).collect();
    assert_eq!((names.len(), facts.len()), (NameForm::ALL.len(), NameForm::ALL.len()));
    for form in NameForm::ALL {
        let name = serde_json::to_value(form).unwrap();
        assert_eq!(name, form.name());
    }
}

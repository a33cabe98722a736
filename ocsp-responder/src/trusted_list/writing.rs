//! A list as XML, before it is signed. Elements stand in the order of the schema of TS 119 612.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::clock::whole_seconds;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::identifiers::{TAG, TSL, determination, list_kind, rules};
use super::model::{
    Identity, Organisation, PastState, PostalAddress, Provider, Scheme, Service, Texts, TrustedList,
};
use crate::xml::XmlWriter;

/// Section 5.3.1: the version of the format, of TS 119 612 v2.3.1.
const FORMAT: &str = "6";
/// Section 5.3.12: for how long history is kept; this value says for ever.
const FOR_EVER: &str = "65535";
/// The first line of a list.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// How a list ends: what is signed stands before it.
pub(super) const END: &str = "</TrustServiceStatusList>";

/// The list as XML.
pub(super) fn unsigned(list: &TrustedList) -> String {
    let mut writer = XmlWriter::default();
    writer.element("TrustServiceStatusList", &[("xmlns", TSL), ("Id", "list"), ("TSLTag", TAG)], |writer| {
        scheme(writer, list);
        // Section 5.3.16: a list without providers has no element for them.
        let providers: Vec<&Provider> =
            list.providers.iter().filter(|provider| !provider.services.is_empty()).collect();
        if !providers.is_empty() {
            writer.element("TrustServiceProviderList", &[], |writer| {
                providers.into_iter().for_each(|listed| provider(writer, listed));
            });
        }
    });
    format!("{DECLARATION}{}", writer.finish())
}

fn scheme(writer: &mut XmlWriter, list: &TrustedList) {
    let Scheme { territory, operator, name, information, notice, distribution } = &list.scheme;
    writer.element("SchemeInformation", &[], |writer| {
        writer.text("TSLVersionIdentifier", &[], FORMAT);
        writer.text("TSLSequenceNumber", &[], &list.sequence.to_string());
        writer.text("TSLType", &[], &list_kind(territory));
        names(writer, "SchemeOperatorName", &operator.name);
        address(writer, "SchemeOperatorAddress", operator);
        names(writer, "SchemeName", name);
        in_languages(writer, "SchemeInformationURI", "URI", information);
        writer.text("StatusDeterminationApproach", &[], &determination(territory));
        writer.element("SchemeTypeCommunityRules", &[], |writer| {
            for rule in rules(territory) {
                writer.text("URI", &[("xml:lang", "en")], &rule);
            }
        });
        writer.text("SchemeTerritory", &[], territory);
        in_languages(writer, "PolicyOrLegalNotice", "TSLLegalNotice", notice);
        writer.text("HistoricalInformationPeriod", &[], FOR_EVER);
        writer.text("ListIssueDateTime", &[], &moment(list.issued));
        writer.element("NextUpdate", &[], |writer| {
            if let Some(next) = list.next_update {
                writer.text("dateTime", &[], &moment(next));
            }
        });
        if !distribution.is_empty() {
            writer.element("DistributionPoints", &[], |writer| {
                distribution.iter().for_each(|address| writer.text("URI", &[], address));
            });
        }
    });
}

fn provider(writer: &mut XmlWriter, provider: &Provider) {
    let Provider { organisation, services } = provider;
    writer.element("TrustServiceProvider", &[], |writer| {
        writer.element("TSPInformation", &[], |writer| {
            names(writer, "TSPName", &organisation.name);
            if !organisation.trade_name.is_empty() {
                names(writer, "TSPTradeName", &organisation.trade_name);
            }
            address(writer, "TSPAddress", organisation);
            in_languages(writer, "TSPInformationURI", "URI", &organisation.information);
        });
        writer.element("TSPServices", &[], |writer| {
            services.iter().for_each(|listed| service(writer, listed));
        });
    });
}

fn service(writer: &mut XmlWriter, service: &Service) {
    writer.element("TSPService", &[], |writer| {
        writer.element("ServiceInformation", &[], |writer| {
            writer.text("ServiceTypeIdentifier", &[], &service.kind.0);
            names(writer, "ServiceName", &service.name);
            identity(writer, &service.identity, Certificates::Written);
            writer.text("ServiceStatus", &[], &service.status.0);
            writer.text("StatusStartingTime", &[], &moment(service.since));
            if !service.supply_points.is_empty() {
                writer.element("ServiceSupplyPoints", &[], |writer| {
                    service.supply_points.iter().for_each(|it| writer.text("ServiceSupplyPoint", &[], it));
                });
            }
            extensions(writer, &service.information);
        });
        if !service.history.is_empty() {
            writer.element("ServiceHistory", &[], |writer| {
                service.history.iter().for_each(|past| past_state(writer, past, &service.identity));
            });
        }
    });
}

/// Section 5.6.3: in history the key's identifier is enough, and the certificate is not repeated.
fn past_state(writer: &mut XmlWriter, past: &PastState, of: &Identity) {
    let certificates = if of.key_id.is_none() { Certificates::Written } else { Certificates::LeftOut };
    writer.element("ServiceHistoryInstance", &[], |writer| {
        writer.text("ServiceTypeIdentifier", &[], &past.kind.0);
        names(writer, "ServiceName", &past.name);
        identity(writer, of, certificates);
        writer.text("ServiceStatus", &[], &past.status.0);
        writer.text("StatusStartingTime", &[], &moment(past.since));
        extensions(writer, &past.information);
    });
}

/// Whether certificates are written out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certificates {
    Written,
    LeftOut,
}

fn identity(writer: &mut XmlWriter, identity: &Identity, certificates: Certificates) {
    let id = |writer: &mut XmlWriter, name: &str, value: &str| {
        writer.element("DigitalId", &[], |writer| writer.text(name, &[], value));
    };
    writer.element("ServiceDigitalIdentity", &[], |writer| {
        if certificates == Certificates::Written {
            for certificate in &identity.certificates {
                id(writer, "X509Certificate", &STANDARD.encode(&certificate.0));
            }
        }
        if let Some(subject) = &identity.subject {
            id(writer, "X509SubjectName", subject);
        }
        if let Some(octets) = identity.key_id.as_ref().and_then(|key_id| hex::decode(key_id).ok()) {
            id(writer, "X509SKI", &STANDARD.encode(octets));
        }
    });
}

/// Section 5.5.9.4. They say more of a service, and nothing without which it would be misunderstood: not critical.
fn extensions(writer: &mut XmlWriter, information: &[String]) {
    if information.is_empty() {
        return;
    }
    writer.element("ServiceInformationExtensions", &[], |writer| {
        for identifier in information {
            writer.element("Extension", &[("Critical", "false")], |writer| {
                writer.element("AdditionalServiceInformation", &[], |writer| {
                    writer.text("URI", &[("xml:lang", "en")], identifier);
                });
            });
        }
    });
}

fn address(writer: &mut XmlWriter, name: &str, organisation: &Organisation) {
    writer.element(name, &[], |writer| {
        writer.element("PostalAddresses", &[], |writer| {
            for (language, address) in &organisation.address {
                postal(writer, language, address);
            }
        });
        writer.element("ElectronicAddress", &[], |writer| {
            for (language, address) in &organisation.electronic {
                writer.text("URI", &[("xml:lang", language)], address);
            }
        });
    });
}

fn postal(writer: &mut XmlWriter, language: &str, address: &PostalAddress) {
    writer.element("PostalAddress", &[("xml:lang", language)], |writer| {
        writer.text("StreetAddress", &[], &address.street);
        writer.text("Locality", &[], &address.locality);
        if let Some(province) = &address.province {
            writer.text("StateOrProvince", &[], province);
        }
        if let Some(code) = &address.postal_code {
            writer.text("PostalCode", &[], code);
        }
        writer.text("CountryName", &[], &address.country);
    });
}

fn names(writer: &mut XmlWriter, name: &str, texts: &Texts) {
    in_languages(writer, name, "Name", texts);
}

fn in_languages(writer: &mut XmlWriter, name: &str, each: &str, texts: &Texts) {
    writer.element(name, &[], |writer| {
        for (language, text) in texts {
            writer.text(each, &[("xml:lang", language)], text);
        }
    });
}

/// Section 5.1.3: UTC with `Z`, and no fractions of seconds.
pub(super) fn moment(at: OffsetDateTime) -> String {
    whole_seconds(at.to_offset(time::UtcOffset::UTC)).format(&Rfc3339).unwrap_or_default()
}

//! Names and codes of identities that some profiles put into certificates.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::identity::Further;

/// Names and codes that some profiles put into certificates. Which of them an identity may have depends on its kind.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Further)]
pub(super) struct FurtherView {
    /// IP addresses it is reached at: devices, applications and agents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_addresses: Vec<String>,
    /// Its mailboxes: persons, organisations and applications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_addresses: Vec<String>,
    /// `https` addresses of its own: organisations, devices, applications and agents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uris: Vec<String>,
    /// `VALUE` or `OID/VALUE` (RFC 4043): devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    permanent_identifier: Option<String>,
    /// The name under which directory services of Windows know somebody: persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_principal_name: Option<String>,
    /// An object identifier that was registered for it: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_id: Option<String>,
    /// The class of its membership in X-Road: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_class: Option<String>,
    /// Its code as a member of X-Road: organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_code: Option<String>,
    /// Its code as a security server of X-Road: applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_code: Option<String>,
    /// When the person was born, as far as that is known, ISO 8601: `1984-03-07`, `1984-03` or `1984`.
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    /// The family name in Latin letters: persons whose name is written otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    surname_latin: Option<String>,
    /// The given names in Latin letters: persons whose names are written otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name_latin: Option<String>,
}

impl From<Further> for FurtherView {
    fn from(known: Further) -> Self {
        Self {
            ip_addresses: known.ip_addresses,
            email_addresses: known.email_addresses,
            uris: known.uris,
            permanent_identifier: known.permanent_identifier,
            user_principal_name: known.user_principal_name,
            registered_id: known.registered_id,
            member_class: known.member_class,
            member_code: known.member_code,
            server_code: known.server_code,
            birth_date: known.birth_date,
            surname_latin: known.surname_latin,
            given_name_latin: known.given_name_latin,
        }
    }
}

impl From<FurtherView> for Further {
    fn from(known: FurtherView) -> Self {
        Self {
            ip_addresses: known.ip_addresses,
            email_addresses: known.email_addresses,
            uris: known.uris,
            permanent_identifier: known.permanent_identifier,
            user_principal_name: known.user_principal_name,
            registered_id: known.registered_id,
            member_class: known.member_class,
            member_code: known.member_code,
            server_code: known.server_code,
            birth_date: known.birth_date,
            surname_latin: known.surname_latin,
            given_name_latin: known.given_name_latin,
        }
    }
}

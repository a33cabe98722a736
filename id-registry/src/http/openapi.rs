//! The OpenAPI 3.1 document, put together from the table of routes itself.

use axum::Json;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::duplicates::CandidateView;
use super::problem::{MEDIA_TYPE, ProblemDocument};
use super::route::{Route, Service};

const STAFF_CERTIFICATE: &str = "staff_certificate";

/// This description of the interface.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)))]
pub(super) async fn document(_service: Service) -> Json<OpenApi> {
    Json(described(super::routes()))
}

fn described(routes: Vec<Route>) -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .security_scheme(STAFF_CERTIFICATE, mutual_tls())
        .schema(CandidateView::name(), CandidateView::schema())
        .schema(ProblemDocument::name(), ProblemDocument::schema());
    let mut paths = PathsBuilder::new();
    for route in routes {
        components = route
            .schemas
            .iter()
            .fold(components, |components, (name, schema)| components.schema(name.clone(), schema.clone()));
        paths = paths.path(route.path.clone(), item(route));
    }
    document_of(paths.build(), components.build())
}

fn document_of(paths: utoipa::openapi::Paths, components: Components) -> OpenApi {
    let info = InfoBuilder::new()
        .title("npki registry")
        .version("1")
        .description(Some("Identities, requests, certificates, staff and ledger of a national PKI."))
        .license(Some(utoipa::openapi::License::new("Apache-2.0 OR MIT")))
        .build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

fn mutual_tls() -> SecurityScheme {
    let description = Some("A certificate of profile staff-authentication.".to_owned());
    SecurityScheme::MutualTls { description, deprecated: None, extensions: None }
}

fn item(route: Route) -> PathItem {
    let method = match route.method {
        HttpMethod::Post => HttpMethod::Post,
        _ => HttpMethod::Get,
    };
    let mut operation = completed(route.operation, route.permission);
    if method == HttpMethod::Get {
        operation.parameters.get_or_insert_default().push(tag_header().into());
        let held =
            ResponseBuilder::new().description("It is as it was: the entity tag is the one sent").build();
        operation.responses.responses.insert("304".to_owned(), held.into());
    }
    PathItem::new(method, operation)
}

fn tag_header() -> Parameter {
    ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some("Entity tags of answers that the caller has, as their ETag said."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// Adds what is the same everywhere: the permission, the certificate it takes, and problems.
fn completed(mut operation: Operation, permission: Option<&'static str>) -> Operation {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDocument::name()))).build();
    let response =
        ResponseBuilder::new().description("A problem (RFC 9457)").content(MEDIA_TYPE, problem).build();
    for response in operation.responses.responses.values_mut() {
        // OpenAPI 3.1.0, Response Object: the description is required.
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            "Done".clone_into(&mut response.description);
        }
    }
    operation.responses.responses.insert("default".to_owned(), response.into());
    if let Some(permission) = permission {
        let said = operation.description.take().unwrap_or_default();
        operation.description = Some(format!("{said}\n\nPermission: {permission}").trim().to_owned());
        operation.parameters.get_or_insert_default().push(case_header().into());
        operation.security = Some(vec![SecurityRequirement::new(STAFF_CERTIFICATE, Vec::<String>::new())]);
    }
    operation
}

fn case_header() -> Parameter {
    ParameterBuilder::new()
        .name("Npki-Case")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "The case that persons are looked at for: demanded where an answer holds one who was looked up.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(3)).max_length(Some(64))))
        .build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(described(crate::http::routes())).unwrap()
    }

    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference);
                }
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn it_is_version_3_1_and_describes_every_route_once() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for route in crate::http::routes() {
            let method = route.method_name().to_lowercase();
            let operation = &document["paths"][&route.path][&method];
            assert!(operation.is_object(), "{method} {}", route.path);
            assert_eq!(operation["security"].is_array(), route.permission.is_some(), "{}", route.path);
            assert!(ids.insert(operation["operationId"].to_string()), "{operation}");
        }
    }
}

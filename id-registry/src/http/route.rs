//! The table of routes. A route's address and method come from its description, its permission from its handler's
//! type, so that router, OpenAPI document and the list that tests compare cannot drift apart.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, State};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::__dev::SchemaReferences;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use super::authorised::{Authorised, CallingSource};
use super::problem::Problem;
use crate::permission::{Notify, Permission};
use crate::registry::Registry;

/// What a handler works on.
pub(super) type Service = State<Arc<Registry>>;

/// Schemas by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// One route.
pub(super) struct Route {
    /// `GET`, `POST`.
    pub(super) method: HttpMethod,
    /// The address, variables in braces.
    pub(super) path: String,
    /// The permission it takes; `None` where no client certificate is asked for.
    pub(super) permission: Option<&'static str>,
    /// Its description.
    pub(super) operation: Operation,
    /// The schemas its description refers to.
    pub(super) schemas: Schemas,
    handler: MethodRouter<Arc<Registry>>,
}

impl Route {
    /// Adds the route to a router.
    pub(super) fn mount(self, router: Router<Arc<Registry>>) -> Router<Arc<Registry>> {
        router.route(&self.path, self.handler)
    }

    /// The method's name in capitals.
    pub(super) const fn method_name(&self) -> &'static str {
        match self.method {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Patch => "PATCH",
            _ => "OTHER",
        }
    }

    fn described<D: utoipa::Path + SchemaReferences>(
        permission: Option<&'static str>,
        handler: impl FnOnce(MethodFilter) -> MethodRouter<Arc<Registry>>,
    ) -> Self {
        let method = D::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        let filter = match method {
            HttpMethod::Post => MethodFilter::POST,
            _ => MethodFilter::GET,
        };
        let mut schemas = Schemas::new();
        D::schemas(&mut schemas);
        let operation = D::operation();
        Self { method, path: D::path(), permission, operation, schemas, handler: handler(filter) }
    }
}

/// A route whose handler needs permission `P`: the handler's second argument is the proof.
pub(super) fn guarded<D, P, I, M, F, Fut, A>(_description: D, handler: F) -> Route
where
    D: utoipa::Path + SchemaReferences,
    P: Permission,
    I: FromRequest<Arc<Registry>, M> + Send + 'static,
    M: 'static,
    F: Fn(Service, Authorised<P>, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, Problem>> + Send + 'static,
    A: IntoResponse + 'static,
{
    Route::described::<D>(Some(P::NAME), |filter| on(filter, handler))
}

/// A route for sources of notifications, which are no staff.
pub(super) fn of_sources<D, I, M, F, Fut, A>(_description: D, handler: F) -> Route
where
    D: utoipa::Path + SchemaReferences,
    I: FromRequest<Arc<Registry>, M> + Send + 'static,
    M: 'static,
    F: Fn(Service, CallingSource, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, Problem>> + Send + 'static,
    A: IntoResponse + 'static,
{
    Route::described::<D>(Some(Notify::NAME), |filter| on(filter, handler))
}

/// A route for everybody.
pub(super) fn open<D, F, Fut, A>(_description: D, handler: F) -> Route
where
    D: utoipa::Path + SchemaReferences,
    F: Fn(Service) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = A> + Send + 'static,
    A: IntoResponse + 'static,
{
    Route::described::<D>(None, |filter| on(filter, handler))
}

/// A route for everybody who sends something that proves itself.
pub(super) fn proving<D, I, M, F, Fut, A>(_description: D, handler: F) -> Route
where
    D: utoipa::Path + SchemaReferences,
    I: FromRequest<Arc<Registry>, M> + Send + 'static,
    M: 'static,
    F: Fn(Service, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<A, Problem>> + Send + 'static,
    A: IntoResponse + 'static,
{
    Route::described::<D>(None, |filter| on(filter, handler))
}

//! The public listener: what is asked most is answered in front of the router.
//!
//! A kept answer to a GET takes a microsecond or two. A router, with its layers and its boxed futures, costs several times as
//! much again, and gives such an answer nothing: there is no body to bound and nothing that could take long.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::{BoxError, Router};
use tower::Service;

use super::pace::{Pace, PaceSettings};
use super::{Answering, ocsp};

/// A router with its pace for each address, and with kept answers of OCSP before it.
#[derive(Debug, Clone)]
pub struct Front(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    pace: Option<Pace>,
    answering: Answering,
    router: Router,
}

impl Front {
    /// Before this router, which answers everything else; for no address more often than `pace` says, where it says something.
    pub fn before(router: Router, answering: Answering, pace: Option<PaceSettings>) -> Self {
        let pace = pace.map(|settings| Pace::new(settings, answering.metrics.refusals()));
        Self(Arc::new(Parts { pace, answering, router }))
    }
}

impl Parts {
    fn at_once<B>(&self, request: &Request<B>) -> Option<Response> {
        let refused = self.pace.as_ref().and_then(|pace| pace.refuse(request));
        refused.or_else(|| {
            let asked = (request.method() == Method::GET).then(|| request.uri().path())?;
            ocsp::kept(&self.answering, asked, request.headers())
        })
    }
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answered;

    /// A router always is.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answered {
        match self.0.at_once(&request) {
            Some(answer) => Answered::AtOnce(Some(answer)),
            None => Answered::Routed(Box::pin(self.0.router.clone().call(request))),
        }
    }
}

/// What comes of a request.
pub enum Answered {
    /// It was at hand; nothing any more once it is given.
    AtOnce(Option<Response>),
    /// The router answers.
    Routed(Pin<Box<RouteFuture<Infallible>>>),
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AtOnce(_) => "AtOnce",
            Self::Routed(_) => "Routed",
        })
    }
}

impl Future for Answered {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::AtOnce(answer) => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                // It was given already: nobody asks a future again.
                None => Poll::Pending,
            },
            Self::Routed(routed) => routed.as_mut().poll(context),
        }
    }
}

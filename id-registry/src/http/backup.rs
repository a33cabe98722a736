//! Backups over HTTP: streamed as they are made, encrypted for the recipients that the settings name.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use tokio::sync::mpsc;

use super::authorised::Authorised;
use super::blocking;
use super::problem::Problem;
use super::route::Service;
use crate::permission::MakeBackups;

/// How many pieces may wait for a slow client: they bound memory, and then the backup waits too.
const PIECES: usize = 16;

/// Makes a backup of the whole installation as of now: an age file. A body that ends early is none.
#[utoipa::path(post, path = "/v1/backups", tag = "service", responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
))]
pub(super) async fn create(
    State(registry): Service,
    who: Authorised<MakeBackups>,
    _nothing: (),
) -> Result<Response, Problem> {
    let permit = who.permit.clone();
    blocking(&registry, move |registry| Ok(registry.begin_backup(&permit)?)).await?;
    let (pieces, received) = mpsc::channel(PIECES);
    let registry = Arc::clone(&registry);
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces { pieces, piece: Vec::new() };
        let made = registry.write_backup(&who.permit, &mut out);
        let ended = made.map_err(|error| io::Error::other(error.to_string())).and_then(|()| out.flush());
        if let Err(error) = ended {
            tracing::error!(%error, "a backup was not made to its end");
            // The client sees a connection that breaks off. One that is gone sees nothing.
            let _ = out.pieces.blocking_send(Err(error));
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"npki.backup\""),
    ];
    Ok((headers, Body::from_stream(Received(received))).into_response())
}

type Piece = Result<Bytes, io::Error>;

/// Collects what is written into pieces worth sending.
struct Pieces {
    pieces: mpsc::Sender<Piece>,
    piece: Vec<u8>,
}

/// Octets of one piece.
const PIECE: usize = 64 * 1024;

impl Write for Pieces {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(octets);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.blocking_send(Ok(piece)).map_err(|_| io::Error::other("the client hung up"))
    }
}

struct Received(mpsc::Receiver<Piece>);

impl Stream for Received {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(context)
    }
}

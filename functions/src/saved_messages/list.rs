//! `GET /get-saved-messages-media`: the files in Saved Messages, newest first.
//!
//! The list is complete: messages without files are passed over, however many there are. When the invocation's time runs
//! out on the way, what was found is answered, with the link that goes on from there. Where the files are is remembered,
//! since who sees a list looks at thumbnails next.

use std::process::ExitCode;

use http::StatusCode;
use http::header::LINK;
use serde_json::Value;

use super::files::Files;
use super::listing::{Listing, Part};
use super::query::Query;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::within;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(List { files: Files::open(&start, &connection, Failure::ListMedia).await? })
    })
}

struct List {
    files: Files,
}

impl Endpoint for List {
    const FAILURE: Failure = Failure::ListMedia;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let accounts = &self.files.accounts;
        let query = Query::of(&request)?;
        let mut held = accounts.hold_signed_in(&request).await?;
        let deadline = accounts.deadline(&request);
        let mut listing = Listing::new(query);
        let mut link = accounts.link(&mut held.session, deadline);
        let filled = within(deadline, listing.fill(&mut link)).await;
        link.close().await;
        if let Err(trouble) = filled {
            if trouble.is_dead() || !listing.has_begun() {
                return Err(accounts.put_back_after(held, Failure::ListMedia, trouble).await);
            }
            tracing::warn!(cause = %trouble, "The list goes on in another answer");
        }
        let part = listing.part();
        self.files.remember_all(held.token(), &part.seen).await;
        let answer = render(&request, query, part);
        accounts.put_back_proved(&request, held, answer).await
    }
}

fn render(request: &Incoming, query: Query, part: Part) -> Answer {
    let answer = Answer::json(StatusCode::OK, Value::Array(part.items));
    match part.next {
        Some(before) => answer.with(LINK, &query.link_to_next(request, before)),
        None => answer,
    }
}

//! `GET /get-saved-messages-media`: the files in Saved Messages, newest first.
//!
//! The list is complete: messages without files are passed over, however many there are. When the invocation's time runs
//! out on the way, what was found is answered, with the link that goes on from there.

use std::process::ExitCode;

use http::StatusCode;
use http::header::LINK;
use serde_json::Value;

use super::listing::{Listing, Part};
use super::query::Query;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, within};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(List { accounts: Accounts::open(&start, &connection).await? })
    })
}

struct List {
    accounts: Accounts,
}

impl Endpoint for List {
    const FAILURE: Failure = Failure::ListMedia;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let query = Query::of(&request)?;
        let mut held = self.accounts.hold_signed_in(&request).await?;
        let deadline = self.accounts.deadline(&request);
        let mut listing = Listing::new(query);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let filled = within(deadline, listing.fill(&mut link)).await;
        link.close().await;
        if let Err(trouble) = filled {
            if trouble.is_dead() || !listing.has_begun() {
                return Err(self.accounts.put_back_after(held, Failure::ListMedia, trouble).await);
            }
            tracing::warn!(cause = %trouble, "The list goes on in another answer");
        }
        let answer = render(&request, query, listing.part());
        self.accounts.put_back_proved(&request, held, answer).await
    }
}

fn render(request: &Incoming, query: Query, part: Part) -> Answer {
    let answer = Answer::json(StatusCode::OK, Value::Array(part.items));
    match part.next {
        Some(before) => answer.with(LINK, &query.link_to_next(request, before)),
        None => answer,
    }
}

//! `POST /media-tickets`: a URL of one message's file, for whoever cannot send a cookie or a header along: `<video>` and
//! `<img>` in a page that keeps its session's token itself.
//!
//! The ticket in the URL is good for minutes and for this file and its thumbnails alone. It ends with the session.

use std::process::ExitCode;
use std::sync::Arc;

use http::StatusCode;
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::TICKET_LIFE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::files::{Files, Outdated};
use super::visitor::TICKET;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming, whole};
use crate::runtime::serve_http;
use crate::session::Term;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(MediaTickets { files: Arc::new(Files::open(&start, &connection, Failure::StreamMedia).await?) })
    })
}

struct MediaTickets {
    files: Arc<Files>,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    message_id: Value,
}

impl Endpoint for MediaTickets {
    const FAILURE: Failure = Failure::StreamMedia;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let accounts = &self.files.accounts;
        accounts.check_origin(&request)?;
        let wish: Wish = request.json()?;
        let caller = accounts.caller(&request).ok_or(ApiError::NotAuthenticated)?;
        let Some(message) = read_id(&wish.message_id)? else {
            accounts.look_up_signed_in(&caller).await?;
            return Err(ApiError::MediaNotFound);
        };
        // There is no ticket for what is not there; and what was found is not looked for again when it is used.
        let found = self.files.find(&caller, message, &Outdated::default(), Term::of(&request)).await?;
        found.ok_or(ApiError::MediaNotFound)?;
        let ticket = accounts.issue_ticket(&caller, message, request.now().plus(TICKET_LIFE));
        let path = request.location(&format!("/stream_media/{message}"));
        let url = format!("{}{path}?{TICKET}={ticket}", request.own_origin().unwrap_or_default());
        let body = json!({"url": url, "expires_in": TICKET_LIFE.as_secs()});
        Ok(Answer::json(StatusCode::CREATED, body))
    }
}

/// The message that is meant: `None` for a number that no message has.
fn read_id(value: &Value) -> Result<Option<MessageId>, ApiError> {
    let expected = "the id of a message";
    let invalid = ApiError::InvalidParameter { parameter: "message_id", expected };
    let id = match whole(value) {
        None if value.is_u64() => return Ok(None),
        id => id.ok_or(invalid)?,
    };
    Ok(i32::try_from(id).ok().and_then(MessageId::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_whole_number_that_messages_have() {
        for five in [json!(5), json!(5.0)] {
            assert_eq!(read_id(&five).unwrap(), MessageId::new(5));
        }
        for nobodys in [json!(0), json!(-1), json!(2_147_483_648_u64), json!(u64::MAX)] {
            assert_eq!(read_id(&nobodys).unwrap(), None, "{nobodys}");
        }
        for wrong in [json!("5"), json!(5.5), json!(null), json!([5]), json!(1e300)] {
            let error = read_id(&wrong).unwrap_err().to_string();
            assert_eq!(error, "message_id must be the id of a message.", "{wrong}");
        }
    }
}

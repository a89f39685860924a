//! `POST /mini-app/session`: fresh init data for a token that lives as long as the app stays open.

use std::process::ExitCode;

use http::StatusCode;
use lambdagram_domain::mini_app_token::{EXCHANGE_WINDOW, LIFETIME, issue};
use serde::Deserialize;
use serde_json::json;

use crate::http::{Answer, ApiError, Endpoint, Incoming};
use crate::person::PersonCheck;
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let secrets = start.environment.secrets(&start.connect().await, start.clock.now()).await?;
        Ok(MiniAppSession { persons: PersonCheck::new(start.environment.init_data()?, secrets) })
    })
}

struct MiniAppSession {
    persons: PersonCheck,
}

#[derive(Deserialize)]
struct Body {
    init: Option<String>,
}

impl Endpoint for MiniAppSession {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        // With init data in the header there is nothing left to say in a body.
        let in_body = if request.body().is_empty() { None } else { request.json::<Body>()?.init };
        let init_data = self.persons.fresh_init_data(&request, in_body.as_deref(), EXCHANGE_WINDOW).await?;
        let token = issue(&self.persons.token_key(), init_data.user.id, request.now());
        let body = json!({"token": token.expose(), "expires_in": LIFETIME.as_secs(), "user": init_data.user});
        Ok(Answer::json(StatusCode::OK, body))
    }
}

//! `POST /logout`: ends the login at Telegram, then the session.

use std::process::ExitCode;

use http::StatusCode;
use http::header::SET_COOKIE;
use lambdagram_domain::session::Stage;
use lambdagram_telegram::mtproto::auth;
use serde_json::json;

use super::Accounts;
use super::held::{Found, Held};
use super::refusal::refusal;
use super::telegram::within;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(Logout { accounts: Accounts::open(&start, &connection).await? })
    })
}

struct Logout {
    accounts: Accounts,
}

impl Endpoint for Logout {
    const FAILURE: Failure = Failure::LogOut;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        self.accounts.check_origin(&request)?;
        let found = self.accounts.hold(&request, None).await;
        let held = match found.map_err(|missing| missing.or(ApiError::NotAuthenticated))? {
            Found::Session(held) if matches!(held.session.stage, Stage::SignedIn { .. }) => *held,
            Found::Session(held) => {
                self.accounts.put_back(*held).await?;
                return Err(ApiError::NotAuthenticated);
            }
            Found::Moved { .. } => return Err(ApiError::NotAuthenticated),
        };
        self.end(&request, held).await
    }
}

impl Logout {
    async fn end(&self, request: &Incoming, mut held: Held) -> Result<Answer, ApiError> {
        let deadline = self.accounts.deadline(request);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let ended = within(deadline, auth::log_out(&mut link)).await;
        link.close().await;
        match ended {
            Ok(()) => {
                self.accounts.forget(held).await?;
                tracing::info!("Somebody logged out");
                let body = json!({"message": "Logged out successfully."});
                Ok(Answer::json(StatusCode::OK, body).with(SET_COOKIE, &self.accounts.cookies.clear()))
            }
            Err(trouble) if trouble.is_dead() => {
                self.accounts.forget(held).await?;
                Err(ApiError::NotAuthenticated.with_cookie(self.accounts.cookies.clear()))
            }
            Err(trouble) => {
                self.accounts.put_back(held).await?;
                Err(refusal(Failure::LogOut, trouble))
            }
        }
    }
}

//! `POST /logout`: ends what the session has under way, then the login at Telegram, then the session.

use std::process::ExitCode;
use std::time::Duration;

use http::StatusCode;
use http::header::SET_COOKIE;
use lambdagram_telegram::mtproto::auth;
use serde_json::json;
use tokio::time::timeout;

use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::saved_messages::uploads::Cancelling;
use crate::session::{Accounts, Held, within};

/// How long uploads may take to be cancelled: hundreds are, in that time. The session has to go in any case.
const CANCELLING: Duration = Duration::from_secs(5);

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(Logout {
            accounts: Accounts::open(&start, &connection).await?,
            uploads: Cancelling::open(&start.environment, &connection)?,
        })
    })
}

struct Logout {
    accounts: Accounts,
    uploads: Cancelling,
}

impl Endpoint for Logout {
    const FAILURE: Failure = Failure::LogOut;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        self.accounts.check_origin(&request)?;
        let held = self.accounts.hold_signed_in(&request).await?;
        self.end(&request, held).await
    }
}

impl Logout {
    async fn end(&self, request: &Incoming, mut held: Held) -> Result<Answer, ApiError> {
        // First of all: who logs out again after a function died, or whose login is gone already, gets no further.
        let session = held.token().id();
        let cancelled = self.uploads.cancel_all(&session, request.now());
        if timeout(CANCELLING, cancelled).await.is_err() {
            tracing::warn!("Not all uploads of a session that ends are cancelled");
        }
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
                // As a rule an earlier try of this logout has ended it.
                self.accounts.forget(held).await?;
                Err(ApiError::NotAuthenticated.with_cookie(self.accounts.cookies.clear()))
            }
            Err(trouble) => Err(self.accounts.put_back_after(held, Failure::LogOut, trouble).await),
        }
    }
}

//! `GET /is-authenticated`: whether the session is one that Telegram knows.
//!
//! Answered from what is stored, and checked with Telegram at most once a minute: a person may end a login in any of
//! their apps. A check that succeeds begins the session's life anew.

use std::process::ExitCode;
use std::time::Duration;

use http::StatusCode;
use http::header::SET_COOKIE;
use lambdagram_domain::session::{AccountUser, Stage};
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::mtproto::auth;
use serde_json::json;

use super::signed_in::described;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, Found, Held, Missing, refusal, within};

/// How long Telegram's word is good.
const CHECKED_FOR: Duration = Duration::from_mins(1);

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(IsAuthenticated { accounts: Accounts::open(&start, &connection).await? })
    })
}

struct IsAuthenticated {
    accounts: Accounts,
}

impl Endpoint for IsAuthenticated {
    const FAILURE: Failure = Failure::CheckStatus;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let Some(caller) = self.accounts.caller(&request) else { return Ok(no()) };
        let (session, row) = match self.accounts.look_up(&caller).await {
            Ok(found) => found,
            Err(Missing::Gone) => return Ok(no()),
            Err(Missing::Error(error)) => return Err(error),
        };
        let Stage::SignedIn { user } = session.stage else { return Ok(no()) };
        if is_fresh(row.checked_at, request.now()) {
            return Ok(yes(&user));
        }
        match self.accounts.hold(&request, None).await {
            Ok(Found::Session(held)) => self.check(&request, *held).await,
            Ok(Found::Moved { .. }) | Err(Missing::Gone) => Ok(no()),
            // Another request is using the session at Telegram, so it is alive.
            Err(Missing::Error(ApiError::Busy { .. })) => Ok(yes(&user)),
            Err(Missing::Error(error)) => Err(error),
        }
    }
}

impl IsAuthenticated {
    async fn check(&self, request: &Incoming, mut held: Held) -> Result<Answer, ApiError> {
        let Stage::SignedIn { user } = held.session.stage.clone() else {
            self.accounts.put_back(held).await?;
            return Ok(no());
        };
        // While this request waited, another one may have asked.
        if is_fresh(held.checked_at, request.now()) {
            self.accounts.put_back(held).await?;
            return Ok(yes(&user));
        }
        let deadline = self.accounts.deadline(request);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let asked = within(deadline, auth::who_am_i(&mut link)).await;
        link.close().await;
        match asked {
            Ok(user) => {
                held.session.stage = Stage::SignedIn { user: user.clone() };
                self.accounts.put_back_proved(request, held, yes(&user)).await
            }
            Err(trouble) if trouble.is_dead() => {
                self.accounts.forget_dead(held, &trouble).await?;
                Ok(no().with(SET_COOKIE, &self.accounts.cookies.clear()))
            }
            Err(trouble) => {
                self.accounts.put_back(held).await?;
                Err(refusal(Failure::CheckStatus, trouble))
            }
        }
    }
}

fn is_fresh(checked_at: UnixTime, now: UnixTime) -> bool {
    now.since(checked_at) < CHECKED_FOR
}

fn yes(user: &AccountUser) -> Answer {
    Answer::json(StatusCode::OK, json!({"authenticated": true, "user": described(user)}))
}

fn no() -> Answer {
    Answer::json(StatusCode::OK, json!({"authenticated": false}))
}

//! The end that all ways of signing in share: a session under a new token, or the question for a password.

use std::time::Duration;

use http::StatusCode;
use http::header::SET_COOKIE;
use lambdagram_domain::session::{AccountUser, SessionToken, Stage};
use serde_json::{Value, json};

use crate::http::{Answer, ApiError, By, Incoming};
use crate::session::{Accounts, Held, Progress};

impl Accounts {
    /// The person is signed in: the session moves to a new token.
    pub(super) async fn finish_sign_in(
        &self,
        request: &Incoming,
        held: Held,
        user: AccountUser,
    ) -> Result<Answer, ApiError> {
        let by = held.by;
        let token = self.move_to_new_token(held, user.clone(), request.now()).await?;
        Ok(self.signed_in(&token, by, &user))
    }

    /// The account has a password, which is the next stage.
    pub(super) async fn ask_for_password(
        &self,
        mut held: Held,
        hint: Option<String>,
        progress: Progress,
    ) -> Result<(), ApiError> {
        let phone = held.session.stage.phone().cloned();
        held.session.stage = Stage::PasswordNeeded { phone, hint };
        self.store(held, progress).await
    }

    /// What a person is told who signed in.
    pub(super) fn signed_in(&self, token: &SessionToken, by: By, user: &AccountUser) -> Answer {
        let body = json!({"message": "Signed in successfully.", "user": described(user)});
        self.with_token(body, token, by, self.life)
    }

    /// An answer with the session's token: in its body or in a cookie, as the client wants it.
    pub(super) fn with_token(&self, mut body: Value, token: &SessionToken, by: By, life: Duration) -> Answer {
        match by {
            By::Bearer => {
                body["session_token"] = token.encode().into();
                Answer::json(StatusCode::OK, body)
            }
            By::Cookie => {
                Answer::json(StatusCode::OK, body).with(SET_COOKIE, &self.cookies.set(&token.encode(), life))
            }
        }
    }
}

/// The person, as clients are told.
pub(super) fn described(user: &AccountUser) -> Value {
    let always = [
        ("id", Some(json!(user.id))),
        ("first_name", Some(user.first_name.as_str().into())),
        ("last_name", user.last_name.as_deref().map(Value::from)),
        ("username", user.username.as_deref().map(Value::from)),
        ("premium", Some(user.premium.into())),
    ];
    let present = always.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

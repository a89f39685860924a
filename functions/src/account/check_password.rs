//! `POST /check-password`: the second step of a login whose account has a password.

use std::process::ExitCode;

use lambdagram_domain::login::Password;
use lambdagram_domain::session::Stage;

use super::fields::Fields;
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, Found, MOST_ATTEMPTS, Try};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(CheckPassword {
            accounts: Accounts::open(&start, &connection).await?,
            allow: start.environment.sign_in_allow()?,
        })
    })
}

struct CheckPassword {
    accounts: Accounts,
    /// Who may sign in: a QR login comes here before its number is known.
    allow: SignInAllow,
}

impl Endpoint for CheckPassword {
    const FAILURE: Failure = Failure::SignIn;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        request.check_origin()?;
        let password = read(&request)?;
        let attempt = Try { purpose: "password", text: password.expose(), most: MOST_ATTEMPTS };
        let found = self.accounts.hold(&request, Some(attempt)).await;
        let held = match found.map_err(|missing| missing.or(ApiError::CodeExpired))? {
            Found::Moved { to, by, user } => return Ok(self.accounts.signed_in(&to, by, &user)),
            Found::Session(held) => *held,
        };
        if matches!(held.session.stage, Stage::PasswordNeeded { .. }) {
            self.accounts.try_password(&request, held, &password, &self.allow).await
        } else {
            self.accounts.put_back(held).await?;
            Err(ApiError::CodeExpired)
        }
    }
}

fn read(request: &Incoming) -> Result<Password, ApiError> {
    let fields = Fields::of(request)?;
    if !fields.says("password") {
        return Err(ApiError::PasswordMissing);
    }
    fields.read("password", Password::parse).ok_or(ApiError::InvalidPassword)
}

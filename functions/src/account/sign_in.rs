//! `POST /sign-in`: the code, and the password as well where the client has it.
//!
//! A function may die after Telegram took the code and before the session says so; the code is then spent. So each try
//! leaves its mark on the session before it is made, and a repeat of the same try first asks Telegram who it is.

use std::process::ExitCode;

use lambdagram_domain::login::{CodeKind, LoginCode, Password};
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::{AccountUser, Stage};
use lambdagram_telegram::mtproto::auth::{self, SignIn as Outcome};
use lambdagram_telegram::mtproto::{Link, TelegramError};

use super::Accounts;
use super::fields::Fields;
use super::held::{Found, Held, MOST_ATTEMPTS, Try};
use super::password::already_signed_in;
use super::telegram::within;
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(SignIn { accounts: Accounts::open(&start, &connection).await? })
    })
}

struct SignIn {
    accounts: Accounts,
}

/// What a person signs in with.
struct Given {
    phone: PhoneNumber,
    code: LoginCode,
    password: Option<Password>,
}

/// The code that Telegram sent.
struct Sent {
    hash: String,
    kind: CodeKind,
}

impl Endpoint for SignIn {
    const FAILURE: Failure = Failure::SignIn;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        request.check_origin()?;
        let given = read(&request)?;
        let attempt = Try { purpose: "sign-in", text: &given.as_one_text(), most: MOST_ATTEMPTS };
        let found = self.accounts.hold(&request, Some(attempt)).await;
        let held = match found.map_err(|missing| missing.or(ApiError::CodeExpired))? {
            Found::Moved { to, by, user } => return Ok(self.accounts.signed_in(&to, by, &user)),
            Found::Session(held) => *held,
        };
        match held.session.stage.clone() {
            Stage::CodeSent { phone, code_hash, info } if phone == given.phone => {
                self.try_code(&request, held, &given, &Sent { hash: code_hash, kind: info.kind }).await
            }
            Stage::Decoy { phone } if phone == given.phone => {
                self.accounts.put_back(held).await?;
                Err(ApiError::InvalidCode)
            }
            // The code was right before.
            Stage::PasswordNeeded { phone, hint } if phone.as_ref() == Some(&given.phone) => {
                if let Some(password) = &given.password {
                    // The number was allowed before its code was asked for.
                    let allow = &SignInAllow::Everybody;
                    return self.accounts.try_password(&request, held, password, allow).await;
                }
                self.accounts.put_back(held).await?;
                Err(ApiError::PasswordRequired { hint })
            }
            _ => {
                self.accounts.put_back(held).await?;
                Err(ApiError::CodeExpired)
            }
        }
    }
}

impl SignIn {
    async fn try_code(
        &self,
        request: &Incoming,
        mut held: Held,
        given: &Given,
        sent: &Sent,
    ) -> Result<Answer, ApiError> {
        let (deadline, in_doubt) = (self.accounts.deadline(request), held.in_doubt);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let tried = within(deadline, converse(&mut link, given, sent, in_doubt)).await;
        link.close().await;
        match tried {
            Ok(Tried::SignedIn(user)) => self.accounts.finish_sign_in(request, held, user).await,
            Ok(Tried::PasswordNeeded { hint }) => {
                self.accounts.ask_for_password(held, hint.clone()).await?;
                Err(ApiError::PasswordRequired { hint })
            }
            Ok(Tried::WrongPassword { hint }) => {
                self.accounts.ask_for_password(held, hint).await?;
                Err(ApiError::InvalidPassword)
            }
            Err(trouble) => Err(self.accounts.give_up(held, Failure::SignIn, trouble).await?),
        }
    }
}

/// What Telegram made of a code, and of the password if there was one.
enum Tried {
    SignedIn(AccountUser),
    PasswordNeeded { hint: Option<String> },
    WrongPassword { hint: Option<String> },
}

async fn converse(
    link: &mut Link<'_>,
    given: &Given,
    sent: &Sent,
    in_doubt: bool,
) -> Result<Tried, TelegramError> {
    let known = if in_doubt { already_signed_in(link).await? } else { None };
    let outcome = match known {
        Some(outcome) => outcome,
        None => auth::sign_in(link, &given.phone, &sent.hash, sent.kind, &given.code).await?,
    };
    let hint = match outcome {
        Outcome::Done(user) => return Ok(Tried::SignedIn(user)),
        Outcome::PasswordNeeded => auth::password_hint(link).await?,
    };
    let Some(password) = &given.password else {
        return Ok(Tried::PasswordNeeded { hint });
    };
    match auth::check_password(link, password).await {
        Ok(user) => Ok(Tried::SignedIn(user)),
        Err(error) if error.is("PASSWORD_HASH_INVALID") => Ok(Tried::WrongPassword { hint }),
        Err(error) => Err(error),
    }
}

impl Given {
    /// All that decides whether two tries are the same.
    fn as_one_text(&self) -> String {
        let password = self.password.as_ref().map(Password::expose).unwrap_or_default();
        format!("{}\0{}\0{password}", self.phone.e164(), self.code.expose())
    }
}

fn read(request: &Incoming) -> Result<Given, ApiError> {
    let fields = Fields::of(request)?;
    if !fields.says("phone") || !fields.says("code") {
        return Err(ApiError::PhoneAndCodeRequired);
    }
    let phone = fields.read("phone", PhoneNumber::parse).ok_or(ApiError::PhoneInvalid)?;
    let code = fields.read("code", LoginCode::parse).ok_or(ApiError::InvalidCode)?;
    let password = if fields.says("password") {
        Some(fields.read("password", Password::parse).ok_or(ApiError::InvalidPassword)?)
    } else {
        None
    };
    Ok(Given { phone, code, password })
}

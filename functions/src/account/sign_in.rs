//! `POST /sign-in`: the code, and the password as well where the client has it.
//!
//! A function may die after Telegram took the code and before the session says so; the code is then spent. So each try
//! leaves its mark on the session before it is made, and the next one first looks back (`doubt.rs`).

use std::process::ExitCode;

use lambdagram_domain::login::{CodeKind, LoginCode, Password};
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::{AccountUser, Stage};
use lambdagram_telegram::mtproto::Link;
use lambdagram_telegram::mtproto::auth::{self, SignIn as Outcome};

use super::codes::refuse_decoy;
use super::fields::Fields;
use super::password;
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, Found, Held, MOST_ATTEMPTS, Progress, Trouble, Try, refusal, within};

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
                let refusal = refuse_decoy(held.checked_at, request.now());
                self.accounts.put_back(held).await?;
                Err(refusal)
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
        held: Held,
        given: &Given,
        sent: &Sent,
    ) -> Result<Answer, ApiError> {
        let wrong = ApiError::InvalidCode;
        let (mut held, known) = self.accounts.look_back(request, held, Failure::SignIn, wrong).await?;
        let deadline = self.accounts.deadline(request);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let tried = within(deadline, converse(&mut link, given, sent, known)).await;
        link.close().await;
        match tried {
            Ok(Tried::SignedIn(user)) => self.accounts.finish_sign_in(request, held, user).await,
            Ok(Tried::PasswordNeeded { hint }) => {
                self.accounts.ask_for_password(held, hint.clone(), Progress::NextStage).await?;
                Err(ApiError::PasswordRequired { hint })
            }
            Ok(Tried::NotByPassword { trouble, .. }) if trouble.is_dead() => {
                Err(self.accounts.give_up(held, Failure::SignIn, trouble).await?)
            }
            Ok(Tried::NotByPassword { hint, trouble }) => {
                // The code is spent. Of the password it may not be known.
                let progress = if trouble.is_answer() { Progress::NextStage } else { Progress::Unknown };
                self.accounts.ask_for_password(held, hint, progress).await?;
                Err(refusal(Failure::SignIn, trouble))
            }
            Err(trouble) => Err(self.accounts.give_up(held, Failure::SignIn, trouble).await?),
        }
    }
}

/// What Telegram made of a code, and of the password if there was one.
enum Tried {
    SignedIn(AccountUser),
    PasswordNeeded {
        hint: Option<String>,
    },
    /// The code was right, the password was not, or did not get through.
    NotByPassword {
        hint: Option<String>,
        trouble: Trouble,
    },
}

async fn converse(
    link: &mut Link<'_>,
    given: &Given,
    sent: &Sent,
    known: Option<Outcome>,
) -> Result<Tried, Trouble> {
    let outcome = match known {
        Some(outcome) => outcome,
        None => auth::sign_in(link, &given.phone, &sent.hash, sent.kind, &given.code).await?,
    };
    let hint = match outcome {
        Outcome::Done(user) => return Ok(Tried::SignedIn(user)),
        Outcome::PasswordNeeded => password::hint(link).await,
    };
    let Some(password) = &given.password else {
        return Ok(Tried::PasswordNeeded { hint });
    };
    match auth::check_password(link, password).await {
        Ok(user) => Ok(Tried::SignedIn(user)),
        Err(error) => Ok(Tried::NotByPassword { hint, trouble: error.into() }),
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

//! `POST /qr-login` makes a QR code that another device of the person's scans; `GET /qr-login` asks whether it has.
//!
//! Telegram says so only to the key that made the code. A code is good for half a minute, so each answer that says
//! `waiting` brings a fresh one.

use std::process::ExitCode;

use http::{Method, StatusCode};
use lambdagram_domain::session::{AccountUser, SessionToken, Stage};
use lambdagram_telegram::mtproto::Link;
use lambdagram_telegram::mtproto::auth::{self, LoginToken, SignIn};
use serde_json::{Value, json};

use super::admission::{Admission, admit};
use super::codes::LoginLimits;
use super::signed_in::described;
use super::{password, qr_code};
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, By, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, Found, Held, PENDING_LIFE, Progress, Trouble, Try, refusal, within};

/// How often one login may be asked about: every two seconds of its life.
const MOST_POLLS: u32 = 900;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(QrLogin {
            accounts: Accounts::open(&start, &connection).await?,
            limits: LoginLimits::new(&start.environment, &connection)?,
            on: start.environment.qr_login()?,
            allow: start.environment.sign_in_allow()?,
        })
    })
}

struct QrLogin {
    accounts: Accounts,
    limits: LoginLimits,
    /// Whether people may sign in this way.
    on: bool,
    allow: SignInAllow,
}

/// What a look at the login came to.
enum Look {
    Waiting { url: String, expires_in: u64 },
    PasswordNeeded { hint: Option<String> },
    Done(Admission),
}

impl Endpoint for QrLogin {
    const FAILURE: Failure = Failure::SignIn;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        if !self.on {
            return Err(ApiError::NotFound);
        }
        match *request.method() {
            Method::POST => self.begin(&request).await,
            _ => self.poll(&request).await,
        }
    }
}

impl QrLogin {
    async fn begin(&self, request: &Incoming) -> Result<Answer, ApiError> {
        request.check_origin()?;
        self.limits.take_qr_login(request, &self.accounts.limit_key()).await?;
        let by = if request.wants_token_transport() { By::Bearer } else { By::Cookie };
        let deadline = self.accounts.deadline(request);
        let mut session = self.accounts.new_session(Stage::Qr);
        let mut link = self.accounts.link(&mut session, deadline);
        let made = within(deadline, look(&mut link, &self.allow, None)).await;
        link.close().await;
        let (url, expires_in) = match made {
            Ok(Look::Waiting { url, expires_in }) => (url, expires_in),
            // A key that is a minute old belongs to nobody.
            Ok(_) => return Err(Failure::SignIn.because("a new key is signed in already")),
            Err(trouble) => return Err(refusal(Failure::SignIn, trouble)),
        };
        let (token, held) = self.accounts.begin(request, session, by).await?;
        self.accounts.put_back(held).await?;
        let body = shown(&url, expires_in);
        Ok(self.accounts.with_token(body, &token, by, PENDING_LIFE))
    }

    async fn poll(&self, request: &Incoming) -> Result<Answer, ApiError> {
        let caller = self.accounts.caller(request).ok_or(ApiError::NotAuthenticated)?;
        let found = self.accounts.look_up(&caller).await;
        let (session, _) = found.map_err(|missing| missing.or(ApiError::NotAuthenticated))?;
        if let Stage::PasswordNeeded { hint, .. } = session.stage {
            // A page may go on asking while the person types; the tries that are left are for passwords.
            return Ok(password_required(hint.as_deref()));
        }
        let attempt = Try { purpose: "qr-login", text: "", most: MOST_POLLS };
        let found = self.accounts.hold(request, Some(attempt)).await;
        let held = match found.map_err(|missing| missing.or(ApiError::NotAuthenticated))? {
            Found::Moved { to, by, user } => return Ok(self.done(&to, by, &user)),
            Found::Session(held) => *held,
        };
        match held.session.stage.clone() {
            Stage::Qr => self.look(request, held).await,
            Stage::PasswordNeeded { hint, .. } => {
                self.accounts.put_back(held).await?;
                Ok(password_required(hint.as_deref()))
            }
            Stage::SignedIn { user } => {
                self.accounts.put_back(held).await?;
                let body = json!({"state": "done", "user": described(&user)});
                Ok(Answer::json(StatusCode::OK, body))
            }
            _ => {
                self.accounts.put_back(held).await?;
                Err(ApiError::NotAuthenticated)
            }
        }
    }

    async fn look(&self, request: &Incoming, held: Held) -> Result<Answer, ApiError> {
        let wrong = ApiError::NotAuthenticated;
        let (mut held, known) = self.accounts.look_back(request, held, Failure::SignIn, wrong).await?;
        let deadline = self.accounts.deadline(request);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let looked = within(deadline, look(&mut link, &self.allow, known)).await;
        link.close().await;
        match looked {
            Ok(Look::Waiting { url, expires_in }) => {
                self.accounts.store(held, Progress::Known).await?;
                let mut body = shown(&url, expires_in);
                body["state"] = "waiting".into();
                Ok(Answer::json(StatusCode::OK, body))
            }
            Ok(Look::PasswordNeeded { hint }) => {
                self.accounts.ask_for_password(held, hint.clone(), Progress::NextStage).await?;
                Ok(password_required(hint.as_deref()))
            }
            Ok(Look::Done(Admission::SentAway)) => Err(self.accounts.turn_away(held).await?),
            Ok(Look::Done(Admission::Admitted(user))) => {
                let by = held.by;
                let token = self.accounts.move_to_new_token(held, user.clone(), request.now()).await?;
                Ok(self.done(&token, by, &user))
            }
            Err(trouble) => Err(self.accounts.give_up(held, Failure::SignIn, trouble).await?),
        }
    }

    fn done(&self, token: &SessionToken, by: By, user: &AccountUser) -> Answer {
        let body = json!({"state": "done", "user": described(user)});
        self.accounts.with_token(body, token, by, self.accounts.life)
    }
}

/// One look, at a login that may have succeeded before.
async fn look(link: &mut Link<'_>, allow: &SignInAllow, known: Option<SignIn>) -> Result<Look, Trouble> {
    let token = match known {
        Some(SignIn::Done(user)) => LoginToken::Done(user),
        Some(SignIn::PasswordNeeded) => LoginToken::PasswordNeeded,
        None => auth::export_login_token(link).await?,
    };
    match token {
        LoginToken::Waiting { url, expires_in } => Ok(Look::Waiting { url, expires_in }),
        LoginToken::Done(user) => admit(link, allow, user).await.map(Look::Done).map_err(Trouble::InDoubt),
        LoginToken::PasswordNeeded => Ok(Look::PasswordNeeded { hint: password::hint(link).await }),
    }
}

/// A code to scan, as a link and as a picture of it.
fn shown(url: &str, expires_in: u64) -> Value {
    json!({"url": url, "image": qr_code::data_url(url), "expires_in": expires_in})
}

fn password_required(hint: Option<&str>) -> Answer {
    let mut body = json!({"state": "password_required"});
    if let Some(hint) = hint {
        body["hint"] = Value::from(hint);
    }
    Answer::json(StatusCode::OK, body)
}

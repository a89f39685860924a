//! `POST /send-code`: begins a login with a code that Telegram sends.
//!
//! The session is stored, with the key made at Telegram, before the code is asked for: only that key may sign in with the
//! code, and a person gets few codes a day.

use std::process::ExitCode;

use lambdagram_domain::login::CodeInfo;
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::{Session, SessionToken, Stage};
use lambdagram_telegram::mtproto::auth;
use serde_json::Value;

use super::codes::{DECOY, LoginLimits, code_sent};
use super::fields::Fields;
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, By, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, PENDING_LIFE, Progress, refusal, within};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(SendCode {
            accounts: Accounts::open(&start, &connection).await?,
            limits: LoginLimits::new(&start.environment, &connection)?,
            allow: start.environment.sign_in_allow()?,
        })
    })
}

struct SendCode {
    accounts: Accounts,
    limits: LoginLimits,
    /// Who may sign in.
    allow: SignInAllow,
}

impl Endpoint for SendCode {
    const FAILURE: Failure = Failure::SendCode;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        request.check_origin()?;
        let phone = read(&request)?;
        let allowed = self.allow.allows(&phone);
        let key = self.accounts.limit_key();
        self.limits.take_code(&request, &key, &phone, allowed).await?;
        let by = if request.wants_token_transport() { By::Bearer } else { By::Cookie };
        let (token, info) = if allowed {
            self.ask(&request, phone, by).await?
        } else {
            let stage = Stage::Decoy { phone };
            let (token, held) = self.accounts.begin(&request, self.accounts.new_session(stage), by).await?;
            self.accounts.put_back(held).await?;
            (token, DECOY)
        };
        Ok(self.accounts.with_token(Value::Object(code_sent(&info)), &token, by, PENDING_LIFE))
    }
}

impl SendCode {
    async fn ask(
        &self,
        request: &Incoming,
        phone: PhoneNumber,
        by: By,
    ) -> Result<(SessionToken, CodeInfo), ApiError> {
        let deadline = self.accounts.deadline(request);
        let mut session = self.accounts.new_session(Stage::Starting { phone: phone.clone() });
        let mut link = self.accounts.link(&mut session, deadline);
        let connected = within(deadline, link.connect()).await;
        connected.map_err(|trouble| refusal(Failure::SendCode, trouble))?;
        let (token, mut held) = self.accounts.begin(request, link.session().clone(), by).await?;
        let sent = within(deadline, auth::send_code(&mut link, &phone)).await;
        link.close().await;
        match sent {
            Ok(sent) => {
                let stage = Stage::CodeSent { phone, code_hash: sent.hash, info: sent.info.clone() };
                held.session = Session { stage, ..session };
                self.accounts.store(held, Progress::NextStage).await?;
                Ok((token, sent.info))
            }
            Err(trouble) => {
                self.accounts.forget(held).await?;
                Err(refusal(Failure::SendCode, trouble))
            }
        }
    }
}

/// The number in the body.
fn read(request: &Incoming) -> Result<PhoneNumber, ApiError> {
    let fields = Fields::of(request)?;
    if !fields.says("phone") {
        return Err(ApiError::PhoneRequired);
    }
    fields.read("phone", PhoneNumber::parse).ok_or(ApiError::PhoneInvalid)
}

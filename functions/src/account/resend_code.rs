//! `POST /resend-code`: asks Telegram to send the code of a login again, the next way it has.

use std::process::ExitCode;

use http::StatusCode;
use lambdagram_domain::login::CodeInfo;
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::Stage;
use lambdagram_telegram::mtproto::auth;
use serde_json::Value;

use super::codes::{DECOY_AGAIN, LoginLimits, code_sent};
use super::fields::Fields;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Accounts, Found, Held, Progress, within};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(ResendCode {
            accounts: Accounts::open(&start, &connection).await?,
            limits: LoginLimits::new(&start.environment, &connection)?,
        })
    })
}

struct ResendCode {
    accounts: Accounts,
    limits: LoginLimits,
}

impl Endpoint for ResendCode {
    const FAILURE: Failure = Failure::SendCode;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        self.accounts.check_origin(&request)?;
        Fields::of(&request)?;
        let found = self.accounts.hold(&request, None).await.map_err(|it| it.or(ApiError::CodeExpired))?;
        let Found::Session(held) = found else { return Err(ApiError::CodeExpired) };
        let info = match held.session.stage.clone() {
            Stage::CodeSent { phone, code_hash, .. } => self.ask(&request, held, phone, code_hash).await?,
            Stage::Decoy { phone } => {
                let taken = self.limits.take_code(&request, &self.accounts.limit_key(), &phone, false).await;
                self.accounts.put_back(*held).await?;
                taken?;
                DECOY_AGAIN
            }
            _ => {
                self.accounts.put_back(*held).await?;
                return Err(ApiError::CodeExpired);
            }
        };
        Ok(Answer::json(StatusCode::OK, Value::Object(code_sent(&info))))
    }
}

impl ResendCode {
    async fn ask(
        &self,
        request: &Incoming,
        mut held: Box<Held>,
        phone: PhoneNumber,
        code_hash: String,
    ) -> Result<CodeInfo, ApiError> {
        if let Err(error) = self.limits.take_code(request, &self.accounts.limit_key(), &phone, true).await {
            self.accounts.put_back(*held).await?;
            return Err(error);
        }
        let deadline = self.accounts.deadline(request);
        let mut link = self.accounts.link(&mut held.session, deadline);
        let sent = within(deadline, auth::resend_code(&mut link, &phone, &code_hash)).await;
        link.close().await;
        match sent {
            Ok(sent) => {
                held.session.stage = Stage::CodeSent { phone, code_hash: sent.hash, info: sent.info.clone() };
                // A new code, new tries.
                self.accounts.store(*held, Progress::NextStage).await?;
                Ok(sent.info)
            }
            Err(trouble) => Err(self.accounts.give_up(*held, Failure::SendCode, trouble).await?),
        }
    }
}

//! `POST /telegram/webhook`: an update from Telegram, acknowledged once what it asks for is durably queued.

use std::process::ExitCode;

use http::StatusCode;
use lambdagram_aws::{BotSecrets, SecretStore};
use lambdagram_domain::ids::{DispatchId, JobId};
use lambdagram_domain::incoming::Incoming as Asked;
use lambdagram_domain::job::Job;
use lambdagram_domain::receipt::Receipt;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::update::{Request, Update};
use serde_json::json;

use crate::dispatch::answers;
use crate::dispatch::desk::{Desk, Step, short_answer};
use crate::http::{Answer, ApiError, Endpoint, Incoming};
use crate::intake::Intake;
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        Ok(TelegramWebhook {
            secrets: environment.secrets(connection, start.clock.now()).await?,
            bot_id: environment.bot_id()?,
            mini_app_url: environment.optional("MINI_APP_URL").map(str::to_owned),
            intake: Intake::new(environment, connection)?,
            desk: Desk::new(environment, connection, start.clock.now()).await?,
        })
    })
}

struct TelegramWebhook {
    secrets: SecretStore<BotSecrets>,
    bot_id: i64,
    mini_app_url: Option<String>,
    intake: Intake,
    desk: Desk,
}

impl Endpoint for TelegramWebhook {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let secret = request.header("x-telegram-bot-api-secret-token").unwrap_or_default();
        if !self.is_telegrams(secret, request.now()).await? {
            return Err(ApiError::WebhookSecret);
        }
        let update = Update::parse(request.body())?;
        if let Some(asked) = update.incoming
            && self.take(update.id, asked, request.now()).await?
        {
            return Ok(Answer::json(StatusCode::OK, json!({"ok": true})));
        }
        match update.request {
            Request::Welcome(chat_id) => {
                let id = JobId::of_update(self.bot_id, update.id);
                let job = Job::welcome(id, chat_id, self.mini_app_url.clone());
                self.queue(&job, request.now()).await?;
            }
            Request::Nothing(kind) => tracing::info!(kind, "The update asks for nothing"),
        }
        Ok(Answer::json(StatusCode::OK, json!({"ok": true})))
    }
}

impl TelegramWebhook {
    async fn is_telegrams(&self, secret: &str, now: UnixTime) -> Result<bool, ApiError> {
        let known = || self.secrets.versions().all().any(|version| version.webhook_secret.matches(secret));
        Ok(known() || self.secrets.refresh(now).await? && known())
    }

    /// Sees to what a person asks, unless it is for the rest of the bot.
    async fn take(&self, update_id: i64, asked: Asked, now: UnixTime) -> Result<bool, ApiError> {
        match self.desk.decide(&asked, now).await {
            Step::Leave => return Ok(false),
            Step::Dispatch(service) => {
                let id = DispatchId::of_update(self.bot_id, update_id);
                self.desk.dispatch(id, asked, service, now).await?;
            }
            Step::Say(text) => {
                let id = JobId::of_update(self.bot_id, update_id);
                answers::enqueue(&self.intake, None, id, short_answer(&asked, text), now).await?;
            }
            Step::Ignore(kind) => tracing::info!(kind, "The update asks for nothing"),
        }
        Ok(true)
    }

    /// Queues what a first delivery of an update asks for, or what an earlier delivery left undone.
    async fn queue(&self, job: &Job, now: UnixTime) -> Result<(), ApiError> {
        if self.intake.begin_once(&Receipt::of(job, None, now)).await? {
            self.intake.enqueue(job).await?;
        }
        Ok(())
    }
}

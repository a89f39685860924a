//! `POST /enqueue_command`: takes a call of the Bot API, and answers once it can no longer be lost.
//!
//! Everything that can be told without Telegram is told at once: who may run what, and what cannot be right. The rest is
//! as for a picture (`post_photo`): the receipt first, then the parts into the bucket, then the job into the queue.

use std::borrow::Cow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use lambdagram_aws::{Dispatches, Limit, Limits, Receipts, StagingBucket};
use lambdagram_domain::access::{Permissions, Role};
use lambdagram_domain::answer::Origin;
use lambdagram_domain::api_key::StoredKey;
use lambdagram_domain::bot_api::{Checked, Method};
use lambdagram_domain::command::{Command, Packed};
use lambdagram_domain::ids::{DispatchId, JobId};
use lambdagram_domain::job::Job;
use lambdagram_domain::receipt::{Owner, Receipt, fingerprint_of};
use lambdagram_domain::time::UnixTime;
use lambdagram_outbound::Rules;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::key_holder::KeyHolders;
use super::outcome;
use super::wait::{Pauses, preferred};
use crate::access::Access;
use crate::clock::Clock;
use crate::http::{Answer, ApiError, Endpoint, Incoming};
use crate::intake::Intake;
use crate::runtime::serve_http;

/// The span in which `COMMANDS_PER_MINUTE` commands of one key are taken.
const LIMIT_WINDOW: Duration = Duration::from_mins(1);

/// Kept free at the end of an invocation, to answer whoever waits.
const TIME_TO_ANSWER: Duration = Duration::from_secs(2);

/// What an answer carries that was waited for.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        Ok(EnqueueCommand {
            holders: KeyHolders::new(environment, connection)?,
            access: environment.access(connection, start.clock.now()).await?,
            dispatches: Dispatches::new(connection, environment.text("DISPATCHES_TABLE")?),
            own_networks: environment.own_networks()?,
            intake: Intake::new(environment, connection)?,
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
            limits: Limits::new(connection, environment.text("LIMITS_TABLE")?),
            commands_per_minute: environment.commands_per_minute()?,
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
            clock: start.clock,
        })
    })
}

struct EnqueueCommand {
    holders: KeyHolders,
    access: Access,
    dispatches: Dispatches,
    own_networks: Rules,
    intake: Intake,
    receipts: Receipts,
    limits: Limits,
    commands_per_minute: u32,
    staging: StagingBucket,
    clock: Clock,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(default)]
    data: Map<String, Value>,
    callback_url: Option<String>,
    reply_to: Option<String>,
}

impl Endpoint for EnqueueCommand {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let holder = self.holders.identify(&request).await?;
        let key = request.idempotency_key()?;
        let wait = preferred(request.list("prefer").as_deref());
        let body: Body<'_> = request.json()?;
        let permissions = self.access.current(request.now()).await;
        let (method, call) = self.check(&permissions, &holder, &body, request.now()).await?;

        let id = match &key {
            Some(key) => JobId::of_command_key(&holder.id, key),
            None => JobId::random(Uuid::new_v4().into_bytes()),
        };
        let chat = call.chat.clone();
        let Packed { command, parts } = Command::pack(method, call);
        let job = Job::command(id, chat, command);
        let owner = Some(Owner::Key(holder.id.clone()));
        let receipt = Receipt {
            fingerprint: key.map(|_| fingerprint_of(request.body())),
            command: Some(method.snake_name().to_owned()),
            callback_url: body.callback_url,
            ..Receipt::of(&job, owner, request.now())
        };
        if self.intake.begin(&receipt, (&self.limits, &self.limit_of(&permissions, &holder))).await?
            && let Err(cause) = self.intake.stage_and_enqueue(&self.staging, &job, parts).await
        {
            return Err(self.intake.abandon(&job, cause).await.into());
        }
        self.answer(&request, &job.id, wait).await
    }
}

impl EnqueueCommand {
    /// Whether the command is one that this key may run, and whether it may be right. An answer to a dispatch is led to
    /// where that came from, and the service's role must allow it too.
    async fn check(
        &self,
        permissions: &Permissions,
        holder: &StoredKey,
        body: &Body<'_>,
        now: UnixTime,
    ) -> Result<(&'static Method, Checked), ApiError> {
        let method = Method::parse(&body.command).ok_or(ApiError::UnknownCommand)?;
        let of_key = permissions.role_of_key(&holder.id, &holder.role);
        let of_key = of_key.filter(|role| role.may_run(method)).ok_or(ApiError::CommandForbidden)?;
        let (data, of_service) = match &body.reply_to {
            None => (Cow::Borrowed(&body.data), None),
            Some(id) => {
                let (origin, service) = self.asked(id, now).await?;
                let role = permissions.service(&service).and_then(|service| permissions.role(&service.role));
                let role = role.filter(|role| role.may_run(method)).ok_or(ApiError::CommandForbidden)?;
                (Cow::Owned(origin.lead(method, body.data.clone())?), Some(role))
            }
        };
        let call = method.validate(&data)?;
        let may_pay = |role: &Role| role.may_pay(method, &call);
        if !may_pay(of_key) || !of_service.is_none_or(may_pay) {
            return Err(ApiError::CommandForbidden);
        }
        if let Some(url) = &body.callback_url {
            self.own_networks.check(url)?;
        }
        Ok((method, call))
    }

    /// From where the dispatch of that id came, and which service was asked.
    async fn asked(&self, id: &str, now: UnixTime) -> Result<(Origin, String), ApiError> {
        let id = DispatchId::parse(id).ok_or(ApiError::UnknownDispatch)?;
        let row = self.dispatches.get(&id, now).await?;
        row.and_then(|row| row.asked).ok_or(ApiError::UnknownDispatch)
    }

    /// The limit on a key's commands: its role's own, or that of all keys.
    fn limit_of(&self, permissions: &Permissions, holder: &StoredKey) -> Limit {
        let role = permissions.role_of_key(&holder.id, &holder.role);
        let most = role.and_then(Role::commands_per_minute).unwrap_or(self.commands_per_minute);
        Limit { subject: format!("commands#{}", holder.id), most, window: LIMIT_WINDOW }
    }

    /// The answer for whoever does not wait, or waited in vain: where to ask. For the others: what came of it.
    async fn answer(&self, request: &Incoming, id: &JobId, wait: Option<u64>) -> Result<Answer, ApiError> {
        let location = request.location(&format!("/commands/{id}"));
        let ended = match wait {
            Some(seconds) => self.wait(id, self.patience(request, seconds)).await?,
            None => None,
        };
        let answer = if let Some(receipt) = ended {
            outcome::answer(&receipt, &self.staging).await?
        } else {
            let body = json!({"status": "success", "message": "Command enqueued", "id": id});
            Answer::json(StatusCode::ACCEPTED, body)
        };
        let answer = answer.with(LOCATION, &location);
        Ok(match wait {
            Some(seconds) => answer.with(PREFERENCE_APPLIED, &format!("wait={seconds}")),
            None => answer,
        })
    }

    /// How long may be waited, if `seconds` are asked for.
    fn patience(&self, request: &Incoming, seconds: u64) -> Duration {
        let left = request.deadline().duration_since(self.clock.time()).unwrap_or_default();
        Duration::from_secs(seconds).min(left.saturating_sub(TIME_TO_ANSWER))
    }

    /// Looks at a command until it has ended, for `patience` at most.
    async fn wait(&self, id: &JobId, patience: Duration) -> Result<Option<Receipt>, ApiError> {
        let until = Instant::now() + patience;
        for pause in Pauses::new() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(pause.min(left)).await;
            let receipt = self.receipts.get(id, self.clock.now()).await?;
            if let Some(receipt) = receipt.filter(|receipt| receipt.state.of_command().is_final()) {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }
}

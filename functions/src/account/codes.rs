//! What asking for a code has of its own: who may, how often, and what the answer says.

use std::time::Duration;

use lambdagram_aws::{Connection, Limit, Limits};
use lambdagram_domain::login::{CodeInfo, CodeKind};
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::limit_subject;
use lambdagram_domain::time::UnixTime;
use serde_json::{Map, Value};

use crate::config::{ConfigError, Environment};
use crate::http::{ApiError, Incoming};

/// Codes one number is sent in an hour. Telegram allows about five logins a day.
const CODES_PER_NUMBER: u32 = 5;

/// Logins one address begins in an hour, whatever their numbers.
const LOGINS_PER_ADDRESS: u32 = 30;

const HOUR: Duration = Duration::from_hours(1);

const DAY: Duration = Duration::from_hours(24);

/// How long a code of Telegram's is good, about.
const CODE_LIFE: Duration = Duration::from_mins(5);

/// What a number that may not sign in is told of its code: what Telegram tells of most.
pub(super) const DECOY: CodeInfo =
    CodeInfo { kind: CodeKind::App, length: Some(5), next: Some(CodeKind::Sms), timeout_s: Some(60) };

/// The same, of a code that is sent again.
pub(super) const DECOY_AGAIN: CodeInfo =
    CodeInfo { kind: CodeKind::Sms, length: Some(5), next: Some(CodeKind::Call), timeout_s: Some(60) };

/// What somebody is told who tries a code that was never sent, for a login that began at `begun_at`.
pub(super) fn refuse_decoy(begun_at: UnixTime, now: UnixTime) -> ApiError {
    if now.since(begun_at) < CODE_LIFE { ApiError::InvalidCode } else { ApiError::CodeExpired }
}

/// Counts what may bother somebody's phone.
pub(super) struct LoginLimits {
    limits: Limits,
    /// Codes the whole deployment asks Telegram for in a day: Telegram judges an `api_id` by them.
    per_day: u32,
}

impl LoginLimits {
    pub(super) fn new(environment: &Environment, connection: &Connection) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: Limits::new(connection, environment.text("LIMITS_TABLE")?),
            per_day: environment.codes_per_day()?,
        })
    }

    /// Counts a code for `phone`. One that Telegram is not asked for costs the deployment nothing.
    pub(super) async fn take_code(
        &self,
        request: &Incoming,
        key: &Secret,
        phone: &PhoneNumber,
        asks_telegram: bool,
    ) -> Result<(), ApiError> {
        let number = limit(key, "codes of a number", phone.e164(), CODES_PER_NUMBER, HOUR);
        let day = asks_telegram.then(|| limit(key, "codes of all", "", self.per_day, DAY));
        let limits: Vec<Limit> = [number, of_address(request, key)].into_iter().chain(day).collect();
        self.take(request, &limits).await
    }

    /// Counts a QR login.
    pub(super) async fn take_qr_login(&self, request: &Incoming, key: &Secret) -> Result<(), ApiError> {
        self.take(request, &[of_address(request, key)]).await
    }

    async fn take(&self, request: &Incoming, limits: &[Limit]) -> Result<(), ApiError> {
        match self.limits.take(limits, request.now()).await? {
            None => Ok(()),
            Some(retry_after) => Err(ApiError::TooManyRequests { retry_after }),
        }
    }
}

fn of_address(request: &Incoming, key: &Secret) -> Limit {
    limit(key, "logins of an address", &request.client_address(), LOGINS_PER_ADDRESS, HOUR)
}

fn limit(key: &Secret, what: &str, subject: &str, most: u32, window: Duration) -> Limit {
    Limit { subject: limit_subject(key, what, subject), most, window }
}

/// What is told of a code that was sent. The session's token is added by whoever has one to give.
pub(super) fn code_sent(info: &CodeInfo) -> Map<String, Value> {
    let always = [
        ("message", Some(Value::from("Code sent successfully."))),
        ("code_type", Some(info.kind.name().into())),
        ("code_length", info.length.map(Value::from)),
        ("next_type", info.next.map(|next| next.name().into())),
        ("timeout", info.timeout_s.map(Value::from)),
    ];
    always.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

//! Who is calling: a person, proved by Telegram's init data or by a mini app token that was given for it.

use std::time::Duration;

use lambdagram_aws::{BotSecrets, SecretStore};
use lambdagram_domain::ids::UserId;
use lambdagram_domain::init_data::{Check, InitData, InitDataError};
use lambdagram_domain::mini_app_token::{self, TokenError};
use lambdagram_domain::secret::Secret;
use lambdagram_domain::time::UnixTime;

use crate::config::InitDataRules;
use crate::http::{ApiError, Incoming};

/// Tells persons by what they bring.
pub(crate) struct PersonCheck {
    rules: InitDataRules,
    secrets: SecretStore<BotSecrets>,
}

/// What a request brings to prove who sent it.
enum Proof<'a> {
    InitData(&'a str),
    Token(&'a str),
}

impl PersonCheck {
    pub(crate) fn new(rules: InitDataRules, secrets: SecretStore<BotSecrets>) -> Self {
        Self { rules, secrets }
    }

    /// The key that signs new mini app tokens.
    pub(crate) fn token_key(&self) -> Secret {
        self.secrets.versions().current.mini_app_key.clone()
    }

    /// The person who sent `request`: by `Authorization: tma <init data>` or `Bearer <mini app token>`, or else by the
    /// init data that its body held.
    ///
    /// # Errors
    ///
    /// The 401s of init data, or [`ApiError::Secrets`].
    pub(crate) async fn identify(
        &self,
        request: &Incoming,
        in_body: Option<&str>,
    ) -> Result<UserId, ApiError> {
        match proof(request, in_body)? {
            Proof::InitData(raw) => Ok(self.init_data(raw, request.now(), self.rules.max_age).await?.user.id),
            Proof::Token(token) => self.token(token, request.now()).await,
        }
    }

    /// The init data of `request`, from its header or its body, no older than `max_age`.
    ///
    /// # Errors
    ///
    /// As [`Self::identify`].
    pub(crate) async fn fresh_init_data(
        &self,
        request: &Incoming,
        in_body: Option<&str>,
        max_age: Duration,
    ) -> Result<InitData, ApiError> {
        match proof(request, in_body)? {
            Proof::InitData(raw) => self.init_data(raw, request.now(), max_age.min(self.rules.max_age)).await,
            Proof::Token(_) => Err(ApiError::InitDataMissing),
        }
    }

    async fn init_data(&self, raw: &str, now: UnixTime, max_age: Duration) -> Result<InitData, ApiError> {
        if let Some((bot_id, key)) = &self.rules.with_telegrams_key {
            let check = Check::Telegram { bot_id: *bot_id, key: key.clone() };
            return Ok(check.verify(raw, now, max_age)?);
        }
        let verify = || {
            let tokens = self.secrets.versions().all().map(|version| version.bot_token.clone()).collect();
            Check::BotTokens(tokens).verify(raw, now, max_age)
        };
        match verify() {
            Err(InitDataError::Invalid) if self.secrets.refresh(now).await? => Ok(verify()?),
            outcome => Ok(outcome?),
        }
    }

    async fn token(&self, token: &str, now: UnixTime) -> Result<UserId, ApiError> {
        let verify = || {
            let keys: Vec<Secret> =
                self.secrets.versions().all().map(|version| version.mini_app_key.clone()).collect();
            mini_app_token::verify(&keys, token, now)
        };
        match verify() {
            Err(TokenError::Invalid) if self.secrets.refresh(now).await? => Ok(verify()?),
            outcome => Ok(outcome?),
        }
    }
}

/// What `request` brings: its `Authorization` header, or else the init data that its body held.
fn proof<'a>(request: &'a Incoming, in_body: Option<&'a str>) -> Result<Proof<'a>, ApiError> {
    match request.header("authorization") {
        Some(header) => read_authorization(header),
        None => Ok(Proof::InitData(in_body.unwrap_or_default())),
    }
}

/// Reads an `Authorization` header; schemes are the same in any case (RFC 9110, section 11.1).
fn read_authorization(header: &str) -> Result<Proof<'_>, ApiError> {
    let (scheme, value) = header.trim().split_once(' ').ok_or(ApiError::InitDataInvalid)?;
    match scheme.to_ascii_lowercase().as_str() {
        "tma" => Ok(Proof::InitData(value.trim())),
        "bearer" => Ok(Proof::Token(value.trim())),
        _ => Err(ApiError::InitDataInvalid),
    }
}

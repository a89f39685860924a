//! Tokens: those of a login by QR code, and those that carry an authorization over to another data centre.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::accounts::Phone;
use super::authorizations::Client;
use super::random;
use super::rpc::{Caller, KeyId};
use super::store::{Document, Store};

/// How long a QR code can be scanned, and then collected, in seconds ("usually 30", core.telegram.org/api/qr-login).
pub(super) const LOGIN_TOKEN_LIFE_S: u64 = 30;

/// How long an exported authorization can be imported, in seconds. Telegram names no time.
const EXPORT_LIFE_S: u64 = 60;

/// A token that a QR code shows.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LoginToken {
    /// The token, in the alphabet of `tg://login?token=`.
    pub(super) text: String,
    /// The key that asked for it.
    pub(super) key: KeyId,
    /// The data centre that it asked.
    pub(super) dc: i32,
    /// Accounts that it is not meant for.
    pub(super) except_ids: Vec<i64>,
    /// The client that asked for it.
    pub(super) client: Option<Client>,
    pub(super) expires_at: u64,
    pub(super) accepted_by: Option<Phone>,
    pub(super) is_spent: bool,
}

impl Document for LoginToken {
    const KIND: &'static str = "login_token";

    fn id(&self) -> String {
        self.text.clone()
    }
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// `AUTH_TOKEN_INVALID`
    Invalid,
    /// `AUTH_TOKEN_EXPIRED`
    Expired,
    /// `AUTH_TOKEN_ALREADY_ACCEPTED`
    AlreadyAccepted,
    /// `AUTH_TOKEN_EXCEPTION`: that account is logged in there already.
    Exception,
}

impl BadToken {
    /// Telegram's name for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "AUTH_TOKEN_INVALID",
            Self::Expired => "AUTH_TOKEN_EXPIRED",
            Self::AlreadyAccepted => "AUTH_TOKEN_ALREADY_ACCEPTED",
            Self::Exception => "AUTH_TOKEN_EXCEPTION",
        }
    }
}

impl LoginToken {
    pub(super) fn new(caller: &Caller, except_ids: Vec<i64>, now_s: u64) -> Self {
        Self {
            text: URL_SAFE_NO_PAD.encode(random::bytes::<32>()),
            key: caller.key,
            dc: caller.dc,
            except_ids,
            client: Client::of(caller),
            expires_at: now_s + LOGIN_TOKEN_LIFE_S,
            accepted_by: None,
            is_spent: false,
        }
    }

    /// The bytes that travel.
    pub(super) fn bytes(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.text).unwrap_or_default()
    }

    pub(super) fn of_bytes(store: &Store, bytes: &[u8]) -> rusqlite::Result<Option<Self>> {
        store.get(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn is_live(&self, now_s: u64) -> bool {
        !self.is_spent && now_s < self.expires_at
    }

    /// A person with another device lets the key in. From then on it can be collected for as long again.
    pub(super) fn accept(
        store: &Store,
        bytes: &[u8],
        phone: &Phone,
        user_id: i64,
        now_s: u64,
    ) -> rusqlite::Result<Result<Self, BadToken>> {
        let Some(mut token) = Self::of_bytes(store, bytes)? else { return Ok(Err(BadToken::Invalid)) };
        if token.accepted_by.is_some() {
            return Ok(Err(BadToken::AlreadyAccepted));
        }
        if !token.is_live(now_s) {
            return Ok(Err(BadToken::Expired));
        }
        if token.except_ids.contains(&user_id) {
            return Ok(Err(BadToken::Exception));
        }
        token.accepted_by = Some(phone.clone());
        token.expires_at = now_s + LOGIN_TOKEN_LIFE_S;
        store.put(&token)?;
        Ok(Ok(token))
    }

    /// It is good for one login.
    pub(super) fn spend(&mut self, store: &Store) -> rusqlite::Result<()> {
        self.is_spent = true;
        store.put(self)
    }
}

/// An authorization on its way to another data centre.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Export {
    /// The bytes that travel, as hexadecimal text.
    text: String,
    pub(super) user_id: i64,
    /// The authorization's hash.
    pub(super) authorization: i64,
    dc: i32,
    expires_at: u64,
}

impl Document for Export {
    const KIND: &'static str = "export";

    fn id(&self) -> String {
        self.text.clone()
    }
}

impl Export {
    pub(super) fn new(user_id: i64, authorization: i64, dc: i32, now_s: u64) -> Self {
        let text = hex::encode(random::bytes::<128>());
        Self { text, user_id, authorization, dc, expires_at: now_s + EXPORT_LIFE_S }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.text).unwrap_or_default()
    }

    /// The export of these bytes, made for this data centre and user. It is used up.
    pub(super) fn take(
        store: &Store,
        bytes: &[u8],
        user_id: i64,
        dc: i32,
        now_s: u64,
    ) -> rusqlite::Result<Option<Self>> {
        let id = hex::encode(bytes);
        let is_good = |it: &Self| it.user_id == user_id && it.dc == dc && now_s < it.expires_at;
        let Some(export) = store.get::<Self>(&id)?.filter(is_good) else { return Ok(None) };
        store.remove::<Self>(&id)?;
        Ok(Some(export))
    }
}

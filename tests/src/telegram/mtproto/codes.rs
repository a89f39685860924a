//! Login codes: how they are sent, how long they live, and what makes them worthless.

use serde::{Deserialize, Serialize};

use super::accounts::Phone;
use super::random;
use super::rpc::KeyId;
use super::store::{Document, Store};

/// How long a code can be used, in milliseconds. Telegram names no time; its codes are known to live some minutes.
const LIFE_MS: u64 = 5 * 60 * 1000;

/// How many digits Telegram's codes have had for years.
pub(super) const LENGTH: usize = 5;

/// How many wrong codes may be tried before the right one is worthless too.
const MOST_WRONG: u32 = 5;

/// How many codes a number gets within [`DAY_MS`]. Telegram allows a few logins a day ("e.g. 5, subject to change",
/// core.telegram.org/api/auth); more here, so that a day of trying things out is possible. The fault
/// `PHONE_NUMBER_FLOOD` stands for the real number.
pub(super) const MOST_A_DAY: usize = 50;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The way a code goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// A message from Telegram in the person's other apps.
    App,
    /// A text message.
    Sms,
    /// A voice that reads it.
    Call,
}

impl Way {
    /// How it goes when it is asked for again.
    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::App => Some(Self::Sms),
            Self::Sms => Some(Self::Call),
            Self::Call => None,
        }
    }

    /// Seconds until it may be asked for again.
    pub(super) const fn timeout_s(self) -> Option<u32> {
        match self {
            Self::App => Some(60),
            Self::Sms => Some(120),
            Self::Call => None,
        }
    }
}

/// A code that was sent. The `phone_code_hash` is its id.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SentCode {
    pub(super) hash: String,
    phone: Phone,
    key: KeyId,
    code: String,
    pub(super) way: Way,
    sent_at_ms: u64,
    wrong: u32,
    /// It was used, called off, or another one was sent in its place.
    is_spent: bool,
}

impl Document for SentCode {
    const KIND: &'static str = "sent_code";

    fn id(&self) -> String {
        self.hash.clone()
    }
}

/// What is remembered of a number, whether or not it has an account.
#[derive(Serialize, Deserialize)]
struct Number {
    phone: Phone,
    /// The hash of the newest code.
    last: Option<String>,
    /// When codes were sent, within a day.
    sent_at_ms: Vec<u64>,
}

impl Document for Number {
    const KIND: &'static str = "number";

    fn id(&self) -> String {
        self.phone.as_str().to_owned()
    }
}

/// Why a code opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worthless {
    /// `PHONE_CODE_EXPIRED`: never sent, too old, used, called off, guessed at too often, or sent to another key.
    Expired,
    /// `PHONE_CODE_INVALID`: it is another one.
    Wrong,
}

impl SentCode {
    /// Sends a code, in place of the one that this key has been sent for this number. `None` after too many in a day.
    pub(super) fn send(
        store: &Store,
        phone: &Phone,
        key: KeyId,
        way: Way,
        now_ms: u64,
    ) -> rusqlite::Result<Option<Self>> {
        let unknown = || Number { phone: phone.clone(), last: None, sent_at_ms: Vec::new() };
        let mut number = store.get::<Number>(phone.as_str())?.unwrap_or_else(unknown);
        number.sent_at_ms.retain(|sent| sent + DAY_MS > now_ms);
        if number.sent_at_ms.len() >= MOST_A_DAY {
            return Ok(None);
        }
        for mut former in store.all::<Self>()? {
            if former.key == key && former.phone == *phone && !former.is_spent {
                former.spend(store)?;
            }
        }
        let sent = Self {
            hash: hex::encode(random::bytes::<9>()),
            phone: phone.clone(),
            key,
            code: random::digits(LENGTH),
            way,
            sent_at_ms: now_ms,
            wrong: 0,
            is_spent: false,
        };
        number.last = Some(sent.hash.clone());
        number.sent_at_ms.push(now_ms);
        store.put(&number)?;
        store.put(&sent)?;
        Ok(Some(sent))
    }

    /// The code of this hash, if this key asked for it, for this number, and it is still good.
    pub(super) fn find(
        store: &Store,
        hash: &str,
        phone: &Phone,
        key: KeyId,
        now_ms: u64,
    ) -> rusqlite::Result<Result<Self, Worthless>> {
        let is_good = |sent: &Self| {
            let is_live = !sent.is_spent && sent.wrong < MOST_WRONG && now_ms < sent.sent_at_ms + LIFE_MS;
            is_live && sent.phone == *phone && sent.key == key
        };
        Ok(store.get::<Self>(hash)?.filter(is_good).ok_or(Worthless::Expired))
    }

    /// Tries a code. A wrong one is counted.
    pub(super) fn attempt(&mut self, store: &Store, code: &str) -> rusqlite::Result<Result<(), Worthless>> {
        if self.code == code {
            return Ok(Ok(()));
        }
        self.wrong += 1;
        store.put(self)?;
        Ok(Err(Worthless::Wrong))
    }

    /// Makes it worthless.
    pub(super) fn spend(&mut self, store: &Store) -> rusqlite::Result<()> {
        self.is_spent = true;
        store.put(self)
    }

    /// Whether its time to be sent in another way has come.
    pub(super) fn may_go_again(&self, now_ms: u64) -> bool {
        let timeout_s = u64::from(self.way.timeout_s().unwrap_or_default());
        now_ms >= self.sent_at_ms + timeout_s * 1000
    }

    /// The last code that was sent to a number.
    pub(super) fn last(store: &Store, phone: &Phone) -> rusqlite::Result<Option<String>> {
        let Some(hash) = store.get::<Number>(phone.as_str())?.and_then(|number| number.last) else {
            return Ok(None);
        };
        Ok(store.get::<Self>(&hash)?.map(|sent| sent.code))
    }
}

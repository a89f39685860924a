//! The people who have an account in the simulated cloud.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::random;
use super::srp::Verifier;
use super::store::{Document, Store};

/// The number of the account that exists from the start.
pub const FIRST_PHONE: &str = "+15551234567";

/// The number of another account that exists from the start, whose Saved Messages take many pages.
pub const MANY_PHONE: &str = "+15557654300";

/// Its user id.
const MANY_USER_ID: i64 = 6_042_713_777;

/// The user id of the first account: beyond 32 bits, as those of new accounts have been for years.
pub const FIRST_USER_ID: i64 = 6_042_713_581;

/// The data centre that it lives in.
pub const FIRST_HOME_DC: i32 = 2;

/// A phone number as Telegram understands it: `+` and 7 to 15 digits (E.164), the first of which is not 0.
/// Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads a number with or without its plus. Blanks, dashes, dots and brackets mean nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        let digits: String = text.chars().filter(|c| !" -.()".contains(*c)).collect();
        let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        (is_number && (7..=15).contains(&digits.len())).then(|| Self(format!("+{digits}")))
    }

    /// With its plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without its plus, as a `user` carries it.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

/// A password, by what the server keeps of it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Password {
    pub(super) verifier: Verifier,
    pub(super) hint: Option<String>,
}

/// An account to be made.
pub struct NewAccount {
    /// Its number; no two accounts share one.
    pub phone: Phone,
    /// What its owner is called.
    pub first_name: String,
    /// The rest of the name.
    pub last_name: Option<String>,
    /// The name it can be found by, without `@`.
    pub username: Option<String>,
    /// The password of its two-step verification.
    pub password: Option<String>,
    /// What reminds its owner of the password.
    pub hint: Option<String>,
    /// Whether it has a premium subscription.
    pub premium: bool,
    /// Whether Telegram has banned the number.
    pub banned: bool,
    /// The data centre that it lives in.
    pub home_dc: i32,
}

impl NewAccount {
    /// An account in [`FIRST_HOME_DC`] with nothing special about it.
    pub fn new(phone: Phone, first_name: impl Into<String>) -> Self {
        Self {
            phone,
            first_name: first_name.into(),
            last_name: None,
            username: None,
            password: None,
            hint: None,
            premium: false,
            banned: false,
            home_dc: FIRST_HOME_DC,
        }
    }
}

/// An account.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) id: i64,
    pub(super) access_hash: i64,
    pub(super) phone: Phone,
    pub(super) first_name: String,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) premium: bool,
    pub(super) banned: bool,
    pub(super) home_dc: i32,
    /// Requests that came while another main connection of the same authorization was open.
    pub(super) overlaps: u64,
}

impl Document for Account {
    const KIND: &'static str = "account";

    fn id(&self) -> String {
        self.phone.as_str().to_owned()
    }
}

impl Account {
    pub(super) fn of_phone(store: &Store, phone: &Phone) -> rusqlite::Result<Option<Self>> {
        store.get(phone.as_str())
    }

    pub(super) fn of_user(store: &Store, user_id: i64) -> rusqlite::Result<Option<Self>> {
        Ok(store.all::<Self>()?.into_iter().find(|account| account.id == user_id))
    }

    /// The first state: two accounts.
    pub(super) fn ensure_first(store: &Store) -> rusqlite::Result<()> {
        let accounts = [
            (FIRST_PHONE, FIRST_USER_ID, "Ada", "Lovelace", "ada_simulated"),
            (MANY_PHONE, MANY_USER_ID, "Vannevar", "Bush", "memex_simulated"),
        ];
        for (phone, id, first_name, last_name, username) in accounts {
            let Some(phone) = Phone::parse(phone) else { continue };
            if Self::of_phone(store, &phone)?.is_some() {
                continue;
            }
            let mut new = NewAccount::new(phone, first_name);
            new.last_name = Some(last_name.to_owned());
            new.username = Some(username.to_owned());
            store.put(&Self::new(id, new, None))?;
        }
        Ok(())
    }

    /// Makes an account, unless its number has one.
    pub(super) fn create(
        store: &Store,
        new: NewAccount,
        password: Option<Password>,
    ) -> rusqlite::Result<Option<Self>> {
        if Self::of_phone(store, &new.phone)?.is_some() {
            return Ok(None);
        }
        let account = Self::new(free_user_id(store)?, new, password);
        store.put(&account)?;
        Ok(Some(account))
    }

    fn new(id: i64, new: NewAccount, password: Option<Password>) -> Self {
        Self {
            id,
            access_hash: random::id(),
            phone: new.phone,
            first_name: new.first_name,
            last_name: new.last_name,
            username: new.username,
            password,
            premium: new.premium,
            banned: new.banned,
            home_dc: new.home_dc,
            overlaps: 0,
        }
    }
}

impl Password {
    /// Takes 0.1 s of computing and more.
    pub(super) fn new(password: &str, hint: Option<String>) -> Self {
        Self { verifier: Verifier::new(password.as_bytes()), hint }
    }
}

/// Between six and eight thousand millions, where Telegram's newer users are.
fn free_user_id(store: &Store) -> rusqlite::Result<i64> {
    loop {
        let id = 6_100_000_000 + random::id() % 1_800_000_000;
        if Account::of_user(store, id)?.is_none() {
            return Ok(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_understood_as_people_write_them() {
        for text in ["+15551234567", "15551234567", " +1 (555) 123-45.67 "] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), FIRST_PHONE, "{text}");
        }
        assert_eq!(Phone::parse(FIRST_PHONE).unwrap().digits(), "15551234567");
        for text in ["", "+", "+123456", "+1234567890123456", "+05551234567", "+1555x234567", "++15551234567"]
        {
            assert!(Phone::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_number_is_never_printed() {
        assert_eq!(format!("{:?}", Phone::parse(FIRST_PHONE).unwrap()), "Phone(..)");
    }
}

//! What tests and controls do in place of people: they have accounts, read their codes and scan QR codes.

pub mod saved;
pub mod sending;
pub mod uploads;

use super::accounts::{Account, NewAccount, Password, Phone};
use super::authorizations::{Authorization, Standing};
use super::codes::SentCode;
use super::service::Services;
use super::tokens::BadToken;

/// The people of a simulated cloud.
#[derive(Clone)]
pub struct People(Services);

/// Why something that a person was to do did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The number has an account.
    #[error("That number has an account.")]
    Taken,
    /// The number has no account.
    #[error("That number has no account.")]
    Unknown,
    /// The token was not made here, or not for this account.
    #[error("That login token is not valid.")]
    Token,
    /// The token is too old.
    #[error("That login token has expired.")]
    TokenExpired,
    /// The token was accepted before.
    #[error("That login token was accepted already.")]
    TokenAccepted,
    /// The file has no bytes.
    #[error("A file is not empty.")]
    EmptyFile,
    /// The file was to be a photo, and is none or too large.
    #[error("That file cannot be a photo.")]
    NoPhoto,
    /// The database failed.
    #[error("The simulated cloud's database failed: {0}")]
    Store(#[from] rusqlite::Error),
}

/// What is known of an account from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its user id.
    pub id: i64,
    /// How many logins of it are alive.
    pub authorizations: usize,
    /// How many requests came while another main connection of the same authorization was open.
    pub overlaps: u64,
}

impl People {
    pub(super) const fn new(services: Services) -> Self {
        Self(services)
    }

    /// Makes an account and returns its user id. A password takes 0.1 s of computing and more.
    ///
    /// # Errors
    /// The number has an account, or the database failed.
    pub fn create(&self, new: NewAccount) -> Result<i64, PeopleError> {
        let password = new.password.as_deref().map(|password| Password::new(password, new.hint.clone()));
        let made = self.0.store().atomically(|store| Account::create(store, new, password))?;
        made.map(|account| account.id).ok_or(PeopleError::Taken)
    }

    /// Changes an account's password, or takes it away. It takes 0.1 s of computing and more.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn set_password(&self, phone: &Phone, password: Option<&str>) -> Result<(), PeopleError> {
        let password = password.map(|password| Password::new(password, None));
        let changed = self.0.store().atomically(|store| {
            let Some(mut account) = Account::of_phone(store, phone)? else { return Ok(false) };
            account.password = password;
            store.put(&account)?;
            Ok(true)
        })?;
        changed.then_some(()).ok_or(PeopleError::Unknown)
    }

    /// The last code that was sent to a number, whether or not it has an account.
    ///
    /// # Errors
    /// The database failed.
    pub fn login_code(&self, phone: &Phone) -> Result<Option<String>, PeopleError> {
        Ok(SentCode::last(&self.0.store(), phone)?)
    }

    /// What codes were named by that were sent to anybody: the `phone_code_hash` of each.
    ///
    /// # Errors
    /// The database failed.
    pub fn code_hashes(&self) -> Result<Vec<String>, PeopleError> {
        Ok(self.0.store().all::<SentCode>()?.into_iter().map(|sent| sent.hash).collect())
    }

    /// What is known of an account; `None` if the number has none.
    ///
    /// # Errors
    /// The database failed.
    pub fn summary(&self, phone: &Phone) -> Result<Option<Summary>, PeopleError> {
        let store = self.0.store();
        let Some(Account { id, overlaps, .. }) = Account::of_phone(&store, phone)? else { return Ok(None) };
        let authorizations = Authorization::of_account(&store, phone)?.len();
        Ok(Some(Summary { id, authorizations, overlaps }))
    }

    /// Ends every login of an account, as a person does in Settings → Devices; returns how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub fn end_logins(&self, phone: &Phone) -> Result<usize, PeopleError> {
        let ended = self.0.store().atomically(|store| {
            let logins = Authorization::of_account(store, phone)?;
            let ended = logins.len();
            for login in logins {
                login.end(store, &Standing::Revoked)?;
            }
            Ok(ended)
        })?;
        Ok(ended)
    }

    /// How often logins of any account were killed for overlapping connections.
    ///
    /// # Errors
    /// The database failed.
    pub fn overlaps(&self) -> Result<u64, PeopleError> {
        Ok(self.0.store().all::<Account>()?.iter().map(|account| account.overlaps).sum())
    }

    /// Scans a QR code with another device of the account, and lets the newcomer in.
    ///
    /// # Errors
    /// The number has no account, the token is not good, or the database failed.
    pub fn accept_login(&self, phone: &Phone, token: &[u8]) -> Result<(), PeopleError> {
        let accepted = self.0.store().atomically(|store| {
            let Some(account) = Account::of_phone(store, phone)? else {
                return Ok(Err(PeopleError::Unknown));
            };
            Ok(self.0.accept_login(store, token, &account)?.map_err(PeopleError::from))
        })?;
        accepted.map(drop)
    }
}

impl From<BadToken> for PeopleError {
    fn from(why: BadToken) -> Self {
        match why {
            BadToken::Invalid | BadToken::Exception => Self::Token,
            BadToken::Expired => Self::TokenExpired,
            BadToken::AlreadyAccepted => Self::TokenAccepted,
        }
    }
}

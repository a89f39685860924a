//! What is remembered of a login, and its form inside the seal.
//!
//! The form is one byte that numbers it, then postcard. Postcard names no fields: their order is the form, and so is
//! the order of variants. A change of any of these types is a new number; the types of the form before stay beside
//! them, under their number, and become today's when they are read, for as long as such sessions may live.

mod first_form;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::first_form::FirstForm;
use crate::ids::UserId;
use crate::login::CodeInfo;
use crate::phone::PhoneNumber;
use crate::session::SessionToken;
use crate::time::UnixTime;

/// The number of the form that is written.
const FORM: u8 = 2;

/// One login, on its way or complete. `Debug` shows how far it is, and nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The data centre the account lives in, or is believed to.
    pub home_dc: i32,
    /// The keys made with data centres, by their number.
    pub keys: BTreeMap<i32, DcKey>,
    /// How far the login is.
    pub stage: Stage,
    /// Where data centres hand out files.
    pub media: MediaServers,
}

impl Session {
    /// A session that has spoken to no data centre yet.
    pub fn new(home_dc: i32, stage: Stage) -> Self {
        Self { home_dc, keys: BTreeMap::new(), stage, media: MediaServers::default() }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let content = postcard::to_allocvec(self).expect("memory takes what is written");
        [&[FORM][..], &content].concat()
    }

    /// `None` when the form is not known here: it may be a newer program's.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&FORM, content) => whole(content),
            (&first_form::FORM, content) => whole::<FirstForm>(content).map(Self::from),
            _ => None,
        }
    }
}

/// `None` when something is missing or left over.
fn whole<'a, T: Deserialize<'a>>(content: &'a [u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(content).ok()?;
    rest.is_empty().then_some(value)
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// Addresses that data centres have for files alone, as `help.getConfig` tells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaServers {
    /// One for each data centre that has any, by its number.
    pub addresses: BTreeMap<i32, SocketAddr>,
    /// When they have to be asked for again.
    pub good_until: UnixTime,
}

impl Default for MediaServers {
    /// None known, and never asked for.
    fn default() -> Self {
        Self { addresses: BTreeMap::new(), good_until: UnixTime(0) }
    }
}

/// What is shared with one data centre. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DcKey {
    /// The authorization key.
    pub key: AuthKey,
    /// The salt the server named last; 0 when it has named none.
    pub salt: i64,
}

impl fmt::Debug for DcKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DcKey(..)")
    }
}

/// An authorization key of MTProto, 2048 bits: whoever has it is the person. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKey([u8; 256]);

impl AuthKey {
    /// Wraps a key.
    pub fn new(bytes: [u8; 256]) -> Self {
        Self(bytes)
    }

    /// The key itself, for the connection that needs it.
    pub fn expose(&self) -> &[u8; 256] {
        &self.0
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthKey(..)")
    }
}

impl Serialize for AuthKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for AuthKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = AuthKey;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("256 bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<AuthKey, E> {
                let bytes = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
                Ok(AuthKey(bytes))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

/// How far a login is. `Debug` shows the stage's name alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A code is about to be asked for. Stored before it is: the key that asks for a code must also sign in with it.
    Starting {
        /// The number it is asked for.
        phone: PhoneNumber,
    },
    /// Telegram has sent a code.
    CodeSent {
        /// The number it was sent for.
        phone: PhoneNumber,
        /// What Telegram named this code by.
        code_hash: String,
        /// Where it went.
        info: CodeInfo,
    },
    /// A number that may not sign in here. Telegram was never asked, and the person is not told.
    Decoy {
        /// The number.
        phone: PhoneNumber,
    },
    /// The code or the QR login was right, and the account has a password.
    PasswordNeeded {
        /// The number; `None` after a QR login.
        phone: Option<PhoneNumber>,
        /// What the person wrote down to remember the password by.
        hint: Option<String>,
    },
    /// A token for a QR login was made.
    Qr,
    /// Telegram knows this session as the person's.
    SignedIn {
        /// The person.
        user: AccountUser,
    },
    /// The login succeeded, and goes on under another token. Kept for a while, for a repeat of the try that succeeded:
    /// the answer that held the token may have been lost.
    Moved {
        /// The other token.
        to: SessionToken,
        /// The person.
        user: AccountUser,
    },
}

impl Stage {
    /// The number a login was begun with, while it is under way.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Starting { phone } | Self::CodeSent { phone, .. } | Self::Decoy { phone } => Some(phone),
            Self::PasswordNeeded { phone, .. } => phone.as_ref(),
            Self::Qr | Self::SignedIn { .. } | Self::Moved { .. } => None,
        }
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Starting { .. } => "Starting",
            Self::CodeSent { .. } => "CodeSent",
            Self::Decoy { .. } => "Decoy",
            Self::PasswordNeeded { .. } => "PasswordNeeded",
            Self::Qr => "Qr",
            Self::SignedIn { .. } => "SignedIn",
            Self::Moved { .. } => "Moved",
        })
    }
}

/// The person who signed in, as Telegram describes them. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountUser {
    /// Their id.
    pub id: UserId,
    /// Their first name.
    pub first_name: String,
    /// Their last name, where they have one.
    pub last_name: Option<String>,
    /// Their public name, without the `@`.
    pub username: Option<String>,
    /// Whether they pay for Telegram Premium.
    pub premium: bool,
}

impl fmt::Debug for AccountUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccountUser(..)")
    }
}

#[cfg(test)]
pub(super) mod tests;

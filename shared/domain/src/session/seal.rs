//! The seal: what makes a stored session readable to its owner's requests alone.
//!
//! A session is sealed with AES-256-GCM under a key that HKDF-SHA-256 makes of the master secret and the session's
//! token. Its kind, its id, its version and the id of the master secret are sealed along with it: a row that is copied
//! over another, or put back as it was, does not open.
//!
//! Each seal has a fresh nonce of 96 random bits. One key seals one session, a few thousand times at most: far below the
//! 2^32 after which random nonces may meet (NIST SP 800-38D, section 8.3).

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::cipher;
use super::content::Session;
use super::token::{SessionId, SessionToken};
use crate::secret::Secret;

/// What a stored session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A login on its way.
    Pending,
    /// A person who is signed in.
    Account,
    /// What is left of a login that succeeded: where it went.
    Moved,
}

impl Kind {
    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Account => "account",
            Self::Moved => "moved",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Account, Self::Moved].into_iter().find(|kind| kind.name() == name)
    }
}

/// A sealed session or shelf, and which master secret it takes to open it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The master secret's id: 8 hexadecimal digits.
    pub key_id: String,
    /// The nonce and what is sealed.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealed").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Why a sealed session or shelf does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It was sealed under a master secret that is not known here: perhaps a newer one.
    #[error("what is stored is sealed under an unknown master secret")]
    UnknownKey,
    /// It is not what was sealed for this token and this place.
    #[error("what is stored is not what was sealed")]
    Forged,
    /// It is genuine, and its form is not known here: perhaps a newer program's.
    #[error("what is stored has an unknown form")]
    UnknownForm,
}

/// The master secrets in force: the current one seals, both open.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    current: Master,
    previous: Option<Master>,
}

/// One master secret.
#[derive(Clone, Debug)]
pub(super) struct Master {
    /// What it is named by: 8 hexadecimal digits.
    pub(super) id: String,
    secret: Secret,
}

impl MasterKeys {
    /// The current master secret and, while it is being replaced, the one before.
    pub fn new(current: &Secret, previous: Option<&Secret>) -> Self {
        Self { current: Master::new(current), previous: previous.map(Master::new) }
    }

    /// What seals and opens the session of `token`.
    pub fn sealer(&self, token: &SessionToken) -> Sealer {
        Sealer {
            id: token.id(),
            current: self.current.keys_for(token),
            previous: self.previous.as_ref().map(|master| master.keys_for(token)),
        }
    }

    /// The current master secret.
    pub(super) fn current(&self) -> &Master {
        &self.current
    }

    /// The master secret of that id.
    pub(super) fn of_id(&self, id: &str) -> Option<&Master> {
        std::iter::once(&self.current).chain(&self.previous).find(|master| master.id == id)
    }
}

impl Master {
    fn new(secret: &Secret) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"lambdagram master secret id\n");
        digest.update(secret.expose());
        Self { id: hex::encode(&digest.finalize()[..4]), secret: secret.clone() }
    }

    /// A key that HKDF-SHA-256 makes of it.
    pub(super) fn key(&self, salt: Option<&[u8]>, label: &[u8]) -> [u8; 32] {
        let derived = Hkdf::<Sha256>::new(salt, self.secret.expose().as_bytes());
        let mut key = [0; 32];
        derived.expand(label, &mut key).expect("HKDF gives 32 bytes");
        key
    }

    fn keys_for(&self, token: &SessionToken) -> SessionKeys {
        let key = |label: &[u8]| self.key(Some(token.bytes()), label);
        SessionKeys {
            master_id: self.id.clone(),
            seal: key(b"lambdagram session seal"),
            mark: key(b"lambdagram session mark"),
            shelf: key(b"lambdagram shelf seal"),
            upload: key(b"lambdagram upload seal"),
        }
    }
}

/// Seals and opens one session.
#[derive(Clone)]
pub struct Sealer {
    id: SessionId,
    current: SessionKeys,
    previous: Option<SessionKeys>,
}

/// What is made of one master secret and the session's token.
#[derive(Clone)]
pub(super) struct SessionKeys {
    /// The master secret's id.
    pub(super) master_id: String,
    seal: [u8; 32],
    mark: [u8; 32],
    /// Seals and opens shelves.
    pub(super) shelf: [u8; 32],
    /// Seals and opens what was written about uploads.
    pub(super) upload: [u8; 32],
}

impl Sealer {
    /// The id of the session it is for.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Seals `session` as the given version of its row, under the current master secret.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn seal(&self, kind: Kind, version: u64, session: &Session) -> Sealed {
        let keys = &self.current;
        let associated = self.associated_data(kind, version, &keys.master_id);
        let bytes = cipher::seal(&keys.seal, &associated, &session.to_bytes());
        Sealed { key_id: keys.master_id.clone(), bytes }
    }

    /// Opens what was sealed for this token as that kind and version.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(&self, kind: Kind, version: u64, sealed: &Sealed) -> Result<Session, OpenError> {
        let keys = self.keys_of(sealed)?;
        let associated = self.associated_data(kind, version, &keys.master_id);
        let content = cipher::open(&keys.seal, &associated, &sealed.bytes).ok_or(OpenError::Forged)?;
        Session::from_bytes(&content).ok_or(OpenError::UnknownForm)
    }

    /// What stands for `text` (a code, a password) where it must be recognised and never read: HMAC-SHA-256 in
    /// hexadecimal, under a key of this session. `purpose` is a constant.
    pub fn mark(&self, purpose: &str, text: &str) -> String {
        hex::encode(self.current.mac(purpose, text).finalize().into_bytes())
    }

    /// Whether `mark` was made of `text`, with the current master secret or the one before.
    pub fn is_mark_of(&self, mark: &str, purpose: &str, text: &str) -> bool {
        let Ok(mark) = hex::decode(mark) else { return false };
        self.all().any(|keys| keys.mac(purpose, text).verify_slice(&mark).is_ok())
    }

    /// The keys of the current master secret.
    pub(super) fn current(&self) -> &SessionKeys {
        &self.current
    }

    /// The keys under which that was sealed.
    pub(super) fn keys_of(&self, sealed: &Sealed) -> Result<&SessionKeys, OpenError> {
        self.all().find(|keys| keys.master_id == sealed.key_id).ok_or(OpenError::UnknownKey)
    }

    fn all(&self) -> impl Iterator<Item = &SessionKeys> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn associated_data(&self, kind: Kind, version: u64, master_id: &str) -> Vec<u8> {
        format!("lambdagram session\n{}\n{}\n{version}\n{master_id}", kind.name(), self.id.as_str()).into()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer(..)")
    }
}

impl SessionKeys {
    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mark).expect("HMAC takes a key of any length");
        for part in [purpose, text] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}

#[cfg(test)]
mod tests;

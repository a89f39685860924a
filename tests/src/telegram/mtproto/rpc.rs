//! The border between the protocol and the services: what a decrypted, unwrapped call is, and what may come of it.
//!
//! The protocol half knows nothing of accounts, the service half nothing of bytes on a socket.

use std::fmt;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// The id of an auth key: the lower 64 bits of its SHA-1. It is no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub i64);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// One TCP connection, among all that the cloud has ever accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What a client says of itself in `initConnection`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// The device's model.
    pub device_model: String,
    /// The operating system's version.
    pub system_version: String,
    /// The application's version.
    pub app_version: String,
    /// The operating system's language, an ISO 639-1 code.
    pub system_lang_code: String,
    /// The language pack's name, empty for third-party clients.
    pub lang_pack: String,
    /// The application's language, an ISO 639-1 code.
    pub lang_code: String,
}

/// Who calls, and over what.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The data centre that was called.
    pub dc: i32,
    /// Whether the connection came to an address for files only.
    pub media: bool,
    /// The auth key that the call is encrypted with.
    pub key: KeyId,
    /// The connection that the call came over.
    pub connection: ConnectionId,
    /// The API layer that the key's client named last, 0 before it named one.
    pub layer: i32,
    /// The application's id, from `initConnection`.
    pub api_id: Option<i32>,
    /// The device, from `initConnection`.
    pub device: Option<DeviceInfo>,
    /// Whether the call is wrapped in `invokeWithoutUpdates`.
    pub without_updates: bool,
}

/// An error of the API, as a client gets it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {name}")]
pub struct RpcError {
    /// The class: 303, 400, 401, 403, 406, 420, 500 and others.
    pub code: i32,
    /// The name with its number where it has one: `PHONE_CODE_INVALID`, `FLOOD_WAIT_7`.
    pub name: String,
}

impl RpcError {
    /// An error of this class and name.
    pub fn new(code: i32, name: impl Into<String>) -> Self {
        Self { code, name: name.into() }
    }

    /// What Telegram says to a constructor that is no method it knows.
    pub fn unknown_method(constructor: u32) -> Self {
        Self::new(400, format!("INPUT_METHOD_INVALID_{constructor}"))
    }
}

/// What comes of a call. It has no `Debug`, for an answer may hold what belongs in no log.
pub enum Outcome {
    /// The answer: a boxed TL value, constructor id first.
    Answer(Vec<u8>),
    /// An error.
    Error(RpcError),
    /// The connection is closed without an answer.
    Drop,
    /// No answer ever comes. Other calls of the connection go on.
    Hang,
}

/// What answers calls.
pub trait Service: Send + Sync + 'static {
    /// One call. The body begins with the method's constructor id; `invokeWithLayer`, `initConnection`,
    /// `invokeWithoutUpdates` and `invokeAfterMsg` are unwrapped, packed bodies are unpacked.
    ///
    /// Calls of one connection run at the same time. One goes on when its connection is closed.
    fn call(&self, caller: &Caller, body: &[u8]) -> BoxFuture<'static, Outcome>;

    /// A connection has sent its first message that is encrypted with this key. It comes before the first `call`.
    fn opened(&self, caller: &Caller);

    /// A connection is over. It comes once for each connection that was `opened`, as soon as the end of its
    /// socket is read or the server has closed it; the simulated network never delays it. A call that the client
    /// sent before it left may come later.
    fn closed(&self, connection: ConnectionId);

    /// A client has destroyed its auth key (`destroy_auth_key`), or a test has made it unknown.
    fn forgotten(&self, dc: i32, key: KeyId) {
        let _ = (dc, key);
    }
}

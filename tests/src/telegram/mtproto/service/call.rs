//! One call: who makes it, what it works on, and the area that answers it.

use grammers_tl_types::{
    Deserializable, Identifiable as _, RemoteCall, Serializable, functions, name_for_id,
};

use super::super::accounts::Account;
use super::super::authorizations::{Authorization, Key, Standing};
use super::super::cluster::DcAddress;
use super::super::errors::named;
use super::super::rpc::{Caller, RpcError};
use super::super::store::Store;
use super::files::Slice;
use super::{Services, account, auth, files, help, login, media, messages, qr, updates, uploads, users};

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum Refused {
    Rpc(RpcError),
    Store(rusqlite::Error),
}

pub(super) type Answered<T> = Result<T, Refused>;

/// Answers the methods of an area, and none of others.
type Area = fn(&Call<'_>, u32) -> Option<Answered<Vec<u8>>>;

const AREAS: [Area; 11] = [
    auth::handle,
    login::handle,
    qr::handle,
    account::handle,
    users::handle,
    messages::handle,
    media::handle,
    files::handle,
    uploads::handle,
    updates::handle,
    help::handle,
];

/// What a call is answered with.
pub(super) enum Reply {
    /// A TL value, boxed.
    Bytes(Vec<u8>),
    /// A part of a file, still to be read.
    Slice(Slice),
}

impl Reply {
    pub(super) fn into_bytes(self, services: &Services) -> rusqlite::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Slice(slice) => slice.read(services),
        }
    }
}

/// A call and what it works on.
pub(super) struct Call<'a> {
    pub(super) services: &'a Services,
    pub(super) store: &'a Store,
    pub(super) caller: &'a Caller,
    /// The caller's key, as it was when the call came.
    pub(super) key: Key,
    pub(super) body: &'a [u8],
    pub(super) now_ms: u64,
}

/// Who calls a method that is for those who are logged in.
pub(super) struct Me {
    pub(super) account: Account,
    pub(super) authorization: Authorization,
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

/// The refusal of this name.
pub(super) fn refused(name: impl Into<String>) -> Refused {
    Refused::Rpc(named(name))
}

impl Call<'_> {
    pub(super) fn handle(&self, id: u32) -> Answered<Reply> {
        if self.key.standing == Standing::Dead {
            return Err(refused("AUTH_KEY_UNREGISTERED"));
        }
        if self.caller.api_id.is_none() {
            return Err(refused("CONNECTION_NOT_INITED"));
        }
        if id == functions::upload::GetFile::CONSTRUCTOR_ID {
            return files::get_file(self).map(Reply::Slice);
        }
        let is_known = !self.caller.media || files::MEDIA_METHODS.contains(&id);
        let answer = AREAS.iter().filter(|_| is_known).find_map(|area| area(self, id));
        let Some(answer) = answer else {
            tracing::warn!(
                media = self.caller.media,
                method = name_for_id(id),
                constructor = format!("{id:08x}"),
                "The simulated cloud does not know this method"
            );
            return Err(Refused::Rpc(RpcError::unknown_method(id)));
        };
        answer.map(Reply::Bytes)
    }

    /// Runs a method that anybody may call.
    pub(super) fn open<R, A>(&self, method: fn(&Self, &R) -> Answered<A>) -> Answered<Vec<u8>>
    where
        R: RemoteCall<Return = A> + Deserializable,
        A: Serializable,
    {
        Ok(method(self, &self.request()?)?.to_bytes())
    }

    /// Runs a method that only those who are logged in may call.
    pub(super) fn signed_in<R, A>(&self, method: fn(&Self, &Me, &R) -> Answered<A>) -> Answered<Vec<u8>>
    where
        R: RemoteCall<Return = A> + Deserializable,
        A: Serializable,
    {
        let me = self.me()?;
        Ok(method(self, &me, &self.request()?)?.to_bytes())
    }

    pub(super) fn request<R: Deserializable>(&self) -> Answered<R> {
        R::from_bytes(self.body).map_err(|_| refused("INPUT_FETCH_ERROR"))
    }

    pub(super) fn me(&self) -> Answered<Me> {
        let hash = match self.key.standing {
            Standing::SignedIn(hash) => hash,
            Standing::PasswordNeeded(_) => return Err(refused("SESSION_PASSWORD_NEEDED")),
            Standing::Revoked => return Err(refused("SESSION_REVOKED")),
            Standing::Stranger | Standing::Dead => return Err(refused("AUTH_KEY_UNREGISTERED")),
        };
        let unregistered = || refused("AUTH_KEY_UNREGISTERED");
        let mut authorization = Authorization::get(self.store, hash)?.ok_or_else(unregistered)?;
        let account = Account::of_phone(self.store, &authorization.phone)?.ok_or_else(unregistered)?;
        authorization.touch(self.store, self.now_s())?;
        Ok(Me { account, authorization })
    }

    pub(super) fn addresses(&self) -> &[DcAddress] {
        &self.services.0.addresses
    }

    pub(super) const fn now_s(&self) -> u64 {
        self.now_ms / 1000
    }

    /// The time as the API writes it.
    pub(super) fn date(&self) -> i32 {
        date(self.now_s())
    }
}

/// Unix seconds as the API writes them.
pub(super) fn date(seconds: u64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

//! The auth keys that the data centres know. A key belongs to one data centre, its main and media addresses alike.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use grammers_crypto::AuthKey;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use super::cipher::AuthKeyBytes;
use super::rpc::{DeviceInfo, KeyId};
use super::tl_bytes;

/// What a data centre knows of an auth key: what a handshake made, and what its client said last.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredKey {
    /// The data centre that the key belongs to.
    pub dc: i32,
    /// The key itself, 256 bytes.
    #[serde(with = "hex::serde")]
    pub(super) key: AuthKeyBytes,
    /// The salt that the handshake agreed on.
    pub first_salt: i64,
    /// When the handshake was, in seconds since the Unix epoch by the stack's clock.
    pub created_s: u64,
    /// The API layer that was named last, 0 before there was one.
    pub layer: i32,
    /// The application and its device, once `initConnection` named them.
    pub init: Option<(i32, DeviceInfo)>,
}

impl StoredKey {
    /// The key's id.
    pub fn id(&self) -> KeyId {
        key_id(&self.key)
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey").field("dc", &self.dc).field("id", &self.id()).finish_non_exhaustive()
    }
}

/// Where auth keys survive the process. It is called with the lock on the keys held, so in the order of the changes.
pub trait KeyStore: Send + Sync + 'static {
    /// A key is new, or its client has said something new of itself.
    fn keep(&self, key: &StoredKey);
    /// A key is no longer known.
    fn forget(&self, dc: i32, key: KeyId);
}

/// The auth keys of all data centres. Clones share their state.
#[derive(Clone, Default)]
pub struct AuthKeys(Arc<Inner>);

#[derive(Default)]
struct Inner {
    keys: Mutex<HashMap<(i32, KeyId), StoredKey>>,
    store: Option<Arc<dyn KeyStore>>,
}

impl AuthKeys {
    /// The keys of an earlier process, and where changes go.
    pub fn new(keys: Vec<StoredKey>, store: Arc<dyn KeyStore>) -> Self {
        let keys = keys.into_iter().map(|key| ((key.dc, key.id()), key)).collect();
        Self(Arc::new(Inner { keys: Mutex::new(keys), store: Some(store) }))
    }

    /// Whether this data centre knows a key.
    pub fn contains(&self, dc: i32, key: KeyId) -> bool {
        self.lock().contains_key(&(dc, key))
    }

    /// The ids of the keys that this data centre knows.
    pub fn ids(&self, dc: i32) -> Vec<KeyId> {
        let mut ids: Vec<KeyId> = self.lock().keys().filter(|key| key.0 == dc).map(|key| key.1).collect();
        ids.sort_unstable();
        ids
    }

    /// The keys of all data centres themselves, for tests that look for them where they must not be.
    pub fn all_bytes(&self) -> Vec<[u8; 256]> {
        self.lock().values().map(|key| key.key).collect()
    }

    /// Makes a key unknown: the next message that is encrypted with it gets the transport error -404. Whether it was
    /// known.
    pub fn forget(&self, dc: i32, key: KeyId) -> bool {
        let mut keys = self.lock();
        let known = keys.remove(&(dc, key)).is_some();
        if let Some(store) = self.0.store.as_ref().filter(|_| known) {
            store.forget(dc, key);
        }
        known
    }

    /// A key that was just agreed on.
    pub(super) fn insert(&self, key: StoredKey) {
        let mut keys = self.lock();
        self.keep(&key);
        keys.insert((key.dc, key.id()), key);
    }

    pub(super) fn get(&self, dc: i32, key: KeyId) -> Option<StoredKey> {
        self.lock().get(&(dc, key)).cloned()
    }

    /// Notes what a client says of itself, and returns what is known then; `None` if the key was forgotten meanwhile.
    pub(super) fn note(
        &self,
        dc: i32,
        key: KeyId,
        layer: Option<i32>,
        init: Option<(i32, DeviceInfo)>,
    ) -> Option<StoredKey> {
        let mut keys = self.lock();
        let known = keys.get_mut(&(dc, key))?;
        let layer = layer.unwrap_or(known.layer);
        let init = init.or_else(|| known.init.clone());
        if (layer, &init) != (known.layer, &known.init) {
            (known.layer, known.init) = (layer, init);
            self.keep(known);
        }
        Some(known.clone())
    }

    fn keep(&self, key: &StoredKey) {
        if let Some(store) = &self.0.store {
            store.keep(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(i32, KeyId), StoredKey>> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of an auth key.
pub(super) fn key_id(key: &AuthKeyBytes) -> KeyId {
    KeyId(i64::from_le_bytes(tl_bytes(&Sha1::digest(key)[12..])))
}

/// The upper 64 bits of an auth key's hash, which a repeated exchange names.
pub(super) fn auxiliary_hash(key: &AuthKeyBytes) -> i64 {
    i64::from_le_bytes(tl_bytes(&Sha1::digest(key)[..8]))
}

/// The hash with which a server shows that it knows the new key: number 1 for one it takes, 2 and 3 for others.
pub(super) fn new_nonce_hash(key: &AuthKeyBytes, new_nonce: &[u8; 32], number: u8) -> [u8; 16] {
    AuthKey::from_bytes(*key).calc_new_nonce_hash(new_nonce, number)
}

#[cfg(test)]
mod tests {
    use super::super::random;
    use super::*;

    /// A store that remembers what it was told.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl KeyStore for Told {
        fn keep(&self, key: &StoredKey) {
            self.0.lock().unwrap().push(format!("keep {} {}", key.dc, key.layer));
        }

        fn forget(&self, dc: i32, _: KeyId) {
            self.0.lock().unwrap().push(format!("forget {dc}"));
        }
    }

    fn key(dc: i32) -> StoredKey {
        StoredKey { dc, key: random::bytes(), first_salt: 1, created_s: 2, layer: 0, init: None }
    }

    #[test]
    fn a_key_belongs_to_one_data_centre() {
        let (keys, key) = (AuthKeys::default(), key(2));
        let id = key.id();
        keys.insert(key);
        assert!(keys.contains(2, id));
        assert!(!keys.contains(1, id));
        assert_eq!(keys.ids(2), [id]);
        assert!(keys.forget(2, id));
        assert!(!keys.forget(2, id));
        assert!(!keys.contains(2, id));
    }

    #[test]
    fn every_change_reaches_the_store_and_nothing_else_does() {
        let (told, key) = (Arc::new(Told::default()), key(1));
        let id = key.id();
        let keys = AuthKeys::new(Vec::new(), Arc::clone(&told) as Arc<dyn KeyStore>);
        keys.insert(key);
        keys.note(1, id, Some(230), None);
        keys.note(1, id, Some(230), None);
        keys.note(1, id, None, None);
        keys.forget(1, id);
        keys.forget(1, id);
        assert_eq!(*told.0.lock().unwrap(), ["keep 1 0", "keep 1 230", "forget 1"]);
    }

    #[test]
    fn a_key_survives_as_json_and_does_not_show_in_debug() {
        let key = key(3);
        let json = serde_json::to_string(&key).unwrap();
        let read: StoredKey = serde_json::from_str(&json).unwrap();
        assert_eq!((read.dc, read.id(), read.first_salt), (3, key.id(), 1));
        assert_eq!(format!("{key:?}"), format!("StoredKey {{ dc: 3, id: {:?}, .. }}", key.id()));
    }
}

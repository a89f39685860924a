//! What a stack remembers of itself between two runs, and how a second one is kept out of its data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use lambdagram_domain::signature::SigningSecret;
use lambdagram_domain::upload::DelegationKey;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

const CLOCK_FILE: &str = "clock.json";
const SECRETS_FILE: &str = "secrets.json";
const ACCOUNT_SECRETS_FILE: &str = "account-secrets.json";
const UPLOAD_SECRETS_FILE: &str = "upload-secrets.json";
const DISPATCH_SECRETS_FILE: &str = "dispatch-secrets.json";
const LOCK_FILE: &str = "lock";

#[derive(Serialize, Deserialize)]
struct StoredClock {
    offset_ms: u64,
}

/// The secrets of this machine's stack; nobody else has a use for them.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSecrets {
    pub(super) webhook_secret: String,
    pub(super) mini_app_key: String,
}

/// The secrets of what signs people in on this machine.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredAccountSecrets {
    /// What the simulated cloud is told; a real application has its own, which is not kept.
    pub(super) api_hash: String,
    pub(super) session_key: String,
}

/// The secret of what sends files on this machine.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredUploadSecrets {
    pub(super) delegation_key: String,
}

/// What requests to services are signed with on this machine.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredDispatchSecrets {
    pub(super) signing_secret: String,
}

/// Takes the data folder for one stack, until what is returned is dropped. `None` when another has it.
pub(super) fn lock(data_dir: &Path) -> io::Result<Option<File>> {
    std::fs::create_dir_all(data_dir).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })?;
    let file = File::create(data_dir.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a stack runs in that data folder.
pub(super) fn is_in_use(data_dir: &Path) -> io::Result<bool> {
    Ok(lock(data_dir)?.is_none())
}

/// The clock, as far ahead as it was left: messages that were hidden until then would stay hidden otherwise.
pub(super) fn clock(data_dir: &Path) -> io::Result<Clock> {
    let clock = Clock::default();
    if let Some(stored) = read::<StoredClock>(data_dir, CLOCK_FILE)? {
        clock.advance(Duration::from_millis(stored.offset_ms));
    }
    Ok(clock)
}

pub(super) fn keep_clock(data_dir: &Path, clock: &Clock) -> io::Result<()> {
    write_private(data_dir, CLOCK_FILE, &StoredClock { offset_ms: clock.offset_ms() })
}

/// The secrets, made up at the first start: other users of the machine reach the stack's port too.
pub(super) fn secrets(data_dir: &Path) -> io::Result<StoredSecrets> {
    kept(data_dir, SECRETS_FILE, || StoredSecrets { webhook_secret: invented(), mini_app_key: invented() })
}

/// As [`secrets`]. Sessions that were stored before open with the same key only.
pub(super) fn account_secrets(data_dir: &Path) -> io::Result<StoredAccountSecrets> {
    kept(data_dir, ACCOUNT_SECRETS_FILE, || StoredAccountSecrets {
        api_hash: invented(),
        session_key: invented(),
    })
}

/// As [`secrets`]. Uploads that were queued before go on with the same key only.
pub(super) fn upload_secrets(data_dir: &Path) -> io::Result<StoredUploadSecrets> {
    let invent = || StoredUploadSecrets { delegation_key: DelegationKey::generate().encode() };
    kept(data_dir, UPLOAD_SECRETS_FILE, invent)
}

/// As [`secrets`]. Services are started with it.
pub(super) fn dispatch_secrets(data_dir: &Path) -> io::Result<StoredDispatchSecrets> {
    kept(data_dir, DISPATCH_SECRETS_FILE, || StoredDispatchSecrets {
        signing_secret: SigningSecret::generate().encode(),
    })
}

/// 32 hexadecimal digits that nobody guesses.
fn invented() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn kept<T: Serialize + for<'a> Deserialize<'a>>(
    data_dir: &Path,
    file: &str,
    invent: impl FnOnce() -> T,
) -> io::Result<T> {
    if let Some(stored) = read(data_dir, file)? {
        return Ok(stored);
    }
    let secrets = invent();
    write_private(data_dir, file, &secrets)?;
    Ok(secrets)
}

pub(super) fn read<T: for<'a> Deserialize<'a>>(data_dir: &Path, file: &str) -> io::Result<Option<T>> {
    match std::fs::read(data_dir.join(file)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file whole or not at all, for its owner's eyes only.
pub(super) fn write_private<T: Serialize>(data_dir: &Path, file: &str, value: &T) -> io::Result<()> {
    let new = data_dir.join(format!("{file}.new"));
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    written.write_all(&serde_json::to_vec(value)?)?;
    std::fs::rename(new, data_dir.join(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_belongs_to_one_stack_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(is_in_use(folder.path()).unwrap());
        drop(first);
        assert!(!is_in_use(folder.path()).unwrap());
    }

    #[test]
    fn the_clock_stays_ahead_and_the_secrets_stay_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let ahead = clock(folder.path()).unwrap();
        ahead.advance(Duration::from_hours(1));
        keep_clock(folder.path(), &ahead).unwrap();
        assert_eq!(clock(folder.path()).unwrap().offset_ms(), 3_600_000);
        let first = secrets(folder.path()).unwrap();
        assert_eq!(secrets(folder.path()).unwrap().mini_app_key, first.mini_app_key);
        let first = account_secrets(folder.path()).unwrap();
        assert_eq!(account_secrets(folder.path()).unwrap().session_key, first.session_key);
        let first = upload_secrets(folder.path()).unwrap();
        assert_eq!(upload_secrets(folder.path()).unwrap().delegation_key, first.delegation_key);
    }

    #[test]
    fn secrets_are_for_their_owners_eyes_only() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        secrets(folder.path()).unwrap();
        account_secrets(folder.path()).unwrap();
        upload_secrets(folder.path()).unwrap();
        dispatch_secrets(folder.path()).unwrap();
        for file in [SECRETS_FILE, ACCOUNT_SECRETS_FILE, UPLOAD_SECRETS_FILE, DISPATCH_SECRETS_FILE] {
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}

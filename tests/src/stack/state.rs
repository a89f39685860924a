//! What a stack remembers of itself between two runs: how far its clock is ahead, and the secrets it made up.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::invented_secret;
use crate::clock::Clock;

const CLOCK_FILE: &str = "clock.json";
const SECRETS_FILE: &str = "secrets.json";

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

/// The clock, as far ahead as it was left: messages that were hidden until then would stay hidden otherwise.
pub(super) fn clock(data_dir: &Path) -> io::Result<Clock> {
    let clock = Clock::default();
    if let Some(stored) = read::<StoredClock>(data_dir, CLOCK_FILE)? {
        clock.advance(Duration::from_millis(stored.offset_ms));
    }
    Ok(clock)
}

pub(super) fn keep_clock(data_dir: &Path, clock: &Clock) -> io::Result<()> {
    write(data_dir, CLOCK_FILE, &StoredClock { offset_ms: clock.offset_ms() })
}

/// The secrets, made up at the first start.
pub(super) fn secrets(data_dir: &Path) -> io::Result<StoredSecrets> {
    if let Some(stored) = read(data_dir, SECRETS_FILE)? {
        return Ok(stored);
    }
    let made_up = StoredSecrets { webhook_secret: invented_secret(), mini_app_key: invented_secret() };
    write(data_dir, SECRETS_FILE, &made_up)?;
    Ok(made_up)
}

fn read<T: for<'a> Deserialize<'a>>(data_dir: &Path, file: &str) -> io::Result<Option<T>> {
    match std::fs::read(data_dir.join(file)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write<T: Serialize>(data_dir: &Path, file: &str, value: &T) -> io::Result<()> {
    let new = data_dir.join(format!("{file}.new"));
    std::fs::write(&new, serde_json::to_vec(value)?)?;
    std::fs::rename(new, data_dir.join(file))
}

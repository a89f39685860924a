//! Limits that depend on a subscription, as the application configuration names them
//! (core.telegram.org/api/config#client-configuration).

use super::accounts::Account;

/// Parts of a file.
const FILE_PARTS: i32 = 4000;
const FILE_PARTS_PREMIUM: i32 = 8000;

/// Characters of a caption. Code points: the configuration speaks of the length in UTF-8, and Telegram took 4,096 emoji
/// as a text of 4,096 characters, which are 8,192 UTF-16 units (FerroxLabs/wayland#934).
const CAPTION: i32 = 1024;
const CAPTION_PREMIUM: i32 = 4096;

/// Limits that concern files, by name. Configurations of earlier years had 2,048 for captions of subscribers.
pub(super) const APP_LIMITS: &[(&str, i32)] = &[
    ("caption_length_limit_default", CAPTION),
    ("caption_length_limit_premium", CAPTION_PREMIUM),
    ("large_queue_max_active_operations_count", 2),
    ("small_queue_max_active_operations_count", 5),
    ("upload_max_fileparts_default", FILE_PARTS),
    ("upload_max_fileparts_premium", FILE_PARTS_PREMIUM),
];

/// How many parts a file of this account may have.
pub(super) const fn file_parts(of: &Account) -> i32 {
    if of.premium { FILE_PARTS_PREMIUM } else { FILE_PARTS }
}

/// Whether this account may send a caption.
pub(super) fn fits_caption(of: &Account, caption: &str) -> bool {
    let most = if of.premium { CAPTION_PREMIUM } else { CAPTION };
    i32::try_from(caption.chars().count()).is_ok_and(|length| length <= most)
}

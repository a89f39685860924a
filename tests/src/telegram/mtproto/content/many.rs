//! The second account: so many files that lists come in pages.

use rusqlite::Result;

use super::super::history::skip;
use super::{Chat, landscape, noise, portrait};

/// How many of its messages have a photo or a document.
const MEDIA: u64 = 1_200;

/// Seconds between two messages.
const PACE_S: u64 = 3_600;

/// Where the files lie: most at home.
const DCS: [i32; 4] = [2, 2, 2, 1];

pub(super) fn fill(saved: &Chat<'_>) -> Result<()> {
    let dcs = DCS.iter().cycle().copied();
    for (number, dc) in (0..MEDIA).zip(dcs) {
        let at_s = number * PACE_S;
        match number % 5 {
            0 => saved.file(at_s, dc, landscape(), "")?,
            1 => saved.file(at_s, dc, portrait(), &format!("Photo {number}"))?,
            _ => {
                let (name, size) = (format!("file-{number:04}.bin"), 1_000 + number * 997);
                saved.file(at_s, dc, noise(number, size, &name, "application/octet-stream"), "")?
            }
        };
        if number % 10 == 9 {
            saved.text(at_s + 60, &format!("Note {number}"))?;
            // Other chats go on meanwhile.
            skip(saved.store, saved.account, 3)?;
        }
    }
    Ok(())
}

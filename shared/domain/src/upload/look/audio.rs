//! Sound: how long it plays, and what its tags say.

use std::io;
use std::time::Duration;

use lofty::config::{GlobalOptions, ParseOptions, ParsingMode, apply_global_options};
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::Accessor;

use super::glance::Glance;

/// Bytes of one item of a tag at most. Texts are a few dozen; what is longer is a picture or made to hurt.
const LARGEST_ITEM: usize = 256 * 1024;

/// Characters of a title or a name that are kept. Apps show a line of them.
const LONGEST_TEXT: usize = 128;

/// What a sound says of itself.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) duration: Option<Duration>,
    pub(super) title: Option<String>,
    pub(super) performer: Option<String>,
}

/// Reads what there is to know of a sound.
///
/// # Errors
///
/// Whatever it is not here, and where it makes no sense.
pub(super) fn heard(file: &mut Glance<'_>) -> io::Result<Heard> {
    // They hold for this thread, so they are said each time.
    apply_global_options(
        GlobalOptions::new().allocation_limit(LARGEST_ITEM).preserve_format_specific_items(false),
    );
    let options = ParseOptions::new().read_cover_art(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(file).options(options).guess_file_type()?;
    let file = probe.read().map_err(|_| io::ErrorKind::InvalidData)?;
    let tag = file.primary_tag().or_else(|| file.first_tag());
    let duration = Some(file.properties().duration()).filter(|duration| !duration.is_zero());
    let title = tag.and_then(|tag| text(&tag.title()?));
    let performer = tag.and_then(|tag| text(&tag.artist()?));
    Ok(Heard { duration, title, performer })
}

/// One line, if there is anything in it.
fn text(text: &str) -> Option<String> {
    let line = text.split(char::is_control).next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.chars().take(LONGEST_TEXT).collect())
}

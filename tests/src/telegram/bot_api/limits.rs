//! Telegram's limits on sizes and shapes, and the sentences it refuses with.
//!
//! Sources: core.telegram.org/bots/api for the numbers that it documents; the official Bot API server
//! (tdlib/telegram-bot-api) for the others and for the sentences. Rates are not limited here: faults stand for them.

use std::io::Cursor;

use image::ImageReader;

use super::error::ApiError;

/// UTF-16 units of a message's text after entity parsing (sendMessage).
const MAX_TEXT_UNITS: usize = 4096;
/// UTF-16 units of a caption after entity parsing (sendPhoto, sendDocument).
const MAX_CAPTION_UNITS: usize = 1024;
/// Bytes of a photo: 10 MB (sendPhoto).
pub(super) const MAX_PHOTO_BYTES: usize = 10 << 20;
/// Pixels of a photo's width and height together (sendPhoto).
const MAX_PHOTO_SIDES: u64 = 10_000;
/// How many times longer a photo's long side may be (sendPhoto).
const MAX_PHOTO_RATIO: u64 = 20;
/// Bytes of any other uploaded file: 50 MB (sendDocument).
pub(super) const MAX_UPLOAD_BYTES: usize = 50 << 20;
/// Bytes of a whole request: the largest file, and room for the other parts of its form.
pub(super) const MAX_REQUEST_BYTES: usize = MAX_UPLOAD_BYTES + (1 << 20);
/// Bytes of a file that getFile gives access to: 20 MB (getFile).
pub(super) const MAX_DOWNLOAD_BYTES: usize = 20 << 20;
/// Bytes of a webhook certificate: 3 MiB (the Bot API server).
pub(super) const MAX_CERTIFICATE_BYTES: usize = 3 << 20;
/// Characters of a webhook's secret token (setWebhook).
const MAX_SECRET_TOKEN_CHARS: usize = 256;
/// Commands of a list (setMyCommands).
pub(super) const MAX_COMMANDS: usize = 100;
/// Characters of a command's name (`BotCommand`).
const MAX_COMMAND_CHARS: usize = 32;
/// UTF-16 units of a command's description (`BotCommand`).
const MAX_DESCRIPTION_UNITS: usize = 256;
/// Bytes of an inline button's callback data (`InlineKeyboardButton`).
pub(super) const MAX_CALLBACK_DATA_BYTES: usize = 64;

/// The unit in which Telegram counts text and places entities.
pub(super) fn utf16_units(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn check_text(text: &str) -> Result<(), ApiError> {
    if text.is_empty() {
        return Err(ApiError::bad_request("message text is empty"));
    }
    if utf16_units(text) > MAX_TEXT_UNITS {
        return Err(ApiError::bad_request("message is too long"));
    }
    Ok(())
}

pub(super) fn check_caption(caption: &str) -> Result<(), ApiError> {
    if utf16_units(caption) > MAX_CAPTION_UNITS {
        return Err(ApiError::bad_request("message caption is too long"));
    }
    Ok(())
}

/// Reads a photo's dimensions from its header and checks them. The pixels are not decoded, so a picture that breaks
/// off after its header passes.
pub(super) fn check_photo(content: &[u8]) -> Result<(u32, u32), ApiError> {
    if content.len() > MAX_PHOTO_BYTES {
        let size = content.len();
        return Err(ApiError::bad_request(format!(
            "file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
        )));
    }
    let (width, height) = ImageReader::new(Cursor::new(content))
        .with_guessed_format()
        .ok()
        .and_then(|reader| reader.into_dimensions().ok())
        .ok_or_else(|| ApiError::bad_request("IMAGE_PROCESS_FAILED"))?;
    let (long, short) = (u64::from(width.max(height)), u64::from(width.min(height)));
    if long + short > MAX_PHOTO_SIDES || long > short * MAX_PHOTO_RATIO {
        return Err(ApiError::bad_request("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok((width, height))
}

pub(super) fn check_secret_token(token: &str) -> Result<(), ApiError> {
    if token.chars().count() > MAX_SECRET_TOKEN_CHARS {
        return Err(ApiError::bad_request("secret token is too long"));
    }
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Err(ApiError::bad_request("secret token contains unallowed characters"));
    }
    Ok(())
}

pub(super) fn check_command(name: &str, description: &str) -> Result<(), ApiError> {
    let fits = (1..=MAX_COMMAND_CHARS).contains(&name.len());
    if !fits || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(ApiError::bad_request("BOT_COMMAND_INVALID"));
    }
    if !(1..=MAX_DESCRIPTION_UNITS).contains(&utf16_units(description)) {
        return Err(ApiError::bad_request("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(())
}

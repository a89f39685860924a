//! `messages.sendMedia` and `messages.uploadMedia`: files that clients uploaded, or that are there already, become
//! messages.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::content;
use super::super::files::{Document, File, Form, Kind, make, references};
use super::super::history::stream::Sent;
use super::super::history::{Draft, Media, Message};
use super::super::limits::fits_caption;
use super::messages::peer;
use super::uploads::{Uploaded, uploaded};
use super::{Answered, Call, Me, refused, shown, updates};

/// What the name of a photo ends with. A name without it is refused, whatever the bytes are
/// (`PHOTO_EXT_INVALID`, as Telethon's `upload_file` notes).
const PHOTO_EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// The media type of videos that are taken for animations when they have no sound.
const MP4: &str = "video/mp4";

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::messages::SendMedia::CONSTRUCTOR_ID => call.signed_in(send_media),
        functions::messages::UploadMedia::CONSTRUCTOR_ID => call.signed_in(upload_media),
        _ => return None,
    })
}

/// Sends nothing twice: random ids are remembered for ever, and one that comes again is answered with the message that
/// it made (core.telegram.org/api/updates, on `updateMessageID`).
fn send_media(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::SendMedia,
) -> Answered<enums::Updates> {
    let (account, peer) = (me.account.id, peer(me, &request.peer)?);
    content::ensure(call.store, &me.account)?;
    if request.random_id == 0 {
        return Err(refused("RANDOM_ID_EMPTY"));
    }
    if let Some(sent) = Sent::find(call.store, account, peer, request.random_id)? {
        return answer(call, me, &sent, 0);
    }
    check_chat(me, peer)?;
    if !fits_caption(&me.account, &request.message) {
        return Err(refused("MEDIA_CAPTION_TOO_LONG"));
    }
    let media = Some(Media::File(file(call, me, &request.media)?.id));
    let draft = Draft { text: request.message.clone(), media, ..Draft::default() };
    let message = Message::add(call.store, account, peer, call.now_s(), draft)?;
    let sent = Sent::note(call.store, account, peer, request.random_id, message.id)?;
    answer(call, me, &sent, 1)
}

/// The file of this answer belongs to no message yet.
fn upload_media(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::UploadMedia,
) -> Answered<enums::MessageMedia> {
    check_chat(me, peer(me, &request.peer)?)?;
    let file = file(call, me, &request.media)?;
    shown::file_media(call, 0, &file)
}

/// Nobody but Telegram writes in Telegram's chat.
fn check_chat(me: &Me, peer: i64) -> Answered<()> {
    if peer == me.account.id { Ok(()) } else { Err(refused("CHAT_WRITE_FORBIDDEN")) }
}

fn answer(call: &Call<'_>, me: &Me, sent: &Sent, pts_count: i32) -> Answered<enums::Updates> {
    // What becomes of the random id of a message that was deleted since is documented nowhere.
    let gone = || refused("RANDOM_ID_DUPLICATE");
    let message = Message::get(call.store, me.account.id, sent.message_id)?.ok_or_else(gone)?;
    let message = shown::message(call, me, &message)?;
    let users = shown::users(me, std::slice::from_ref(&message));
    let new = types::UpdateNewMessage { message, pts: sent.pts, pts_count };
    let updates = vec![updates::message_id(sent), new.into()];
    Ok(types::Updates { updates, users, chats: Vec::new(), date: call.date(), seq: 0 }.into())
}

/// The file that a client means, which is new if it was uploaded.
fn file(call: &Call<'_>, me: &Me, media: &enums::InputMedia) -> Answered<File> {
    let file = match media {
        enums::InputMedia::UploadedPhoto(it) => photo(call, me, it)?,
        enums::InputMedia::UploadedDocument(it) => {
            let kind = Kind::Document(document(call, me, it)?);
            File::new(me.account.id, call.caller.dc, call.now_s(), kind)
        }
        enums::InputMedia::Photo(it) => return existing_photo(call, me, &it.id),
        enums::InputMedia::Document(it) => return existing_document(call, me, &it.id),
        enums::InputMedia::Empty => return Err(refused("MEDIA_EMPTY")),
        _ => return Err(refused("MEDIA_INVALID")),
    };
    call.store.put(&file)?;
    Ok(file)
}

fn photo(call: &Call<'_>, me: &Me, media: &types::InputMediaUploadedPhoto) -> Answered<File> {
    let Uploaded { bytes, name } = uploaded(call, me, &media.file)?;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if !extension.is_some_and(|extension| PHOTO_EXTENSIONS.contains(&extension.as_str())) {
        return Err(refused("PHOTO_EXT_INVALID"));
    }
    let sizes = make::photo(call.store, &bytes)?.map_err(|bad| refused(bad.name()))?;
    let file = File::new(me.account.id, call.caller.dc, call.now_s(), Kind::Photo(sizes));
    Ok(File { original: Some(bytes), ..file })
}

/// A document is what its attributes say, or a plain file if the client insists.
fn document(call: &Call<'_>, me: &Me, media: &types::InputMediaUploadedDocument) -> Answered<Document> {
    let Uploaded { bytes, .. } = uploaded(call, me, &media.file)?;
    let thumb = media.thumb.as_ref().map(|thumb| uploaded(call, me, thumb)).transpose()?;
    let name = media.attributes.iter().find_map(|attribute| match attribute {
        enums::DocumentAttribute::Filename(it) => Some(it.file_name.clone()),
        _ => None,
    });
    let mut document = make::document(call.store, bytes, &media.mime_type, name, true)?;
    if let Some(thumb) = thumb {
        document.thumbs = make::thumbs(call.store, &thumb.bytes)?;
    }
    if !media.force_file
        && let Some(form) = form(&media.attributes)
    {
        document.form = form;
    }
    if let Form::Video { width, height, duration, .. } = document.form
        && !media.nosound_video
        && document.mime_type == MP4
        && make::is_silent(call.store, &document.bytes)?
    {
        document.form = Form::Animation { width, height, duration };
    }
    Ok(document)
}

/// What attributes make of a document.
fn form(attributes: &[enums::DocumentAttribute]) -> Option<Form> {
    use enums::DocumentAttribute;

    let is_animated = attributes.contains(&DocumentAttribute::Animated);
    attributes.iter().find_map(|attribute| match attribute {
        DocumentAttribute::Video(it) if it.round_message => {
            Some(Form::Round { side: it.w, duration: it.duration })
        }
        DocumentAttribute::Video(it) if is_animated => {
            Some(Form::Animation { width: it.w, height: it.h, duration: it.duration })
        }
        DocumentAttribute::Video(it) => Some(Form::Video {
            width: it.w,
            height: it.h,
            duration: it.duration,
            streams: it.supports_streaming,
        }),
        DocumentAttribute::Audio(it) if it.voice => {
            let waveform = it.waveform.clone().unwrap_or_default();
            Some(Form::Voice { duration: it.duration, waveform })
        }
        DocumentAttribute::Audio(it) => {
            let (title, performer) = (it.title.clone(), it.performer.clone());
            Some(Form::Music { duration: it.duration, title, performer })
        }
        DocumentAttribute::ImageSize(it) => Some(Form::Picture { width: it.w, height: it.h }),
        _ => None,
    })
}

fn existing_photo(call: &Call<'_>, me: &Me, photo: &enums::InputPhoto) -> Answered<File> {
    let enums::InputPhoto::Photo(it) = photo else { return Err(refused("MEDIA_EMPTY")) };
    let file = existing(call, me, it.id, it.access_hash, &it.file_reference)?;
    if matches!(file.kind, Kind::Photo(_)) { Ok(file) } else { Err(refused("MEDIA_EMPTY")) }
}

fn existing_document(call: &Call<'_>, me: &Me, document: &enums::InputDocument) -> Answered<File> {
    let enums::InputDocument::Document(it) = document else { return Err(refused("DOCUMENT_INVALID")) };
    let file = existing(call, me, it.id, it.access_hash, &it.file_reference)?;
    if matches!(file.kind, Kind::Document(_)) { Ok(file) } else { Err(refused("DOCUMENT_INVALID")) }
}

/// A file that was sent or uploaded before.
fn existing(call: &Call<'_>, me: &Me, id: i64, access_hash: i64, reference: &[u8]) -> Answered<File> {
    let known = |file: &File| file.access_hash == access_hash && file.owner == me.account.id;
    let file = File::get(call.store, id)?.filter(known).ok_or_else(|| refused("MEDIA_EMPTY"))?;
    references::check(&file, reference, call.now_s()).map_err(|bad| refused(bad.name()))?;
    Ok(file)
}

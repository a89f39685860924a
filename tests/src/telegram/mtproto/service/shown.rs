//! Messages and files as clients see them.

use grammers_tl_types::{Deserializable as _, Serializable as _, enums, types};

use super::super::files::{Document, File, Form, Kind, Shape, Size, references};
use super::super::history::{Forward, Media, Message, TELEGRAM_USER_ID, WebPage, links};
use super::answers::{blank, own_user};
use super::{Answered, Call, Me, date};

/// What the user that is Telegram itself is found with.
pub(super) const TELEGRAM_ACCESS_HASH: i64 = 7_770_007_770_007;

/// A message with a fresh reference to its file.
pub(super) fn message(call: &Call<'_>, me: &Me, message: &Message) -> Answered<enums::Message> {
    let is_saved = message.peer == me.account.id;
    let peer_id = user_peer(message.peer);
    let origin = message.forward.as_ref().map_or(me.account.id, |forward| forward.peer);
    let entities: Vec<_> = links(&message.text).filter_map(link).collect();
    Ok(types::Message {
        out: is_saved,
        id: message.id,
        from_id: is_saved.then(|| user_peer(me.account.id)),
        saved_peer_id: is_saved.then(|| user_peer(origin)),
        fwd_from: message.forward.as_ref().map(forwarded),
        date: date(message.date),
        message: message.text.clone(),
        media: media(call, message)?,
        entities: (!entities.is_empty()).then_some(entities),
        grouped_id: message.album,
        ..empty_message(&peer_id)
    }
    .into())
}

/// The users that messages speak of.
pub(super) fn users(me: &Me, messages: &[enums::Message]) -> Vec<enums::User> {
    let mut users = vec![own_user(&me.account)];
    let telegram = user_peer(TELEGRAM_USER_ID);
    let is_telegrams = |message: &enums::Message| match message {
        enums::Message::Message(it) => it.peer_id == telegram || it.saved_peer_id.as_ref() == Some(&telegram),
        _ => false,
    };
    if messages.iter().any(is_telegrams) {
        let user = types::User {
            id: TELEGRAM_USER_ID,
            access_hash: Some(TELEGRAM_ACCESS_HASH),
            first_name: Some("Telegram".to_owned()),
            phone: Some("42777".to_owned()),
            verified: true,
            support: true,
            ..blank()
        };
        users.push(user.into());
    }
    users
}

fn user_peer(user_id: i64) -> enums::Peer {
    types::PeerUser { user_id }.into()
}

/// A message without anything; its peer is boxed, so that zeros alone are none.
fn empty_message(peer_id: &enums::Peer) -> types::Message {
    let mut bytes = vec![0; 12];
    peer_id.serialize(&mut bytes);
    bytes.extend([0; 8]);
    types::Message::from_bytes(&bytes).expect("it was written field by field")
}

fn link((offset, length): (usize, usize)) -> Option<enums::MessageEntity> {
    let (offset, length) = (i32::try_from(offset).ok()?, i32::try_from(length).ok()?);
    Some(types::MessageEntityUrl { offset, length }.into())
}

fn forwarded(forward: &Forward) -> enums::MessageFwdHeader {
    types::MessageFwdHeader {
        from_id: Some(user_peer(forward.peer)),
        date: date(forward.date),
        saved_from_peer: Some(user_peer(forward.peer)),
        saved_from_msg_id: Some(forward.message_id),
        ..blank()
    }
    .into()
}

fn media(call: &Call<'_>, message: &Message) -> Answered<Option<enums::MessageMedia>> {
    Ok(match &message.media {
        None => None,
        Some(Media::Page(page)) => Some(web_page(call, message, page)?),
        Some(Media::File(id)) => match File::get(call.store, *id)? {
            Some(file) => Some(file_media(call, message.id, &file)?),
            None => None,
        },
    })
}

/// A file as a message carries it; 0 is no message.
pub(super) fn file_media(call: &Call<'_>, message_id: i32, file: &File) -> Answered<enums::MessageMedia> {
    Ok(match &file.kind {
        Kind::Photo(sizes) => {
            let photo = Some(photo(call, message_id, file, sizes)?);
            types::MessageMediaPhoto { photo, ..blank() }.into()
        }
        Kind::Document(it) => types::MessageMediaDocument {
            video: matches!(it.form, Form::Video { .. } | Form::Round { .. } | Form::Animation { .. }),
            round: matches!(it.form, Form::Round { .. }),
            voice: matches!(it.form, Form::Voice { .. }),
            document: Some(document(call, message_id, file, it)?),
            ..blank()
        }
        .into(),
    })
}

fn web_page(call: &Call<'_>, message: &Message, page: &WebPage) -> Answered<enums::MessageMedia> {
    let photo = match page.photo.map(|id| File::get(call.store, id)).transpose()?.flatten() {
        Some(file) => match &file.kind {
            Kind::Photo(sizes) => Some(photo(call, message.id, &file, sizes)?),
            Kind::Document(_) => None,
        },
        None => None,
    };
    let webpage = types::WebPage {
        id: page.id,
        url: page.url.clone(),
        display_url: page.url.trim_start_matches("https://").to_owned(),
        r#type: Some("article".to_owned()),
        site_name: Some("Example".to_owned()),
        title: Some(page.title.clone()),
        description: Some(page.description.clone()),
        photo,
        ..blank()
    };
    Ok(types::MessageMediaWebPage {
        force_large_media: false,
        force_small_media: false,
        manual: false,
        safe: false,
        webpage: webpage.into(),
    }
    .into())
}

fn photo(call: &Call<'_>, message_id: i32, file: &File, sizes: &[Size]) -> Answered<enums::Photo> {
    Ok(types::Photo {
        has_stickers: false,
        id: file.id,
        access_hash: file.access_hash,
        file_reference: references::issue(file, message_id, call.now_s()),
        date: date(file.date),
        sizes: shown_sizes(call, sizes)?,
        video_sizes: None,
        dc_id: file.dc,
    }
    .into())
}

fn document(call: &Call<'_>, message_id: i32, file: &File, it: &Document) -> Answered<enums::Document> {
    let thumbs = shown_sizes(call, &it.thumbs)?;
    let mut attributes = form_attributes(&it.form);
    let name = it.name.clone();
    attributes.extend(name.map(|file_name| types::DocumentAttributeFilename { file_name }.into()));
    Ok(types::Document {
        id: file.id,
        access_hash: file.access_hash,
        file_reference: references::issue(file, message_id, call.now_s()),
        date: date(file.date),
        mime_type: it.mime_type.clone(),
        size: i64::try_from(it.bytes.size()).unwrap_or(i64::MAX),
        thumbs: (!thumbs.is_empty()).then_some(thumbs),
        video_thumbs: None,
        dc_id: file.dc,
        attributes,
    }
    .into())
}

fn shown_sizes(call: &Call<'_>, sizes: &[Size]) -> Answered<Vec<enums::PhotoSize>> {
    sizes.iter().map(|size| shown_size(call, size)).collect()
}

fn shown_size(call: &Call<'_>, size: &Size) -> Answered<enums::PhotoSize> {
    let (r#type, w, h) = (size.letter.to_string(), size.width, size.height);
    Ok(match &size.shape {
        Shape::Plain(bytes) => {
            let size = i32::try_from(bytes.size()).unwrap_or(i32::MAX);
            types::PhotoSize { r#type, w, h, size }.into()
        }
        Shape::Progressive { prefixes, .. } => {
            types::PhotoSizeProgressive { r#type, w, h, sizes: prefixes.clone() }.into()
        }
        Shape::Cached(bytes) => {
            let bytes = bytes.read(call.store, 0, bytes.size())?;
            types::PhotoCachedSize { r#type, w, h, bytes }.into()
        }
        Shape::Stripped(bytes) => {
            let bytes = bytes.read(call.store, 0, bytes.size())?;
            types::PhotoStrippedSize { r#type, bytes }.into()
        }
        Shape::Path(bytes) => {
            let bytes = bytes.read(call.store, 0, bytes.size())?;
            types::PhotoPathSize { r#type, bytes }.into()
        }
    })
}

fn form_attributes(form: &Form) -> Vec<enums::DocumentAttribute> {
    let picture = |w, h| types::DocumentAttributeImageSize { w, h }.into();
    let video = |w, h, duration| types::DocumentAttributeVideo { w, h, duration, ..blank() };
    let audio = |duration| types::DocumentAttributeAudio { duration, ..blank() };
    match form {
        Form::Plain => Vec::new(),
        Form::Picture { width, height } => vec![picture(*width, *height)],
        Form::Video { width, height, duration, streams } => {
            let video = video(*width, *height, *duration);
            vec![types::DocumentAttributeVideo { supports_streaming: *streams, ..video }.into()]
        }
        Form::Round { side, duration } => {
            let video = video(*side, *side, *duration);
            let (round_message, supports_streaming) = (true, true);
            vec![types::DocumentAttributeVideo { round_message, supports_streaming, ..video }.into()]
        }
        Form::Animation { width, height, duration } => {
            let video = video(*width, *height, *duration);
            let (nosound, supports_streaming) = (true, true);
            let silent = types::DocumentAttributeVideo { nosound, supports_streaming, ..video };
            vec![silent.into(), enums::DocumentAttribute::Animated]
        }
        Form::Music { duration, title, performer } => {
            let (title, performer) = (title.clone(), performer.clone());
            vec![types::DocumentAttributeAudio { title, performer, ..audio(*duration) }.into()]
        }
        Form::Voice { duration, waveform } => {
            let (voice, waveform) = (true, Some(waveform.clone()));
            vec![types::DocumentAttributeAudio { voice, waveform, ..audio(*duration) }.into()]
        }
        Form::Sticker { width, height, emoji } => {
            let stickerset = enums::InputStickerSet::Empty;
            let (mask, alt, mask_coords) = (false, emoji.clone(), None);
            let sticker = types::DocumentAttributeSticker { mask, alt, stickerset, mask_coords };
            vec![picture(*width, *height), sticker.into()]
        }
    }
}

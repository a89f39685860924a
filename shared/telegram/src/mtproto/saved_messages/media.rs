//! Files in messages, from Telegram's types into the domain's.

use grammers_client::tl::{enums, types};
use lambdagram_domain::media::{About, Attribute, Document, Media, MessageId, Origin, Photo, PictureSize};
use lambdagram_domain::time::UnixTime;

/// The file of a message, if it holds one. What has destroyed itself is none any more.
pub(super) fn media_of(id: MessageId, message: types::Message) -> Option<Media> {
    let media = message.media?;
    let about = About { id, sent_at: UnixTime(amount(message.date)), caption: message.message };
    match media {
        enums::MessageMedia::Photo(types::MessageMediaPhoto {
            photo: Some(enums::Photo::Photo(photo)),
            ..
        }) => Some(Media::of_photo(about, photo_of(photo))),
        enums::MessageMedia::Document(types::MessageMediaDocument {
            document: Some(enums::Document::Document(document)),
            ..
        }) => Some(Media::of_document(about, document_of(document))),
        _ => None,
    }
}

fn photo_of(photo: types::Photo) -> Photo {
    let origin = Origin {
        dc: photo.dc_id,
        id: photo.id,
        access_hash: photo.access_hash,
        file_reference: photo.file_reference,
    };
    Photo { origin, sizes: sizes_of(photo.sizes) }
}

fn document_of(document: types::Document) -> Document {
    let origin = Origin {
        dc: document.dc_id,
        id: document.id,
        access_hash: document.access_hash,
        file_reference: document.file_reference,
    };
    Document {
        origin,
        mime_type: document.mime_type,
        size: u64::try_from(document.size).unwrap_or(0),
        attributes: document.attributes.into_iter().filter_map(attribute_of).collect(),
        thumbnails: sizes_of(document.thumbs.unwrap_or_default()),
    }
}

fn attribute_of(attribute: enums::DocumentAttribute) -> Option<Attribute> {
    Some(match attribute {
        enums::DocumentAttribute::Filename(name) => Attribute::FileName(name.file_name),
        enums::DocumentAttribute::ImageSize(size) => {
            Attribute::Image { width: side(size.w), height: side(size.h) }
        }
        enums::DocumentAttribute::Video(video) => Attribute::Video {
            width: side(video.w),
            height: side(video.h),
            seconds: video.duration,
            round: video.round_message,
        },
        enums::DocumentAttribute::Audio(audio) => {
            Attribute::Audio { seconds: f64::from(audio.duration), voice: audio.voice }
        }
        enums::DocumentAttribute::Animated => Attribute::Animated,
        enums::DocumentAttribute::Sticker(_) | enums::DocumentAttribute::CustomEmoji(_) => Attribute::Sticker,
        enums::DocumentAttribute::HasStickers => return None,
    })
}

/// The sizes that are pictures: an outline is none.
fn sizes_of(sizes: Vec<enums::PhotoSize>) -> Vec<PictureSize> {
    sizes.into_iter().filter_map(size_of).collect()
}

fn size_of(size: enums::PhotoSize) -> Option<PictureSize> {
    Some(match size {
        enums::PhotoSize::Size(size) => PictureSize::Plain {
            name: size.r#type,
            width: side(size.w),
            height: side(size.h),
            bytes: amount(size.size),
        },
        enums::PhotoSize::Progressive(size) => PictureSize::Progressive {
            name: size.r#type,
            width: side(size.w),
            height: side(size.h),
            prefixes: size.sizes.into_iter().map(amount).collect(),
        },
        enums::PhotoSize::PhotoCachedSize(size) => PictureSize::Cached {
            name: size.r#type,
            width: side(size.w),
            height: side(size.h),
            bytes: size.bytes,
        },
        enums::PhotoSize::PhotoStrippedSize(size) => PictureSize::Stripped(size.bytes),
        enums::PhotoSize::Empty(_) | enums::PhotoSize::PhotoPathSize(_) => return None,
    })
}

/// A number of pixels; what is below zero is not known.
fn side(pixels: i32) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}

fn amount(number: i32) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;

//! What Telegram is told of a file that a message is made of.

use std::time::Duration;

use grammers_client::tl::{enums, types};
use lambdagram_domain::upload::{Content, Form};

use super::UploadedFile;

/// The name that a photo has on its way. Telegram keeps none, and goes by the ending.
const PHOTO_NAMES: [(&str, &str); 3] =
    [("image/jpeg", "photo.jpg"), ("image/png", "photo.png"), ("image/webp", "photo.webp")];

/// The name that a thumbnail has on its way; it is a JPEG (core.telegram.org/api/files#uploading-files).
const THUMBNAIL_NAME: &str = "thumbnail.jpg";

/// The file as something to send.
pub(super) fn media(
    content: &Content,
    file: UploadedFile,
    thumbnail: Option<UploadedFile>,
) -> enums::InputMedia {
    let name = || content.name.clone();
    if matches!(content.form, Form::Photo { .. }) && !content.plain {
        let known = PHOTO_NAMES.into_iter().find(|(mime_type, _)| *mime_type == content.mime_type);
        let name = known.map_or_else(name, |(_, name)| name.to_owned());
        return types::InputMediaUploadedPhoto {
            spoiler: false,
            live_photo: false,
            file: file.input(name),
            stickers: None,
            ttl_seconds: None,
            video: None,
        }
        .into();
    }
    types::InputMediaUploadedDocument {
        // Otherwise a video without sound would become an animation, which is made anew by Telegram.
        nosound_video: matches!(content.form, Form::Video { .. }),
        force_file: content.plain,
        spoiler: false,
        file: file.input(name()),
        thumb: thumbnail.map(|thumbnail| thumbnail.input(THUMBNAIL_NAME.to_owned())),
        mime_type: content.mime_type.clone(),
        attributes: attributes(content),
        stickers: None,
        video_cover: None,
        video_timestamp: None,
        ttl_seconds: None,
    }
    .into()
}

fn attributes(content: &Content) -> Vec<enums::DocumentAttribute> {
    let mut attributes = vec![types::DocumentAttributeFilename { file_name: content.name.clone() }.into()];
    match &content.form {
        Form::Photo { width, height } | Form::Picture { width, height, .. } => {
            attributes.push(types::DocumentAttributeImageSize { w: side(*width), h: side(*height) }.into());
            if matches!(content.form, Form::Picture { moves: true, .. }) {
                attributes.push(enums::DocumentAttribute::Animated);
            }
        }
        Form::Video { width, height, duration, streams } => {
            let video = types::DocumentAttributeVideo {
                round_message: false,
                supports_streaming: *streams,
                nosound: false,
                duration: duration.unwrap_or_default().as_secs_f64(),
                w: side(*width),
                h: side(*height),
                preload_prefix_size: None,
                video_start_ts: None,
                video_codec: None,
            };
            attributes.push(video.into());
        }
        Form::Audio { duration, title, performer } => {
            let audio = types::DocumentAttributeAudio {
                voice: false,
                duration: seconds(duration.unwrap_or_default()),
                title: title.clone(),
                performer: performer.clone(),
                waveform: None,
            };
            attributes.push(audio.into());
        }
        Form::Document => {}
    }
    attributes
}

fn side(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

/// Whole seconds, as a clock in an app shows them.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::upload::{SendAs, UploadPlan};

    use super::*;

    fn content(form: Form, mime_type: &str) -> Content {
        Content {
            form,
            mime_type: mime_type.to_owned(),
            name: "a b.ending".to_owned(),
            size: 5,
            plain: false,
        }
    }

    fn file(file_id: i64) -> UploadedFile {
        UploadedFile { plan: UploadPlan::of(5, false).unwrap(), file_id }
    }

    fn input(id: i64, name: &str) -> enums::InputFile {
        types::InputFile { id, parts: 1, name: name.to_owned(), md5_checksum: String::new() }.into()
    }

    #[test]
    fn a_photo_goes_under_a_name_of_its_format_and_as_a_file_under_its_own() {
        let photo = content(Form::Photo { width: 3, height: 2 }, "image/png");
        let enums::InputMedia::UploadedPhoto(sent) = media(&photo, file(7), None) else { panic!() };
        assert_eq!(sent.file, input(7, "photo.png"));
        let picture = content(Form::Picture { width: 3, height: 2, moves: false }, "image/png");
        for content in [photo, picture] {
            let content = content.sent_as(SendAs::Document).unwrap();
            let enums::InputMedia::UploadedDocument(sent) = media(&content, file(7), None) else {
                panic!("a file is a document")
            };
            assert!(sent.force_file);
            assert_eq!(sent.file, input(7, "a b.ending"));
            assert_eq!(sent.attributes.len(), 2);
        }
    }

    #[test]
    fn a_document_says_what_it_is() {
        let minute = Some(Duration::from_millis(60_900));
        let video = Form::Video { width: 640, height: 360, duration: minute, streams: true };
        let sent = media(&content(video, "video/mp4"), file(1), Some(file(2)));
        let enums::InputMedia::UploadedDocument(sent) = sent else { panic!() };
        assert!(sent.nosound_video && !sent.force_file);
        assert_eq!((sent.thumb, sent.mime_type.as_str()), (Some(input(2, "thumbnail.jpg")), "video/mp4"));
        let [enums::DocumentAttribute::Filename(name), enums::DocumentAttribute::Video(video)] =
            &sent.attributes[..]
        else {
            panic!("{:?}", sent.attributes)
        };
        assert_eq!(name.file_name, "a b.ending");
        assert_eq!((video.w, video.h, video.supports_streaming), (640, 360, true));
        assert!((video.duration - 60.9).abs() < 0.001);

        let audio = Form::Audio { duration: minute, title: Some("T".to_owned()), performer: None };
        let attributes = attributes(&content(audio, "audio/mpeg"));
        let [_, enums::DocumentAttribute::Audio(audio)] = &attributes[..] else { panic!() };
        assert_eq!((audio.duration, audio.title.as_deref(), audio.voice), (60, Some("T"), false));
    }
}

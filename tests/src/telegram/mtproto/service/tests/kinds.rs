//! What becomes of uploaded files: photos, documents of each kind, and their captions.

use super::super::super::content::bundled;
use super::super::answers::blank;
use super::media::{document_of, photo_of, picture_of, saved, send, send_media, sent_id, upload, uploaded};
use super::uploads::{save_big, save_small, small};
use super::*;

#[tokio::test]
async fn photos_are_made_anew_and_others_are_refused_by_telegrams_names() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let png = picture_of(1000, 500);
    let file = upload(&client, "a.PNG", &png).await;
    let id = sent_id(&send(&client, photo_of(file), 1).await.unwrap());
    let seen = saved(&sim, id);
    assert_eq!(
        (seen.kind, seen.dimensions, seen.mime_type.as_str()),
        ("photo", Some((1000, 500)), "image/jpeg")
    );
    let held = sim.people().read_saved(&number(FIRST_PHONE), id, 0..u64::MAX).unwrap().unwrap();
    assert!(held != png);
    let sent = sim.people().sent_sha256(&number(FIRST_PHONE), id).unwrap().unwrap();
    assert_eq!(sent, hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&png)));
    let (wide, long) = (picture_of(2001, 100), picture_of(9500, 501));
    let large = vec![0; 10 * 1024 * 1024];
    for (name, content, refusal) in [
        ("a.txt", &png[..], "PHOTO_EXT_INVALID"),
        ("a", &png, "PHOTO_EXT_INVALID"),
        ("a.jpg", b"no picture", "IMAGE_PROCESS_FAILED"),
        ("a.png", &png[..png.len() / 2], "IMAGE_PROCESS_FAILED"),
        ("a.png", &wide, "PHOTO_INVALID_DIMENSIONS"),
        ("a.png", &long, "PHOTO_INVALID_DIMENSIONS"),
        ("a.png", &large, "IMAGE_PROCESS_FAILED"),
    ] {
        let file = upload(&client, name, content).await;
        assert_refused(send(&client, photo_of(file), 2).await, refusal);
    }
    for number in 0..21 {
        save_big(&client, 5, (number, 21), &large[..512 * 1024]).await.unwrap();
    }
    let file = types::InputFileBig { id: 5, parts: 21, name: "a.jpg".to_owned() };
    assert_refused(send(&client, photo_of(file.into()), 2).await, "PHOTO_SAVE_FILE_INVALID");
}

#[tokio::test]
async fn documents_are_what_their_attributes_say() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let named: enums::DocumentAttribute =
        types::DocumentAttributeFilename { file_name: "имя.bin".to_owned() }.into();
    let video = types::DocumentAttributeVideo { w: 640, h: 360, duration: 1.5, ..blank() };
    let round = types::DocumentAttributeVideo { round_message: true, w: 240, h: 240, ..video.clone() };
    let audio = types::DocumentAttributeAudio { duration: 3, title: Some("T".to_owned()), ..blank() };
    let voice = types::DocumentAttributeAudio { voice: true, waveform: Some(vec![1, 2]), ..audio.clone() };
    let animated = enums::DocumentAttribute::Animated;
    let cases = [
        ("text/plain", vec![named.clone()], false, "document", None),
        ("video/webm", vec![named.clone(), video.clone().into()], false, "video", Some(1.5)),
        ("video/webm", vec![named.clone(), video.clone().into()], true, "document", None),
        ("video/mp4", vec![round.into()], false, "video_note", Some(1.5)),
        ("video/mp4", vec![video.clone().into(), animated], false, "animation", Some(1.5)),
        ("audio/mpeg", vec![audio.clone().into()], false, "audio", Some(3.0)),
        ("audio/ogg", vec![voice.into()], false, "voice", Some(3.0)),
        ("audio/ogg", vec![audio.into()], true, "document", None),
    ];
    for (random_id, (mime_type, attributes, force_file, kind, duration)) in (1..).zip(cases) {
        let name = attributes.contains(&named).then(|| "имя.bin".to_owned());
        let file = upload(&client, "upload", b"some bytes").await;
        let mime_type = mime_type.to_owned();
        let media = types::InputMediaUploadedDocument { mime_type, attributes, force_file, ..uploaded(file) };
        let seen = saved(&sim, sent_id(&send(&client, media.into(), random_id).await.unwrap()));
        let got = (seen.kind, seen.name, seen.duration, seen.size, seen.has_thumbnail);
        assert_eq!(got, (kind, name, duration, 10, false), "{random_id}");
    }
}

#[tokio::test]
async fn a_silent_video_becomes_an_animation_unless_it_is_said_to_be_none() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let silent = bundled("animation.mp4");
    let loud = bundled("video-h264.mp4");
    let video = types::DocumentAttributeVideo { w: 320, h: 240, duration: 2.0, ..blank() };
    let cases = [(silent, false, "animation"), (silent, true, "video"), (loud, false, "video")];
    for (random_id, (content, nosound_video, kind)) in (1..).zip(cases) {
        let file = upload(&client, "a.mp4", content).await;
        let (mime_type, attributes) = ("video/mp4".to_owned(), vec![video.clone().into()]);
        let media =
            types::InputMediaUploadedDocument { mime_type, attributes, nosound_video, ..uploaded(file) };
        let sent = send(&client, media.into(), random_id).await.unwrap();
        assert_eq!(saved(&sim, sent_id(&sent)).kind, kind, "{random_id}");
    }
}

#[tokio::test]
async fn thumbs_are_taken_where_they_are_small_pictures() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let cases =
        [(picture_of(320, 180), true), (picture_of(321, 180), false), (b"no picture".to_vec(), false)];
    for (random_id, (thumb, is_taken)) in (1..).zip(cases) {
        let file = upload(&client, "a.bin", b"some bytes").await;
        let thumb = Some(upload(&client, "thumb.jpg", &thumb).await);
        let media = types::InputMediaUploadedDocument { thumb, ..uploaded(file) };
        let sent = send(&client, media.into(), random_id).await.unwrap();
        assert_eq!(saved(&sim, sent_id(&sent)).has_thumbnail, is_taken, "{random_id}");
    }
    // A picture needs none.
    let file = upload(&client, "a.png", &picture_of(1000, 500)).await;
    let media = types::InputMediaUploadedDocument { mime_type: "image/png".to_owned(), ..uploaded(file) };
    let seen = saved(&sim, sent_id(&send(&client, media.into(), 9).await.unwrap()));
    assert_eq!((seen.kind, seen.dimensions, seen.has_thumbnail), ("document", Some((1000, 500)), true));
}

#[tokio::test]
async fn captions_are_counted_in_characters() {
    let sim = Sim::start();
    sim.account("+15550000001", |new| new.premium = true);
    let subscriber = sim.client(2);
    sim.sign_in(&subscriber, "+15550000001").await.unwrap();
    let client = sim.signed_in().await;
    for (client, limit) in [(&client, 1024), (&subscriber, 4096)] {
        save_small(client, 1, 0, b"content").await.unwrap();
        let with = |count, random_id| functions::messages::SendMedia {
            message: "🙂".repeat(count),
            ..send_media(document_of(small(1, 1, "a", "")), random_id)
        };
        assert_refused(client.call(&with(limit + 1, 1)).await, "MEDIA_CAPTION_TOO_LONG");
        assert!(client.call(&with(limit, 1)).await.is_ok());
    }
}

//! What messages hold, by Telegram's types.

use grammers_client::tl::{Deserializable, Serializable};
use lambdagram_domain::media::MediaKind;

use super::*;

fn message(media: Option<enums::MessageMedia>) -> types::Message {
    // The fewest flags and fields a message can have: no field of its own is named here that is not looked at.
    let empty = types::Message {
        out: true,
        mentioned: false,
        media_unread: false,
        silent: false,
        post: false,
        from_scheduled: false,
        legacy: false,
        edit_hide: false,
        pinned: false,
        noforwards: false,
        invert_media: false,
        offline: false,
        video_processing_pending: false,
        paid_suggested_post_stars: false,
        paid_suggested_post_ton: false,
        id: 7,
        from_id: None,
        from_boosts_applied: None,
        from_rank: None,
        peer_id: enums::Peer::User(types::PeerUser { user_id: 1 }),
        saved_peer_id: None,
        fwd_from: None,
        via_bot_id: None,
        via_business_bot_id: None,
        guestchat_via_from: None,
        reply_to: None,
        date: 1_698_400_800,
        message: "Hi".to_owned(),
        media: None,
        reply_markup: None,
        entities: None,
        views: None,
        forwards: None,
        replies: None,
        edit_date: None,
        post_author: None,
        grouped_id: None,
        reactions: None,
        restriction_reason: None,
        ttl_period: None,
        quick_reply_shortcut_id: None,
        effect: None,
        factcheck: None,
        report_delivery_until_date: None,
        paid_message_stars: None,
        suggested_post: None,
        schedule_repeat_period: None,
        summary_from_language: None,
        rich_message: None,
    };
    types::Message { media, ..empty }
}

fn read(media: enums::MessageMedia) -> Option<Media> {
    media_of(MessageId::new(7).unwrap(), message(Some(media)))
}

fn photo(sizes: Vec<enums::PhotoSize>) -> types::Photo {
    types::Photo {
        has_stickers: false,
        id: 11,
        access_hash: 12,
        file_reference: vec![1, 2],
        date: 0,
        sizes,
        video_sizes: None,
        dc_id: 4,
    }
}

fn photo_media(photo: Option<enums::Photo>) -> enums::MessageMedia {
    enums::MessageMedia::Photo(types::MessageMediaPhoto {
        spoiler: false,
        live_photo: false,
        photo,
        ttl_seconds: None,
        video: None,
    })
}

fn document(size: i64, attributes: Vec<enums::DocumentAttribute>) -> types::Document {
    types::Document {
        id: 21,
        access_hash: 22,
        file_reference: vec![3],
        date: 0,
        mime_type: "video/mp4".to_owned(),
        size,
        thumbs: None,
        video_thumbs: None,
        dc_id: 2,
        attributes,
    }
}

fn document_media(document: Option<enums::Document>) -> enums::MessageMedia {
    enums::MessageMedia::Document(types::MessageMediaDocument {
        nopremium: false,
        spoiler: false,
        video: false,
        round: false,
        voice: false,
        document,
        alt_documents: None,
        video_cover: None,
        video_timestamp: None,
        ttl_seconds: None,
    })
}

fn size(name: &str, side: i32, bytes: i32) -> enums::PhotoSize {
    enums::PhotoSize::Size(types::PhotoSize { r#type: name.to_owned(), w: side, h: side, size: bytes })
}

#[test]
fn a_photo_is_read_with_every_kind_of_size() {
    let sizes = vec![
        enums::PhotoSize::Empty(types::PhotoSizeEmpty { r#type: "s".to_owned() }),
        enums::PhotoSize::PhotoPathSize(types::PhotoPathSize { r#type: "j".to_owned(), bytes: vec![1] }),
        enums::PhotoSize::PhotoStrippedSize(types::PhotoStrippedSize {
            r#type: "i".to_owned(),
            bytes: vec![1, 40, 40, 9],
        }),
        enums::PhotoSize::PhotoCachedSize(types::PhotoCachedSize {
            r#type: "s".to_owned(),
            w: 90,
            h: 90,
            bytes: vec![0; 33],
        }),
        size("m", 320, 4000),
        enums::PhotoSize::Progressive(types::PhotoSizeProgressive {
            r#type: "y".to_owned(),
            w: 1280,
            h: 960,
            sizes: vec![1000, 5000, 60_000],
        }),
    ];
    let media = read(photo_media(Some(enums::Photo::Photo(photo(sizes))))).unwrap();
    assert_eq!((media.item.kind, media.item.size), (MediaKind::Photo, 60_000));
    assert_eq!((media.item.width, media.item.height), (Some(1280), Some(960)));
    assert!(media.item.preview.is_some() && media.item.has_thumbnail);
    assert_eq!((media.item.timestamp, media.item.caption.as_str()), (UnixTime(1_698_400_800), "Hi"));
    let names: Vec<_> = media.location.thumbnails.iter().map(|size| size.name.as_str()).collect();
    assert_eq!(names, ["i", "s", "m", "y"]);
    assert_eq!((media.location.dc, media.location.id, media.location.access_hash), (4, 11, 12));
}

#[test]
fn a_document_is_read_with_its_attributes() {
    let video = types::DocumentAttributeVideo {
        round_message: true,
        supports_streaming: true,
        nosound: false,
        duration: 1.5,
        w: 384,
        h: 384,
        preload_prefix_size: None,
        video_start_ts: None,
        video_codec: None,
    };
    let attributes = vec![enums::DocumentAttribute::HasStickers, enums::DocumentAttribute::Video(video)];
    let media = read(document_media(Some(document(99, attributes).into()))).unwrap();
    assert_eq!((media.item.kind, media.item.size), (MediaKind::VideoNote, 99));
    assert_eq!((media.item.name.as_str(), media.item.has_thumbnail), ("video_note_7.mp4", false));
    assert_eq!((media.location.dc, media.location.id), (2, 21));
}

#[test]
fn numbers_below_zero_break_nothing() {
    let mut odd = message(Some(photo_media(Some(photo(vec![size("x", -1, -1)]).into()))));
    odd.date = -1;
    let item = media_of(MessageId::new(7).unwrap(), odd).unwrap().item;
    assert_eq!((item.size, item.width, item.timestamp), (0, None, UnixTime(0)));
    let audio = types::DocumentAttributeAudio {
        voice: true,
        duration: i32::MIN,
        title: None,
        performer: None,
        waveform: None,
    };
    let attributes = vec![enums::DocumentAttribute::Audio(audio)];
    let item = read(document_media(Some(document(i64::MIN, attributes).into()))).unwrap().item;
    assert_eq!((item.kind, item.size, item.duration), (MediaKind::Voice, 0, None));
}

#[test]
fn what_holds_no_file_is_not_media() {
    let geo = enums::MessageMedia::Geo(types::MessageMediaGeo { geo: enums::GeoPoint::Empty });
    let page = types::WebPageEmpty { id: 1, url: None };
    let page = enums::MessageMedia::WebPage(types::MessageMediaWebPage {
        force_large_media: false,
        force_small_media: false,
        manual: false,
        safe: false,
        webpage: enums::WebPage::Empty(page),
    });
    for media in [
        photo_media(None),
        photo_media(Some(enums::Photo::Empty(types::PhotoEmpty { id: 1 }))),
        document_media(None),
        document_media(Some(enums::Document::Empty(types::DocumentEmpty { id: 1 }))),
        enums::MessageMedia::Empty,
        enums::MessageMedia::Unsupported,
        geo,
        page,
    ] {
        assert_eq!(read(media), None);
    }
    assert_eq!(media_of(MessageId::new(7).unwrap(), message(None)), None);
}

#[test]
fn a_message_is_read_as_it_comes_over_the_wire() {
    let sent = message(Some(photo_media(Some(photo(vec![size("x", 800, 5)]).into()))));
    let wire = enums::Message::Message(sent.clone()).to_bytes();
    let enums::Message::Message(received) = enums::Message::from_bytes(&wire).unwrap() else {
        panic!("it is a message")
    };
    let number = MessageId::new(7).unwrap();
    assert_eq!(media_of(number, received), media_of(number, sent));
}

//! Messages with files: what becomes of them, and that none is sent twice.

use std::io::Cursor;
use std::thread;

use grammers_tl_types::Serializable as _;

use super::super::super::people::saved::SavedFile;
use super::super::shown::TELEGRAM_ACCESS_HASH;
use super::uploads::{save_small, small};
use super::*;

/// A call that sends a file into the own chat.
pub(super) fn send_media(media: enums::InputMedia, random_id: i64) -> functions::messages::SendMedia {
    functions::messages::SendMedia {
        silent: false,
        background: false,
        clear_draft: false,
        noforwards: false,
        update_stickersets_order: false,
        invert_media: false,
        allow_paid_floodskip: false,
        peer: enums::InputPeer::PeerSelf,
        reply_to: None,
        media,
        message: String::new(),
        random_id,
        reply_markup: None,
        entities: None,
        schedule_date: None,
        schedule_repeat_period: None,
        send_as: None,
        quick_reply_shortcut: None,
        effect: None,
        allow_paid_stars: None,
        suggested_post: None,
    }
}

/// A plain file.
pub(super) fn document_of(file: enums::InputFile) -> enums::InputMedia {
    uploaded(file).into()
}

pub(super) fn uploaded(file: enums::InputFile) -> types::InputMediaUploadedDocument {
    types::InputMediaUploadedDocument {
        nosound_video: false,
        force_file: false,
        spoiler: false,
        file,
        thumb: None,
        mime_type: "application/octet-stream".to_owned(),
        attributes: Vec::new(),
        stickers: None,
        video_cover: None,
        video_timestamp: None,
        ttl_seconds: None,
    }
}

pub(super) fn photo_of(file: enums::InputFile) -> enums::InputMedia {
    types::InputMediaUploadedPhoto {
        spoiler: false,
        live_photo: false,
        file,
        stickers: None,
        ttl_seconds: None,
        video: None,
    }
    .into()
}

pub(super) async fn send(
    client: &Client,
    media: enums::InputMedia,
    random_id: i64,
) -> Result<types::Updates, RpcError> {
    answered(client.call(&send_media(media, random_id)).await)
}

fn answered(answer: Result<enums::Updates, RpcError>) -> Result<types::Updates, RpcError> {
    answer.map(|updates| match updates {
        enums::Updates::Updates(updates) => updates,
        other => panic!("{other:?}"),
    })
}

/// The id of the message that was sent.
pub(super) fn sent_id(updates: &types::Updates) -> i32 {
    let [enums::Update::MessageId(named), enums::Update::NewMessage(new)] = &updates.updates[..] else {
        panic!("{updates:?}")
    };
    let enums::Message::Message(message) = &new.message else { panic!("{updates:?}") };
    assert_eq!(named.id, message.id);
    message.id
}

fn pts(updates: &types::Updates) -> (i32, i32) {
    let Some(enums::Update::NewMessage(new)) = updates.updates.last() else { panic!("{updates:?}") };
    (new.pts, new.pts_count)
}

/// A PNG of one colour.
pub(super) fn picture_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(width, height, image::Rgb([200, 100, 50]));
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// Saves bytes as a file of one part and names it.
pub(super) async fn upload(client: &Client, name: &str, bytes: &[u8]) -> enums::InputFile {
    let id = random::id();
    let parts: Vec<_> = bytes.chunks(512 * 1024).collect();
    for (number, part) in (0..).zip(&parts) {
        save_small(client, id, number, part).await.unwrap();
    }
    small(id, i32::try_from(parts.len()).unwrap(), name, "")
}

pub(super) fn saved(sim: &Sim, id: i32) -> SavedFile {
    let messages = sim.people().saved_messages(&number(FIRST_PHONE)).unwrap();
    messages.into_iter().find(|message| message.id == id).unwrap().file.unwrap()
}

fn count(sim: &Sim) -> usize {
    sim.people().saved_messages(&number(FIRST_PHONE)).unwrap().len()
}

#[tokio::test]
async fn a_message_that_was_sent_is_answered_with_its_id_and_itself() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let mut request = send_media(document_of(small(1, 1, "a.txt", "")), 77);
    request.message = "A caption".to_owned();
    let updates = answered(client.call(&request).await).unwrap();
    let id = sent_id(&updates);
    assert_eq!(updates.updates[0], types::UpdateMessageId { id, random_id: 77 }.into());
    let enums::Update::NewMessage(new) = &updates.updates[1] else { panic!("{updates:?}") };
    let enums::Message::Message(message) = &new.message else { panic!("{updates:?}") };
    assert_eq!(message.message, "A caption");
    let Some(enums::MessageMedia::Document(media)) = &message.media else { panic!("{message:?}") };
    let Some(enums::Document::Document(document)) = &media.document else { panic!("{message:?}") };
    assert_eq!((document.size, document.dc_id, document.attributes.len()), (7, 2, 0));
    assert_eq!((updates.seq, updates.users.len(), updates.chats.len()), (0, 1, 0));
    assert_eq!(pts(&updates), (2, 1));
}

#[tokio::test]
async fn nothing_is_sent_twice_under_one_random_id() {
    let mut sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let before = count(&sim);
    let first = send(&client, document_of(small(1, 1, "a", "")), 77).await.unwrap();
    // The file need not be there any more, and whatever else is asked for is not looked at.
    sim.people().expire_parts(&number(FIRST_PHONE)).unwrap();
    sim.advance(400 * 86_400);
    let mut again = send_media(document_of(small(1, 1, "a", "")), 77);
    again.message = "x".repeat(5000);
    let key = client.caller.key;
    sim = sim.restart();
    let client = sim.connected(Caller { key, ..client.caller });
    let second = answered(client.call(&again).await).unwrap();
    assert_eq!(sent_id(&second), sent_id(&first));
    assert_eq!((pts(&first), pts(&second)), ((2, 1), (2, 0)));
    let other_login = sim.signed_in().await;
    let third = send(&other_login, enums::InputMedia::Empty, 77).await.unwrap();
    assert_eq!(sent_id(&third), sent_id(&first));
    assert_eq!(count(&sim), before + 1);
    assert_refused(send(&client, enums::InputMedia::Empty, 0).await, "RANDOM_ID_EMPTY");
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_was_sent_all_the_same() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let before = count(&sim);
    sim.plan("messages.sendMedia", "drop", Moment::After);
    let request = send_media(document_of(small(1, 1, "a", "")), 77);
    assert!(matches!(client.outcome(&request).await, Outcome::Drop));
    client.close();
    let client = sim.again(&client, false);
    let updates = answered(client.call(&request).await).unwrap();
    assert_eq!(pts(&updates), (2, 0));
    assert_eq!(count(&sim), before + 1);
}

#[tokio::test]
async fn a_second_call_is_refused_while_the_first_is_under_way() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let request = send_media(document_of(small(1, 1, "a", "")), 77).to_bytes();
    let occupied = |outcome| {
        let Outcome::Error(error) = outcome else { return false };
        error == errors::named("RANDOM_ID_DUPLICATE")
    };
    thread::scope(|scope| {
        let store = sim.services.store();
        let first = scope.spawn(|| sim.services.answer(&client.caller, &request));
        // It waits for the store, in which its effect is to be.
        let is_under_way = || sim.services.0.under_way.enter(id_of(&request), &request[4..]).is_err();
        while !is_under_way() {
            thread::yield_now();
        }
        assert!(occupied(sim.services.answer(&client.caller, &request)));
        drop(store);
        assert!(matches!(first.join().unwrap(), Outcome::Answer(_)));
    });
    assert!(matches!(sim.services.answer(&client.caller, &request), Outcome::Answer(_)));
}

fn id_of(request: &[u8]) -> u32 {
    u32::from_le_bytes(*request.first_chunk().unwrap())
}

#[tokio::test]
async fn clients_catch_up_with_what_was_sent() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let enums::updates::State::State(start) = client.call(&functions::updates::GetState {}).await.unwrap();
    let mut ids = Vec::new();
    for random_id in 1..=3 {
        let sent = send(&client, document_of(small(1, 1, "a", "")), random_id).await.unwrap();
        ids.push((sent_id(&sent), random_id));
    }
    let since = |pts, pts_limit| functions::updates::GetDifference {
        pts,
        pts_limit,
        pts_total_limit: None,
        date: start.date,
        qts: 0,
        qts_limit: None,
    };
    let seen = |updates: Vec<enums::Update>| -> Vec<_> {
        let updates = updates.into_iter().map(|update| match update {
            enums::Update::MessageId(it) => (it.id, it.random_id),
            other => panic!("{other:?}"),
        });
        updates.collect()
    };
    let answer = client.call(&since(start.pts, Some(2))).await.unwrap();
    let enums::updates::Difference::Slice(slice) = answer else { panic!("{answer:?}") };
    assert_eq!((seen(slice.other_updates), slice.new_messages.len()), (ids[..2].to_vec(), 2));
    let enums::updates::State::State(state) = slice.intermediate_state;
    sim.people().delete_message(&number(FIRST_PHONE), ids[2].0).unwrap();
    let answer = client.call(&since(state.pts, None)).await.unwrap();
    let enums::updates::Difference::Difference(rest) = answer else { panic!("{answer:?}") };
    assert_eq!((seen(rest.other_updates), rest.new_messages.len()), (ids[2..].to_vec(), 0));
    let enums::updates::State::State(end) = client.call(&functions::updates::GetState {}).await.unwrap();
    assert_eq!(rest.state, enums::updates::State::State(end.clone()));
    let answer = client.call(&since(end.pts, None)).await.unwrap();
    assert!(matches!(answer, enums::updates::Difference::Empty(_)));
}

#[tokio::test]
async fn media_that_is_uploaded_first_is_sent_with_its_reference() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let before = count(&sim);
    let upload_media = |media| functions::messages::UploadMedia {
        business_connection_id: None,
        peer: enums::InputPeer::PeerSelf,
        media,
    };
    let file = upload(&client, "a.bin", b"some bytes").await;
    let answer = client.call(&upload_media(document_of(file))).await.unwrap();
    let enums::MessageMedia::Document(media) = answer else { panic!("{answer:?}") };
    let Some(enums::Document::Document(document)) = media.document else { panic!("a document") };
    let file = upload(&client, "a.png", &picture_of(50, 50)).await;
    let answer = client.call(&upload_media(photo_of(file))).await.unwrap();
    let enums::MessageMedia::Photo(media) = answer else { panic!("{answer:?}") };
    let Some(enums::Photo::Photo(photo)) = media.photo else { panic!("a photo") };
    assert_eq!(count(&sim), before);

    let existing = |file_reference: Vec<u8>| -> enums::InputMedia {
        let (id, access_hash) = (document.id, document.access_hash);
        let id = types::InputDocument { id, access_hash, file_reference }.into();
        types::InputMediaDocument {
            spoiler: false,
            id,
            video_cover: None,
            video_timestamp: None,
            ttl_seconds: None,
            query: None,
        }
        .into()
    };
    let sent = send(&client, existing(document.file_reference.clone()), 1).await.unwrap();
    assert_eq!(saved(&sim, sent_id(&sent)).size, 10);
    let id = types::InputPhoto {
        id: photo.id,
        access_hash: photo.access_hash,
        file_reference: photo.file_reference.clone(),
    };
    let media = types::InputMediaPhoto {
        spoiler: false,
        live_photo: false,
        id: id.into(),
        ttl_seconds: None,
        video: None,
    };
    let sent = send(&client, media.into(), 2).await.unwrap();
    assert_eq!(saved(&sim, sent_id(&sent)).kind, "photo");
    assert_eq!(count(&sim), before + 2);

    assert_refused(send(&client, existing(Vec::new()), 3).await, "FILE_REFERENCE_EMPTY");
    sim.people().expire_file_references(&number(FIRST_PHONE)).unwrap();
    let expired = send(&client, existing(document.file_reference.clone()), 3).await;
    assert_refused(expired, "FILE_REFERENCE_EXPIRED");
    sim.account("+15550000001", |_| ());
    let other = sim.client(2);
    sim.sign_in(&other, "+15550000001").await.unwrap();
    assert_refused(send(&other, existing(document.file_reference.clone()), 3).await, "MEDIA_EMPTY");
}

#[tokio::test]
async fn only_the_own_chat_takes_files() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"content").await.unwrap();
    let user_id = super::super::super::history::TELEGRAM_USER_ID;
    let telegram = types::InputPeerUser { user_id, access_hash: TELEGRAM_ACCESS_HASH };
    let to = |peer: enums::InputPeer| functions::messages::SendMedia {
        peer,
        ..send_media(document_of(small(1, 1, "a", "")), 1)
    };
    assert_refused(client.call(&to(telegram.into())).await, "CHAT_WRITE_FORBIDDEN");
    assert_refused(client.call(&to(enums::InputPeer::Empty)).await, "PEER_ID_INVALID");
    assert_refused(send(&client, enums::InputMedia::Empty, 1).await, "MEDIA_EMPTY");
    let dice = types::InputMediaDice { emoticon: "🎲".to_owned() };
    assert_refused(send(&client, dice.into(), 1).await, "MEDIA_INVALID");
    let stranger = sim.client(2);
    assert_refused(stranger.call(&to(enums::InputPeer::PeerSelf)).await, "AUTH_KEY_UNREGISTERED");
}

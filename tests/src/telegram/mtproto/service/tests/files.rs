//! The bytes of files: which parts of them one may ask for, where, and with what.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::super::super::people::sending::{SendAs, Sent};
use super::super::FileCalls;
use super::authorizations::{export, import};
use super::*;

const MIB: i64 = 1024 * 1024;

/// The message of this id as its owner gets it.
async fn media(client: &Client, id: i32) -> enums::MessageMedia {
    let id = vec![types::InputMessageId { id }.into()];
    let answer = client.call(&functions::messages::GetMessages { id }).await.unwrap();
    let enums::messages::Messages::Messages(found) = answer else { panic!("one message") };
    let enums::Message::Message(message) = &found.messages[0] else { panic!("it is there") };
    message.media.clone().unwrap()
}

async fn document(client: &Client, id: i32) -> types::Document {
    let enums::MessageMedia::Document(it) = media(client, id).await else { panic!("a document") };
    let Some(enums::Document::Document(document)) = it.document else { panic!("a document") };
    document
}

async fn photo(client: &Client, id: i32) -> types::Photo {
    let enums::MessageMedia::Photo(it) = media(client, id).await else { panic!("a photo") };
    let Some(enums::Photo::Photo(photo)) = it.photo else { panic!("a photo") };
    photo
}

fn of_document(document: &types::Document, thumb_size: &str) -> types::InputDocumentFileLocation {
    types::InputDocumentFileLocation {
        id: document.id,
        access_hash: document.access_hash,
        file_reference: document.file_reference.clone(),
        thumb_size: thumb_size.to_owned(),
    }
}

fn of_photo(photo: &types::Photo, thumb_size: &str) -> types::InputPhotoFileLocation {
    types::InputPhotoFileLocation {
        id: photo.id,
        access_hash: photo.access_hash,
        file_reference: photo.file_reference.clone(),
        thumb_size: thumb_size.to_owned(),
    }
}

fn get_file(
    location: impl Into<enums::InputFileLocation>,
    offset: i64,
    limit: i64,
) -> functions::upload::GetFile {
    let (location, limit) = (location.into(), i32::try_from(limit).unwrap());
    functions::upload::GetFile { precise: false, cdn_supported: false, location, offset, limit }
}

async fn read(
    client: &Client,
    request: &functions::upload::GetFile,
) -> Result<types::upload::File, RpcError> {
    let enums::upload::File::File(file) = client.call(request).await? else { panic!("there is no CDN") };
    Ok(file)
}

/// A client of the first account and a document of noise in the data centre that it is connected to.
async fn with_noise(size: u64) -> (Sim, Client, i32, types::Document) {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let id = sim.people().save_noise(&number(FIRST_PHONE), size, 2, Sent::default()).unwrap();
    let document = document(&client, id).await;
    (sim, client, id, document)
}

#[tokio::test]
async fn parts_make_the_file_and_the_end_is_short() {
    let size = 2 * MIB + 5000;
    let (sim, client, id, document) = with_noise(size.unsigned_abs()).await;
    assert_eq!(document.size, size);
    let whole = sim.people().read_saved(&number(FIRST_PHONE), id, 0..u64::MAX).unwrap().unwrap();
    for part in [4096, 128 * 1024, 512 * 1024, MIB] {
        let mut seen = Vec::new();
        loop {
            let offset = i64::try_from(seen.len()).unwrap();
            let file = read(&client, &get_file(of_document(&document, ""), offset, part)).await.unwrap();
            seen.extend_from_slice(&file.bytes);
            if file.bytes.len() < usize::try_from(part).unwrap() {
                break;
            }
        }
        assert!(seen == whole, "{part}");
    }
    let behind = read(&client, &get_file(of_document(&document, ""), 3 * MIB, MIB)).await.unwrap();
    assert_eq!(behind.bytes, [0; 0]);
}

#[tokio::test]
async fn offsets_and_limits_are_those_that_telegram_documents() {
    let (_sim, client, _, document) = with_noise(3 * MIB.unsigned_abs()).await;
    let cases = [
        (false, 0, 4096, Ok(())),
        (false, 4096, 4096, Ok(())),
        (false, MIB, MIB, Ok(())),
        (false, MIB - 4096, 4096, Ok(())),
        (false, -4096, 4096, Err("OFFSET_INVALID")),
        (false, 1024, 4096, Err("OFFSET_INVALID")),
        (false, 0, 0, Err("LIMIT_INVALID")),
        (false, 0, -4096, Err("LIMIT_INVALID")),
        (false, 0, 1024, Err("LIMIT_INVALID")),
        (false, 0, 12_288, Err("LIMIT_INVALID")),
        (false, 0, 2 * MIB, Err("LIMIT_INVALID")),
        (false, 4096, MIB, Err("LIMIT_INVALID")),
        (false, MIB - 4096, 8192, Err("LIMIT_INVALID")),
        (true, 1024, 1024, Ok(())),
        (true, 1024, 3072, Ok(())),
        (true, 0, MIB, Ok(())),
        (true, MIB - 1024, 1024, Ok(())),
        (true, 512, 1024, Err("OFFSET_INVALID")),
        (true, 0, 1000, Err("LIMIT_INVALID")),
        (true, 0, 0, Err("LIMIT_INVALID")),
        (true, 0, MIB + 1024, Err("LIMIT_INVALID")),
        (true, 1024, MIB, Err("LIMIT_INVALID")),
    ];
    for (precise, offset, limit, expected) in cases {
        let request = get_file(of_document(&document, ""), offset, limit);
        let request = functions::upload::GetFile { precise, ..request };
        let got = read(&client, &request).await.map(|file| file.bytes.len()).map_err(|error| error.name);
        let expected = expected.map(|()| usize::try_from(limit).unwrap()).map_err(str::to_owned);
        assert_eq!(got, expected, "{precise} {offset} {limit}");
    }
}

#[tokio::test]
async fn a_file_is_had_only_where_it_lies_by_who_is_known_there() {
    let sim = Sim::start();
    let home = sim.signed_in().await;
    for dc in [1, 3] {
        let id = sim.people().save_noise(&number(FIRST_PHONE), 5000, dc, Sent::default()).unwrap();
        let document = document(&home, id).await;
        assert_eq!(document.dc_id, dc);
        let request = get_file(of_document(&document, ""), 0, MIB);
        assert_refused(read(&home, &request).await, &format!("FILE_MIGRATE_{dc}"));
        let exported = export(&home, dc).await.unwrap();
        home.close();
        let away = sim.client(dc);
        assert_refused(read(&away, &request).await, "AUTH_KEY_UNREGISTERED");
        away.call(&import(exported)).await.unwrap();
        assert_eq!(read(&away, &request).await.unwrap().bytes.len(), 5000);
        away.close();
        home.services.opened(&home.caller);
    }
}

#[tokio::test]
async fn addresses_for_files_serve_files_and_nothing_else() {
    let (sim, home, id, document) = with_noise(5000).await;
    let request = get_file(of_document(&document, ""), 0, MIB);
    let media = sim.again(&home, true);
    assert_eq!(read(&media, &request).await.unwrap().bytes.len(), 5000);
    assert_refused(read(&sim.client(2), &request).await, "AUTH_KEY_UNREGISTERED");
    // A stranger's key is let in over the address for files too.
    let main = sim.client(1);
    let stranger = sim.again(&main, true);
    main.close();
    stranger.call(&import(export(&home, 1).await.unwrap())).await.unwrap();
    assert_refused(read(&stranger, &request).await, "FILE_MIGRATE_2");
    let id = vec![types::InputMessageId { id }.into()];
    let refusal =
        media.call(&functions::messages::GetMessages { id: id.clone() }).await.map(drop).unwrap_err();
    assert!(refusal.name.starts_with("INPUT_METHOD_INVALID"), "{refusal}");
    home.call(&functions::messages::GetMessages { id }).await.unwrap();
    assert_eq!(sim.people().file_calls(), FileCalls { main: 1, media: 2 });
}

#[tokio::test]
async fn references_expire_and_a_message_brings_a_fresh_one() {
    let (sim, client, id, document) = with_noise(5000).await;
    let request = |of: &types::Document| get_file(of_document(of, ""), 0, MIB);
    sim.advance(3599);
    read(&client, &request(&document)).await.unwrap();
    sim.advance(1);
    assert_refused(read(&client, &request(&document)).await, "FILE_REFERENCE_EXPIRED");
    let document = self::document(&client, id).await;
    read(&client, &request(&document)).await.unwrap();
    sim.people().expire_file_references(&number(FIRST_PHONE)).unwrap();
    assert_refused(read(&client, &request(&document)).await, "FILE_REFERENCE_EXPIRED");
    let mut document = self::document(&client, id).await;
    read(&client, &request(&document)).await.unwrap();
    document.file_reference[3] ^= 1;
    assert_refused(read(&client, &request(&document)).await, "FILE_REFERENCE_INVALID");
    document.file_reference.truncate(4);
    assert_refused(read(&client, &request(&document)).await, "FILE_REFERENCE_INVALID");
    document.file_reference.clear();
    assert_refused(read(&client, &request(&document)).await, "FILE_REFERENCE_EMPTY");
}

#[tokio::test]
async fn a_wrong_location_names_nothing() {
    let (sim, client, _, document) = with_noise(5000).await;
    let good = of_document(&document, "");
    let refused = async |location: enums::InputFileLocation, name: &str| {
        assert_refused(read(&client, &get_file(location, 0, MIB)).await, name);
    };
    let id = document.id + 1;
    refused(types::InputDocumentFileLocation { id, ..good.clone() }.into(), "FILE_ID_INVALID").await;
    let access_hash = document.access_hash + 1;
    refused(types::InputDocumentFileLocation { access_hash, ..good.clone() }.into(), "FILE_ID_INVALID").await;
    for thumb_size in ["m", "mm", "i"] {
        refused(of_document(&document, thumb_size).into(), "LOCATION_INVALID").await;
    }
    let types::InputDocumentFileLocation { id, access_hash, file_reference, thumb_size } = good.clone();
    let as_photo = types::InputPhotoFileLocation { id, access_hash, file_reference, thumb_size };
    refused(as_photo.into(), "FILE_ID_INVALID").await;
    refused(enums::InputFileLocation::InputTakeoutFileLocation, "LOCATION_INVALID").await;
    let other = sim.client(2);
    sim.account("+15550000001", |_| {});
    sim.sign_in(&other, "+15550000001").await.unwrap();
    assert_refused(read(&other, &get_file(good, 0, MIB)).await, "FILE_ID_INVALID");
}

#[tokio::test]
async fn every_size_that_is_a_file_can_be_had_and_is_as_large_as_it_says() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let saved = sim.saved(FIRST_PHONE);
    let at_home = |kind: &str| {
        let file = saved.iter().filter(|it| it.file.as_ref().is_some_and(|it| it.kind == kind && it.dc == 2));
        file.map(|message| message.id).collect::<Vec<_>>()
    };
    let mut seen = BTreeSet::new();
    for id in at_home("photo") {
        let photo = photo(&client, id).await;
        for size in &photo.sizes {
            let (letter, expected) = match size {
                enums::PhotoSize::Size(it) => (&it.r#type, usize::try_from(it.size).unwrap()),
                enums::PhotoSize::PhotoCachedSize(it) => (&it.r#type, it.bytes.len()),
                enums::PhotoSize::Progressive(it) => {
                    assert!(it.sizes.is_sorted());
                    (&it.r#type, usize::try_from(*it.sizes.last().unwrap()).unwrap())
                }
                enums::PhotoSize::PhotoStrippedSize(it) => {
                    assert_eq!((it.r#type.as_str(), it.bytes[0]), ("i", 1));
                    continue;
                }
                _ => panic!("photos have no other sizes"),
            };
            let file = read(&client, &get_file(of_photo(&photo, letter), 0, MIB)).await.unwrap();
            assert_eq!(file.r#type, enums::storage::FileType::FileJpeg);
            assert_eq!(file.bytes.len(), expected, "{letter}");
            assert!(file.bytes.starts_with(&[0xff, 0xd8]) && file.bytes.ends_with(&[0xff, 0xd9]));
            seen.insert(letter.clone());
        }
        assert_refused(read(&client, &get_file(of_photo(&photo, ""), 0, MIB)).await, "LOCATION_INVALID");
    }
    assert_eq!(seen.into_iter().collect::<String>(), "mxy");
    let video = document(&client, at_home("video")[0]).await;
    let thumb = read(&client, &get_file(of_document(&video, "m"), 0, MIB)).await.unwrap();
    assert!(thumb.bytes.starts_with(&[0xff, 0xd8]));
    assert_eq!(
        read(&client, &get_file(of_document(&video, ""), 0, MIB)).await.unwrap().bytes[4..8],
        *b"ftyp"
    );
    let sticker = document(&client, at_home("sticker")[0]).await;
    let thumb = read(&client, &get_file(of_document(&sticker, "m"), 0, MIB)).await.unwrap();
    assert_eq!(thumb.r#type, enums::storage::FileType::FileWebp);
    assert_eq!(thumb.bytes[8..12], *b"WEBP");
}

#[tokio::test]
async fn hashes_are_those_of_the_parts() {
    let (sim, client, id, document) = with_noise(2_300_000).await;
    let whole = sim.people().read_saved(&number(FIRST_PHONE), id, 0..u64::MAX).unwrap().unwrap();
    let mut seen = 0;
    while seen < whole.len() {
        let (location, offset) = (of_document(&document, "").into(), i64::try_from(seen).unwrap());
        let hashes = client.call(&functions::upload::GetFileHashes { location, offset }).await.unwrap();
        for enums::FileHash::Hash(hash) in hashes {
            assert_eq!(usize::try_from(hash.offset).unwrap(), seen);
            let part = &whole[seen..seen + usize::try_from(hash.limit).unwrap()];
            assert_eq!(hash.hash, Sha256::digest(part).to_vec());
            seen += part.len();
        }
    }
    let (location, offset) = (of_document(&document, "").into(), -1);
    let before = client.call(&functions::upload::GetFileHashes { location, offset }).await;
    assert_refused(before, "OFFSET_INVALID");
}

#[tokio::test]
async fn what_is_sent_is_what_is_read_and_pictures_become_photos() {
    let sim = Sim::start();
    let (client, first) = (sim.signed_in().await, number(FIRST_PHONE));
    let send = |bytes: &[u8], mime_type: &str, send_as| {
        let mut sending = sim.people().send();
        for part in bytes.chunks(70_000) {
            sending.write(part).unwrap();
        }
        let (name, mime_type) = (Some("имя.bin".to_owned()), mime_type.to_owned());
        sending.finish(&first, Sent { name, mime_type, caption: "A caption".to_owned(), send_as })
    };
    let noise: Vec<u8> = (0..600_000_u32).map(|at| at.to_le_bytes()[at as usize % 3]).collect();
    let id = send(&noise, "text/plain", SendAs::Auto).unwrap();
    let it = document(&client, id).await;
    let part = read(&client, &get_file(of_document(&it, ""), 524_288, 524_288)).await.unwrap();
    assert!(part.bytes == noise[524_288..]);
    assert_eq!(sim.people().read_saved(&first, id, 7..9).unwrap().unwrap(), noise[7..9]);
    let newest = sim.saved(FIRST_PHONE).remove(0);
    assert_eq!((newest.id, newest.text.as_str()), (id, "A caption"));
    assert_eq!(newest.file.unwrap().name.as_deref(), Some("имя.bin"));

    let jpeg = super::super::super::content::bundled("landscape-x.jpg");
    let id = send(jpeg, "image/jpeg", SendAs::Auto).unwrap();
    assert_eq!(photo(&client, id).await.sizes.len(), 3);
    let id = send(jpeg, "image/jpeg", SendAs::Document).unwrap();
    let it = document(&client, id).await;
    assert_eq!((it.size, it.thumbs.unwrap().len()), (i64::try_from(jpeg.len()).unwrap(), 2));
    let refusals = [send(&noise, "image/jpeg", SendAs::Photo), send(&[], "text/plain", SendAs::Auto)];
    let refusals = refusals.map(|refusal| refusal.unwrap_err().to_string());
    assert_eq!(refusals, ["That file cannot be a photo.", "A file is not empty."]);
}

#[tokio::test]
async fn faults_strike_reading_too() {
    let (sim, client, _, document) = with_noise(5000).await;
    let request = get_file(of_document(&document, ""), 0, MIB);
    sim.plan("upload.getFile", "FLOOD_PREMIUM_WAIT_3", Moment::Before);
    assert_refused(read(&client, &request).await, "FLOOD_PREMIUM_WAIT_3");
    sim.plan("upload.getFile", "FILE_REFERENCE_EXPIRED", Moment::After);
    assert_refused(read(&client, &request).await, "FILE_REFERENCE_EXPIRED");
    read(&client, &request).await.unwrap();
}

//! Parts of files: which ones are taken, and how long they are kept.

use grammers_tl_types::Serializable as _;

use super::super::super::uploads::PART_LIFE_S;
use super::super::FileCalls;
use super::authorizations::{export, import};
use super::media::{document_of, send, send_media, sent_id};
use super::*;

const PART: usize = 512 * 1024;

/// Saves a part of a small file.
pub(super) async fn save_small(
    client: &Client,
    file_id: i64,
    file_part: i32,
    bytes: &[u8],
) -> Result<bool, RpcError> {
    client.call(&functions::upload::SaveFilePart { file_id, file_part, bytes: bytes.to_owned() }).await
}

/// Saves a part of a big file; -1 parts in all if it is not known of how many.
pub(super) async fn save_big(
    client: &Client,
    file_id: i64,
    (file_part, file_total_parts): (i32, i32),
    bytes: &[u8],
) -> Result<bool, RpcError> {
    let bytes = bytes.to_owned();
    client.call(&functions::upload::SaveBigFilePart { file_id, file_part, file_total_parts, bytes }).await
}

/// A file as it is named after its parts were saved.
pub(super) fn small(id: i64, parts: i32, name: &str, md5_checksum: &str) -> enums::InputFile {
    let (name, md5_checksum) = (name.to_owned(), md5_checksum.to_owned());
    types::InputFile { id, parts, name, md5_checksum }.into()
}

pub(super) fn big(id: i64, parts: i32) -> enums::InputFile {
    types::InputFileBig { id, parts, name: "big.bin".to_owned() }.into()
}

/// Bytes of which no two parts are the same.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from((at / 7 + at / 4096) % 251).unwrap()).collect()
}

/// What is held as the file of a message, which has to be these bytes.
fn assert_holds(sim: &Sim, message_id: i32, expected: &[u8]) {
    use sha2::Digest as _;

    let phone = number(FIRST_PHONE);
    let held = sim.people().read_saved(&phone, message_id, 0..u64::MAX).unwrap().unwrap();
    assert!(held == expected, "{} bytes of {}", held.len(), expected.len());
    let sha256 = sim.people().sent_sha256(&phone, message_id).unwrap().unwrap();
    assert_eq!(sha256, hex::encode(sha2::Sha256::digest(expected)));
}

#[tokio::test]
async fn parts_in_any_order_make_the_file() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    for (file_id, part, size) in [(1, PART, 3 * PART + 5), (2, 128 * 1024, 700_000), (3, 1024, 5 * 1024)] {
        let whole = content(size);
        let parts: Vec<_> = whole.chunks(part).collect();
        let total = i32::try_from(parts.len()).unwrap();
        for number in (0..total).rev() {
            let bytes = parts[usize::try_from(number).unwrap()];
            assert_eq!(save_big(&client, file_id, (number, total), bytes).await, Ok(true));
            assert_eq!(save_small(&client, file_id, number, bytes).await, Ok(true));
        }
        let sent = send(&client, document_of(big(file_id, total)), file_id).await.unwrap();
        assert_holds(&sim, sent_id(&sent), &whole);
        let md5 = hex::encode(<md5::Md5 as sha2::Digest>::digest(&whole));
        let sent = send(&client, document_of(small(file_id, total, "a", &md5)), 100 + file_id).await.unwrap();
        assert_holds(&sim, sent_id(&sent), &whole);
    }
}

#[tokio::test]
async fn parts_are_refused_by_telegrams_names() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let full = vec![1; PART];
    for (part, bytes, name) in [
        ((0, 0), &full[..], "FILE_PARTS_INVALID"),
        ((0, 4001), &full, "FILE_PARTS_INVALID"),
        ((0, -2), &full, "FILE_PARTS_INVALID"),
        ((-1, 3), &full, "FILE_PART_INVALID"),
        ((3, 3), &full, "FILE_PART_INVALID"),
        ((4000, -1), &full, "FILE_PART_INVALID"),
        ((0, 3), &vec![1; PART + 1], "FILE_PART_TOO_BIG"),
        ((0, 3), &[], "FILE_PART_EMPTY"),
        ((0, 3), &full[..1000], "FILE_PART_SIZE_INVALID"),
        ((0, 3), &full[..3 * 1024], "FILE_PART_SIZE_INVALID"),
    ] {
        assert_refused(save_big(&client, 7, part, bytes).await, name);
    }
    assert_refused(save_small(&client, 7, 4000, &full).await, "FILE_PART_INVALID");
    assert_refused(save_small(&client, 7, -1, &full).await, "FILE_PART_INVALID");
    assert_refused(save_small(&client, 7, 0, &[]).await, "FILE_PART_EMPTY");
    assert_refused(save_small(&client, 7, 0, &vec![1; PART + 1]).await, "FILE_PART_TOO_BIG");
    save_big(&client, 8, (0, 3), &full).await.unwrap();
    assert_refused(save_big(&client, 8, (1, 3), &full[..PART / 2]).await, "FILE_PART_SIZE_CHANGED");
    assert_refused(save_big(&client, 8, (1, 4), &full).await, "FILE_PARTS_INVALID");
    assert_eq!(sim.people().waiting_parts(&number(FIRST_PHONE)).unwrap(), 1);
    assert_eq!(sim.people().part_calls(), FileCalls { main: 17, media: 0 });
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_refused_by_telegrams_names() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let full = content(PART);
    for number in [0, 1, 3] {
        save_big(&client, 1, (number, 5), &full).await.unwrap();
        save_small(&client, 1, number, &full).await.unwrap();
    }
    let mut random_id = 0;
    let mut send_file = async |file| {
        random_id += 1;
        send(&client, document_of(file), random_id).await
    };
    assert_refused(send_file(big(1, 5)).await, "FILE_PART_2_MISSING");
    assert_refused(send_file(big(2, 5)).await, "FILE_PART_0_MISSING");
    assert_refused(send_file(small(1, 4, "a", "")).await, "FILE_PART_2_MISSING");
    assert_refused(send_file(big(1, 0)).await, "FILE_PARTS_INVALID");
    assert_refused(send_file(big(1, 4001)).await, "FILE_PARTS_INVALID");
    save_big(&client, 1, (2, 5), &full).await.unwrap();
    assert_refused(send_file(big(1, 5)).await, "FILE_PART_4_MISSING");
    assert_refused(send_file(big(1, 4)).await, "FILE_PARTS_INVALID");
    save_big(&client, 1, (4, 5), b"end").await.unwrap();
    assert!(send_file(big(1, 5)).await.is_ok());
    save_small(&client, 1, 2, &full).await.unwrap();
    let wrong = "0123456789abcdef0123456789abcdef";
    assert_refused(send_file(small(1, 4, "a", wrong)).await, "MD5_CHECKSUM_INVALID");
    assert!(send_file(small(1, 4, "a", "")).await.is_ok());
}

#[tokio::test]
async fn more_than_ten_megabytes_are_a_big_file() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let full = content(PART);
    for number in 0..20 {
        save_small(&client, 1, number, &full).await.unwrap();
    }
    assert!(send(&client, document_of(small(1, 20, "a", "")), 1).await.is_ok());
    for number in 0..=20 {
        save_small(&client, 2, number, &full).await.unwrap();
    }
    let refused = send(&client, document_of(small(2, 21, "a", "")), 2).await;
    assert_refused(refused, "FILE_PARTS_INVALID");
}

#[tokio::test]
async fn a_subscriber_sends_twice_as_many_parts() {
    let sim = Sim::start();
    sim.account("+15550000001", |new| new.premium = true);
    let client = sim.client(2);
    sim.sign_in(&client, "+15550000001").await.unwrap();
    save_big(&client, 1, (7999, 8000), b"end").await.unwrap();
    assert_refused(save_big(&client, 1, (0, 8001), b"end").await, "FILE_PARTS_INVALID");
    let refused = send(&client, document_of(big(1, 8000)), 1).await;
    assert_refused(refused, "FILE_PART_0_MISSING");
}

#[tokio::test]
async fn the_end_of_a_file_may_be_told_with_its_last_part() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let whole = content(2 * PART + 99);
    let parts: Vec<_> = whole.chunks(PART).collect();
    save_big(&client, 1, (0, -1), parts[0]).await.unwrap();
    save_big(&client, 1, (2, 3), parts[2]).await.unwrap();
    save_big(&client, 1, (1, -1), parts[1]).await.unwrap();
    let sent = send(&client, document_of(big(1, 3)), 1).await.unwrap();
    assert_holds(&sim, sent_id(&sent), &whole);
    save_big(&client, 2, (0, -1), parts[0]).await.unwrap();
    save_big(&client, 2, (1, 2), &[]).await.unwrap();
    let sent = send(&client, document_of(big(2, 2)), 2).await.unwrap();
    assert_holds(&sim, sent_id(&sent), parts[0]);
}

#[tokio::test]
async fn parts_grow_too_old_each_at_its_time() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let full = content(PART);
    save_big(&client, 1, (0, 2), &full).await.unwrap();
    sim.advance(PART_LIFE_S / 2);
    save_big(&client, 1, (1, 2), &full).await.unwrap();
    sim.advance(PART_LIFE_S / 2);
    assert_eq!(sim.people().waiting_parts(&number(FIRST_PHONE)).unwrap(), 1);
    assert_refused(send(&client, document_of(big(1, 2)), 1).await, "FILE_PART_0_MISSING");
    save_big(&client, 1, (0, 2), &full).await.unwrap();
    assert!(send(&client, document_of(big(1, 2)), 1).await.is_ok());
    save_big(&client, 2, (0, 1), &full).await.unwrap();
    sim.people().expire_parts(&number(FIRST_PHONE)).unwrap();
    assert_refused(send(&client, document_of(big(2, 1)), 2).await, "FILE_PART_0_MISSING");
    assert_eq!(sim.people().waiting_parts(&number(FIRST_PHONE)).unwrap(), 0);
}

#[tokio::test]
async fn what_is_too_old_leaves_the_disk() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let kept = || std::fs::read_dir(sim.folder.path().join("uploads")).unwrap().count();
    save_big(&client, 1, (0, 2), &content(PART)).await.unwrap();
    assert_eq!(kept(), 1);
    sim.advance(PART_LIFE_S);
    save_big(&client, 2, (0, 2), &content(PART)).await.unwrap();
    assert_eq!(kept(), 1);
    sim.services.reset().unwrap();
    assert!(!sim.folder.path().join("uploads").exists());
}

#[tokio::test]
async fn parts_and_files_outlive_the_process() {
    let mut sim = Sim::start();
    let client = sim.signed_in().await;
    let (whole, key) = (content(PART + 1), client.caller.key);
    save_big(&client, 1, (0, 2), &whole[..PART]).await.unwrap();
    sim = sim.restart();
    let client = sim.connected(Caller { key, ..client.caller });
    save_big(&client, 1, (1, 2), &whole[PART..]).await.unwrap();
    sim = sim.restart();
    let client = sim.connected(Caller { key, ..client.caller });
    let sent = send(&client, document_of(big(1, 2)), 1).await.unwrap();
    sim = sim.restart();
    assert_holds(&sim, sent_id(&sent), &whole);
}

#[tokio::test]
async fn parts_travel_over_addresses_for_files_too() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let media = sim.again(&client, true);
    let whole = content(PART + 1);
    save_big(&media, 1, (0, 2), &whole[..PART]).await.unwrap();
    save_big(&client, 1, (1, 2), &whole[PART..]).await.unwrap();
    assert_eq!(sim.people().part_calls(), FileCalls { main: 1, media: 1 });
    let request = send_media(document_of(big(1, 2)), 1);
    let constructor = u32::from_le_bytes(*request.to_bytes().first_chunk().unwrap());
    let unknown = format!("INPUT_METHOD_INVALID_{constructor}");
    assert_refused(media.call(&request).await, &unknown);
    let sent = send(&client, document_of(big(1, 2)), 1).await.unwrap();
    assert_holds(&sim, sent_id(&sent), &whole);
    assert_eq!(sim.summary(FIRST_PHONE).overlaps, 0);
}

#[tokio::test]
async fn parts_are_known_only_to_their_account_in_their_data_centre() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_big(&client, 1, (0, 1), b"mine").await.unwrap();
    sim.account("+15550000001", |_| ());
    let other = sim.client(2);
    sim.sign_in(&other, "+15550000001").await.unwrap();
    assert_refused(send(&other, document_of(big(1, 1)), 1).await, "FILE_PART_0_MISSING");
    let exported = export(&client, 1).await.unwrap();
    let away = sim.client(1);
    away.close();
    let away = sim.again(&away, true);
    away.call(&import(exported)).await.unwrap();
    save_big(&away, 2, (0, 1), b"mine").await.unwrap();
    assert_refused(send(&client, document_of(big(2, 1)), 2).await, "FILE_PART_0_MISSING");
    let stranger = sim.client(2);
    assert_refused(save_big(&stranger, 1, (0, 1), b"mine").await, "AUTH_KEY_UNREGISTERED");
    assert!(send(&client, document_of(big(1, 1)), 3).await.is_ok());
}

#[tokio::test]
async fn a_part_that_comes_after_the_file_was_made_begins_another() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    save_small(&client, 1, 0, b"first").await.unwrap();
    let first = send(&client, document_of(small(1, 1, "a", "")), 1).await.unwrap();
    // The same upload may be sent again as it is.
    let again = send(&client, document_of(small(1, 1, "a", "")), 2).await.unwrap();
    save_small(&client, 1, 0, b"another").await.unwrap();
    let another = send(&client, document_of(small(1, 1, "a", "")), 3).await.unwrap();
    for (sent, expected) in [(first, &b"first"[..]), (again, b"first"), (another, b"another")] {
        assert_holds(&sim, sent_id(&sent), expected);
    }
}

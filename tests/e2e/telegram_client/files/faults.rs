//! What goes wrong while a file is read.

use std::time::Duration;

use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::files::ReadError;
use lambdagram_tests::telegram::faults::Moment;
use tokio::time::Instant;

use super::support::{Book, HOME_DC, Library, PART, phone, read};

const GET_FILE: &str = "upload.getFile";

/// Ten parts, and a bit.
const SIZE: u64 = 10 * PART + 77;

async fn library() -> (Library, Book) {
    let mut library = Library::open().await;
    let book = library.add(SIZE, HOME_DC).await;
    (library, book)
}

/// Reads the file, and expects it whole.
async fn read_whole(library: &Library, book: &Book, window: usize) {
    let mut reader = library.reader(book, 0..SIZE, window);
    let bytes = read(&mut reader).await.unwrap();
    reader.close().await;
    assert!(bytes == library.content(book, 0..SIZE), "the bytes differ");
    assert!(library.is_alone());
}

#[tokio::test]
async fn failures_that_pass_are_not_noticed() {
    for error in ["FLOOD_WAIT_1", "FLOOD_PREMIUM_WAIT_1", "drop", "TIMEOUT", "INTERNAL_SERVER_ERROR"] {
        for moment in [Moment::Before, Moment::After] {
            let (library, book) = library().await;
            library.cloud.plan(GET_FILE, error, 3, moment);
            read_whole(&library, &book, 4).await;
            assert_eq!(library.cloud.hits(GET_FILE), 3, "{error}");
        }
    }
}

#[tokio::test]
async fn connections_that_are_closed_again_and_again_are_replaced() {
    let (library, book) = library().await;
    let cluster = library.cloud.cloud.cluster().clone();
    let mut reader = library.reader(&book, 0..SIZE, 3);
    let mut bytes = Vec::new();
    while let Some(part) = reader.next().await.unwrap() {
        bytes.extend_from_slice(&part);
        for key in cluster.keys().ids(HOME_DC) {
            cluster.disconnect(key);
        }
    }
    assert!(bytes == library.content(&book, 0..SIZE), "the bytes differ");
    assert!(library.is_alone());
}

#[tokio::test]
async fn a_reference_that_expires_in_the_middle_is_replaced_by_looking_again() {
    let (mut library, book) = library().await;
    let mut reader = library.reader(&book, 0..SIZE, 2);
    let mut bytes = reader.next().await.unwrap().unwrap().to_vec();
    library.cloud.cloud.people().expire_file_references(&phone()).unwrap();
    let error = loop {
        match reader.next().await {
            Ok(part) => bytes.extend_from_slice(&part.unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(error, ReadError::Reference);
    assert!((bytes.len() as u64) < SIZE);
    let again = library.find(book.id).await;
    reader.go_on(library.source(&again));
    bytes.extend(read(&mut reader).await.unwrap());
    assert!(bytes == library.content(&book, 0..SIZE), "the bytes differ");
    assert!(library.is_alone());
}

#[tokio::test]
async fn a_long_flood_is_told_before_the_first_byte_and_waited_for_after_it() {
    let (library, book) = library().await;
    library.cloud.plan(GET_FILE, "FLOOD_WAIT_4", 2, Moment::Before);
    let mut reader = library.reader(&book, 0..SIZE, 1);
    assert_eq!(reader.next().await, Err(TelegramError::Flood { seconds: 4 }.into()));
    drop(reader);

    let mut reader = library.reader(&book, 0..SIZE, 1);
    assert!(reader.next().await.is_err(), "the rest of the plan");
    let mut bytes = reader.next().await.unwrap().unwrap().to_vec();
    library.cloud.plan(GET_FILE, "FLOOD_WAIT_4", 1, Moment::Before);
    let start = Instant::now();
    bytes.extend(read(&mut reader).await.unwrap());
    assert!(start.elapsed() >= Duration::from_secs(4));
    assert!(bytes == library.content(&book, 0..SIZE), "the bytes differ");
}

#[tokio::test]
async fn what_goes_on_failing_is_told_behind_what_came() {
    let (library, book) = library().await;
    let mut reader = library.reader(&book, 0..SIZE, 1);
    let first = reader.next().await.unwrap().unwrap();
    assert!(first[..] == library.content(&book, 0..PART));
    // The next part may be under way already, so it comes.
    let _second = reader.next().await.unwrap();
    library.cloud.plan(GET_FILE, "LOCATION_INVALID", 10, Moment::Before);
    let error = loop {
        if let Err(error) = reader.next().await {
            break error;
        }
    };
    assert!(matches!(error, ReadError::Telegram(error) if error.is("LOCATION_INVALID")));
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_meanwhile_is_no_trouble() {
    let (library, book) = library().await;
    read_whole(&library, &book, 8).await;
    assert_eq!(library.pool.idle(), 1);
    let cluster = library.cloud.cloud.cluster().clone();
    for key in cluster.keys().ids(HOME_DC) {
        cluster.disconnect(key);
    }
    read_whole(&library, &book, 8).await;
    assert_eq!(library.pool.idle(), 1);
}

#[tokio::test]
async fn a_salt_that_has_passed_meanwhile_is_replaced_for_all_parts() {
    let (mut library, mut book) = library().await;
    let old = library.session.keys[&HOME_DC].clone();
    for _ in 0..3 {
        read_whole(&library, &book, 8).await;
        library.cloud.clock.advance(Duration::from_hours(2));
        // References pass as well. Who reads has the session as it was.
        book = library.find(book.id).await;
        library.session.keys.insert(HOME_DC, old.clone());
    }
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_asked_again_over_another_connection() {
    let (library, book) = library().await;
    library.cloud.plan(GET_FILE, "hang", 1, Moment::Before);
    read_whole(&library, &book, 8).await;
    assert_eq!(library.cloud.hits(GET_FILE), 1);
}

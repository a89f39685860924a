//! Files in other data centres than the account's.

use lambdagram_domain::media::FileLocation;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::auth::who_am_i;
use lambdagram_telegram::mtproto::files::{Piece, Place, ReadError, Source};

use super::super::support::OTHER_DC;
use super::support::{Book, HOME_DC, Library, PART, read};

/// A data centre that has an address for files alone, and is not the account's.
const FILES_DC: i32 = 1;

#[tokio::test]
async fn a_login_is_copied_to_where_the_file_is_and_its_key_serves_again() {
    let mut library = Library::open().await;
    let book = library.add(3 * PART, FILES_DC).await;
    assert!(!library.session.keys.contains_key(&FILES_DC));
    library.copy_login(FILES_DC).await.unwrap();
    let key = library.session.keys[&FILES_DC].key.clone();
    let bytes = read(&mut library.reader(&book, 0..3 * PART, 4)).await.unwrap();
    assert!(bytes == library.content(&book, 0..3 * PART), "the bytes differ");
    library.copy_login(FILES_DC).await.unwrap();
    assert!(library.session.keys[&FILES_DC].key == key, "a key that is known is used again");
    assert_eq!(library.cloud.cloud.people().file_calls().main, 0);
    assert_eq!(library.cloud.authorizations(&super::super::support::owner()), 1);
    assert!(library.is_alone());
}

#[tokio::test]
async fn a_key_that_was_forgotten_elsewhere_is_replaced_when_the_login_is_copied_again() {
    let mut library = Library::open().await;
    let book = library.add(4 * PART, FILES_DC).await;
    library.copy_login(FILES_DC).await.unwrap();
    let mut reader = library.reader(&book, 0..4 * PART, 1);
    let mut bytes = reader.next().await.unwrap().unwrap().to_vec();
    let cluster = library.cloud.cloud.cluster().clone();
    for id in cluster.keys().ids(FILES_DC) {
        assert!(cluster.forget(FILES_DC, id));
    }
    // What was asked for before may still come.
    let error = loop {
        match reader.next().await {
            Ok(part) => bytes.extend_from_slice(&part.unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(error, ReadError::NotSignedIn);
    let before = library.session.keys[&FILES_DC].key.clone();
    library.copy_login(FILES_DC).await.unwrap();
    assert!(library.session.keys[&FILES_DC].key != before);
    reader.go_on(library.source(&book));
    bytes.extend(read(&mut reader).await.unwrap());
    assert!(bytes == library.content(&book, 0..4 * PART), "the bytes differ");
    assert!(library.is_alone());
}

#[tokio::test]
async fn a_file_that_has_moved_says_where_it_is() {
    let mut library = Library::open().await;
    let book = library.add(2 * PART, FILES_DC).await;
    library.copy_login(FILES_DC).await.unwrap();
    let stale = Book { id: book.id, location: FileLocation { dc: HOME_DC, ..book.location.clone() } };
    let mut reader = library.reader(&stale, 0..2 * PART, 4);
    assert_eq!(reader.next().await, Err(ReadError::Elsewhere { dc: FILES_DC }));
    reader.go_on(library.source(&book));
    let bytes = read(&mut reader).await.unwrap();
    assert!(bytes == library.content(&book, 0..2 * PART), "the bytes differ");
}

#[tokio::test]
async fn a_key_that_is_not_signed_in_is_told() {
    let mut library = Library::open().await;
    let book = library.add(PART, FILES_DC).await;
    library.cloud.plan(
        "auth.importAuthorization",
        "AUTH_BYTES_INVALID",
        1,
        lambdagram_tests::telegram::faults::Moment::Before,
    );
    assert!(library.copy_login(FILES_DC).await.unwrap_err().is("AUTH_BYTES_INVALID"));
    let mut reader = library.reader(&book, 0..PART, 1);
    assert_eq!(reader.next().await, Err(ReadError::NotSignedIn));
    library.copy_login(FILES_DC).await.unwrap();
    assert_eq!(read(&mut reader).await.unwrap().len() as u64, PART);
}

#[tokio::test]
async fn a_data_centre_without_an_address_for_files_is_read_over_one_main_connection_at_a_time() {
    let mut library = Library::open().await;
    let book = library.add(3 * PART, OTHER_DC).await;
    let mut link = library.cloud.link(&mut library.session);
    who_am_i(&mut link).await.unwrap();
    lambdagram_telegram::mtproto::copy_login(&mut link, OTHER_DC).await.unwrap();
    // The link makes another connection when it is needed.
    who_am_i(&mut link).await.unwrap();
    link.close().await;
    for _ in 0..2 {
        let place = Place {
            dc: OTHER_DC,
            address: library.cloud.telegram.servers().address(OTHER_DC).unwrap(),
            key: library.session.keys[&OTHER_DC].clone(),
            keep: false,
        };
        let source = Source { place, file: Piece::File.of(&book.location) };
        let mut reader = library.reader_from(source, &book, 0..3 * PART, 4);
        let bytes = read(&mut reader).await.unwrap();
        reader.close().await;
        assert!(bytes == library.content(&book, 0..3 * PART), "the bytes differ");
        let mut link = library.cloud.link(&mut library.session);
        who_am_i(&mut link).await.unwrap();
        link.close().await;
    }
    assert_eq!(library.pool.idle(), 0);
    assert_eq!(library.cloud.cloud.people().file_calls().main, 6);
    assert!(library.is_alone());
}

#[tokio::test]
async fn a_login_is_not_copied_to_where_it_lives_or_to_nowhere() {
    let mut library = Library::open().await;
    for dc in [HOME_DC, 9] {
        assert!(matches!(library.copy_login(dc).await, Err(TelegramError::Protocol(_))));
    }
    assert_eq!(library.session.keys.len(), 1);
}

//! Files are read as they are.

use std::time::Duration;

use futures_util::future::join_all;
use lambdagram_domain::media::{FileKind, MessageId, ThumbnailContent};
use lambdagram_telegram::mtproto::files::Piece;
use lambdagram_telegram::mtproto::saved_messages::{Walk, around};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::support::{Book, HOME_DC, Library, PART, phone, read};

#[tokio::test]
async fn a_file_is_read_byte_for_byte_over_an_address_for_files() {
    let mut library = Library::open().await;
    let size = 5 * PART + 1_234;
    let book = library.add(size, HOME_DC).await;
    let mut reader = library.reader(&book, 0..size, 8);
    let bytes = read(&mut reader).await.unwrap();
    reader.close().await;
    assert!(bytes == library.content(&book, 0..size), "the bytes differ");
    let calls = library.cloud.cloud.people().file_calls();
    assert_eq!((calls.main, calls.media), (0, 6));
    assert_eq!(library.pool.idle(), 1);
    assert!(library.is_alone());
}

#[tokio::test]
async fn any_range_of_any_file_is_read_byte_for_byte_with_any_window() {
    let mut library = Library::open().await;
    let borders = [1, 2, 1_023, 1_024, 1_025, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 5 * PART / 2];
    let mut books = Vec::new();
    for size in borders {
        books.push(library.add(size, HOME_DC).await);
    }
    let mut runner = TestRunner::deterministic();
    let cases = (0..books.len(), 0.0..1.0_f64, 0.0..1.0_f64, 1..9_usize);
    for _ in 0..60 {
        let (which, first, share, window) = cases.new_tree(&mut runner).unwrap().current();
        let book: &Book = &books[which];
        let size = book.location.size;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "the products are small and not negative"
        )]
        let part_of = |whole: u64, share: f64| (whole as f64 * share) as u64;
        let first = part_of(size, first).min(size - 1);
        let end = first + 1 + part_of(size - first, share).min(size - first - 1);
        let mut reader = library.reader(book, first..end, window);
        let bytes = read(&mut reader).await.unwrap();
        reader.close().await;
        assert!(bytes == library.content(book, first..end), "{first}..{end} of {size} by {window}");
    }
    assert_eq!(library.pool.idle(), 1, "one connection served them all");
}

#[tokio::test]
async fn several_files_are_read_at_once() {
    let mut library = Library::open().await;
    let size = 4 * PART;
    let book = library.add(size, HOME_DC).await;
    let expected = library.content(&book, 0..size);
    let reads = (0..6).map(|_| async {
        let mut reader = library.reader(&book, 0..size, 4);
        let bytes = read(&mut reader).await.unwrap();
        reader.close().await;
        assert!(bytes == expected, "the bytes differ");
    });
    join_all(reads).await;
    assert_eq!(library.pool.idle(), 4);
    assert!(library.is_alone());
}

#[tokio::test]
async fn photos_and_smaller_pictures_are_files_too() {
    let mut library = Library::open().await;
    let mut link = library.cloud.link(&mut library.session);
    let mut walk = Walk::before(None);
    let mut books = Vec::new();
    while !walk.has_ended() {
        let entries = walk.step(&mut link, 100).await.unwrap();
        let files = entries.into_iter().filter_map(|entry| Some((entry.id, entry.media?.location)));
        books.extend(files.map(|(id, location)| Book { id, location }));
    }
    link.close().await;
    let (mut photos, mut pictures) = (0, 0);
    for book in books.iter().filter(|book| library.session.keys.contains_key(&book.location.dc)) {
        if matches!(book.location.kind, FileKind::Photo { .. }) {
            let mut reader = library.reader(book, 0..book.location.size, 2);
            assert!(read(&mut reader).await.unwrap() == library.content(book, 0..book.location.size));
            photos += 1;
        }
        for thumbnail in &book.location.thumbnails {
            let ThumbnailContent::Remote { bytes: size } = thumbnail.content else { continue };
            let source = library.source_of(book, &Piece::Size(thumbnail.name.clone()));
            let book = Book { id: book.id, location: sized(book, size) };
            let picture = read(&mut library.reader_from(source, &book, 0..size, 2)).await.unwrap();
            assert_eq!(picture.len() as u64, size);
            assert!(
                picture.starts_with(b"\xff\xd8\xff") || picture.starts_with(b"RIFF"),
                "{}",
                thumbnail.name
            );
            pictures += 1;
        }
    }
    assert!(photos > 0 && pictures > photos, "{photos} {pictures}");
}

fn sized(book: &Book, size: u64) -> lambdagram_domain::media::FileLocation {
    lambdagram_domain::media::FileLocation { size, ..book.location.clone() }
}

#[tokio::test]
async fn a_message_is_found_among_its_neighbours_and_one_of_another_chat_is_not() {
    let mut library = Library::open().await;
    library.session.media = lambdagram_domain::session::MediaServers::default();
    let people = library.cloud.cloud.people();
    let kept = people.saved_messages(&phone()).unwrap();
    let elsewhere = people.messages_elsewhere(&phone()).unwrap();
    let deleted = people.deleted_messages(&phone()).unwrap();
    let mut link = library.cloud.link(&mut library.session);
    for message in kept.iter().step_by(7) {
        let page = around(&mut link, MessageId::new(message.id).unwrap()).await.unwrap();
        let entry = page.entries.iter().find(|entry| entry.id.get() == message.id).unwrap();
        assert_eq!(entry.media.is_some(), message.file.is_some());
        assert!(page.entries.len() > 20.min(kept.len() - 1));
    }
    assert!(!elsewhere.is_empty() && !deleted.is_empty());
    for id in elsewhere.into_iter().chain(deleted).chain([i32::MAX]) {
        let page = around(&mut link, MessageId::new(id).unwrap()).await.unwrap();
        assert!(page.entries.iter().all(|entry| entry.id.get() != id));
    }
    // They came along with the first page.
    assert_eq!(link.session().media.addresses.keys().copied().collect::<Vec<_>>(), [1, 2]);
    link.close().await;
}

#[tokio::test]
async fn who_stops_waiting_and_comes_again_gets_every_byte_once() {
    let mut library = Library::open().await;
    let size = 6 * PART + 1;
    let book = library.add(size, HOME_DC).await;
    let mut reader = library.reader(&book, 0..size, 3);
    let (mut all, mut given_up) = (Vec::new(), 0);
    loop {
        match tokio::time::timeout(Duration::from_micros(200), reader.next()).await {
            Ok(Ok(Some(bytes))) => all.extend_from_slice(&bytes),
            Ok(end) => break assert_eq!(end, Ok(None)),
            Err(_) => given_up += 1,
        }
    }
    assert!(given_up > 0);
    assert!(all == library.content(&book, 0..size), "the bytes differ");
    assert_eq!(library.cloud.cloud.people().file_calls().media, 7);
}

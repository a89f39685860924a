//! Files are read as they are.

use super::support::{HOME_DC, Library, PART, read};

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
}

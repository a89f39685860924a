//! An account with files, and readers of them.

use std::ops::Range;
use std::time::Duration;

use lambdagram_domain::media::{FileLocation, MessageId, Parts};
use lambdagram_domain::range::ByteRange;
use lambdagram_domain::session::Session;
use lambdagram_telegram::mtproto::files::{MediaPool, Piece, ReadError, Reader, Source};
use lambdagram_telegram::mtproto::saved_messages::around;
use lambdagram_telegram::mtproto::{TelegramError, copy_login};
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, Phone};
use lambdagram_tests::telegram::mtproto::people::sending::{SendAs, Sent};
use tokio::time::Instant;

pub(super) use super::super::support::HOME_DC;
use super::super::support::{TestCloud, owner, place_for_files};

/// Bytes of the largest part.
pub(super) const PART: u64 = 512 * 1024;

/// Longer than a test takes.
const LONG: Duration = Duration::from_mins(1);

/// A person who is signed in, and what a process keeps for them.
pub(super) struct Library {
    pub(super) cloud: TestCloud,
    pub(super) session: Session,
    pub(super) pool: MediaPool,
}

/// A file of the person.
pub(super) struct Book {
    pub(super) id: MessageId,
    pub(super) location: FileLocation,
}

impl Library {
    pub(super) async fn open() -> Self {
        let (cloud, session) = TestCloud::with_owner().await;
        Self { cloud, session, pool: MediaPool::new() }
    }

    /// Somebody else of the person's devices puts a file there.
    pub(super) async fn add(&mut self, size: u64, dc: i32) -> Book {
        let sent = Sent {
            name: None,
            mime_type: "application/octet-stream".to_owned(),
            caption: String::new(),
            send_as: SendAs::Document,
        };
        let id = self.cloud.cloud.people().save_noise(&phone(), size, dc, sent).unwrap();
        self.find(MessageId::new(id).unwrap()).await
    }

    /// Looks at the message, again.
    pub(super) async fn find(&mut self, id: MessageId) -> Book {
        let mut link = self.cloud.link(&mut self.session);
        let page = around(&mut link, id).await.unwrap();
        link.close().await;
        let entry = page.entries.into_iter().find(|entry| entry.id == id).unwrap();
        Book { id, location: entry.media.unwrap().location }
    }

    /// Where the file is, at an address for files alone.
    pub(super) fn source(&self, book: &Book) -> Source {
        self.source_of(book, &Piece::File)
    }

    pub(super) fn source_of(&self, book: &Book, piece: &Piece) -> Source {
        Source { place: place_for_files(&self.session, book.location.dc), file: piece.of(&book.location) }
    }

    /// Copies the login to that data centre.
    pub(super) async fn copy_login(&mut self, dc: i32) -> Result<(), TelegramError> {
        let mut link = self.cloud.link(&mut self.session);
        let copied = copy_login(&mut link, dc).await;
        link.close().await;
        copied
    }

    pub(super) fn reader(&self, book: &Book, bytes: Range<u64>, window: usize) -> Reader {
        self.reader_from(self.source(book), book, bytes, window)
    }

    pub(super) fn reader_from(
        &self,
        source: Source,
        book: &Book,
        bytes: Range<u64>,
        window: usize,
    ) -> Reader {
        let range = ByteRange { first: bytes.start, last: bytes.end - 1 };
        let parts = Parts::new(range, book.location.size);
        let (pool, telegram) = (self.pool.clone(), self.cloud.telegram.clone());
        Reader::new(pool, telegram, source, parts, window, Instant::now() + LONG)
    }

    /// Whether no login was ever seen on two main connections at once, which holds at the end of every test.
    pub(super) fn is_alone(&self) -> bool {
        self.cloud.overlaps(&owner()) == 0
    }

    /// What the file holds there.
    pub(super) fn content(&self, book: &Book, bytes: Range<u64>) -> Vec<u8> {
        self.cloud.cloud.people().read_saved(&phone(), book.id.get(), bytes).unwrap().unwrap()
    }
}

/// Reads to the end.
pub(super) async fn read(reader: &mut Reader) -> Result<Vec<u8>, ReadError> {
    let mut all = Vec::new();
    while let Some(bytes) = reader.next().await? {
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}

pub(super) fn phone() -> Phone {
    Phone::parse(FIRST_PHONE).unwrap()
}

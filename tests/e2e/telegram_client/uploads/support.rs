//! An account, files of any size, and the uploading of them.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::Session;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Checkpoint, Content, Form, UploadId, UploadPlan};
use lambdagram_telegram::mtproto::files::MediaPool;
use lambdagram_telegram::mtproto::uploads::{
    Contents, Outgoing, Place, Task, UploadError, UploadedFile, Uploader, send_media,
};
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, Phone};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

pub(super) use super::super::support::HOME_DC;
use super::super::support::{TestCloud, owner, place_for_files};

/// Bytes of a part.
pub(super) const PART: u64 = 512 * 1024;

/// Longer than a test takes.
const LONG: Duration = Duration::from_mins(2);

/// A person who is signed in, and what a process keeps for them.
pub(super) struct Sender {
    pub(super) cloud: TestCloud,
    pub(super) session: Session,
    pub(super) pool: MediaPool,
}

/// A file that is sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) bytes: Bytes,
    pub(super) id: UploadId,
    /// Which parts were read, by offset.
    pub(super) reads: Arc<Mutex<Vec<u64>>>,
}

impl Sent {
    /// Noise, another for each size.
    pub(super) fn noise(size: u64) -> Self {
        let mut state = size.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let words = (0..size.div_ceil(8)).flat_map(|_| next().to_le_bytes());
        Self::of(words.take(usize::try_from(size).unwrap()).collect::<Vec<u8>>())
    }

    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), id: UploadId::random(), reads: Arc::default() }
    }

    pub(super) fn plan(&self) -> UploadPlan {
        UploadPlan::of(self.bytes.len() as u64, false).unwrap()
    }

    pub(super) fn content(&self) -> Content {
        Content {
            form: Form::Document,
            mime_type: "application/octet-stream".to_owned(),
            name: "noise.bin".to_owned(),
            size: self.bytes.len() as u64,
            plain: false,
        }
    }

    fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }
}

impl Contents for Sent {
    fn read(&mut self, offset: u64, length: u32) -> BoxFuture<'static, io::Result<Bytes>> {
        self.reads.lock().unwrap().push(offset);
        let start = usize::try_from(offset).unwrap();
        let bytes = self.bytes.slice(start..start + usize::try_from(length).unwrap());
        async { Ok(bytes) }.boxed()
    }
}

impl Sender {
    pub(super) async fn open() -> Self {
        let (cloud, session) = TestCloud::with_owner().await;
        Self { cloud, session, pool: MediaPool::new() }
    }

    /// The address for files of the person's data centre.
    pub(super) fn destination(&self) -> Place {
        place_for_files(&self.session, HOME_DC)
    }

    pub(super) fn uploader(&self, file: &Sent, from: Checkpoint, window: usize) -> Uploader {
        self.uploader_to(self.destination(), file, from, window)
    }

    pub(super) fn uploader_to(
        &self,
        destination: Place,
        file: &Sent,
        from: Checkpoint,
        window: usize,
    ) -> Uploader {
        let task = Task { plan: file.plan(), from, window, deadline: Instant::now() + LONG };
        let (pool, telegram) = (self.pool.clone(), self.cloud.telegram.clone());
        Uploader::new(pool, telegram, destination, file.clone(), task)
    }

    /// Makes the message.
    pub(super) async fn send(&mut self, file: &Sent, at: Checkpoint) -> Result<MessageId, UploadError> {
        self.send_as(&file.content(), file, at).await
    }

    pub(super) async fn send_as(
        &mut self,
        content: &Content,
        file: &Sent,
        at: Checkpoint,
    ) -> Result<MessageId, UploadError> {
        let outgoing = Outgoing {
            content,
            file: UploadedFile { plan: file.plan(), file_id: at.file_id },
            thumbnail: None,
            caption: "A caption",
            random_id: file.id.random_id(),
            not_before: UnixTime(0),
        };
        let mut link = self.cloud.link(&mut self.session);
        let sent = send_media(&mut link, &outgoing).await;
        link.close().await;
        sent
    }

    /// How many messages the person has.
    pub(super) fn messages(&self) -> usize {
        self.cloud.cloud.people().saved_messages(&phone()).unwrap().len()
    }

    /// How many parts came over main connections, and over connections for files.
    pub(super) fn parts(&self) -> (u64, u64) {
        let calls = self.cloud.cloud.people().part_calls();
        (calls.main, calls.media)
    }

    /// Closes every connection.
    pub(super) fn disconnect(&self) {
        let cluster = self.cloud.cloud.cluster();
        for key in cluster.keys().ids(HOME_DC) {
            cluster.disconnect(key);
        }
    }

    /// What holds at the end of every test: the message has the file, and no login was seen on two main connections.
    pub(super) fn check(&self, file: &Sent, id: MessageId) {
        let stored = self.cloud.cloud.people().sent_sha256(&phone(), id.get()).unwrap();
        assert_eq!(stored, Some(file.sha256()));
        assert_eq!(self.cloud.overlaps(&owner()), 0);
    }
}

/// Uploads to the end. Every step has more than the one before.
pub(super) async fn finish(uploader: &mut Uploader) -> Result<Checkpoint, UploadError> {
    let mut before = uploader.checkpoint().parts;
    while let Some(step) = uploader.next().await? {
        assert!(step.parts > before, "{} follows {before}", step.parts);
        assert_eq!(step, uploader.checkpoint());
        before = step.parts;
    }
    Ok(uploader.checkpoint())
}

pub(super) fn phone() -> Phone {
    Phone::parse(FIRST_PHONE).unwrap()
}

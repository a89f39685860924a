//! The staged file, as what sends it reads it.
//!
//! It is read from its beginning, or from where Telegram has it, to its end, over one request as long as that holds. One
//! that breaks is followed by another from the same byte on. What is held is what one read asks for; what comes faster
//! waits in the socket.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use lambdagram_aws::{AwsError, StagedBytes, StagingBucket};
use lambdagram_telegram::mtproto::uploads::Contents;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// Requests in a row that may fail without a byte in between.
const TRIES: u32 = 5;

/// The pause before the second request in a row. Each further one is twice as long: 3 s in all.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// How long S3 may be silent in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(10);

/// Bytes as they come.
type Chunks = BoxStream<'static, Result<Bytes, AwsError>>;

/// Opens some bytes of the file; `None` where there is no file.
type Open = Arc<dyn Fn(Range<u64>) -> BoxFuture<'static, Result<Option<Chunks>, AwsError>> + Send + Sync>;

/// A file in the bucket. Reads fail with [`io::ErrorKind::NotFound`] where it is gone.
#[derive(Clone)]
pub(super) struct Staged {
    open: Open,
    /// Bytes of the file.
    size: u64,
    pause: Duration,
}

/// A file that is read from some byte on.
struct Reading {
    staged: Staged,
    chunks: Option<Chunks>,
    /// What came and was not asked for yet.
    rest: Bytes,
    /// Where the next byte is that comes, and where the last one ends that will be asked for.
    position: u64,
    end: u64,
}

/// A file on its way to Telegram.
struct InOrder(Arc<Mutex<Reading>>);

impl Staged {
    /// The file under `key`, of which `size` bytes are known to be there.
    pub(super) fn new(bucket: StagingBucket, key: String, size: u64) -> Self {
        let open: Open = Arc::new(move |range| {
            let (bucket, key) = (bucket.clone(), key.clone());
            async move {
                let bytes = bucket.read(&key, range.start, range.end - range.start).await?;
                Ok(bytes.map(|bytes| stream::try_unfold(bytes, next).boxed()))
            }
            .boxed()
        });
        Self { open, size, pause: FIRST_PAUSE }
    }

    /// All of it from the byte on that is asked for first.
    pub(super) fn contents(&self) -> impl Contents + use<> {
        InOrder(Arc::new(Mutex::new(self.reading(0..self.size))))
    }

    /// A few bytes of it.
    pub(super) async fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end.saturating_sub(range.start));
        let length = length.map_err(|_| io::ErrorKind::OutOfMemory)?;
        let start = range.start;
        self.reading(range).read(start, length).await
    }

    fn reading(&self, range: Range<u64>) -> Reading {
        let (position, end) = (range.start, range.end.min(self.size));
        Reading { staged: self.clone(), chunks: None, rest: Bytes::new(), position, end }
    }
}

impl Contents for InOrder {
    fn read(&mut self, offset: u64, length: u32) -> BoxFuture<'static, io::Result<Bytes>> {
        let reading = Arc::clone(&self.0);
        async move {
            let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
            reading.lock().await.read(offset, length).await
        }
        .boxed()
    }
}

impl Reading {
    /// The `length` bytes from `offset` on.
    async fn read(&mut self, offset: u64, length: usize) -> io::Result<Bytes> {
        if offset + length as u64 > self.end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if offset != self.position {
            (self.chunks, self.rest, self.position) = (None, Bytes::new(), offset);
        }
        let mut bytes = BytesMut::with_capacity(length);
        let mut failures = 0;
        while bytes.len() < length {
            if self.rest.is_empty() {
                match self.more().await {
                    Ok(chunk) => (self.rest, failures) = (chunk, 0),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                    Err(error) => {
                        self.chunks = None;
                        failures += 1;
                        if failures >= TRIES {
                            return Err(error);
                        }
                        sleep(self.staged.pause * 2_u32.pow(failures - 1)).await;
                    }
                }
            }
            let taken = self.rest.len().min(length - bytes.len());
            bytes.extend_from_slice(&self.rest[..taken]);
            self.rest.advance(taken);
            self.position += taken as u64;
        }
        Ok(bytes.freeze())
    }

    /// The bytes that come next, at least one.
    async fn more(&mut self) -> io::Result<Bytes> {
        let chunks = if let Some(chunks) = &mut self.chunks {
            chunks
        } else {
            let opened = (self.staged.open)(self.position..self.end).await.map_err(io::Error::other)?;
            self.chunks.insert(opened.ok_or(io::ErrorKind::NotFound)?)
        };
        match timeout(SILENCE, chunks.next()).await {
            Ok(Some(Ok(chunk))) if !chunk.is_empty() => Ok(chunk),
            Ok(Some(Err(error))) => Err(io::Error::other(error)),
            Ok(Some(Ok(_)) | None) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

async fn next(mut bytes: StagedBytes) -> Result<Option<(Bytes, StagedBytes)>, AwsError> {
    Ok(bytes.next().await?.map(|chunk| (chunk, bytes)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use super::*;

    /// How one request for the file goes: so many bytes at a time, until so many have come.
    #[derive(Clone, Copy)]
    enum Answer {
        Chunks { of: usize, until: usize },
        Refused,
        Gone,
    }

    fn bytes(range: Range<u64>) -> Vec<u8> {
        range.map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    /// A file of `size` bytes, which answers as told and then as it should, and where requests for it began.
    fn staged(size: u64, answers: &[Answer]) -> (Staged, Arc<StdMutex<Vec<u64>>>) {
        let begun = Arc::<StdMutex<Vec<u64>>>::default();
        let (log, answers) = (Arc::clone(&begun), answers.to_vec());
        let open: Open = Arc::new(move |range| {
            let number = log.lock().unwrap().len();
            log.lock().unwrap().push(range.start);
            let whole = Answer::Chunks { of: 1000, until: usize::MAX };
            let answer = *answers.get(number).unwrap_or(&whole);
            async move {
                let Answer::Chunks { of, until } = answer else {
                    let error = AwsError { operation: "GetObject", cause: "SlowDown".to_owned() };
                    return if matches!(answer, Answer::Gone) { Ok(None) } else { Err(error) };
                };
                let all = bytes(range);
                let chunks = all[..until.min(all.len())].chunks(of).map(|chunk| Ok(chunk.to_vec().into()));
                Ok(Some(stream::iter(chunks.collect::<Vec<_>>()).boxed()))
            }
            .boxed()
        });
        (Staged { open, size, pause: Duration::ZERO }, begun)
    }

    #[tokio::test]
    async fn a_file_is_read_over_one_request() {
        let (file, begun) = staged(10_000, &[]);
        let mut contents = file.contents();
        for (offset, length) in [(0, 4_096), (4_096, 1), (4_097, 5_903)] {
            let read = contents.read(offset, length).await.unwrap();
            assert_eq!(read[..], bytes(offset..offset + u64::from(length)));
        }
        assert_eq!(*begun.lock().unwrap(), [0]);
    }

    #[tokio::test]
    async fn a_request_that_breaks_is_followed_by_one_from_there_on() {
        let broken = [
            Answer::Chunks { of: 300, until: 700 },
            Answer::Refused,
            Answer::Chunks { of: 7, until: 1 },
            Answer::Refused,
        ];
        let (file, begun) = staged(5_000, &broken);
        let mut contents = file.contents();
        assert_eq!(contents.read(100, 500).await.unwrap()[..], bytes(100..600));
        assert_eq!(contents.read(600, 4_400).await.unwrap()[..], bytes(600..5_000));
        assert_eq!(*begun.lock().unwrap(), [100, 800, 800, 801, 801]);
    }

    #[tokio::test]
    async fn a_file_that_stays_out_of_reach_is_an_error_and_one_that_is_gone_at_once() {
        let (file, begun) = staged(10, &[Answer::Refused; 5]);
        assert_eq!(file.range(0..10).await.unwrap_err().kind(), io::ErrorKind::Other);
        assert_eq!(begun.lock().unwrap().len(), 5);
        let (file, begun) = staged(10, &[Answer::Chunks { of: 3, until: 3 }, Answer::Gone]);
        assert_eq!(file.range(0..10).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(begun.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn nothing_is_read_beyond_the_end() {
        let (file, begun) = staged(10, &[]);
        assert_eq!(file.range(5..11).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(begun.lock().unwrap().is_empty());
        assert_eq!(file.range(5..10).await.unwrap()[..], bytes(5..10));
    }
}

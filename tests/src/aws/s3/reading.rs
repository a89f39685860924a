//! Reading objects, where `s3s-fs` does less than S3: conditions on entity tags, and bodies in large steps. It reads 4 KiB
//! at a time, which is most of what a large object takes.

use std::io::{self, SeekFrom};
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use s3s::dto::{ETag, ETagCondition, GetObjectOutput, StreamingBlob};
use s3s::{S3Result, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes that are read at once.
const STEP: u64 = 256 * 1024;

/// What a reader wants of the object's entity tag.
pub(super) struct Conditions {
    pub(super) matches: Option<ETagCondition>,
    pub(super) differs: Option<ETagCondition>,
}

impl Conditions {
    pub(super) fn check(&self, etag: Option<&ETag>) -> S3Result<()> {
        let is = |condition: &ETagCondition| match condition.as_etag() {
            Some(wanted) => etag.is_some_and(|etag| etag.weak_cmp(wanted)),
            None => true,
        };
        if self.matches.as_ref().is_some_and(|condition| !is(condition)) {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Err(s3_error!(PreconditionFailed, "{message}"));
        }
        if self.differs.as_ref().is_some_and(is) {
            return Err(s3_error!(NotModified, "Not Modified"));
        }
        Ok(())
    }
}

/// Reads the same bytes of the object in larger steps, if its file can be opened.
pub(super) async fn quicken(output: &mut GetObjectOutput, path: PathBuf) {
    let length = output.content_length.and_then(|length| u64::try_from(length).ok());
    let start = output.content_range.as_deref().map_or(Some(0), start);
    let (Some(length), Some(start)) = (length, start) else { return };
    let Ok(mut file) = File::open(path).await else { return };
    if file.seek(SeekFrom::Start(start)).await.is_ok() {
        let steps = stream::try_unfold((file, length), |(mut file, left)| async move {
            let mut step = BytesMut::zeroed(usize::try_from(left.min(STEP)).map_err(io::Error::other)?);
            if step.is_empty() {
                return Ok::<_, io::Error>(None);
            }
            // An object that was replaced meanwhile ends the answer early, as a connection that breaks does.
            file.read_exact(&mut step).await?;
            let left = left - step.len() as u64;
            Ok(Some((Bytes::from(step), (file, left))))
        });
        output.body = Some(StreamingBlob::wrap(Box::pin(steps)));
    }
}

/// The first byte of `bytes 0-4/10`.
fn start(content_range: &str) -> Option<u64> {
    content_range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

//! The operations on multipart uploads, with S3's rules and errors (AWS, "Amazon S3 multipart upload limits").
//!
//! Whoever may write the object may work on the upload, whoever has begun it. What is left out: checksums other than
//! MD5, which S3 compares only where a client sends them; parts that are copied from objects.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    ETag, Timestamp, TimestampFormat, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Error, S3Result, s3_error};
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::lifecycle::{Rule, abort_at};
use super::uploads::{Part, Upload, Uploads};
use crate::clock::Clock;

/// The smallest part but the last, in bytes.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// The largest part, in bytes.
const LARGEST_PART: u64 = 5 * 1024 * 1024 * 1024;

/// The highest part number.
const MOST_PARTS: i32 = 10_000;

/// The uploads of all buckets.
pub(super) struct Multipart {
    pub(super) uploads: Uploads,
    pub(super) rules: HashMap<String, Vec<Rule>>,
    pub(super) clock: Clock,
}

impl Multipart {
    pub(super) fn create(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        if !self.uploads.has_bucket(&input.bucket) {
            return Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"));
        }
        self.sweep()?;
        let expires = input.expires.and_then(|expires| {
            let mut text = Vec::new();
            expires.format(TimestampFormat::DateTime, &mut text).ok()?;
            String::from_utf8(text).ok()
        });
        let attributes = json!({
            "user_metadata": input.metadata,
            "content_encoding": input.content_encoding,
            "content_type": input.content_type,
            "content_disposition": input.content_disposition,
            "content_language": input.content_language,
            "cache_control": input.cache_control,
            "expires": expires,
            "website_redirect_location": input.website_redirect_location,
        });
        let (bucket, key) = (input.bucket, input.key);
        let initiated_s = self.clock.now_s();
        let upload = Upload { bucket: bucket.clone(), key: key.clone(), initiated_s, attributes };
        let id = self.uploads.begin(&upload).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => s3_error!(InvalidArgument, "No file can have this key."),
            _ => broken(error),
        })?;
        let (abort_date, abort_rule_id) = self.abort_date(&upload).unzip();
        Ok(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(id),
            abort_date,
            abort_rule_id: abort_rule_id.flatten(),
            ..Default::default()
        })
    }

    pub(super) async fn upload_part(&self, input: UploadPartInput) -> S3Result<UploadPartOutput> {
        if !(1..=MOST_PARTS).contains(&input.part_number) {
            let message = "Part number must be an integer between 1 and 10000, inclusive";
            return Err(s3_error!(InvalidArgument, "{message}"));
        }
        self.find(&input.bucket, &input.key, &input.upload_id)?;
        let Some(length) = input.content_length.and_then(|length| u64::try_from(length).ok()) else {
            return Err(s3_error!(MissingContentLength, "You must provide the Content-Length HTTP header."));
        };
        if length > LARGEST_PART {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Err(s3_error!(EntityTooLarge, "{message}"));
        }
        let path = self.uploads.incoming(&input.upload_id);
        let received = Received { path: &path };
        let mut file = File::create(received.path).await.map_err(gone_or_broken)?;
        let (mut hash, mut size) = (Md5::new(), 0);
        if let Some(mut body) = input.body {
            while let Some(piece) = body.next().await {
                let piece = piece.map_err(|_| s3_error!(IncompleteBody, "The body ended too early."))?;
                hash.update(&piece);
                size += piece.len() as u64;
                file.write_all(&piece).await.map_err(broken)?;
            }
        }
        file.flush().await.map_err(broken)?;
        drop(file);
        if size != length {
            let message =
                "You did not provide the number of bytes specified by the Content-Length HTTP header";
            return Err(s3_error!(IncompleteBody, "{message}"));
        }
        let digest = hash.finalize();
        if input.content_md5.is_some_and(|expected| expected != STANDARD.encode(digest)) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let etag = hex::encode(digest);
        self.uploads
            .keep(&input.upload_id, input.part_number, &etag, received.path)
            .map_err(gone_or_broken)?;
        Ok(UploadPartOutput { e_tag: Some(ETag::Strong(etag)), ..Default::default() })
    }

    pub(super) async fn complete(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let upload = self.find(&input.bucket, &input.key, &input.upload_id)?;
        let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let parts = chosen(&self.uploads.parts(&input.upload_id).map_err(gone_or_broken)?, &named)?;
        let (uploads, id) = (self.uploads.clone(), input.upload_id);
        // Many gigabytes may be copied.
        let made = tokio::task::spawn_blocking(move || uploads.complete(&id, &upload, &parts)).await;
        let etag = made.map_err(S3Error::internal_error)?.map_err(gone_or_broken)?;
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..Default::default()
        })
    }

    pub(super) async fn abort(
        &self,
        input: AbortMultipartUploadInput,
    ) -> S3Result<AbortMultipartUploadOutput> {
        self.find(&input.bucket, &input.key, &input.upload_id)?;
        let uploads = self.uploads.clone();
        // Many gigabytes may be removed.
        let removed = tokio::task::spawn_blocking(move || uploads.abort(&input.upload_id)).await;
        removed.map_err(S3Error::internal_error)?.map_err(broken)?;
        Ok(AbortMultipartUploadOutput::default())
    }

    /// An upload that is there and not yet due to be aborted.
    pub(super) fn find(&self, bucket: &str, key: &str, id: &str) -> S3Result<Upload> {
        let found = self.uploads.find(id).map_err(broken)?;
        let upload = found.filter(|upload| upload.bucket == bucket && upload.key == key);
        let upload = upload.ok_or_else(no_such_upload)?;
        if self.is_due(&upload) {
            self.uploads.abort(id).map_err(broken)?;
            return Err(no_such_upload());
        }
        Ok(upload)
    }

    /// Aborts what the buckets' rules say is to be aborted by now.
    pub(super) fn sweep(&self) -> S3Result<()> {
        let all = self.uploads.all().map_err(broken)?;
        let mut due = all.iter().filter(|(_, upload)| self.is_due(upload));
        due.try_for_each(|(id, _)| self.uploads.abort(id)).map_err(broken)
    }

    fn is_due(&self, upload: &Upload) -> bool {
        self.abort_at(upload).is_some_and(|(at, _)| at <= self.clock.now_s())
    }

    fn abort_at(&self, upload: &Upload) -> Option<(u64, &Rule)> {
        abort_at(self.rules.get(&upload.bucket)?, &upload.key, upload.initiated_s)
    }

    pub(super) fn abort_date(&self, upload: &Upload) -> Option<(Timestamp, Option<String>)> {
        let (at, rule) = self.abort_at(upload)?;
        Some((timestamp(at), rule.id.clone()))
    }
}

/// The file of a part that is being received; given up, it leaves nothing.
struct Received<'a> {
    path: &'a std::path::Path,
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        // Kept parts have another name by now.
        let _ = std::fs::remove_file(self.path);
    }
}

/// The parts that a client names, which have to be as it names them.
fn chosen(parts: &[Part], named: &[CompletedPart]) -> S3Result<Vec<Part>> {
    if named.is_empty() {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(s3_error!(MalformedXML, "{message}"));
    }
    if !named.is_sorted_by(|one, next| one.part_number < next.part_number) {
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(s3_error!(InvalidPartOrder, "{message}"));
    }
    let mut chosen = Vec::new();
    for part in named {
        let etag = part.e_tag.as_ref().map(ETag::value);
        let found = parts.iter().find(|found| part.part_number == Some(found.number));
        let Some(found) = found.filter(|found| etag == Some(found.etag.as_str())) else {
            let message = "One or more of the specified parts could not be found. The part may not have been uploaded, \
                           or the specified entity tag may not match the part's entity tag.";
            return Err(s3_error!(InvalidPart, "{message}"));
        };
        chosen.push(found.clone());
    }
    let full = chosen.split_last().map_or(&[][..], |(_, full)| full);
    if full.iter().any(|part| part.size < SMALLEST_PART) {
        let message = "Your proposed upload is smaller than the minimum allowed size";
        return Err(s3_error!(EntityTooSmall, "{message}"));
    }
    Ok(chosen)
}

pub(super) fn timestamp(unix_s: u64) -> Timestamp {
    Timestamp::from(std::time::UNIX_EPOCH + Duration::from_secs(unix_s))
}

fn no_such_upload() -> S3Error {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                   aborted or completed.";
    s3_error!(NoSuchUpload, "{message}")
}

pub(super) fn broken(error: io::Error) -> S3Error {
    S3Error::internal_error(error)
}

/// The upload ended meanwhile, or the disk failed.
pub(super) fn gone_or_broken(error: io::Error) -> S3Error {
    if error.kind() == io::ErrorKind::NotFound { no_such_upload() } else { broken(error) }
}

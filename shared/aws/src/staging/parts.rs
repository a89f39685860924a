//! Objects that come in parts, which a browser brings with presigned URLs.
//!
//! S3 makes one object of the parts, or none: until then nobody sees any of it. Each URL is good for one part of one
//! length, so nothing larger than what was announced can be stored.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::Config;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::StagingBucket;
use crate::error::AwsError;

/// What S3 says of an upload that is completed, aborted, or never was.
const NO_SUCH_UPLOAD: &str = "NoSuchUpload";

/// How long S3 may take to make one object of parts. It says minutes for the largest; an HTTP function has 29 s in all, and
/// a repeat finds what S3 did meanwhile.
const COMPLETION: Duration = Duration::from_secs(20);

/// A part that S3 has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its entity tag, without quotes.
    pub etag: String,
    /// Its bytes.
    pub size: u64,
}

/// What became of parts that were to be one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completed {
    /// They are one.
    Done,
    /// S3 knows no such upload: it was completed, or aborted, before.
    NoSuchUpload,
    /// They cannot be.
    Refused {
        /// S3's name for what is wrong: `InvalidPart`, `InvalidPartOrder` or `EntityTooSmall`, for example.
        reason: String,
    },
}

impl StagingBucket {
    /// Begins an object that comes in parts, and returns what S3 knows it by.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not confirm. What it may have begun, the bucket's lifecycle ends.
    pub async fn begin_multipart(&self, key: &str, content_type: &str) -> Result<String, AwsError> {
        let call = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begun = call.content_type(content_type).send().await;
        let begun = begun.map_err(|error| AwsError::new("CreateMultipartUpload", &error))?;
        begun.upload_id.ok_or_else(|| AwsError::unreadable("CreateMultipartUpload", "upload"))
    }

    /// A URL that whoever has it can PUT one part to, of exactly `length` bytes: the header `Content-Length` is signed.
    /// It is good for `life` from `now` on, or for as long as the credentials that sign it. Asks nobody.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when there are no credentials to sign it with.
    pub async fn presign_part(
        &self,
        key: &str,
        upload: &str,
        number: u32,
        length: u64,
        life: Duration,
        now: SystemTime,
    ) -> Result<String, AwsError> {
        let unsendable = || AwsError::unsendable("UploadPart");
        let terms = PresigningConfig::builder().start_time(now).expires_in(life).build();
        let call = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload);
        let call = call
            .part_number(i32::try_from(number).map_err(|_| unsendable())?)
            .content_length(i64::try_from(length).map_err(|_| unsendable())?);
        let signed = call.presigned(terms.map_err(|_| unsendable())?).await;
        signed.map(|signed| signed.uri().to_owned()).map_err(|error| AwsError::new("UploadPart", &error))
    }

    /// The parts that S3 has, in order; `None` when it knows no such upload.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not tell.
    pub async fn parts(&self, key: &str, upload: &str) -> Result<Option<Vec<StagedPart>>, AwsError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let call = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload);
            let page = match call.set_part_number_marker(after.take()).send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some(NO_SUCH_UPLOAD) => return Ok(None),
                Err(error) => return Err(AwsError::new("ListParts", &error)),
            };
            for part in page.parts() {
                let number = part.part_number().and_then(|number| u32::try_from(number).ok());
                let size = part.size().and_then(|size| u64::try_from(size).ok());
                let read = number.zip(part.e_tag()).zip(size);
                let ((number, etag), size) = read.ok_or_else(|| AwsError::unreadable("ListParts", "part"))?;
                found.push(StagedPart { number, etag: etag.trim_matches('"').to_owned(), size });
            }
            match page.next_part_number_marker {
                Some(marker) if page.is_truncated == Some(true) => after = Some(marker),
                _ => return Ok(Some(found)),
            }
        }
    }

    /// Makes one object of parts: their numbers and entity tags, in order.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not answer; it may have made the object, or be at it.
    pub async fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: &[(u32, String)],
    ) -> Result<Completed, AwsError> {
        let parts = parts.iter().map(|(number, etag)| {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            CompletedPart::builder().part_number(number).e_tag(etag).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(COMPLETION)
            .operation_timeout(COMPLETION)
            .build();
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        let call = call.multipart_upload(parts).customize();
        let call = call.config_override(Config::builder().timeout_config(patience));
        let Err(error) = call.send().await else { return Ok(Completed::Done) };
        match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(NO_SUCH_UPLOAD) => Ok(Completed::NoSuchUpload),
            Some(
                reason @ ("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall" | "InvalidArgument"
                | "MalformedXML"),
            ) => Ok(Completed::Refused { reason: reason.to_owned() }),
            _ => Err(AwsError::new("CompleteMultipartUpload", &error)),
        }
    }

    /// Removes what S3 has of an object that is not complete. One that it does not know is removed already.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not confirm. The bucket's lifecycle removes it after a day.
    pub async fn abort(&self, key: &str, upload: &str) -> Result<(), AwsError> {
        let call = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        match call.send().await {
            Err(error) if error.code() != Some(NO_SUCH_UPLOAD) => {
                Err(AwsError::new("AbortMultipartUpload", &error))
            }
            _ => Ok(()),
        }
    }
}

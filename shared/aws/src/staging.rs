//! The bucket where pictures and files wait for their delivery.

mod parts;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

pub use self::parts::{Completed, StagedPart};
use crate::client::Connection;
use crate::error::AwsError;

/// The staging bucket.
#[derive(Clone, Debug)]
pub struct StagingBucket {
    client: Client,
    bucket: String,
}

/// The bytes of an object, as they come.
#[derive(Debug)]
pub struct StagedBytes(ByteStream);

impl StagedBytes {
    /// The next of them; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when the connection to S3 is lost or stalls. The rest can be read anew.
    pub async fn next(&mut self) -> Result<Option<Bytes>, AwsError> {
        self.0.try_next().await.map_err(|_| AwsError::unreadable("GetObject", "body"))
    }
}

impl StagingBucket {
    /// The bucket of that name.
    pub fn new(connection: &Connection, bucket: String) -> Self {
        // The SDK would otherwise sign a checksum into presigned URLs, of a body that is not there yet.
        let config = aws_sdk_s3::config::Builder::from(connection.config())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket }
    }

    /// Stores `bytes` under `key`. Storing the same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not confirm.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), AwsError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let sent = request.body(ByteStream::from(bytes)).send().await;
        sent.map(drop).map_err(|error| AwsError::new("PutObject", &error))
    }

    /// The bytes under `key`, or `None` when there are none.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 could not be read.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, AwsError> {
        let answer = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => answer,
            Err(error) => return absent(&error, GetObjectError::is_no_such_key, "GetObject"),
        };
        let body = answer.body.collect().await.map_err(|_| AwsError::unreadable("GetObject", "body"))?;
        Ok(Some(body.into_bytes()))
    }

    /// Reads `length` bytes under `key`, at least 1, from `from` on, as they come. `None` when the object is not there.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 could not be read, or the object ends before `from`.
    pub async fn read(&self, key: &str, from: u64, length: u64) -> Result<Option<StagedBytes>, AwsError> {
        let range = format!("bytes={from}-{}", from.saturating_add(length).saturating_sub(1));
        match self.client.get_object().bucket(&self.bucket).key(key).range(range).send().await {
            Ok(answer) => Ok(Some(StagedBytes(answer.body))),
            Err(error) => absent(&error, GetObjectError::is_no_such_key, "GetObject"),
        }
    }

    /// Bytes of the object under `key`; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not tell.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, AwsError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => {
                let size = answer.content_length().and_then(|length| u64::try_from(length).ok());
                size.map(Some).ok_or_else(|| AwsError::unreadable("HeadObject", "size"))
            }
            Err(error) => absent(&error, HeadObjectError::is_not_found, "HeadObject"),
        }
    }

    /// Removes `key`. Removing what is not there is no error.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when S3 did not confirm.
    pub async fn delete(&self, key: &str) -> Result<(), AwsError> {
        let sent = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        sent.map(drop).map_err(|error| AwsError::new("DeleteObject", &error))
    }
}

/// `None` where S3 says that the object is not there.
fn absent<T, E>(
    error: &SdkError<E>,
    is_absent: impl FnOnce(&E) -> bool,
    operation: &'static str,
) -> Result<Option<T>, AwsError>
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.as_service_error().is_some_and(is_absent) {
        return Ok(None);
    }
    Err(AwsError::new(operation, error))
}

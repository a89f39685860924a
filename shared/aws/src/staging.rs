//! The bucket where pictures wait for their delivery.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::client::Connection;
use crate::error::AwsError;

/// The staging bucket.
#[derive(Clone, Debug)]
pub struct StagingBucket {
    client: Client,
    bucket: String,
}

impl StagingBucket {
    /// The bucket of that name.
    pub fn new(connection: &Connection, bucket: String) -> Self {
        Self { client: Client::new(connection.config()), bucket }
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
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(None);
            }
            Err(error) => return Err(AwsError::new("GetObject", &error)),
        };
        let body = answer.body.collect().await.map_err(|_| AwsError::unreadable("GetObject", "body"))?;
        Ok(Some(body.into_bytes()))
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

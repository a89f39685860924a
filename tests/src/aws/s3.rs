//! S3: `s3s-fs` on a folder of the data folder, one folder for each bucket, with multipart uploads of its own beside it.
//!
//! Requests that carry their signature in a header are taken whenever they are dated: their signers go by the machine's
//! clock, or by the stack's.

mod buckets;
mod lifecycle;
mod listing;
mod multipart;
mod presigned;
mod reading;
mod uploads;

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tower::ServiceExt;

use self::buckets::Buckets;
use self::lifecycle::Rule;
use self::multipart::Multipart;
use self::uploads::Uploads;
use super::{AwsError, SECRET_ACCESS_KEY, Service, refusal};
use crate::clock::Clock;
use crate::template::model::Bucket;

/// The folder of the data folder that holds the buckets.
const FOLDER: &str = "s3";

/// The folder of the data folder that holds uploads of which no object was made yet.
const UPLOADS: &str = "s3-uploads";

/// Makes the buckets and returns what answers for them.
pub(super) fn router(data_dir: &Path, buckets: &[Bucket], clock: Clock) -> Result<Router, AwsError> {
    let folder = data_dir.join(FOLDER);
    let io = |error| AwsError::Io { what: folder.display().to_string(), error };
    std::fs::create_dir_all(&folder).map_err(io)?;
    for bucket in buckets {
        std::fs::create_dir_all(folder.join(&bucket.name)).map_err(io)?;
    }
    let files = FileSystem::new(&folder).map_err(|error| io(std::io::Error::other(format!("{error:?}"))))?;
    let (uploads, rules) = (uploads(data_dir)?, rules(buckets)?);
    let multipart = Multipart { uploads, rules, clock: clock.clone() };
    let mut builder = S3ServiceBuilder::new(Buckets { files, folder: folder.clone(), multipart });
    builder.set_auth(OneSecret);
    // Presigned requests are looked at before, by the stack's clock.
    let mut config = S3Config::default();
    config.presigned_url_max_skew_time_secs = u32::MAX;
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    let service = builder.build();
    Ok(Router::new().fallback(move |request| answer(service.clone(), clock.clone(), request)))
}

/// Removes every object, and every upload.
pub(super) fn clear(data_dir: &Path, buckets: &[Bucket]) -> Result<(), AwsError> {
    for bucket in buckets {
        let folder = data_dir.join(FOLDER).join(&bucket.name);
        let io = |error| AwsError::Io { what: folder.display().to_string(), error };
        std::fs::remove_dir_all(&folder).map_err(io)?;
        std::fs::create_dir_all(&folder).map_err(io)?;
    }
    let folder = data_dir.join(UPLOADS);
    let io = |error| AwsError::Io { what: folder.display().to_string(), error };
    std::fs::remove_dir_all(&folder).and_then(|()| std::fs::create_dir_all(&folder)).map_err(io)
}

fn uploads(data_dir: &Path) -> Result<Uploads, AwsError> {
    let folder = data_dir.join(UPLOADS);
    let io = |error| AwsError::Io { what: folder.display().to_string(), error };
    Uploads::new(folder.clone(), data_dir.join(FOLDER)).map_err(io)
}

fn rules(buckets: &[Bucket]) -> Result<HashMap<String, Vec<Rule>>, AwsError> {
    let rules = buckets.iter().map(|bucket| match serde_json::from_value(bucket.lifecycle.clone()) {
        Ok(rules) => Ok((bucket.name.clone(), rules)),
        Err(error) => Err(AwsError::Resource { name: bucket.name.clone(), reason: error.to_string() }),
    });
    rules.collect()
}

async fn answer(service: S3Service, clock: Clock, request: Request) -> Response<Body> {
    if let Some(refused) = presigned::refuse(request.uri(), clock.now_s()) {
        return refused;
    }
    match service.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "the local S3 failed");
            refusal::error(Service::S3, StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "We failed.")
        }
    }
}

/// Every access key has the same secret: the key says who calls, and the front decides what they may.
struct OneSecret;

impl S3Auth for OneSecret {
    fn get_secret_key<'a, 'b, 'c>(
        &'a self,
        _access_key: &'b str,
    ) -> Pin<Box<dyn Future<Output = s3s::S3Result<SecretKey>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async { Ok(SecretKey::from(SECRET_ACCESS_KEY)) })
    }
}

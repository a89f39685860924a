//! S3: `s3s-fs` on a folder of the data folder, one folder for each bucket.

use std::path::Path;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tower::ServiceExt;

use super::{AwsError, SECRET_ACCESS_KEY, Service, refusal};
use crate::template::model::Bucket;

/// The folder of the data folder that holds the buckets.
const FOLDER: &str = "s3";

/// Makes the buckets and returns what answers for them.
pub(super) fn router(data_dir: &Path, buckets: &[Bucket]) -> Result<Router, AwsError> {
    let folder = data_dir.join(FOLDER);
    let io = |error| AwsError::Io { what: folder.display().to_string(), error };
    std::fs::create_dir_all(&folder).map_err(io)?;
    for bucket in buckets {
        std::fs::create_dir_all(folder.join(&bucket.name)).map_err(io)?;
    }
    let files = FileSystem::new(&folder).map_err(|error| io(std::io::Error::other(format!("{error:?}"))))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(OneSecret);
    let service = builder.build();
    Ok(Router::new().fallback(move |request| answer(service.clone(), request)))
}

/// Removes every object.
pub(super) fn clear(data_dir: &Path, buckets: &[Bucket]) -> Result<(), AwsError> {
    for bucket in buckets {
        let folder = data_dir.join(FOLDER).join(&bucket.name);
        let io = |error| AwsError::Io { what: folder.display().to_string(), error };
        std::fs::remove_dir_all(&folder).map_err(io)?;
        std::fs::create_dir_all(&folder).map_err(io)?;
    }
    Ok(())
}

async fn answer(service: S3Service, request: Request) -> Response<Body> {
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

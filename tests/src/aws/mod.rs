//! The AWS services the functions use, on this machine.
//!
//! Each service speaks its own protocol on a port of its own, so that any SDK and the `aws` command can use it. Before
//! each stands the same [`Front`]: function processes may do what their policy in `template.yaml` says, the person at
//! the machine everything. The services do what the stack needs of them; what they are beyond that (backups, encryption,
//! lifecycles of objects) is AWS's.

mod call;
mod cors;
mod dynamodb;
pub mod faults;
pub mod front;
pub mod iam;
mod refusal;
mod s3;
mod s3_call;
pub mod sqs;

#[cfg(test)]
mod tests;

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use front::{Front, Kill};

use crate::clock::Clock;
use crate::template::Model;
use crate::template::model::Bucket;

/// The account that owns every resource here.
pub const ACCOUNT: &str = "123456789012";

/// The region every resource here lies in.
pub const REGION: &str = "us-east-1";

/// The secret access key of every access key id, so that signatures and presigned URLs can be verified.
pub const SECRET_ACCESS_KEY: &str = "local";

/// How long requests may still run once the stack stops. Ours; the whole stack has to be gone within 2 s.
const STOP: Duration = Duration::from_millis(500);

/// A service of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `DynamoDB`.
    DynamoDb,
    /// S3.
    S3,
    /// SQS.
    Sqs,
}

/// Why the services do not start.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No port, or a folder that cannot be written.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
    /// A table or bucket that cannot be made as the template says.
    #[error("{name}: {reason}")]
    Resource {
        /// The resource's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Where the services listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Address of `DynamoDB`.
    pub dynamodb: String,
    /// Address of S3.
    pub s3: String,
    /// Address of SQS.
    pub sqs: String,
}

/// Bound ports without a service behind them: the template needs the addresses before there is a model to serve.
#[derive(Debug)]
pub struct Listeners {
    dynamodb: TcpListener,
    s3: TcpListener,
    sqs: TcpListener,
    endpoints: Endpoints,
}

impl Listeners {
    /// Takes free ports of the loopback interface.
    ///
    /// # Errors
    ///
    /// [`AwsError::Io`] when there is none.
    pub async fn bind() -> Result<Self, AwsError> {
        let (dynamodb, dynamodb_endpoint) = bound().await?;
        let (s3, s3_endpoint) = bound().await?;
        let (sqs, sqs_endpoint) = bound().await?;
        let endpoints = Endpoints { dynamodb: dynamodb_endpoint, s3: s3_endpoint, sqs: sqs_endpoint };
        Ok(Self { dynamodb, s3, sqs, endpoints })
    }

    /// Where the services will listen.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Starts the services with the model's tables and buckets, which are kept in `data_dir`. `sqs` is the service that
    /// answers for SQS; its queues are its own business. Presigned URLs and uploads age by `clock`.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when the data folder cannot be used or holds tables of another shape.
    pub async fn start(
        self,
        model: &Model,
        data_dir: &Path,
        front: &Front,
        sqs: Router,
        clock: Clock,
    ) -> Result<Aws, AwsError> {
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let guard = shutdown.clone().drop_guard();
        let (tables, dynamodb) = dynamodb::start(data_dir, &model.tables, shutdown, &tasks).await?;
        let s3 = s3::router(data_dir, &model.buckets, clock)?;
        let stored = Stored { tables, buckets: model.buckets.clone(), data_dir: data_dir.to_owned() };
        let aws = Aws { endpoints: self.endpoints, stored, shutdown: guard.disarm(), tasks };
        aws.serve(self.dynamodb, front.wrap(Service::DynamoDb, dynamodb));
        aws.serve(self.s3, cors::wrap(&model.buckets, front.wrap(Service::S3, s3))?);
        aws.serve(self.sqs, front.wrap(Service::Sqs, sqs));
        Ok(aws)
    }
}

/// What tables and buckets hold.
#[derive(Clone, Debug)]
pub struct Stored {
    tables: dynamodb::Tables,
    buckets: Vec<Bucket>,
    data_dir: PathBuf,
}

impl Stored {
    /// Empties every table and bucket.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when the data folder cannot be written.
    pub fn clear(&self) -> Result<(), AwsError> {
        self.tables.clear()?;
        s3::clear(&self.data_dir, &self.buckets)
    }
}

/// The running services.
#[derive(Debug)]
pub struct Aws {
    endpoints: Endpoints,
    stored: Stored,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Aws {
    /// Where the services listen.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What the services hold.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Stops the services; requests that run have a moment to end.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        // A caller that hangs on purpose is not waited for.
        let _ = tokio::time::timeout(STOP, self.tasks.wait()).await;
    }

    fn serve(&self, listener: TcpListener, router: Router) {
        self.tasks.spawn(serve(listener, router, self.shutdown.clone()));
    }
}

/// Serves a router until `shutdown`.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    // Or the last piece of an answer waits for the receiver's delayed acknowledgement, up to 40 ms on Linux.
    let listener = listener.tap_io(|stream| {
        // A connection without it is slower and works.
        let _ = stream.set_nodelay(true);
    });
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "a local AWS service stopped");
    }
}

/// A free port of the loopback interface, and its address.
async fn bound() -> Result<(TcpListener, String), AwsError> {
    let error = |error| AwsError::Io { what: "no port for a local AWS service".to_owned(), error };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(error)?;
    let address = listener.local_addr().map_err(error)?;
    Ok((listener, format!("http://{address}")))
}

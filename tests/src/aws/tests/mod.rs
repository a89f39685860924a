//! The services through AWS's own SDK, with the repository's template.

mod buckets;
mod cors;
mod faults;
mod limits;
mod policies;
mod seen_media;
mod sessions;
mod slots;
mod staging;
mod tables;
mod upload_rows;
mod uploads;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use tempfile::TempDir;

use super::faults::Faults;
use super::front::Front;
use super::iam::Policies;
use super::sqs::Sqs;
use super::{Aws, Kill, Listeners, REGION, SECRET_ACCESS_KEY};
use crate::clock::Clock;
use crate::template::Model;
use crate::template::tests::repository;

/// The person at the machine.
const PERSON: &str = "AKIDEXAMPLE";

/// Running services with the repository's tables, buckets, queues and policies.
struct Services {
    aws: Aws,
    model: Model,
    faults: Faults,
    killed: Arc<Mutex<Vec<String>>>,
    sqs: Sqs,
    clock: Clock,
    /// Kept until the end of the test; `None` where the test keeps the folder itself.
    _folder: Option<TempDir>,
}

async fn services() -> Services {
    let folder = tempfile::tempdir().expect("a folder");
    let services = services_with(folder.path(), repository::model()).await;
    Services { _folder: Some(folder), ..services }
}

async fn services_with(folder: &Path, model: Model) -> Services {
    let listeners = Listeners::bind().await.expect("free ports");
    let clock = Clock::default();
    let sqs = Sqs::open(folder, clock.clone()).expect("the queues open");
    sqs.set_endpoint(&listeners.endpoints().sqs);
    for queue in model.queues.iter().rev() {
        sqs.ensure_queue(&queue.name, &queue.attributes).expect("the queue is made");
    }
    let killed = Arc::new(Mutex::new(Vec::new()));
    let kill: Kill = {
        let killed = killed.clone();
        Arc::new(move |access_key_id: &str| killed.lock().expect("a lock").push(access_key_id.to_owned()))
    };
    let faults = Faults::default();
    let front = Front::new(Policies::new(&model.functions), faults.clone(), kill);
    let aws = listeners
        .start(&model, folder, &front, sqs.router(), clock.clone())
        .await
        .expect("the services start");
    Services { aws, model, faults, killed, sqs, clock, _folder: None }
}

impl Services {
    fn dynamodb(&self, access_key_id: &str) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&config(access_key_id, &self.aws.endpoints().dynamodb))
    }

    fn s3(&self, access_key_id: &str) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&config(access_key_id, &self.aws.endpoints().s3))
    }

    fn sqs(&self, access_key_id: &str) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&config(access_key_id, &self.aws.endpoints().sqs))
    }

    /// The table of that name in the template.
    fn table(&self, name: &str) -> &str {
        let name = format!("lambdagram-local-{name}table");
        &self.model.tables.iter().find(|table| table.name == name).expect("a table").name
    }

    fn jobs(&self) -> &str {
        self.table("jobs")
    }

    fn limits(&self) -> &str {
        self.table("limits")
    }

    fn media(&self) -> &str {
        self.table("media")
    }

    fn uploads(&self) -> &str {
        self.table("uploads")
    }

    fn bucket(&self) -> &str {
        &self.model.buckets[0].name
    }

    fn killed(&self) -> Vec<String> {
        self.killed.lock().expect("a lock").clone()
    }
}

/// A client's configuration.
fn config(access_key_id: &str, endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            Credentials::new(access_key_id, SECRET_ACCESS_KEY, None, None, "test"),
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build()
}

/// Whether a call got no answer: an effect that never ends is told apart by waiting for it, but not for long.
async fn is_silent<T>(call: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(200), call).await.is_err()
}

fn string(value: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned())
}

/// Sends what no SDK sends: presigned, unsigned and preflight requests.
async fn ask(request: http::request::Builder, body: &str) -> http::Response<String> {
    use http_body_util::BodyExt;
    use hyper_util::client::legacy::Client;

    let request = request.body(body.to_owned()).expect("a request");
    let client = Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    http::Response::from_parts(parts, String::from_utf8(body.to_vec()).expect("text"))
}

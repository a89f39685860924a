//! What a resolved template says, in the stack's own terms.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// A resolved template.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The REST API.
    pub api: Api,
    /// Every function, in the template's order.
    pub functions: Vec<Function>,
    /// Every DynamoDB table.
    pub tables: Vec<Table>,
    /// Every S3 bucket.
    pub buckets: Vec<Bucket>,
    /// Every SQS queue.
    pub queues: Vec<Queue>,
}

/// The REST API: stage and what API Gateway does without a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// The stage, `prod` for example.
    pub stage: String,
    /// Media types whose bodies reach a function in base64.
    pub binary_media_types: Vec<String>,
    /// Gateway responses by type: `REQUEST_TOO_LARGE`, `DEFAULT_5XX`, ...
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
}

/// What API Gateway answers by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayResponse {
    /// The status, where the template overrides it.
    pub status: Option<u16>,
    /// Response headers: static values without the template's quotes, or one of the expressions that
    /// `method.request.header.` and `context.` begin, which stand for a header of the request (none: no header)
    /// and for a value of the context.
    pub headers: BTreeMap<String, String>,
    /// Body template by media type; may name `$context.error.messageString` and friends.
    pub templates: BTreeMap<String, String>,
}

/// One Lambda function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The key under `Resources`, `PostPhoto` for example.
    pub logical_id: String,
    /// The binary, `post_photo` for example.
    pub binary: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Environment variables, intrinsics resolved.
    pub environment: BTreeMap<String, String>,
    /// The routes that reach it.
    pub routes: Vec<Route>,
    /// The queues it is fed from.
    pub queue_sources: Vec<QueueSource>,
    /// Its execution role's statements.
    pub policy: Vec<Statement>,
}

/// One route of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// An HTTP method in capitals, or `ANY`.
    pub method: String,
    /// The path as in the template: `/post/{id}`, `/{proxy+}`.
    pub path: String,
    /// Whether the answer is passed on as it comes, not when it is whole.
    pub streams: bool,
    /// How long the integration may take, to the last byte of its answer; API Gateway's own limit if it is not said.
    pub timeout: Option<Duration>,
}

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSource {
    /// The queue's name.
    pub queue: String,
    /// Messages per invocation.
    pub batch_size: usize,
    /// How many invocations may run at once.
    pub maximum_concurrency: Option<usize>,
    /// Whether the function may report single failed messages.
    pub report_batch_item_failures: bool,
}

/// One statement of an IAM policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `true` for Allow, `false` for Deny.
    pub allow: bool,
    /// Actions with their wildcards: `dynamodb:PutItem`, `s3:*`.
    pub actions: Vec<String>,
    /// ARNs with their wildcards.
    pub resources: Vec<String>,
}

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The body of a `CreateTable` call.
    pub create: Value,
    /// The attribute that carries the time to live.
    pub ttl_attribute: Option<String>,
}

/// An S3 bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// The template's CORS rules, as written.
    pub cors: Value,
    /// The template's lifecycle rules, as written.
    pub lifecycle: Value,
}

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The queue's name; FIFO names end in `.fifo`.
    pub name: String,
    /// Attributes as `CreateQueue` takes them: strings, `RedrivePolicy` as JSON text.
    pub attributes: BTreeMap<String, String>,
}

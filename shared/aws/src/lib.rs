//! DynamoDB, S3, SQS and Secrets Manager, each behind a small type that speaks the domain's terms.
//!
//! A function builds only the ones it uses, and each type's methods are the calls its policy in `template.yaml`
//! allows. No type of an SDK leaves this crate.

mod attributes;
mod client;
mod dispatches;
mod error;
mod keys;
mod limits;
mod queue;
mod receipts;
mod secrets;
mod seen_media;
mod service_queues;
mod sessions;
mod slots;
mod staging;
mod transaction;
mod uploads;

pub use client::Connection;
pub use dispatches::Dispatches;
pub use error::AwsError;
pub use keys::ApiKeys;
pub use limits::{Limit, Limits};
pub use queue::{DeadLetterQueue, FifoQueue};
pub use receipts::{Accepted, Claim, ClaimError, ClaimToken, Claimed, Ending, Receipts};
pub use secrets::{
    AccountSecrets, Assignments, BotSecrets, DispatchSecrets, SecretStore, SecretVersions, SecretsError,
    UploadSecrets,
};
pub use seen_media::{SeenMedia, ShelfRow};
pub use service_queues::{Line, ServiceQueues};
pub use sessions::{Attempt, Change, Forward, Lease, LeaseError, LeaseToken, Leased, SessionRow, Sessions};
pub use slots::{Slot, Slots};
pub use staging::{Completed, StagedBytes, StagedPart, StagingBucket};
pub use uploads::{Cancelled, Created, Moved, UploadClaimed, UploadEnding, Uploads};

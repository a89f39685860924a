//! Writes to several items, all or none.
//!
//! DynamoDB refuses a transaction that meets another one on an item; such a conflict says nothing about the items, and
//! the transaction is tried again. The SDK numbers each transaction, so one that it sends twice is done once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

use crate::error::AwsError;

/// Tries of a transaction that another one got in the way of.
const CONFLICT_TRIES: u32 = 7;

/// The first pause between them at most; each further one is twice as long. What got in each other's way once would do
/// so again if all waited for the same time, so each waits for a part of it that chance decides.
const CONFLICT_PAUSE: Duration = Duration::from_millis(30);

/// A transaction that was not done.
#[derive(Debug)]
pub(crate) struct TransactionError(SdkError<TransactWriteItemsError>);

/// Writes all `items`, or none.
pub(crate) async fn write(client: &Client, items: Vec<TransactWriteItem>) -> Result<(), TransactionError> {
    let mut pause = CONFLICT_PAUSE;
    for _ in 1..CONFLICT_TRIES {
        match attempt(client, &items).await {
            Err(error) if error.is_conflict() => tokio::time::sleep(pause.mul_f64(chance())).await,
            outcome => return outcome,
        }
        pause *= 2;
    }
    attempt(client, &items).await
}

/// A number from 0 to 1 that need not be unpredictable.
fn chance() -> f64 {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    f64::from(nanoseconds % 1000) / 1000.0
}

async fn attempt(client: &Client, items: &[TransactWriteItem]) -> Result<(), TransactionError> {
    let sent = client.transact_write_items().set_transact_items(Some(items.to_vec())).send().await;
    sent.map(drop).map_err(TransactionError)
}

impl TransactionError {
    /// Why it was cancelled, when the condition of the item at this place in the list failed.
    pub(crate) fn refused(&self, at: usize) -> Option<&CancellationReason> {
        self.reasons().get(at).filter(|reason| reason.code() == Some("ConditionalCheckFailed"))
    }

    fn is_conflict(&self) -> bool {
        let any = |code| self.reasons().iter().any(|reason| reason.code() == Some(code));
        any("TransactionConflict") && !any("ConditionalCheckFailed")
    }

    fn reasons(&self) -> &[CancellationReason] {
        match self.0.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                cancelled.cancellation_reasons()
            }
            _ => &[],
        }
    }
}

impl From<TransactionError> for AwsError {
    fn from(error: TransactionError) -> Self {
        Self::new("TransactWriteItems", &error.0)
    }
}

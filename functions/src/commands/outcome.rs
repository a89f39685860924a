//! What has become of a command, as its caller is told.

use http::StatusCode;
use lambdagram_aws::StagingBucket;
use lambdagram_domain::job::staged_result;
use lambdagram_domain::receipt::{CommandResult, CommandState, Receipt, State};
use serde_json::{Map, Value, json};

use crate::http::{Answer, ApiError, Failure};

/// What is told when the policy is not to do a command again of which nobody knows whether it was done.
const NOBODY_KNOWS: &str = "Nobody knows whether Telegram did it: the answer was lost.";

/// What `GET /commands/{id}` answers.
///
/// # Errors
///
/// [`ApiError::Aws`], or that of a result that is gone.
pub(crate) async fn report(receipt: &Receipt, staging: &StagingBucket) -> Result<Value, ApiError> {
    let mut report = Map::from_iter([
        ("id".to_owned(), Value::from(receipt.id.as_str())),
        ("command".to_owned(), Value::from(receipt.command.as_deref())),
        ("state".to_owned(), Value::from(receipt.state.of_command().name())),
        ("attempts".to_owned(), Value::from(receipt.attempts_made())),
        ("created_at".to_owned(), Value::from(receipt.accepted_at.rfc3339())),
    ]);
    match receipt.state.of_command() {
        CommandState::Done => {
            report.insert("result".to_owned(), result(receipt, staging).await?);
        }
        CommandState::Failed => {
            report.insert("error".to_owned(), Value::from(reason(receipt)));
        }
        CommandState::Queued | CommandState::Running => {}
    }
    let finished_at = receipt.finished_at.filter(|_| receipt.state.of_command().is_final());
    report.extend(finished_at.map(|time| ("finished_at".to_owned(), Value::from(time.rfc3339()))));
    Ok(Value::Object(report))
}

/// What a client gets that waited for the end of its command.
///
/// # Errors
///
/// As [`report`].
pub(super) async fn answer(receipt: &Receipt, staging: &StagingBucket) -> Result<Answer, ApiError> {
    if receipt.state.of_command() == CommandState::Done {
        let result = result(receipt, staging).await?;
        let body = json!({"status": "success", "id": receipt.id, "result": result});
        return Ok(Answer::json(StatusCode::OK, body));
    }
    let body = json!({"status": "error", "error": "The command failed.", "details": reason(receipt)});
    Ok(Answer::json(StatusCode::BAD_GATEWAY, body))
}

async fn result(receipt: &Receipt, staging: &StagingBucket) -> Result<Value, ApiError> {
    let unreadable = || Failure::Internal.because("the result of a command cannot be read");
    match &receipt.result {
        None => Ok(Value::Null),
        Some(CommandResult::Here(text)) => serde_json::from_str(text).map_err(|_| unreadable()),
        Some(CommandResult::Staged) => {
            let staged = staging.get(&staged_result(&receipt.id)).await?.ok_or_else(unreadable)?;
            serde_json::from_slice(&staged).map_err(|_| unreadable())
        }
    }
}

fn reason(receipt: &Receipt) -> &str {
    match receipt.state {
        State::Unknown => NOBODY_KNOWS,
        _ => receipt.reason.as_deref().unwrap_or_default(),
    }
}

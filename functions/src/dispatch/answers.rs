//! Answers as jobs of the bot.

use lambdagram_aws::{AwsError, StagingBucket};
use lambdagram_domain::answer::Answer;
use lambdagram_domain::command::{Command, Packed};
use lambdagram_domain::ids::JobId;
use lambdagram_domain::job::Job;
use lambdagram_domain::receipt::Receipt;
use lambdagram_domain::time::UnixTime;

use crate::intake::Intake;

/// Queues `answer` under an `id` that makes its repeats one. Files that come along go to `staging`; answers of our own
/// have none.
///
/// # Errors
///
/// [`AwsError`]; a repeat completes it.
pub(crate) async fn enqueue(
    intake: &Intake,
    staging: Option<&StagingBucket>,
    id: JobId,
    answer: Answer,
    now: UnixTime,
) -> Result<(), AwsError> {
    let Answer { method, call } = answer;
    let chat = call.chat.clone();
    let Packed { command, parts } = Command::pack(method, call);
    let job = Job::command(id, chat, command);
    let receipt = Receipt { command: Some(method.snake_name().to_owned()), ..Receipt::of(&job, None, now) };
    if !intake.begin_once(&receipt).await? {
        return Ok(());
    }
    match staging {
        Some(staging) => intake.stage_and_enqueue(staging, &job, parts).await,
        None => intake.enqueue(&job).await,
    }
}

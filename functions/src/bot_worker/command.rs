//! What is particular to commands: their parts come from the bucket, and their callers learn what Telegram said.

use bytes::Bytes;
use lambdagram_aws::Ending;
use lambdagram_domain::bot_api::Method;
use lambdagram_domain::command::Command;
use lambdagram_domain::job::{Job, staged_result};
use lambdagram_domain::receipt::{CommandResult, LONGEST_RESULT};
use lambdagram_telegram::bot_api::InputFile;
use serde_json::{Map, Value};

use super::BotWorker;
use super::calls::Call;
use super::delivery::Unprepared;

/// What Telegram says when an edit or a deletion was done before (Bot API server, `Client.cpp`), as far as all versions
/// have it.
const DONE_BEFORE: [(&str, &str); 2] =
    [("edit", "message is not modified"), ("delete", "message to delete not found")];

impl BotWorker {
    /// The call that `command` asks for, with everything that was staged for it.
    pub(super) async fn prepare_command(&self, job: &Job, command: &Command) -> Result<Call, Unprepared> {
        let parameters = match (&command.parameters, command.staged_parameters()) {
            (Some(parameters), _) => parameters.clone(),
            (None, None) => Map::new(),
            (None, Some(name)) => {
                let staged = self.part(job, name).await?;
                let parameters = serde_json::from_slice(&staged);
                parameters.map_err(|_| Unprepared::Hopeless("The command's parameters cannot be read."))?
            }
        };
        let mut files = Vec::new();
        for file in &command.files {
            files.push(InputFile {
                parameter: file.name.clone().into(),
                name: file.file_name.clone().unwrap_or_else(|| file.name.clone()),
                content_type: file.content_type.clone().into(),
                bytes: self.part(job, &file.name).await?,
            });
        }
        Ok(Call::of_command(command.method.clone(), parameters, files))
    }

    async fn part(&self, job: &Job, name: &str) -> Result<Bytes, Unprepared> {
        let part = self.staging.get(&job.staged_part(name)).await.map_err(Unprepared::Aws)?;
        part.ok_or(Unprepared::Hopeless("What belongs to the command is gone."))
    }

    /// Puts the result where its receipt will look for it. One that cannot be kept is lost: doing the command again for
    /// its sake would be worse.
    pub(super) async fn keep_result(&self, job: &Job, result: &Value) -> CommandResult {
        let text = result.to_string();
        if text.len() <= LONGEST_RESULT {
            return CommandResult::Here(text);
        }
        match self.staging.put(&staged_result(&job.id), "application/json", text.into_bytes()).await {
            Ok(()) => CommandResult::Staged,
            Err(cause) => {
                tracing::error!(job = %job.id, cause = %cause, "The result of a command is lost");
                CommandResult::Here(Value::Null.to_string())
            }
        }
    }
}

/// Whether the command may be done again when nobody knows whether it was done.
pub(super) fn repeats_safely(command: &Command) -> bool {
    Method::parse(&command.method).is_some_and(Method::repeats_safely)
}

/// How a command ends that Telegram refuses: for whoever asked for it to read, not for the dead-letter queue. A repeat
/// that finds everything as it was asked to be has succeeded: an attempt before it did the work.
pub(super) fn refused(command: &Command, attempt: u32, description: String) -> Ending {
    let was_done =
        |(kind, says): (&str, &str)| command.method.starts_with(kind) && description.contains(says);
    if attempt > 1 && DONE_BEFORE.into_iter().any(was_done) {
        return Ending::Carried { result: CommandResult::Here(Value::Bool(true).to_string()) };
    }
    Ending::Refused { reason: description }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(method: &str) -> Command {
        Command { method: method.to_owned(), parameters: None, files: Vec::new() }
    }

    #[test]
    fn a_repeated_edit_that_changes_nothing_was_done_before() {
        let says =
            "Bad Request: message is not modified: specified new message content is the same".to_owned();
        let done = Ending::Carried { result: CommandResult::Here("true".to_owned()) };
        assert_eq!(refused(&command("editMessageText"), 2, says.clone()), done);
        let refusal = Ending::Refused { reason: says.clone() };
        assert_eq!(refused(&command("editMessageText"), 1, says.clone()), refusal);
        assert_eq!(refused(&command("sendMessage"), 2, says), refusal);
        let gone = "Bad Request: message to delete not found".to_owned();
        assert_eq!(refused(&command("deleteMessage"), 2, gone), done);
    }

    #[test]
    fn only_what_makes_nothing_new_repeats_safely() {
        for method in ["editMessageText", "deleteMessage", "setMyName", "pinChatMessage", "unbanChatMember"] {
            assert!(repeats_safely(&command(method)), "{method}");
        }
        for method in
            ["sendMessage", "forwardMessage", "copyMessage", "createForumTopic", "sendGift", "noSuch"]
        {
            assert!(!repeats_safely(&command(method)), "{method}");
        }
    }
}

//! What travels through the bot queue.

use serde::{Deserialize, Serialize};

use crate::bot_api::Chat;
use crate::command::Command;
use crate::ids::{ChatId, JobId};

/// One piece of work for the bot, done in the order of its chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Names the receipt; the queue's deduplication id.
    pub id: JobId,
    /// The chat it is for, if it is for one.
    #[serde(rename = "chat_id", skip_serializing_if = "Option::is_none", default)]
    pub chat: Option<Chat>,
    /// What to do.
    pub work: Work,
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Deliver a picture.
    ///
    /// SQS takes 1 MiB and pictures are larger, so it waits in the staging bucket, at [`Job::staged_picture`].
    Photo,
    /// Show the person the way into the Mini App.
    Welcome {
        /// Where the Mini App lives, if it lives anywhere yet.
        mini_app_url: Option<String>,
    },
    /// Call a method of the Bot API.
    Command(Command),
}

impl Job {
    /// The job that delivers the picture staged for it.
    pub fn photo(id: JobId, chat_id: ChatId) -> Self {
        Self { id, chat: Some(chat_id.into()), work: Work::Photo }
    }

    /// The job that shows a person the way into the Mini App at `mini_app_url`.
    pub fn welcome(id: JobId, chat_id: ChatId, mini_app_url: Option<String>) -> Self {
        Self { id, chat: Some(chat_id.into()), work: Work::Welcome { mini_app_url } }
    }

    /// The job that makes a call in `chat`.
    pub fn command(id: JobId, chat: Option<Chat>, command: Command) -> Self {
        Self { id, chat, work: Work::Command(command) }
    }

    /// The line it waits in: that of its chat, or one of its own. A chat's number and its username are two lines, since
    /// only Telegram knows that they are one chat.
    pub fn group(&self) -> String {
        self.chat.as_ref().map_or_else(|| self.id.to_string(), Chat::to_string)
    }

    /// Where the picture of a [`Work::Photo`] waits: its key in the staging bucket.
    pub fn staged_picture(&self) -> String {
        format!("photos/{}", self.id)
    }

    /// Where a part of a [`Work::Command`] waits: its key in the staging bucket.
    pub fn staged_part(&self, name: &str) -> String {
        format!("commands/{}/{name}", self.id)
    }
}

/// Where the result of a command is kept that its receipt has no room for: its key in the staging bucket.
pub fn staged_result(id: &JobId) -> String {
    format!("results/{id}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bot_api::Method;

    fn assert_shape(job: &Job, text: &str) {
        assert_eq!(serde_json::to_string(job).unwrap(), text);
        assert_eq!(serde_json::from_str::<Job>(text).unwrap(), *job);
    }

    #[test]
    fn a_job_keeps_its_shape_in_the_queue() {
        let id = JobId::parse("1f").unwrap();
        let photo = Job::photo(id.clone(), ChatId(7));
        assert_shape(&photo, r#"{"id":"1f","chat_id":7,"work":{"kind":"photo"}}"#);
        assert_eq!(photo.staged_picture(), "photos/1f");
        assert_shape(
            &Job::welcome(id, ChatId(7), Some("https://app.example".to_owned())),
            r#"{"id":"1f","chat_id":7,"work":{"kind":"welcome","mini_app_url":"https://app.example"}}"#,
        );
    }

    #[test]
    fn a_command_waits_in_the_line_of_its_chat_or_in_its_own() {
        let id = JobId::parse("1f").unwrap();
        let job = |method: &str, data: serde_json::Value| {
            let method = Method::parse(method).unwrap();
            let checked = method.validate(data.as_object().unwrap()).unwrap();
            let chat = checked.chat.clone();
            Job::command(id.clone(), chat, Command::pack(method, checked).command)
        };
        let message = job("send_message", json!({"chat_id": "@Some_Channel", "text": "hi"}));
        assert_eq!(message.group(), "@some_channel");
        assert_shape(
            &message,
            r#"{"id":"1f","chat_id":"@some_channel","work":{"kind":"command","method":"sendMessage","parameters":{"chat_id":"@Some_Channel","text":"hi"}}}"#,
        );
        assert_eq!(job("send_message", json!({"chat_id": -5, "text": "hi"})).group(), "-5");
        let name = job("set_my_name", json!({"name": "Ada"}));
        assert_eq!(name.group(), "1f");
        assert_shape(
            &name,
            r#"{"id":"1f","work":{"kind":"command","method":"setMyName","parameters":{"name":"Ada"}}}"#,
        );
    }
}

//! What travels through the bot queue.

use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, JobId};

/// One piece of work for the bot, done in the order of its chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Names the receipt; the queue's deduplication id.
    pub id: JobId,
    /// The chat it is for; the queue's message group.
    pub chat_id: ChatId,
    /// What to do.
    pub work: Work,
}

/// The kinds of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Job {
    /// The job that delivers the picture staged for it.
    pub fn photo(id: JobId, chat_id: ChatId) -> Self {
        Self { id, chat_id, work: Work::Photo }
    }

    /// Where the picture of a [`Work::Photo`] waits: its key in the staging bucket.
    pub fn staged_picture(&self) -> String {
        format!("photos/{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_keeps_its_shape_in_the_queue() {
        let id = JobId::parse("1f").unwrap();
        let photo = Job::photo(id.clone(), ChatId(7));
        let text = r#"{"id":"1f","chat_id":7,"work":{"kind":"photo"}}"#;
        assert_eq!(serde_json::to_string(&photo).unwrap(), text);
        assert_eq!(serde_json::from_str::<Job>(text).unwrap(), photo);
        assert_eq!(photo.staged_picture(), "photos/1f");

        let mini_app_url = Some("https://app.example".to_owned());
        let welcome = Job { id, chat_id: ChatId(7), work: Work::Welcome { mini_app_url } };
        let text =
            r#"{"id":"1f","chat_id":7,"work":{"kind":"welcome","mini_app_url":"https://app.example"}}"#;
        assert_eq!(serde_json::to_string(&welcome).unwrap(), text);
    }
}

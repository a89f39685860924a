//! What travels through the dispatch queue: requests to services, and word of finished commands.

use serde::{Deserialize, Serialize};

use crate::ids::{DispatchId, JobId};
use crate::incoming::Incoming;

/// One request that is to reach a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Names it: the queue's deduplication id, and `webhook-id` at the service.
    pub id: DispatchId,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The kinds of deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// What a person asks the bot, for the service that its route names.
    Dispatch {
        /// What they ask.
        incoming: Incoming,
        /// The service, by its name in the permissions.
        route: String,
    },
    /// That a command has ended, for whoever asked to be told. What is told is in its receipt.
    Callback {
        /// The command's job.
        job: JobId,
        /// Where it is told.
        url: String,
    },
}

impl Delivery {
    /// What a person asks with an update, for the service `route`.
    pub fn dispatch(id: DispatchId, incoming: Incoming, route: String) -> Self {
        Self { id, kind: Kind::Dispatch { incoming, route } }
    }

    /// Word of the end of `job`.
    pub fn callback(job: JobId, url: String) -> Self {
        Self { id: DispatchId::of_callback(&job), kind: Kind::Callback { job, url } }
    }

    /// The line it waits in: what people ask in one chat keeps its order.
    pub fn group(&self) -> String {
        match &self.kind {
            Kind::Dispatch { incoming, .. } => incoming.chat.to_string(),
            Kind::Callback { job, .. } => job.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChatId, UserId};
    use crate::incoming::Asks;

    #[test]
    fn a_delivery_keeps_its_shape_in_the_queue() {
        let incoming = Incoming {
            user: UserId(1),
            chat: ChatId(-7),
            private: false,
            message_thread_id: None,
            message_id: 3,
            asks: Asks::Message { text: Some("hi".to_owned()) },
        };
        let dispatch = Delivery::dispatch(DispatchId::of_update(9, 5), incoming, "echo".to_owned());
        let text = r#"{"id":"dispatch-9-5","kind":"dispatch","incoming":{"user":1,"chat":-7,"private":false,"message_id":3,"asks":{"kind":"message","text":"hi"}},"route":"echo"}"#;
        assert_eq!(serde_json::to_string(&dispatch).unwrap(), text);
        assert_eq!(serde_json::from_str::<Delivery>(text).unwrap(), dispatch);
        assert_eq!(dispatch.group(), "-7");

        let callback = Delivery::callback(JobId::parse("1f").unwrap(), "https://a.example/done".to_owned());
        let text = r#"{"id":"callback-1f","kind":"callback","job":"1f","url":"https://a.example/done"}"#;
        assert_eq!(serde_json::to_string(&callback).unwrap(), text);
        assert_eq!(serde_json::from_str::<Delivery>(text).unwrap(), callback);
        assert_eq!(callback.group(), "1f");
    }
}

//! What travels through the dispatch queue: requests to services, and word of finished commands.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer::Origin;
use crate::ids::{DispatchId, JobId};
use crate::incoming::Incoming;
use crate::retry;
use crate::time::UnixTime;

/// How long a row about a delivery is kept after the last try: Telegram repeats an update for 24 h after its message,
/// and a service may take its time with an answer.
pub const ROW_KEPT: Duration = Duration::from_hours(48);

/// The waits after a try to reach a service: somebody waits in a chat, and what they ask next waits behind it.
const SERVICE_DELAYS: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(45)];

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

    /// The wait after the `attempts`-th try failed, or `None` when it was the last. Nobody waits for a callback, so it is
    /// tried for as long as a message.
    pub fn delay_after(&self, attempts: u32) -> Option<Duration> {
        match &self.kind {
            Kind::Dispatch { .. } => {
                let number = usize::try_from(attempts.saturating_sub(1)).ok()?;
                SERVICE_DELAYS.get(number).copied()
            }
            Kind::Callback { .. } => retry::delay_after(attempts),
        }
    }

    /// What is kept about it from now on.
    pub fn row(&self, now: UnixTime) -> Row {
        let asked = match &self.kind {
            Kind::Dispatch { incoming, route } => Some((Origin::of(incoming), route.clone())),
            Kind::Callback { .. } => None,
        };
        Row {
            id: self.id.clone(),
            stage: Stage::Accepting,
            attempts: 0,
            asked,
            expires_at: now.plus(ROW_KEPT),
        }
    }
}

/// What is kept about a delivery: that it was accepted once, how it goes, and where an answer to it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The delivery.
    pub id: DispatchId,
    /// How far it is.
    pub stage: Stage,
    /// Tries so far. A redrive from the dead-letter queue starts anew.
    pub attempts: u32,
    /// From where a service was asked, and which; `None` for a callback.
    pub asked: Option<(Origin, String)>,
    /// When it stops existing, whether or not DynamoDB has removed it.
    pub expires_at: UnixTime,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The row is there, the queue may not have the delivery yet.
    Accepting,
    /// The queue has it.
    Queued,
    /// It has been delivered, and what the service answered at once is on its way.
    Delivered,
    /// It was given up. The dead-letter queue has it.
    Failed,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Accepting, Self::Queued, Self::Delivered, Self::Failed];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepting => "accepting",
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The stage of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChatId, UserId};
    use crate::incoming::Asks;

    #[test]
    fn every_stage_is_found_by_its_name() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.name()), Some(stage));
        }
        assert_eq!(Stage::parse("gone"), None);
    }

    #[test]
    fn a_service_is_tried_four_times_and_a_callback_for_an_hour() {
        let incoming = Incoming {
            user: UserId(1),
            chat: ChatId(1),
            private: true,
            message_thread_id: None,
            message_id: 3,
            asks: Asks::CallbackQuery { id: "5".to_owned(), data: None },
        };
        let waits = |delivery: &Delivery| -> Vec<u64> {
            (1..).map_while(|tries| delivery.delay_after(tries)).map(|wait| wait.as_secs()).collect()
        };
        let dispatch = Delivery::dispatch(DispatchId::of_update(9, 5), incoming.clone(), "echo".to_owned());
        assert_eq!(waits(&dispatch), [5, 15, 45]);
        let origin = Origin::of(&incoming);
        assert_eq!(origin.callback_query.as_deref(), Some("5"));
        assert_eq!(dispatch.row(UnixTime(9)).asked, Some((origin, "echo".to_owned())));
        let callback = Delivery::callback(JobId::parse("1f").unwrap(), "https://a.example/".to_owned());
        assert_eq!(waits(&callback).len(), 11);
        assert_eq!(callback.row(UnixTime(9)).asked, None);
    }

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

//! A FIFO queue against a model that is too small to be wrong: lists of messages, and a look at all of them for
//! every question.

use proptest::prelude::*;

use super::settings;
use crate::aws::sqs::attributes::Attributes;
use crate::aws::sqs::queue::{Depth, Queue};
use crate::aws::sqs::stored::{Content, Message};
use crate::aws::sqs::{ReceivedMessage, Visibility};

/// Visibility timeout of all receives, in seconds.
const VISIBILITY_S: u32 = 30;

#[derive(Clone, Debug)]
enum Step {
    Send {
        group: u8,
    },
    Receive {
        limit: usize,
    },
    /// Deletes by one of the receipts that were ever given out.
    Delete {
        receipt: prop::sample::Index,
    },
    ChangeVisibility {
        receipt: prop::sample::Index,
        seconds: u32,
    },
    Advance {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8).prop_map(|group| Step::Send { group }),
        4 => (1..=10_usize).prop_map(|limit| Step::Receive { limit }),
        3 => any::<prop::sample::Index>().prop_map(|receipt| Step::Delete { receipt }),
        2 => (any::<prop::sample::Index>(), prop_oneof![Just(0), 1..90_u32])
            .prop_map(|(receipt, seconds)| Step::ChangeVisibility { receipt, seconds }),
        1 => (1..40_u64).prop_map(|seconds| Step::Advance { seconds }),
    ]
}

/// A message as the model sees it: in flight until a time, by a certain receipt.
struct Modelled {
    id: String,
    group: u8,
    hidden_until_ms: u64,
    handle: Option<String>,
}

#[derive(Default)]
struct Model {
    messages: Vec<Modelled>,
    now_ms: u64,
}

impl Model {
    fn in_flight(&self, message: &Modelled) -> bool {
        message.hidden_until_ms > self.now_ms
    }

    fn is_locked(&self, group: u8) -> bool {
        self.messages.iter().any(|message| message.group == group && self.in_flight(message))
    }

    /// What a receive must deliver: groups that are not locked, the one with the oldest message first.
    fn deliverable(&self, limit: usize) -> Vec<String> {
        let mut groups: Vec<u8> = Vec::new();
        for message in &self.messages {
            if !groups.contains(&message.group) && !self.is_locked(message.group) {
                groups.push(message.group);
            }
        }
        let in_order = groups
            .into_iter()
            .flat_map(|group| self.messages.iter().filter(move |message| message.group == group));
        in_order.take(limit).map(|message| message.id.clone()).collect()
    }

    fn note_received(&mut self, received: &[ReceivedMessage]) {
        for received in received {
            let message = self.messages.iter_mut().find(|message| message.id == received.message_id).unwrap();
            message.hidden_until_ms = self.now_ms + u64::from(VISIBILITY_S) * 1000;
            message.handle = Some(received.receipt_handle.clone());
        }
    }

    /// The message in flight that this receipt stands for.
    fn find(&self, handle: &str) -> Option<usize> {
        self.messages
            .iter()
            .position(|message| message.handle.as_deref() == Some(handle) && self.in_flight(message))
    }

    fn depth(&self) -> Depth {
        let in_flight = self.messages.iter().filter(|message| self.in_flight(message)).count();
        Depth { visible: self.messages.len() - in_flight, in_flight, delayed: 0 }
    }
}

fn content(id: String, group: u8) -> Content {
    Content {
        message_id: id,
        body: "a".into(),
        attributes: [].into(),
        system_attributes: [].into(),
        group_id: Some(group.to_string()),
        deduplication_id: None,
        sequence_number: None,
        sent_ms: 0,
        dead_letter_source: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn order_is_kept_groups_are_locked_and_nothing_is_lost_or_delivered_twice(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let attributes = Attributes::create("line.fifo", &settings(&[("FifoQueue", "true")])).unwrap();
        let mut queue = Queue::new("line.fifo", attributes);
        let mut model = Model::default();
        let mut handles: Vec<String> = Vec::new();
        let mut position = 0;
        for step in steps {
            match step {
                Step::Send { group } => {
                    position += 1;
                    let id = position.to_string();
                    queue.add(Message::new(position, content(id.clone(), group), Visibility::Visible));
                    model.messages.push(Modelled { id, group, hidden_until_ms: 0, handle: None });
                }
                Step::Receive { limit } => {
                    let expected = model.deliverable(limit);
                    let received = queue.receive(model.now_ms, limit, VISIBILITY_S, None).delivered;
                    let ids: Vec<_> = received.iter().map(|message| message.message_id.clone()).collect();
                    prop_assert_eq!(ids, expected);
                    model.note_received(&received);
                    handles.extend(received.into_iter().map(|message| message.receipt_handle));
                }
                Step::Delete { receipt } if !handles.is_empty() => {
                    let handle = receipt.get(&handles);
                    let deleted = model.find(handle).map(|index| model.messages.remove(index).id);
                    let result = queue.delete(handle);
                    prop_assert!(deleted.is_none() || result.is_ok());
                }
                Step::ChangeVisibility { receipt, seconds } if !handles.is_empty() => {
                    let handle = receipt.get(&handles);
                    let found = model.find(handle);
                    let now_ms = model.now_ms;
                    let result = queue.change_visibility(now_ms, handle, seconds);
                    prop_assert_eq!(result.is_ok(), found.is_some());
                    if let Some(index) = found {
                        model.messages[index].hidden_until_ms = now_ms + u64::from(seconds) * 1000;
                    }
                }
                Step::Advance { seconds } => {
                    model.now_ms += seconds * 1000;
                    queue.advance(model.now_ms);
                }
                Step::Delete { .. } | Step::ChangeVisibility { .. } => {}
            }
            let left: Vec<_> = queue.stored().into_iter().map(|message| message.message_id).collect();
            let expected: Vec<_> = model.messages.iter().map(|message| message.id.clone()).collect();
            prop_assert_eq!(left, expected);
            prop_assert_eq!(queue.depth(), model.depth());
        }
    }
}

//! One queue: which messages can be received, in which order, by whom, until when.
//!
//! A state machine without input or output: the time comes in with every call, and what must be written down goes
//! out through [`Queue::journal`]. Dead-letter queues, files and waiting are the business of `state.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{Attributes, arn};
use super::deduplication::Deduplication;
use super::error::SqsError;
use super::limits::{IN_FLIGHT, VISIBILITY_S};
use super::message::{ReceivedMessage, StoredMessage, Visibility};
use super::stored::{Message, Receipt};

/// A queue with its messages. Positions order them: a later message has a greater one, and none is used twice.
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) deduplication: Deduplication,
    messages: BTreeMap<u64, Message>,
    /// Positions that a receive may start with: every visible message of a standard queue, and of a FIFO queue the
    /// first message of each group that is not locked.
    ready: BTreeSet<u64>,
    /// When which hidden message becomes visible.
    hidden: BTreeSet<(u64, u64)>,
    /// When which message was sent, for the retention period.
    ages: BTreeSet<(u64, u64)>,
    groups: BTreeMap<String, Group>,
    in_flight: usize,
    /// What happened to which message and is to be written down.
    pub(super) journal: BTreeMap<u64, Touch>,
}

/// The messages of one FIFO group.
#[derive(Default)]
struct Group {
    members: BTreeSet<u64>,
    in_flight: usize,
    /// The member that stands in `ready`.
    listed: Option<u64>,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Added,
    Changed,
    Removed,
}

/// How many messages a queue holds, by what may be done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that can be received (in a FIFO queue: when their turn comes).
    pub visible: usize,
    /// Messages that were received and are neither deleted nor visible again.
    pub in_flight: usize,
    /// Messages whose delay has not passed.
    pub delayed: usize,
}

/// What a receive took.
pub(super) struct Taken {
    pub(super) delivered: Vec<ReceivedMessage>,
    /// Messages that were received too often: they have left this queue.
    pub(super) dead: Vec<Message>,
}

impl Queue {
    pub(super) fn new(name: &str, attributes: Attributes) -> Self {
        Self {
            name: name.to_owned(),
            attributes,
            deduplication: Deduplication::default(),
            messages: BTreeMap::new(),
            ready: BTreeSet::new(),
            hidden: BTreeSet::new(),
            ages: BTreeSet::new(),
            groups: BTreeMap::new(),
            in_flight: 0,
            journal: BTreeMap::new(),
        }
    }

    /// Does what time has brought: shows messages again, drops those past the retention period.
    pub(super) fn advance(&mut self, now_ms: u64) {
        while let Some((until_ms, position)) = self.hidden.first().copied()
            && until_ms <= now_ms
        {
            self.set_visibility(position, Visibility::Visible);
        }
        let retention_ms = self.attributes.retention_ms();
        while let Some((sent_ms, position)) = self.ages.first().copied()
            && sent_ms + retention_ms <= now_ms
        {
            self.remove(position);
        }
        self.deduplication.advance(now_ms);
    }

    /// Puts a message in; it is written down with the next journal.
    pub(super) fn add(&mut self, message: Message) {
        self.journal.insert(message.position, Touch::Added);
        self.restore(message);
    }

    /// Puts in a message that is written down already.
    pub(super) fn restore(&mut self, message: Message) {
        let position = message.position;
        self.ages.insert((message.content.sent_ms, position));
        if let Some(group) = self.group_of(&message) {
            self.groups.entry(group).or_default().members.insert(position);
        }
        self.messages.insert(position, message);
        self.index(position);
    }

    /// Takes up to `limit` messages, in order, and hides them for `visibility_s`.
    pub(super) fn receive(
        &mut self,
        now_ms: u64,
        limit: usize,
        visibility_s: u32,
        max_receive_count: Option<u32>,
    ) -> Taken {
        let mut taken = Taken { delivered: Vec::new(), dead: Vec::new() };
        let until_ms = now_ms + u64::from(visibility_s) * 1000;
        // A timeout of zero leaves a message ready: `after` keeps this receive from taking it twice.
        let mut after = 0;
        while let Some(first) = self.ready.range(after..).next().copied() {
            after = first + 1;
            for position in self.run_from(first, limit) {
                if taken.delivered.len() >= limit || self.in_flight >= IN_FLIGHT {
                    return taken;
                }
                let received = self.messages[&position].receive_count;
                if max_receive_count.is_some_and(|most| received >= most) {
                    taken.dead.extend(self.remove(position));
                    continue;
                }
                taken.delivered.push(self.deliver(position, now_ms, until_ms));
            }
        }
        taken
    }

    /// The messages that may be taken together with the first one: it alone, or the visible start of its group.
    fn run_from(&self, first: u64, limit: usize) -> Vec<u64> {
        let Some(group) = self.group_of(&self.messages[&first]).and_then(|name| self.groups.get(&name))
        else {
            return vec![first];
        };
        let visible = |position: &&u64| self.messages[*position].visibility == Visibility::Visible;
        group.members.iter().take_while(visible).take(limit).copied().collect()
    }

    fn deliver(&mut self, position: u64, now_ms: u64, until_ms: u64) -> ReceivedMessage {
        let message = self.messages.get_mut(&position).expect("the position is taken from the index");
        message.receive_count += 1;
        message.first_received_ms.get_or_insert(now_ms);
        message.received_ms = now_ms;
        let receipt = message.renew_receipt();
        let received = message.to_received(&self.name, &receipt);
        self.touch(position);
        if until_ms > now_ms {
            self.set_visibility(position, Visibility::InFlight { until_ms });
        }
        received
    }

    /// Deletes what the receipt stands for. Deleting twice is no error, nor is an outdated receipt in a standard
    /// queue; the message that was received again in the meantime stays.
    pub(super) fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let receipt = self.parse_receipt(handle)?;
        let Some(message) = self.messages.get(&receipt.position) else {
            return Ok(());
        };
        let current = message.receipt == Some(receipt.token);
        let in_flight = matches!(message.visibility, Visibility::InFlight { .. });
        if self.attributes.is_fifo() && !(current && in_flight) {
            return Err(SqsError::invalid("ReceiptHandle", &handle, "The receipt handle has expired."));
        }
        if current {
            self.remove(receipt.position);
        }
        Ok(())
    }

    /// Hides a message in flight for `seconds` from now, or shows it with zero.
    pub(super) fn change_visibility(
        &mut self,
        now_ms: u64,
        handle: &str,
        seconds: u32,
    ) -> Result<(), SqsError> {
        let receipt = self.parse_receipt(handle)?;
        let message = self.messages.get(&receipt.position);
        let Some(message) = message.filter(|message| message.receipt == Some(receipt.token)) else {
            return Err(unavailable(handle));
        };
        if !matches!(message.visibility, Visibility::InFlight { .. }) {
            let fifo = self.attributes.is_fifo();
            return Err(if fifo { unavailable(handle) } else { SqsError::MessageNotInflight });
        }
        let until_ms = now_ms + u64::from(seconds) * 1000;
        if until_ms > message.received_ms + u64::from(VISIBILITY_S) * 1000 {
            let reason = format!(
                "Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_S} seconds]"
            );
            return Err(SqsError::invalid("VisibilityTimeout", &seconds, reason));
        }
        self.touch(receipt.position);
        let visibility = if seconds == 0 { Visibility::Visible } else { Visibility::InFlight { until_ms } };
        self.set_visibility(receipt.position, visibility);
        Ok(())
    }

    /// Removes the message that a receive would start with.
    pub(super) fn take_ready(&mut self) -> Option<Message> {
        let first = self.ready.first().copied()?;
        self.remove(first)
    }

    /// The message that a receive would start with.
    pub(super) fn first_ready(&self) -> Option<&Message> {
        self.ready.first().map(|position| &self.messages[position])
    }

    /// Removes all messages.
    pub(super) fn clear(&mut self) {
        for position in self.messages.keys() {
            note_removal(&mut self.journal, *position);
        }
        self.messages.clear();
        self.ready.clear();
        self.hidden.clear();
        self.ages.clear();
        self.groups.clear();
        self.in_flight = 0;
    }

    pub(super) fn depth(&self) -> Depth {
        let delayed = self.hidden.len() - self.in_flight;
        Depth { visible: self.messages.len() - self.hidden.len(), in_flight: self.in_flight, delayed }
    }

    /// Whether no more messages may be received before some are deleted or shown.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight >= IN_FLIGHT
    }

    /// When the next hidden message becomes visible.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        self.hidden.first().map(|(until_ms, _)| *until_ms)
    }

    pub(super) fn arn(&self) -> String {
        arn(&self.name)
    }

    pub(super) fn stored(&self) -> Vec<StoredMessage> {
        self.messages.values().map(Message::to_stored).collect()
    }

    pub(super) fn message(&self, position: u64) -> Option<&Message> {
        self.messages.get(&position)
    }

    /// Whether something is to be written down.
    pub(super) fn is_changed(&self) -> bool {
        !self.journal.is_empty() || self.deduplication.is_changed()
    }

    fn parse_receipt(&self, handle: &str) -> Result<Receipt, SqsError> {
        Receipt::parse(&self.name, handle)
            .ok_or_else(|| SqsError::ReceiptHandleIsInvalid { handle: handle.to_owned() })
    }

    /// The FIFO group of a message. In a standard queue a group id is a label without effect on order.
    fn group_of(&self, message: &Message) -> Option<String> {
        message.content.group_id.clone().filter(|_| self.attributes.is_fifo())
    }

    fn touch(&mut self, position: u64) {
        self.journal.entry(position).or_insert(Touch::Changed);
    }

    fn remove(&mut self, position: u64) -> Option<Message> {
        self.unindex(position);
        let message = self.messages.remove(&position)?;
        self.ages.remove(&(message.content.sent_ms, position));
        note_removal(&mut self.journal, position);
        if let Some(name) = self.group_of(&message)
            && let Some(group) = self.groups.get_mut(&name)
        {
            group.members.remove(&position);
            if group.members.is_empty() {
                self.groups.remove(&name);
            } else {
                self.list(&name);
            }
        }
        Some(message)
    }

    fn set_visibility(&mut self, position: u64, visibility: Visibility) {
        self.unindex(position);
        if let Some(message) = self.messages.get_mut(&position) {
            message.visibility = visibility;
        }
        self.index(position);
    }

    fn index(&mut self, position: u64) {
        let Some(message) = self.messages.get(&position) else {
            return;
        };
        let group = self.group_of(message);
        match message.visibility {
            Visibility::Visible if group.is_none() => {
                self.ready.insert(position);
            }
            Visibility::Visible => {}
            Visibility::Delayed { until_ms } => {
                self.hidden.insert((until_ms, position));
            }
            Visibility::InFlight { until_ms } => {
                self.hidden.insert((until_ms, position));
                self.in_flight += 1;
                if let Some(group) = group.as_ref().and_then(|name| self.groups.get_mut(name)) {
                    group.in_flight += 1;
                }
            }
        }
        if let Some(name) = group {
            self.list(&name);
        }
    }

    fn unindex(&mut self, position: u64) {
        let Some(message) = self.messages.get(&position) else {
            return;
        };
        let group = self.group_of(message);
        match message.visibility {
            Visibility::Visible => {
                self.ready.remove(&position);
            }
            Visibility::Delayed { until_ms } => {
                self.hidden.remove(&(until_ms, position));
            }
            Visibility::InFlight { until_ms } => {
                self.hidden.remove(&(until_ms, position));
                self.in_flight -= 1;
                if let Some(group) = group.as_ref().and_then(|name| self.groups.get_mut(name)) {
                    group.in_flight -= 1;
                }
            }
        }
    }

    /// Brings `ready` up to date for one group: its first message, unless one of the group is in flight or the
    /// first is not visible yet.
    fn list(&mut self, name: &str) {
        let Some(group) = self.groups.get_mut(name) else {
            return;
        };
        let head = group.members.first().copied().filter(|head| {
            group.in_flight == 0
                && self.messages.get(head).is_some_and(|message| message.visibility == Visibility::Visible)
        });
        if let Some(listed) = group.listed {
            self.ready.remove(&listed);
        }
        group.listed = head;
        self.ready.extend(head);
    }
}

/// A message that was never written down leaves no trace.
fn note_removal(journal: &mut BTreeMap<u64, Touch>, position: u64) {
    if journal.get(&position) == Some(&Touch::Added) {
        journal.remove(&position);
    } else {
        journal.insert(position, Touch::Removed);
    }
}

fn unavailable(handle: &str) -> SqsError {
    let reason = "Message does not exist or is not available for visibility timeout change.";
    SqsError::invalid("ReceiptHandle", &handle, reason)
}

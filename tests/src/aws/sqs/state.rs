//! All queues together, and the file behind them: what concerns more than one queue happens here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use super::attributes::{Attributes, queue_name};
use super::deduplication::{Accepted, Deduplication};
use super::error::SqsError;
use super::limits::{DELETED_PAUSE_MS, PURGE_PAUSE_MS};
use super::message::{ReceivedMessage, Send, Sent, Visibility, attributes_md5, body_md5};
use super::move_task::MoveTask;
use super::queue::{Queue, Touch};
use super::store::{QueueRow, Store, Writes};
use super::stored::{Content, Message, new_message_id, sequence_number};

/// The queues, held in memory and written through to the file.
pub(super) struct State {
    store: Store,
    pub(super) queues: BTreeMap<String, Entry>,
    pub(super) last_position: u64,
    /// When which queue was deleted.
    deleted_ms: BTreeMap<String, u64>,
    /// Queues whose deletion is not written down yet.
    removed: BTreeSet<String>,
    pub(super) tasks: Vec<MoveTask>,
    /// A write failed, so memory may be ahead of the file and is read again before it is used.
    stale: bool,
}

/// A queue and what is known about it beside its messages.
pub(super) struct Entry {
    pub(super) queue: Queue,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_s: u64,
    pub(super) modified_s: u64,
    purged_ms: Option<u64>,
    /// Wakes those who wait for messages of this queue.
    changed: Arc<Notify>,
    unsaved: bool,
}

/// What a receive may do.
pub(super) struct Wanted {
    pub(super) limit: usize,
    pub(super) visibility_s: Option<u32>,
}

impl State {
    pub(super) fn load(store: Store) -> rusqlite::Result<Self> {
        let mut state = Self {
            store,
            queues: BTreeMap::new(),
            last_position: 0,
            deleted_ms: BTreeMap::new(),
            removed: BTreeSet::new(),
            tasks: Vec::new(),
            stale: false,
        };
        state.reload()?;
        Ok(state)
    }

    fn reload(&mut self) -> rusqlite::Result<()> {
        let loaded = self.store.load()?;
        let mut queues = BTreeMap::new();
        for row in loaded.queues {
            let Ok(attributes) = Attributes::create(&row.name, &row.attributes) else {
                tracing::warn!(queue = row.name, "a stored queue has settings that are no longer allowed");
                continue;
            };
            let changed = self.queues.get(&row.name).map(|entry| Arc::clone(&entry.changed));
            let entry = Entry {
                queue: Queue::new(&row.name, attributes),
                tags: row.tags,
                created_s: row.created_s,
                modified_s: row.modified_s,
                purged_ms: row.purged_ms,
                changed: changed.unwrap_or_default(),
                unsaved: false,
            };
            queues.insert(row.name, entry);
        }
        for (queue, message) in loaded.messages {
            if let Some(entry) = queues.get_mut(&queue) {
                entry.queue.restore(message);
            }
        }
        for (queue, key, accepted) in loaded.accepted {
            if let Some(entry) = queues.get_mut(&queue) {
                entry.queue.deduplication.restore(key, accepted);
            }
        }
        self.queues = queues;
        self.last_position = loaded.last_position;
        self.removed.clear();
        self.stale = false;
        Ok(())
    }

    /// Does what time has brought. Comes before everything else.
    pub(super) fn advance(&mut self, now_ms: u64) -> Result<(), SqsError> {
        if self.stale {
            self.reload()?;
        }
        for entry in self.queues.values_mut() {
            entry.queue.advance(now_ms);
        }
        self.run_tasks(now_ms);
        Ok(())
    }

    /// Writes down what has changed, and wakes whoever waits for it.
    pub(super) fn commit(&mut self) -> Result<(), SqsError> {
        let result = self.write_down();
        self.stale |= result.is_err();
        Ok(result?)
    }

    fn write_down(&mut self) -> rusqlite::Result<()> {
        if self.removed.is_empty() && !self.queues.values().any(Entry::is_changed) {
            return Ok(());
        }
        let writes = self.store.begin()?;
        for name in std::mem::take(&mut self.removed) {
            writes.delete_queue(&name)?;
        }
        let mut woken = Vec::new();
        for entry in self.queues.values_mut().filter(|entry| entry.is_changed()) {
            entry.write_down(&writes)?;
            woken.push(Arc::clone(&entry.changed));
        }
        writes.commit()?;
        for changed in woken {
            changed.notify_waiters();
        }
        Ok(())
    }

    pub(super) fn entry(&self, name: &str) -> Result<&Entry, SqsError> {
        self.queues.get(name).ok_or(SqsError::QueueDoesNotExist)
    }

    pub(super) fn entry_mut(&mut self, name: &str) -> Result<&mut Entry, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    pub(super) fn changed(&self, name: &str) -> Result<Arc<Notify>, SqsError> {
        Ok(Arc::clone(&self.entry(name)?.changed))
    }

    /// When a hidden message becomes visible, or a task moves its next one.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        let queues = self.queues.values().filter_map(|entry| entry.queue.next_due_ms());
        queues.chain(self.tasks.iter().filter_map(MoveTask::next_due_ms)).min()
    }

    /// Creates a queue. An existing one is left as it is, and must not differ in what is asked for.
    pub(super) fn create(
        &mut self,
        name: &str,
        wanted: &BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
        now_ms: u64,
    ) -> Result<(), SqsError> {
        let attributes = Attributes::create(name, wanted)?;
        if let Some(existing) = self.queues.get(name) {
            return match existing.queue.attributes.difference(&attributes, wanted) {
                Some(attribute) => Err(SqsError::QueueNameExists { attribute }),
                None => Ok(()),
            };
        }
        if self.deleted_ms.get(name).is_some_and(|at_ms| now_ms < at_ms + DELETED_PAUSE_MS) {
            return Err(SqsError::QueueDeletedRecently);
        }
        self.check_redrive(name, &attributes)?;
        self.deleted_ms.remove(name);
        let entry = Entry {
            queue: Queue::new(name, attributes),
            tags,
            created_s: now_ms / 1000,
            modified_s: now_ms / 1000,
            purged_ms: None,
            changed: Arc::default(),
            unsaved: true,
        };
        self.queues.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Makes a queue stand as described, whether it exists or not.
    pub(super) fn ensure(
        &mut self,
        name: &str,
        wanted: &BTreeMap<String, String>,
        now_ms: u64,
    ) -> Result<(), SqsError> {
        if !self.queues.contains_key(name) {
            self.deleted_ms.remove(name);
            return self.create(name, wanted, BTreeMap::new(), now_ms);
        }
        let attributes = Attributes::create(name, wanted)?;
        self.replace_attributes(name, attributes, now_ms)
    }

    pub(super) fn set_attributes(
        &mut self,
        name: &str,
        wanted: &BTreeMap<String, String>,
        now_ms: u64,
    ) -> Result<(), SqsError> {
        let mut attributes = self.entry(name)?.queue.attributes.clone();
        attributes.set(wanted)?;
        self.replace_attributes(name, attributes, now_ms)
    }

    fn replace_attributes(
        &mut self,
        name: &str,
        attributes: Attributes,
        now_ms: u64,
    ) -> Result<(), SqsError> {
        self.check_redrive(name, &attributes)?;
        let entry = self.entry_mut(name)?;
        if entry.queue.attributes.values() != attributes.values() {
            entry.queue.attributes = attributes;
            entry.modified_s = now_ms / 1000;
            entry.unsaved = true;
        }
        Ok(())
    }

    pub(super) fn delete_queue(&mut self, name: &str, now_ms: u64) -> Result<(), SqsError> {
        let entry = self.queues.remove(name).ok_or(SqsError::QueueDoesNotExist)?;
        self.removed.insert(name.to_owned());
        self.deleted_ms.insert(name.to_owned(), now_ms);
        entry.changed.notify_waiters();
        Ok(())
    }

    pub(super) fn purge(&mut self, name: &str, now_ms: u64) -> Result<(), SqsError> {
        let entry = self.entry_mut(name)?;
        if entry.purged_ms.is_some_and(|at_ms| now_ms < at_ms + PURGE_PAUSE_MS) {
            return Err(SqsError::PurgeQueueInProgress { queue: name.to_owned() });
        }
        entry.queue.clear();
        entry.purged_ms = Some(now_ms);
        entry.unsaved = true;
        Ok(())
    }

    /// Drops all messages and all memory of them.
    pub(super) fn reset(&mut self) {
        for entry in self.queues.values_mut() {
            entry.queue.clear();
            entry.queue.deduplication.clear();
            entry.purged_ms = None;
            entry.unsaved = true;
        }
        self.tasks.clear();
    }

    pub(super) fn send(&mut self, name: &str, message: Send, now_ms: u64) -> Result<Sent, SqsError> {
        let attributes = &self.entry(name)?.queue.attributes;
        check(attributes, &message)?;
        let fifo = attributes.is_fifo();
        let delay_s = message.delay_seconds.map_or(u64::from(attributes.delay_s()), i64::unsigned_abs);
        let deduplication_id =
            message.deduplication_id.or_else(|| fifo.then(|| hex::encode(Sha256::digest(&message.body))));
        let key = deduplication_id.as_deref().map(|id| {
            let group = message.group_id.as_deref().filter(|_| attributes.deduplicates_per_group());
            Deduplication::key(id, group)
        });
        let mut sent = Sent {
            message_id: new_message_id(),
            md5_of_body: body_md5(&message.body),
            md5_of_attributes: attributes_md5(&message.attributes),
            md5_of_system_attributes: attributes_md5(&message.system_attributes),
            sequence_number: None,
        };
        let position = self.last_position + 1;
        let queue = &mut self.entry_mut(name)?.queue;
        if let Some(key) = key {
            if let Some(first) = queue.deduplication.find(&key) {
                sent.message_id.clone_from(&first.message_id);
                sent.sequence_number = Some(first.sequence_number.clone());
                return Ok(sent);
            }
            let accepted = Accepted {
                at_ms: now_ms,
                message_id: sent.message_id.clone(),
                sequence_number: sequence_number(position),
            };
            sent.sequence_number = Some(accepted.sequence_number.clone());
            queue.deduplication.remember(key, accepted);
        }
        let content = Content {
            message_id: sent.message_id.clone(),
            body: message.body,
            attributes: message.attributes,
            system_attributes: message.system_attributes,
            group_id: message.group_id,
            deduplication_id,
            sequence_number: sent.sequence_number.clone(),
            sent_ms: now_ms,
            dead_letter_source: None,
        };
        let visibility = match delay_s {
            0 => Visibility::Visible,
            seconds => Visibility::Delayed { until_ms: now_ms + seconds * 1000 },
        };
        queue.add(Message::new(position, content, visibility));
        self.last_position = position;
        Ok(sent)
    }

    /// Refuses a batch as a whole if one of its messages lacks what a FIFO queue needs; the service reports that as
    /// an invalid value, other than for a single message.
    pub(super) fn check_batch<'a>(
        &self,
        name: &str,
        messages: impl Iterator<Item = &'a Send>,
    ) -> Result<(), SqsError> {
        let attributes = &self.entry(name)?.queue.attributes;
        for message in messages {
            check_order(attributes, message)
                .map_err(|error| SqsError::InvalidRequest { reason: error.to_string() })?;
        }
        Ok(())
    }

    /// Receives what there is. Messages that were received too often go to the dead-letter queue instead.
    pub(super) fn receive(
        &mut self,
        name: &str,
        wanted: &Wanted,
        now_ms: u64,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        let attributes = &self.entry(name)?.queue.attributes;
        let visibility_s = wanted.visibility_s.unwrap_or(attributes.visibility_timeout_s());
        let redrive = attributes.redrive().and_then(|policy| {
            let target = queue_name(&policy.dead_letter_target_arn)?.to_owned();
            // Without its dead-letter queue a queue keeps delivering: nothing is lost.
            self.queues.contains_key(&target).then_some((target, policy.max_receive_count))
        });
        let max_receive_count = redrive.as_ref().map(|(_, most)| *most);
        let queue = &mut self.entry_mut(name)?.queue;
        let taken = queue.receive(now_ms, wanted.limit, visibility_s, max_receive_count);
        let source = queue.arn();
        if let Some((target, _)) = redrive {
            for mut message in taken.dead {
                message.content.dead_letter_source = Some(source.clone());
                self.transfer(message, &target, now_ms);
            }
        }
        Ok(taken.delivered)
    }
}

impl Entry {
    /// To be called after a change of the tags.
    pub(super) fn mark_unsaved(&mut self) {
        self.unsaved = true;
    }

    fn is_changed(&self) -> bool {
        self.unsaved || self.queue.is_changed()
    }

    fn write_down(&mut self, writes: &Writes<'_>) -> rusqlite::Result<()> {
        if std::mem::take(&mut self.unsaved) {
            writes.save_queue(&self.to_row())?;
        }
        let name = &self.queue.name;
        let keys = self.queue.deduplication.take_changes();
        if let Some(until_ms) = keys.forgotten_until_ms {
            writes.forget(name, until_ms)?;
        }
        for (key, accepted) in &keys.added {
            writes.remember(name, key, accepted)?;
        }
        for (position, touch) in std::mem::take(&mut self.queue.journal) {
            match (touch, self.queue.message(position)) {
                (Touch::Added, Some(message)) => writes.insert(name, message)?,
                (Touch::Changed, Some(message)) => writes.update(message)?,
                _ => writes.delete(position)?,
            }
        }
        Ok(())
    }

    fn to_row(&self) -> QueueRow {
        QueueRow {
            name: self.queue.name.clone(),
            attributes: self.queue.attributes.values().clone(),
            tags: self.tags.clone(),
            created_s: self.created_s,
            modified_s: self.modified_s,
            purged_ms: self.purged_ms,
        }
    }
}

/// What a queue demands of a message.
fn check(attributes: &Attributes, message: &Send) -> Result<(), SqsError> {
    message.validate()?;
    let limit = attributes.maximum_message_size();
    if message.size() > limit {
        return Err(SqsError::MessageTooLong { limit });
    }
    let foreign = "The request include parameter that is not valid for this queue type.";
    match (attributes.is_fifo(), &message.deduplication_id, message.delay_seconds) {
        (true, _, Some(delay)) => Err(SqsError::invalid("DelaySeconds", &delay, foreign)),
        (false, Some(id), _) => Err(SqsError::invalid("MessageDeduplicationId", &id, foreign)),
        _ => check_order(attributes, message),
    }
}

/// What a FIFO queue must know of a message to keep order and refuse duplicates.
fn check_order(attributes: &Attributes, message: &Send) -> Result<(), SqsError> {
    if attributes.is_fifo() && message.group_id.is_none() {
        return Err(SqsError::MissingParameter { parameter: "MessageGroupId" });
    }
    if attributes.is_fifo() && message.deduplication_id.is_none() && !attributes.deduplicates_by_content() {
        return Err(SqsError::InvalidRequest {
            reason: "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly".into(),
        });
    }
    Ok(())
}

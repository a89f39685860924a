//! Dead letters: which queue may take them, how they get there, and how tasks bring them back.

use super::attributes::{Attributes, arn, queue_name};
use super::error::SqsError;
use super::message::Visibility;
use super::move_task::{MoveTask, Status};
use super::state::{Entry, State};
use super::stored::{Message, new_message_id, sequence_number};

impl State {
    /// A dead-letter queue must exist, be of the same kind, and agree.
    pub(super) fn check_redrive(&self, name: &str, attributes: &Attributes) -> Result<(), SqsError> {
        let Some(policy) = attributes.redrive() else {
            return Ok(());
        };
        let target = queue_name(&policy.dead_letter_target_arn).and_then(|name| self.queues.get(name));
        let Some(target) = target else {
            return Err(policy.refused("Dead letter target does not exist."));
        };
        if target.queue.attributes.is_fifo() != attributes.is_fifo() {
            return Err(policy.refused("Dead-letter queue must be same type of queue as the source."));
        }
        if !target.queue.attributes.takes_dead_letters_of(&arn(name)) {
            return Err(policy.refused("The dead-letter queue does not allow this source queue."));
        }
        Ok(())
    }

    /// Puts a message that has left one queue into another, at its end. Deduplication has no say: nothing may be
    /// lost on the way. A FIFO queue counts the age of a message from its arrival, a standard queue does not.
    pub(super) fn transfer(&mut self, message: Message, target: &str, now_ms: u64) {
        let position = self.last_position + 1;
        let Some(entry) = self.queues.get_mut(target) else {
            return;
        };
        let mut content = message.content;
        if entry.queue.attributes.is_fifo() {
            content.sequence_number = Some(sequence_number(position));
            content.sent_ms = now_ms;
        }
        entry.queue.add(Message::new(position, content, Visibility::Visible));
        self.last_position = position;
    }

    /// The queues whose dead letters go to this one.
    pub(super) fn dead_letter_sources(&self, name: &str) -> Vec<String> {
        let target = arn(name);
        let is_source = |entry: &Entry| {
            entry.queue.attributes.redrive().is_some_and(|policy| policy.dead_letter_target_arn == target)
        };
        self.queues.iter().filter(|(_, entry)| is_source(entry)).map(|(name, _)| name.clone()).collect()
    }

    /// Starts to move messages out of a dead-letter queue.
    pub(super) fn start_task(&mut self, mut task: MoveTask, now_ms: u64) -> String {
        let handle = task.handle.clone();
        self.run_task(&mut task, now_ms);
        self.tasks.push(task);
        handle
    }

    pub(super) fn run_tasks(&mut self, now_ms: u64) {
        let mut tasks = std::mem::take(&mut self.tasks);
        for task in tasks.iter_mut().filter(|task| task.is_running()) {
            self.run_task(task, now_ms);
        }
        self.tasks = tasks;
    }

    fn run_task(&mut self, task: &mut MoveTask, now_ms: u64) {
        for _ in 0..task.due(now_ms) {
            task.status = self.move_one(task, now_ms);
            if !task.is_running() {
                return;
            }
        }
        if task.moved >= task.to_move {
            task.status = Status::Completed;
        }
    }

    fn move_one(&mut self, task: &mut MoveTask, now_ms: u64) -> Status {
        let Some(source) = self.queues.get(&task.source) else {
            return Status::Failed("AWS.SimpleQueueService.NonExistentQueue");
        };
        let Some(message) = source.queue.first_ready() else {
            return Status::Completed;
        };
        let origin = message.content.dead_letter_source.as_deref().and_then(queue_name);
        let Some(target) = task.destination.clone().or_else(|| origin.map(str::to_owned)) else {
            return Status::Failed("CouldNotDetermineMessageSource");
        };
        if !self.queues.contains_key(&target) {
            return Status::Failed("AWS.SimpleQueueService.NonExistentQueue");
        }
        let source = self.queues.get_mut(&task.source).and_then(|entry| entry.queue.take_ready());
        if let Some(mut message) = source {
            // A message that comes back counts as a new one.
            message.content.message_id = new_message_id();
            message.content.sent_ms = now_ms;
            message.content.dead_letter_source = None;
            self.transfer(message, &target, now_ms);
            task.moved += 1;
        }
        Status::Running
    }
}

//! One invocation on its way to a process, and its answer on the way back.

use std::mem;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Invocation;
use super::stream::{Answer, Incoming, ResponseStream};

/// An invocation.
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    reply: Reply,
}

/// What whoever invoked still waits for; they may have left.
enum Reply {
    Answer(oneshot::Sender<Answer>),
    End(oneshot::Sender<Invocation>),
}

impl Work {
    pub(super) fn new(payload: Bytes, answer: oneshot::Sender<Answer>) -> Self {
        Self { request_id: uuid::Uuid::new_v4().to_string(), payload, reply: Reply::Answer(answer) }
    }

    /// Whether the answer has begun and not ended.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(self.reply, Reply::End(_))
    }

    /// Begins to answer with a stream.
    pub(super) fn begin(&mut self, incoming: Incoming) {
        let (stream, end) = ResponseStream::new(incoming);
        if let Reply::Answer(answer) = mem::replace(&mut self.reply, Reply::End(end)) {
            let _ = answer.send(Answer::Stream(stream));
        }
    }

    /// Answers, or ends the answer that was begun: anything but a success leaves it incomplete.
    pub(super) fn finish(self, outcome: Invocation) {
        match self.reply {
            Reply::Answer(answer) => drop(answer.send(Answer::Whole(outcome))),
            Reply::End(end) => drop(end.send(outcome)),
        }
    }
}

//! The task that owns a connection's socket: writes what is called, hands out what comes.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Buf, Bytes, BytesMut};
use lambdagram_domain::measure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::{Duration, Instant};

use super::Shared;
use crate::mtproto::frames::{FRONT, Frames};
use crate::mtproto::messages::{Event, Messages};
use crate::mtproto::{TelegramError, clock};

/// Bytes that may wait to be written before calls have to.
const LARGEST_BACKLOG: usize = 1024 * 1024;

/// Times a request is sent: once with a wrong time, once with a wrong salt, once right, and once for a salt that
/// changes meanwhile.
const MOST_SENDINGS: u32 = 4;

/// A call on its way to the task.
pub(super) struct Call {
    pub(super) body: Vec<u8>,
    pub(super) reply: oneshot::Sender<Result<Bytes, TelegramError>>,
}

/// A call that waits for its answer.
struct Pending {
    call: Call,
    /// Where its packet begins in all that is ever written.
    start: u64,
    sendings: u32,
    sent: Instant,
}

/// The task's state. The fields are dropped in their order: the socket is closed before `alive` says so.
pub(super) struct Driver {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    frames: Frames,
    messages: Messages,
    pending: HashMap<i64, Pending>,
    outgoing: BytesMut,
    /// Bytes given to the socket so far.
    written: u64,
    calls: mpsc::Receiver<Call>,
    shared: Arc<Shared>,
    _alive: watch::Sender<()>,
}

impl Driver {
    pub(super) fn new(
        socket: TcpStream,
        frames: Frames,
        messages: Messages,
        calls: mpsc::Receiver<Call>,
        shared: Arc<Shared>,
        alive: watch::Sender<()>,
    ) -> Self {
        let (reader, writer) = socket.into_split();
        Self {
            reader,
            writer,
            frames,
            messages,
            pending: HashMap::new(),
            outgoing: BytesMut::new(),
            written: 0,
            calls,
            shared,
            _alive: alive,
        }
    }

    /// Runs until the connection ends, and tells every call that is left.
    pub(super) async fn run(mut self) {
        let outcome = self.carry().await;
        if outcome.is_err() {
            // Who closes a connection waits for nothing more, and who gave up waiting has counted that.
            let waiting = self.pending.values().filter(|pending| !pending.call.reply.is_closed());
            measure::TELEGRAM_FAILURES.add(waiting.count() as u64);
        }
        let reason = outcome.err().unwrap_or(TelegramError::Lost);
        self.end(&reason);
        // The rest is an acknowledgement, which is worth no waiting.
        let _unwritten = self.writer.try_write(&self.outgoing);
        let _already_closed = self.writer.shutdown().await;
    }

    /// Tells every call that is left.
    fn end(&mut self, reason: &TelegramError) {
        let _already_said = self.shared.reason.set(reason.clone());
        self.calls.close();
        // What was queued never left this process.
        while let Ok(call) = self.calls.try_recv() {
            answer(call, Err(unsent(reason)));
        }
        for (_, pending) in self.pending.drain() {
            let reason = if pending.start < self.written { reason.clone() } else { unsent(reason) };
            answer(pending.call, Err(reason));
        }
    }

    /// Carries calls and answers. `Ok` when nobody wants them any longer.
    async fn carry(&mut self) -> Result<(), TelegramError> {
        let shared = Arc::clone(&self.shared);
        loop {
            // A handshake may have brought more than it took. One packet at a time: opening a large one takes longer than
            // all the rest, and whoever waited for it may have more to ask.
            if self.take_packet()? {
                yield_now().await;
            }
            let has_packet = self.frames.hold_packet();
            if !has_packet {
                self.acknowledge();
            }
            tokio::select! {
                // What is asked goes out before what has come is opened, and travels meanwhile.
                biased;
                () = shared.close.notified() => return Ok(()),
                written = self.writer.write(&self.outgoing), if !self.outgoing.is_empty() => {
                    let written = written.map_err(|_| TelegramError::Lost)?;
                    self.outgoing.advance(written);
                    self.written += written as u64;
                }
                call = self.calls.recv(), if self.outgoing.len() < LARGEST_BACKLOG => {
                    let Some(call) = call else { return Ok(()) };
                    self.send(call, 1);
                }
                () = ready(()), if has_packet => {}
                read = self.reader.read_buf(self.frames.buffer()) => {
                    if matches!(read, Ok(0) | Err(_)) {
                        return Err(TelegramError::Lost);
                    }
                    shared.note_bytes();
                }
            }
        }
    }

    /// Opens the next packet, if it is there; whether it answered somebody.
    fn take_packet(&mut self) -> Result<bool, TelegramError> {
        let Some(packet) = self.frames.next()? else { return Ok(false) };
        let opened = self.messages.open(packet, clock::now())?;
        let mut ours = false;
        for event in opened.events {
            ours |= self.take_event(event);
        }
        if ours {
            self.messages.adopt(opened.salt);
        }
        self.shared.salt.store(self.messages.salt(), Ordering::Relaxed);
        self.shared.time_offset.store(self.messages.time_offset(), Ordering::Relaxed);
        Ok(ours)
    }

    fn acknowledge(&mut self) {
        if let Some(mut packet) = self.messages.acknowledgement(clock::now(), FRONT) {
            self.frames.pack(&mut packet);
            self.outgoing.extend_from_slice(packet.as_ref());
        }
    }

    /// Whether the event answers a request of ours.
    fn take_event(&mut self, event: Event) -> bool {
        match event {
            Event::Answer(id, body) => self.finish(id, Ok(body)),
            Event::Failure(id, error) => self.finish(id, Err(error)),
            Event::Again(id) => {
                // Its salt is in the event, and newer than the header's.
                if let Some(pending) = self.pending.remove(&id) {
                    if pending.sendings < MOST_SENDINGS {
                        self.send(pending.call, pending.sendings + 1);
                    } else {
                        answer(pending.call, Err(TelegramError::Protocol("the server refuses every salt")));
                    }
                }
                false
            }
        }
    }

    fn finish(&mut self, id: i64, result: Result<Bytes, TelegramError>) -> bool {
        let pending = self.pending.remove(&id);
        let found = pending.is_some();
        if let Some(pending) = pending {
            note(pending.sent.elapsed(), result.as_ref().err());
            answer(pending.call, result);
        }
        found
    }

    fn send(&mut self, call: Call, sendings: u32) {
        // Who gave up waiting before it went out does not want it any longer.
        if call.reply.is_closed() {
            return;
        }
        self.pending.retain(|_, pending| !pending.call.reply.is_closed());
        let start = self.written + self.outgoing.len() as u64;
        let (id, mut packet) = self.messages.request(&call.body, clock::now(), FRONT);
        self.frames.pack(&mut packet);
        self.outgoing.extend_from_slice(packet.as_ref());
        self.pending.insert(id, Pending { call, start, sendings, sent: Instant::now() });
    }
}

/// Counts a call that was answered after so long, and what Telegram said instead of doing it.
fn note(time: Duration, refused: Option<&TelegramError>) {
    measure::TELEGRAM_CALLS.add(1);
    measure::TELEGRAM_TIME.add_time(time);
    match refused {
        Some(TelegramError::Flood { seconds }) => measure::TELEGRAM_WAIT.add(*seconds),
        // Of its own, and -503 is what took it too long.
        Some(TelegramError::Rpc { code, .. }) if !(300..500).contains(code) => {
            measure::TELEGRAM_FAILURES.add(1);
        }
        _ => {}
    }
}

/// What is told to a call that did not go out.
fn unsent(reason: &TelegramError) -> TelegramError {
    if *reason == TelegramError::Lost { TelegramError::Unreachable } else { reason.clone() }
}

fn answer(call: Call, result: Result<Bytes, TelegramError>) {
    // Nobody waits for it when the deadline has passed.
    let _given_up = call.reply.send(result);
}

#[cfg(test)]
mod tests;

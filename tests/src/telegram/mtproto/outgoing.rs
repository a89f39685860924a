//! What a connection sends: it waits here, is numbered, encrypted and written in order.

use std::sync::Arc;
use std::time::Duration;

use grammers_tl_types::Serializable as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cipher::{self, Message, Sender};
use super::keys::StoredKey;
use super::messages::{self, Content};
use super::network::Line;
use super::session::{Numbers, Reason, Session};
use super::transport::Encoder;
use super::{machine_now, salts};
use crate::clock::Clock;

/// How close in time messages have to be to go in one container.
const TOGETHER: Duration = Duration::from_millis(1);

/// Bytes up to which messages are put into a container.
const CONTAINER_BYTES: usize = 64 * 1024;

/// How long a client may take to close its side after a transport error.
const LINGER: Duration = Duration::from_secs(1);

/// The way out of a connection. Clones lead to the same one.
#[derive(Clone)]
pub(super) struct Outgoing(mpsc::UnboundedSender<(Instant, Item)>);

/// Something to send.
enum Item {
    Message(Box<Outbound>),
    Open(Vec<u8>),
    Error(i32),
    Close,
}

/// An encrypted message to be.
pub(super) struct Outbound {
    /// The key to encrypt it with.
    pub(super) key: StoredKey,
    /// The session that it belongs to.
    pub(super) session: Arc<Session>,
    /// What it says.
    pub(super) body: Vec<u8>,
    /// Why it is sent.
    pub(super) reason: Reason,
    /// Whether the client has to acknowledge it.
    pub(super) content: bool,
    /// The call that it answers.
    pub(super) answers: Option<i64>,
}

impl Outgoing {
    /// A way out, and its other end.
    pub(super) fn new() -> (Self, Queue) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Queue { receiver, next: None })
    }

    /// Sends an encrypted message; gives it back if the connection is over.
    pub(super) fn message(&self, message: Outbound) -> Result<(), Box<Outbound>> {
        self.0.send((Instant::now(), Item::Message(Box::new(message)))).map_err(|unsent| match unsent.0.1 {
            Item::Message(message) => message,
            Item::Open(_) | Item::Error(_) | Item::Close => unreachable!("a message was sent"),
        })
    }

    /// Sends a message of the handshake.
    pub(super) fn open(&self, body: Vec<u8>) {
        self.put(Item::Open(body));
    }

    /// Sends a transport error, and closes the connection.
    pub(super) fn error(&self, code: i32) {
        self.put(Item::Error(code));
    }

    /// Closes the connection after what waits.
    pub(super) fn close(&self) {
        self.put(Item::Close);
    }

    /// Whether the connection is over.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn put(&self, item: Item) {
        // Without a connection there is nobody left to tell.
        let _ = self.0.send((Instant::now(), item));
    }
}

/// What waits to be sent.
pub(super) struct Queue {
    receiver: mpsc::UnboundedReceiver<(Instant, Item)>,
    /// One that was taken too early.
    next: Option<(Instant, Item)>,
}

/// Writes everything to the socket, late by as much as the network says.
pub(super) struct Writer {
    pub(super) queue: Queue,
    pub(super) socket: OwnedWriteHalf,
    pub(super) encoder: Encoder,
    pub(super) line: Line,
    pub(super) clock: Clock,
    /// Cancelled when the connection is over, by this end or another.
    pub(super) over: CancellationToken,
}

impl Writer {
    /// Writes until the connection is over.
    pub(super) async fn run(mut self) {
        let over = self.over.clone();
        tokio::select! {
            () = self.write() => over.cancel(),
            () = over.cancelled() => {}
        }
    }

    async fn write(&mut self) {
        while let Some((since, item)) = self.queue.take().await {
            let bytes = match item {
                Item::Message(message) => {
                    let batch = self.queue.batch(since, message);
                    self.encoder.packet(&encrypted(batch, &self.clock))
                }
                Item::Open(body) => self.encoder.packet(&open_message(&body)),
                Item::Error(code) => {
                    let bytes = self.encoder.error(code);
                    if self.deliver(since, &bytes).await.is_ok() && self.socket.shutdown().await.is_ok() {
                        tokio::time::sleep(LINGER).await;
                    }
                    return;
                }
                Item::Close => return,
            };
            if self.deliver(since, &bytes).await.is_err() {
                return;
            }
        }
    }

    async fn deliver(&mut self, since: Instant, bytes: &[u8]) -> std::io::Result<()> {
        let arrival = self.line.arrival(bytes.len(), since);
        if arrival > Instant::now() {
            tokio::time::sleep_until(arrival).await;
        }
        self.socket.write_all(bytes).await
    }
}

impl Queue {
    async fn take(&mut self) -> Option<(Instant, Item)> {
        match self.next.take() {
            Some(item) => Some(item),
            None => self.receiver.recv().await,
        }
    }

    /// The messages that go out together with this one.
    fn batch(&mut self, since: Instant, first: Box<Outbound>) -> Vec<Outbound> {
        let mut bytes = first.body.len();
        let mut batch = vec![*first];
        while bytes < CONTAINER_BYTES
            && let Ok((at, item)) = self.receiver.try_recv()
        {
            match item {
                Item::Message(message)
                    if at - since < TOGETHER
                        && Arc::ptr_eq(&message.session, &batch[0].session)
                        && bytes + message.body.len() <= CONTAINER_BYTES =>
                {
                    bytes += message.body.len();
                    batch.push(*message);
                }
                item => {
                    self.next = Some((at, item));
                    break;
                }
            }
        }
        batch
    }
}

/// The packet of one message, or of a container of several.
fn encrypted(batch: Vec<Outbound>, clock: &Clock) -> Vec<u8> {
    let (key, session) = (batch[0].key.clone(), Arc::clone(&batch[0].session));
    let mut contents: Vec<Content> = batch
        .into_iter()
        .map(|message| {
            let Numbers { id, sequence } = session.numbers(message.reason, message.content, message.answers);
            Content { id, sequence, body: message.body }
        })
        .collect();
    let (Numbers { id, sequence }, body) = match contents.pop() {
        Some(Content { id, sequence, body }) if contents.is_empty() => (Numbers { id, sequence }, body),
        last => {
            contents.extend(last);
            (session.numbers(Reason::Notice, false, None), messages::container(&contents))
        }
    };
    let salt = salts::current(&key, clock.now_s());
    let message = Message { salt, session: session.id, id, sequence, body };
    cipher::encrypt(&key.key, key.id(), Sender::Server, &message)
}

/// The packet of a message of the handshake.
fn open_message(body: &[u8]) -> Vec<u8> {
    let now = machine_now();
    let mut packet = vec![0; 8];
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX >> 32);
    ((seconds << 32) | (i64::from(now.subsec_nanos()) << 2) & !3 | 1).serialize(&mut packet);
    messages::length(body.len()).serialize(&mut packet);
    packet.extend(body);
    packet
}

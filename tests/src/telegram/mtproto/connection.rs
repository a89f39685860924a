//! One connection: what arrives on its socket, and the first look at each packet.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use grammers_tl_types::{Identifiable as _, Serializable as _, enums, types};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cipher::{self, Message, Sender};
use super::handshake::{Handshake, NewKey, REFUSED};
use super::keys::{AuthKeys, StoredKey, key_id};
use super::messages;
use super::network::{Line, Network};
use super::outgoing::{Outbound, Outgoing, Writer};
use super::rpc::{Caller, ConnectionId, KeyId, Service};
use super::session::{Reason, Session, Sessions};
use super::transport::Decoder;
use super::{machine_now, salts, tl_bytes};
use crate::clock::Clock;

/// How far a message's id may be behind and ahead of the server's time, in seconds.
/// Source: `core.telegram.org/mtproto/description`, "Message Identifier".
const OLDEST_S: i64 = 300;
const NEWEST_S: i64 = 30;

/// How much is read at once.
const READ_BYTES: usize = 64 * 1024;

/// Reasons in `bad_msg_notification`.
/// Source: `core.telegram.org/mtproto/service_messages_about_messages`.
mod bad {
    /// The id is too low: the client's time is wrong, or the message is old.
    pub(super) const TOO_LOW: i32 = 16;
    /// The id is too high.
    pub(super) const TOO_HIGH: i32 = 17;
    /// The lower two bits of the id are not zero.
    pub(super) const NOT_OF_A_CLIENT: i32 = 18;
    /// A container has the id of a message that came before.
    pub(super) const REPEATED_CONTAINER: i32 = 19;
    /// The salt is wrong.
    pub(super) const SALT: i32 = 48;
    /// A container is malformed.
    pub(super) const CONTAINER: i32 = 64;
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) service: Arc<dyn Service>,
    pub(super) keys: AuthKeys,
    pub(super) network: Network,
    pub(super) clock: Clock,
    pub(super) sessions: Sessions,
    /// Calls under way: they go on when their connection is closed.
    pub(super) calls: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

/// One connection, as far as it knows the client.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) dc: i32,
    pub(super) media: bool,
    pub(super) id: ConnectionId,
    pub(super) outgoing: Outgoing,
    /// When the client wants to be disconnected, by `ping_delay_disconnect`.
    pub(super) disconnect_at: Option<Instant>,
    handshake: Handshake,
    opened: HashSet<KeyId>,
    /// A packet that is still under way.
    pending: Option<(Instant, Vec<u8>)>,
    /// Cancelled when the client has closed its side.
    left: CancellationToken,
}

/// Serves a connection until either end closes it.
pub(super) async fn serve(shared: Arc<Shared>, dc: i32, media: bool, id: ConnectionId, stream: TcpStream) {
    // Packets are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let (over, left) = (shared.shutdown.child_token(), CancellationToken::new());
    let (mut socket, write_half) = stream.into_split();
    let (outgoing, queue) = Outgoing::new();
    let mut writer = Some((queue, write_half));
    let (packets, arrived) = mpsc::unbounded_channel();
    let connection = Connection {
        shared: Arc::clone(&shared),
        dc,
        media,
        id,
        outgoing,
        disconnect_at: None,
        handshake: Handshake::new(dc),
        opened: HashSet::new(),
        pending: None,
        left: left.clone(),
    };
    let parts = TaskTracker::new();
    parts.spawn(connection.run(arrived, over.clone()));

    let mut line = Line::inbound(shared.network.clone());
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; READ_BYTES]);
    'reading: loop {
        let read = tokio::select! {
            read = socket.read(&mut buffer) => read,
            () = over.cancelled() => break,
        };
        // How a connection ends is its client's affair: resets are no news.
        let Ok(length @ 1..) = read else {
            left.cancel();
            break;
        };
        decoder.push(&buffer[..length]);
        loop {
            match decoder.next() {
                Ok(Some(packet)) => {
                    let due = line.arrival(packet.len(), Instant::now());
                    let _ = packets.send((due, packet));
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, dc, "A connection to the simulated cloud cannot be read.");
                    break 'reading;
                }
            }
        }
        if let Some(encoder) = decoder.encoder()
            && let Some((queue, socket)) = writer.take()
        {
            let line = Line::outbound(shared.network.clone());
            let (clock, over) = (shared.clock.clone(), over.clone());
            parts.spawn(Writer { queue, socket, encoder, line, clock, over }.run());
        }
    }
    over.cancel();
    drop(packets);
    parts.close();
    parts.wait().await;
}

impl Connection {
    /// Takes packets until the connection is over, and says so at once. What the client sent before it left is taken
    /// after that: a call has its effect, even if nobody is there for the answer.
    async fn run(
        mut self,
        mut arrived: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
        over: CancellationToken,
    ) {
        tokio::select! {
            () = self.take(&mut arrived) => over.cancelled().await,
            () = over.cancelled() => {}
        }
        if !self.opened.is_empty() {
            self.shared.service.closed(self.id);
        }
        if self.left.is_cancelled() {
            let shutdown = self.shared.shutdown.clone();
            tokio::select! {
                () = self.take(&mut arrived) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Takes packets until one of them ends the connection.
    async fn take(&mut self, arrived: &mut mpsc::UnboundedReceiver<(Instant, Vec<u8>)>) {
        loop {
            let disconnect_at = self.disconnect_at;
            let disconnect = async {
                match disconnect_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            if self.pending.is_none() {
                self.pending = tokio::select! {
                    packet = arrived.recv() => packet,
                    () = disconnect => return self.outgoing.close(),
                };
            }
            let Some((due, _)) = &self.pending else { return };
            if *due > Instant::now() {
                tokio::time::sleep_until(*due).await;
            }
            let Some((_, packet)) = self.pending.take() else { return };
            let flow = match cipher::key_id(&packet) {
                Some(KeyId(0)) => self.open_message(&packet),
                Some(key) => self.encrypted(key, &packet),
                None => Err(REFUSED),
            };
            match flow {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return self.outgoing.close(),
                Err(code) => return self.outgoing.error(code),
            }
        }
    }

    /// A message without encryption: a step of a handshake.
    fn open_message(&mut self, packet: &[u8]) -> Result<ControlFlow<()>, i32> {
        let length = u32::from_le_bytes(tl_bytes(packet.get(16..20).ok_or(REFUSED)?)) as usize;
        let body = packet.get(20..20 + length).ok_or(REFUSED)?;
        let shared = &self.shared;
        shared.network.asked();
        let is_taken = |key| shared.keys.contains(self.dc, key);
        let step = self.handshake.step(body, machine_now().as_secs(), is_taken).inspect_err(|code| {
            tracing::warn!(code, dc = self.dc, "A handshake with the simulated cloud failed.");
        })?;
        if let Some(NewKey { key, salt }) = step.made {
            tracing::debug!(dc = self.dc, key = %key_id(&key), "An auth key was made.");
            shared.keys.insert(StoredKey {
                dc: self.dc,
                key,
                first_salt: salt,
                created_s: shared.clock.now_s(),
                layer: 0,
                init: None,
            });
        }
        self.outgoing.open(step.answer);
        Ok(ControlFlow::Continue(()))
    }

    fn encrypted(&mut self, id: KeyId, packet: &[u8]) -> Result<ControlFlow<()>, i32> {
        let Some(key) = self.shared.keys.get(self.dc, id) else {
            tracing::info!(dc = self.dc, key = %id, "A message came with an unknown auth key.");
            return Err(REFUSED);
        };
        let message = cipher::decrypt(&key.key, Sender::Client, packet).map_err(|error| {
            tracing::warn!(%error, dc = self.dc, key = %id, "A message was refused.");
            REFUSED
        })?;
        let (session, is_new) = self.shared.sessions.open(id, message.session);
        if !self.left.is_cancelled() {
            session.attach(self.outgoing.clone());
        }
        let (outer, sequence) = (message.id, message.sequence);
        let now_s = self.shared.clock.now_s();
        if let Err(code) = check_id(outer)
            .and_then(|()| if salts::is_valid(&key, message.salt, now_s) { Ok(()) } else { Err(bad::SALT) })
        {
            if is_new {
                self.shared.sessions.destroy(id, session.id);
            }
            self.reject(&key, &session, (outer, sequence), code);
            return Ok(ControlFlow::Continue(()));
        }
        let (left, first) = (self.left.is_cancelled(), self.opened.is_empty());
        if (first || !left) && self.opened.insert(id) {
            self.shared.service.opened(&self.caller(&key, false));
            if left {
                self.shared.service.closed(self.id);
            }
        }
        self.accepted(&key, &session, is_new, message);
        Ok(ControlFlow::Continue(()))
    }

    /// A message whose id and salt are right.
    fn accepted(&mut self, key: &StoredKey, session: &Arc<Session>, is_new: bool, message: Message) {
        let (outer, sequence) = (message.id, message.sequence);
        let Some(contents) = messages::contents(message) else {
            return self.reject(key, session, (outer, sequence), bad::CONTAINER);
        };
        let in_container = contents.first().is_none_or(|content| content.id != outer);
        if in_container && session.arrive(outer, false) != super::session::Arrival::New {
            return self.reject(key, session, (outer, sequence), bad::REPEATED_CONTAINER);
        }
        if contents
            .iter()
            .any(|content| messages::constructor(&content.body) != types::MsgsAck::CONSTRUCTOR_ID)
        {
            self.shared.network.asked();
        }
        if is_new {
            let created = types::NewSessionCreated {
                first_msg_id: contents.iter().map(|content| content.id).min().unwrap_or(outer),
                unique_id: session.unique_id,
                server_salt: salts::current(key, self.shared.clock.now_s()),
            };
            self.notify(key, session, enums::NewSession::Created(created).to_bytes(), true);
        }
        for content in contents {
            self.message(key, session, content);
        }
    }

    /// Tells the client that a message was not taken.
    fn reject(&self, key: &StoredKey, session: &Arc<Session>, message: (i64, i32), error_code: i32) {
        self.shared.network.asked();
        let (bad_msg_id, bad_msg_seqno) = message;
        let notice = if error_code == bad::SALT {
            enums::BadMsgNotification::BadServerSalt(types::BadServerSalt {
                bad_msg_id,
                bad_msg_seqno,
                error_code,
                new_server_salt: salts::current(key, self.shared.clock.now_s()),
            })
        } else {
            enums::BadMsgNotification::Notification(types::BadMsgNotification {
                bad_msg_id,
                bad_msg_seqno,
                error_code,
            })
        };
        self.notify(key, session, notice.to_bytes(), false);
    }

    /// Sends what answers no message.
    pub(super) fn notify(&self, key: &StoredKey, session: &Arc<Session>, body: Vec<u8>, content: bool) {
        self.send(key, session, body, Reason::Notice, content);
    }

    /// Sends a message over this connection.
    pub(super) fn send(
        &self,
        key: &StoredKey,
        session: &Arc<Session>,
        body: Vec<u8>,
        reason: Reason,
        content: bool,
    ) {
        let (key, session) = (key.clone(), Arc::clone(session));
        let message = Outbound { key, session, body, reason, content, answers: None };
        // Without a connection there is nobody left to tell.
        let _ = self.outgoing.message(message);
    }

    /// Who calls with this key.
    pub(super) fn caller(&self, key: &StoredKey, without_updates: bool) -> Caller {
        Caller {
            dc: self.dc,
            media: self.media,
            key: key.id(),
            connection: self.id,
            layer: key.layer,
            api_id: key.init.as_ref().map(|(api_id, _)| *api_id),
            device: key.init.as_ref().map(|(_, device)| device.clone()),
            without_updates,
        }
    }
}

/// Whether a client may send this id now, by this machine's time.
fn check_id(id: i64) -> Result<(), i32> {
    let now = i64::try_from(machine_now().as_secs()).unwrap_or(i64::MAX);
    let sent = id >> 32;
    if id & 3 != 0 {
        Err(bad::NOT_OF_A_CLIENT)
    } else if sent < now - OLDEST_S {
        Err(bad::TOO_LOW)
    } else if sent > now + NEWEST_S {
        Err(bad::TOO_HIGH)
    } else {
        Ok(())
    }
}

/// When a client wants to be disconnected that asks for it in so many seconds.
pub(super) fn in_seconds(seconds: i32) -> Option<Instant> {
    let seconds = u64::try_from(seconds).ok()?;
    Instant::now().checked_add(Duration::from_secs(seconds))
}

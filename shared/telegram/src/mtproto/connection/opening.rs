//! A connection before it carries calls: the socket, and the handshake over it where there is no key.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use grammers_crypto::DequeBuffer;
use lambdagram_domain::measure;
use lambdagram_domain::session::AuthKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::{Connection, Driver, Shared, WAITING_CALLS};
use crate::mtproto::frames::{FRONT, Frames};
use crate::mtproto::handshake::{Agreed, Handshake, HandshakeError, Step, system_randomness};
use crate::mtproto::messages::Messages;
use crate::mtproto::server_key::ServerKey;
use crate::mtproto::{TelegramError, clock};

/// A socket that is connected and has carried nothing, or a handshake.
pub(in crate::mtproto) struct Opening {
    socket: TcpStream,
    frames: Frames,
}

impl Opening {
    /// Connects.
    ///
    /// # Errors
    ///
    /// [`TelegramError::Unreachable`], at the deadline too.
    pub(in crate::mtproto) async fn connect(
        address: SocketAddr,
        deadline: Instant,
    ) -> Result<Self, TelegramError> {
        let Ok(Ok(socket)) = timeout_at(deadline, TcpStream::connect(address)).await else {
            measure::TELEGRAM_FAILURES.add(1);
            return Err(TelegramError::Unreachable);
        };
        // Small packets would wait for acknowledgements otherwise. A socket that cannot do without carries on.
        let _slower = socket.set_nodelay(true);
        Ok(Self { socket, frames: Frames::new() })
    }

    /// Makes a key with a server that has one of `keys`. `dc` is its number as the handshake names it.
    ///
    /// # Errors
    ///
    /// [`TelegramError::Protocol`] where a check fails, [`TelegramError::Unreachable`] where no answer comes in time:
    /// no call has gone out yet.
    pub(in crate::mtproto) async fn make_key(
        &mut self,
        keys: &[ServerKey],
        dc: i32,
        deadline: Instant,
    ) -> Result<Agreed, TelegramError> {
        timeout_at(deadline, self.exchange(keys.to_vec(), dc))
            .await
            .unwrap_or(Err(TelegramError::Unreachable))
    }

    async fn exchange(&mut self, keys: Vec<ServerKey>, dc: i32) -> Result<Agreed, TelegramError> {
        let (mut handshake, mut packet) = Handshake::start(keys, dc, clock::now(), system_randomness())?;
        loop {
            self.write(&packet).await?;
            let answer = self.read().await?;
            // Powers of large numbers take milliseconds, and a panic in there must stay there.
            let step = spawn_blocking(move || handshake.receive(&answer, clock::now()));
            match step.await.unwrap_or(Err(HandshakeError::Unreadable))? {
                Step::Done(agreed) => return Ok(agreed),
                Step::Send(next, reply) => (handshake, packet) = (next, reply),
            }
        }
    }

    async fn write(&mut self, packet: &[u8]) -> Result<(), TelegramError> {
        let mut buffer = DequeBuffer::with_capacity(packet.len() + FRONT, FRONT);
        buffer.extend(packet);
        self.frames.pack(&mut buffer);
        self.socket.write_all(buffer.as_ref()).await.map_err(|_| TelegramError::Unreachable)
    }

    async fn read(&mut self) -> Result<BytesMut, TelegramError> {
        loop {
            match self.frames.next() {
                Ok(Some(packet)) => return Ok(packet),
                Ok(None) => {}
                // Without a key there is none that could be unknown.
                Err(TelegramError::Dead(_)) => return Err(HandshakeError::Refused.into()),
                Err(error) => return Err(error),
            }
            match self.socket.read_buf(self.frames.buffer()).await {
                Ok(0) | Err(_) => return Err(TelegramError::Unreachable),
                Ok(_) => {}
            }
        }
    }

    /// Starts the task that carries calls under this key.
    ///
    /// # Errors
    ///
    /// [`TelegramError::Protocol`] where the system has no randomness.
    pub(in crate::mtproto) fn into_connection(
        self,
        key: &AuthKey,
        salt: i64,
        time_offset: i64,
    ) -> Result<Connection, TelegramError> {
        let mut session = [0; 8];
        getrandom::fill(&mut session).map_err(|_| HandshakeError::NoRandomness)?;
        let messages = Messages::new(key, i64::from_le_bytes(session), salt, time_offset);
        let (calls, waiting) = mpsc::channel(WAITING_CALLS);
        let (alive, ended) = watch::channel(());
        let shared = Arc::new(Shared::new(salt, time_offset));
        let driver = Driver::new(self.socket, self.frames, messages, waiting, Arc::clone(&shared), alive);
        tokio::spawn(driver.run());
        Ok(Connection { calls, ended, shared })
    }
}

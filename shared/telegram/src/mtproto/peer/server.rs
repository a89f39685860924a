//! The server's end of a connection, for its tests.

use grammers_crypto::DequeBuffer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mtproto::clock;
use crate::mtproto::frames::{FRONT, Frames};
use crate::mtproto::peer::{self, Received};

/// The server's end of one connection.
pub(in crate::mtproto) struct Server {
    pub(in crate::mtproto) socket: TcpStream,
    frames: Frames,
    sent: i64,
}

impl Server {
    pub(in crate::mtproto) fn new(socket: TcpStream) -> Self {
        Self { socket, frames: Frames::new(), sent: 0 }
    }

    pub(in crate::mtproto) async fn packet(&mut self) -> Option<Received> {
        loop {
            if let Some(packet) = self.frames.next().unwrap() {
                return Some(peer::open(&packet));
            }
            // A connection that is reset has ended as well.
            if matches!(self.socket.read_buf(self.frames.buffer()).await, Ok(0) | Err(_)) {
                return None;
            }
        }
    }

    /// The next request; acknowledgements are passed over.
    pub(in crate::mtproto) async fn request(&mut self) -> Received {
        loop {
            let received = self.packet().await.expect("a request comes");
            if received.acknowledged().is_none() {
                return received;
            }
        }
    }

    pub(in crate::mtproto) async fn send(&mut self, session: i64, salt: i64, body: &[u8]) {
        self.sent += 1;
        let message = peer::message(peer::message_id(clock::now(), self.sent), 1, body);
        self.send_packet(&peer::seal(salt, session, &message)).await;
    }

    pub(in crate::mtproto) async fn send_packet(&mut self, packet: &[u8]) {
        let mut buffer = DequeBuffer::with_capacity(packet.len(), FRONT);
        buffer.extend(packet);
        self.frames.pack(&mut buffer);
        self.socket.write_all(buffer.as_ref()).await.unwrap();
    }

    /// Answers a request with its own body.
    pub(in crate::mtproto) async fn echo(&mut self, request: &Received) {
        self.send(request.session, request.salt, &peer::result(request.id, &request.body)).await;
    }
}

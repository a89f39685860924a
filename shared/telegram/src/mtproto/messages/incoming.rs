//! Taking packets apart (<https://core.telegram.org/mtproto/service_messages>).

use std::io::Read;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use flate2::read::GzDecoder;
use grammers_client::tl::{Deserializable, Identifiable, enums, types};
use grammers_crypto::decrypt_data_v2;

use super::{ENVELOPE, Event, Messages, Opened};
use crate::mtproto::{TelegramError, clock};

/// `rpc_result#f35c6d01`.
const RPC_RESULT: u32 = 0xf35c_6d01;

/// `msg_container#73f1f8dc`.
const CONTAINER: u32 = 0x73f1_f8dc;

/// `gzip_packed#3072cfa1`.
const GZIP_PACKED: u32 = 0x3072_cfa1;

/// Bytes of padding there must be at least, and at most (core.telegram.org/mtproto/description#encrypted-message).
const PADDING: std::ops::RangeInclusive<usize> = 12..=1024;

/// Seconds by which a message may be older than the server's time, and newer
/// (<https://core.telegram.org/mtproto/security_guidelines#checking-msg-id>).
const AGES: std::ops::RangeInclusive<i64> = -30..=300;

/// Bytes that all a packet holds may unpack to. A hundred messages are a tenth of it.
const LARGEST_UNPACKED: u64 = 16 * 1024 * 1024;

/// One message, as a packet or a container holds it.
struct Message {
    id: i64,
    number: i32,
    body: Bytes,
}

/// Why a packet cannot be used; the connection is not to be trusted any longer.
const BROKEN: TelegramError = TelegramError::Protocol("a message is not what it must be");

impl Messages {
    /// Decrypts a packet and takes it apart.
    ///
    /// # Errors
    ///
    /// [`TelegramError::Protocol`]: the packet is not the server's, or breaks the protocol.
    pub(in crate::mtproto) fn open(
        &mut self,
        mut packet: BytesMut,
        now: Duration,
    ) -> Result<Opened, TelegramError> {
        decrypt_data_v2(&mut packet, &self.key)
            .map_err(|_| TelegramError::Protocol("a packet is not encrypted with our key"))?;
        let mut rest = packet.split_off(ENVELOPE).freeze();
        let salt = long(&mut rest)?;
        let session = long(&mut rest)?;
        let message = Message::take(&mut rest)?;
        if !PADDING.contains(&rest.len()) {
            return Err(BROKEN);
        }
        let mut events = Vec::new();
        self.room = LARGEST_UNPACKED;
        // A message of another session is none of ours, and is passed over.
        if session == self.session {
            self.take(&message, now, true, &mut events)?;
        }
        Ok(Opened { salt, events })
    }

    fn take(
        &mut self,
        message: &Message,
        now: Duration,
        outermost: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), TelegramError> {
        // A server's identifiers are odd.
        if message.id & 1 == 0 || !self.seen.note(message.id) {
            return Ok(());
        }
        let ours = i64::try_from(now.as_secs()).unwrap_or(0);
        if !self.synchronised {
            self.time_offset = clock::seconds_of(message.id) - ours;
            self.synchronised = true;
        }
        if !AGES.contains(&(ours + self.time_offset - clock::seconds_of(message.id))) {
            return Ok(());
        }
        if message.number & 1 == 1 {
            self.unacknowledged.push(message.id);
        }
        self.take_body(message.id, &message.body, false, now, outermost, events)
    }

    fn take_body(
        &mut self,
        message_id: i64,
        body: &Bytes,
        unpacked: bool,
        now: Duration,
        outermost: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), TelegramError> {
        let mut rest = body.clone();
        match constructor(&mut rest)? {
            RPC_RESULT => {
                let request = long(&mut rest)?;
                events.extend(self.result(request, rest)?);
            }
            CONTAINER if outermost => {
                for _ in 0..int(&mut rest)? {
                    let inner = Message::take(&mut rest)?;
                    self.take(&inner, now, false, events)?;
                }
            }
            GZIP_PACKED if !unpacked => {
                let body = self.unpack(&rest)?;
                self.take_body(message_id, &body, true, now, outermost, events)?;
            }
            types::BadServerSalt::CONSTRUCTOR_ID | types::BadMsgNotification::CONSTRUCTOR_ID => {
                events.push(self.bad_message(message_id, now, parse(body)?));
            }
            types::NewSessionCreated::CONSTRUCTOR_ID => {
                let enums::NewSession::Created(created) = parse(body)?;
                self.salt = created.server_salt;
            }
            types::Pong::CONSTRUCTOR_ID => {
                let enums::Pong::Pong(pong) = parse(body)?;
                events.push(Event::Answer(pong.msg_id, body.clone()));
            }
            CONTAINER | GZIP_PACKED => return Err(BROKEN),
            // Acknowledgements, states of messages, updates: nothing that is waited for.
            _ => {}
        }
        Ok(())
    }

    /// What became of a request. `None` for answers to what is never asked.
    fn result(&mut self, request: i64, body: Bytes) -> Result<Option<Event>, TelegramError> {
        let mut rest = body.clone();
        Ok(Some(match constructor(&mut rest)? {
            types::RpcError::CONSTRUCTOR_ID => {
                let enums::RpcError::Error(error) = parse(&body)?;
                Event::Failure(request, TelegramError::from_rpc(error.error_code, &error.error_message))
            }
            types::RpcAnswerUnknown::CONSTRUCTOR_ID
            | types::RpcAnswerDroppedRunning::CONSTRUCTOR_ID
            | types::RpcAnswerDropped::CONSTRUCTOR_ID => return Ok(None),
            GZIP_PACKED => match self.unpack(&rest) {
                Ok(body) => Event::Answer(request, body),
                Err(error) => Event::Failure(request, error),
            },
            _ => Event::Answer(request, body),
        }))
    }

    /// Unpacks a byte string, as far as the packet has room.
    fn unpack(&mut self, packed: &[u8]) -> Result<Bytes, TelegramError> {
        let packed: Vec<u8> = parse(packed)?;
        let mut unpacked = Vec::new();
        let mut decoder = GzDecoder::new(&packed[..]).take(self.room + 1);
        decoder.read_to_end(&mut unpacked).map_err(|_| BROKEN)?;
        let left = self.room.checked_sub(unpacked.len() as u64);
        self.room = left.unwrap_or(0);
        if left.is_some() { Ok(unpacked.into()) } else { Err(BROKEN) }
    }

    /// A request that the server did not look at (<https://core.telegram.org/mtproto/service_messages_about_messages>).
    fn bad_message(&mut self, at: i64, now: Duration, bad: enums::BadMsgNotification) -> Event {
        let request = bad.bad_msg_id();
        match bad {
            enums::BadMsgNotification::BadServerSalt(bad) => {
                self.refused_salt = Some(self.salt).filter(|salt| *salt != bad.new_server_salt);
                self.salt = bad.new_server_salt;
                Event::Again(request)
            }
            enums::BadMsgNotification::Notification(bad) => match bad.error_code {
                // Too low and too high: our time is wrong.
                16 | 17 => {
                    self.time_offset = clock::seconds_of(at) - i64::try_from(now.as_secs()).unwrap_or(0);
                    self.last_id = 0;
                    Event::Again(request)
                }
                // Too old to tell whether it was received before.
                20 => Event::Failure(request, TelegramError::Lost),
                _ => Event::Failure(request, TelegramError::Protocol("the server refused a message")),
            },
        }
    }
}

impl Message {
    /// Reads one from the front of `bytes`.
    fn take(bytes: &mut Bytes) -> Result<Self, TelegramError> {
        let id = long(bytes)?;
        let number = int(bytes)?;
        let length = usize::try_from(int(bytes)?).map_err(|_| BROKEN)?;
        if length > bytes.len() || !length.is_multiple_of(4) {
            return Err(BROKEN);
        }
        Ok(Self { id, number, body: bytes.split_to(length) })
    }
}

fn parse<T: Deserializable>(body: &[u8]) -> Result<T, TelegramError> {
    T::from_bytes(body).map_err(|_| BROKEN)
}

fn constructor(bytes: &mut Bytes) -> Result<u32, TelegramError> {
    int(bytes).map(i32::cast_unsigned)
}

fn int(bytes: &mut Bytes) -> Result<i32, TelegramError> {
    bytes.try_get_i32_le().map_err(|_| BROKEN)
}

fn long(bytes: &mut Bytes) -> Result<i64, TelegramError> {
    bytes.try_get_i64_le().map_err(|_| BROKEN)
}

//! The messages inside a message: containers and packed bodies, both ways.
//!
//! Source: `core.telegram.org/mtproto/service_messages`.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use grammers_tl_types::{Deserializable as _, Identifiable as _, Serializable as _, enums, types};

use super::cipher::Message;
use super::rpc::RpcError;
use super::tl_bytes;

/// `msg_container`
pub(super) const CONTAINER: u32 = 0x73f1_f8dc;

/// `gzip_packed`
pub(super) const PACKED: u32 = 0x3072_cfa1;

/// `rpc_result`
pub(super) const RPC_RESULT: u32 = 0xf35c_6d01;

/// Messages in a container at most.
/// Source: `core.telegram.org/mtproto/service_messages_about_messages`, "64: invalid container"; clients keep to 1020.
const MOST_MESSAGES: usize = 1020;

/// Bytes of an unpacked body at most. Ours: as many as of a packet, so that little cannot become too much.
const MAX_UNPACKED: u64 = 16 * 1024 * 1024;

/// Bytes from which an answer is worth packing.
const WORTH_PACKING: usize = 512;

/// A message of its own or of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Its id.
    pub(super) id: i64,
    /// Its sequence number.
    pub(super) sequence: i32,
    /// What it says, unpacked already unless that failed.
    pub(super) body: Vec<u8>,
}

/// The constructor id that a body begins with, 0 if it is too short for one.
pub(super) fn constructor(body: &[u8]) -> u32 {
    body.first_chunk().map_or(0, |id| u32::from_le_bytes(*id))
}

/// The messages in what was decrypted; `None` if it is a malformed container.
pub(super) fn contents(message: Message) -> Option<Vec<Content>> {
    let Message { id, sequence, body, .. } = message;
    let body = unpacked(body);
    if constructor(&body) != CONTAINER {
        return Some(vec![Content { id, sequence, body }]);
    }
    let count = u32::from_le_bytes(tl_bytes(body.get(4..8)?)) as usize;
    if count > MOST_MESSAGES {
        return None;
    }
    let (mut rest, mut contents) = (&body[8..], Vec::new());
    for _ in 0..count {
        let head = rest.get(..16)?;
        let length = u32::from_le_bytes(tl_bytes(&head[12..])) as usize;
        let body = unpacked(rest.get(16..16 + length)?.to_vec());
        // A container cannot hold another one.
        if constructor(&body) == CONTAINER {
            return None;
        }
        contents.push(Content {
            id: i64::from_le_bytes(tl_bytes(&head[..8])),
            sequence: i32::from_le_bytes(tl_bytes(&head[8..12])),
            body,
        });
        rest = &rest[16 + length..];
    }
    rest.is_empty().then_some(contents)
}

/// The body of a container of messages.
pub(super) fn container(contents: &[Content]) -> Vec<u8> {
    let mut body = CONTAINER.to_le_bytes().to_vec();
    length(contents.len()).serialize(&mut body);
    for content in contents {
        content.id.serialize(&mut body);
        content.sequence.serialize(&mut body);
        length(content.body.len()).serialize(&mut body);
        body.extend(&content.body);
    }
    body
}

/// A body without its packing. What cannot be unpacked stays as it is, and will be no method that is known.
fn unpacked(body: Vec<u8>) -> Vec<u8> {
    if constructor(&body) != PACKED {
        return body;
    }
    let Ok(packed) = Vec::<u8>::from_bytes(&body[4..]) else { return body };
    let mut content = Vec::new();
    match GzDecoder::new(&packed[..]).take(MAX_UNPACKED).read_to_end(&mut content) {
        Ok(_) => content,
        Err(_) => body,
    }
}

/// A body packed with gzip.
pub(super) fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory can be written to");
    let mut body = PACKED.to_le_bytes().to_vec();
    packed.serialize(&mut body);
    body
}

/// The body that answers a call. What becomes smaller by it is packed, as Telegram does; parts of files never do.
pub(super) fn answer(call: i64, answer: Vec<u8>) -> Vec<u8> {
    let worth = answer.len() > WORTH_PACKING && constructor(&answer) != types::upload::File::CONSTRUCTOR_ID;
    let smaller = worth.then(|| packed(&answer)).filter(|packed| packed.len() < answer.len());
    result(call, &smaller.unwrap_or(answer))
}

/// The body that answers a call with an error.
pub(super) fn error(call: i64, error: RpcError) -> Vec<u8> {
    let error = types::RpcError { error_code: error.code, error_message: error.name };
    result(call, &enums::RpcError::Error(error).to_bytes())
}

/// The body that answers a call with any value.
pub(super) fn result(call: i64, value: &[u8]) -> Vec<u8> {
    let mut body = RPC_RESULT.to_le_bytes().to_vec();
    call.serialize(&mut body);
    body.extend(value);
    body
}

/// A length as TL has it.
pub(super) fn length(length: usize) -> i32 {
    i32::try_from(length).expect("what is sent is smaller than 2 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: Vec<u8>) -> Message {
        Message { salt: 0, session: 0, id: 40, sequence: 3, body }
    }

    fn content(id: i64, body: Vec<u8>) -> Content {
        Content { id, sequence: 1, body }
    }

    #[test]
    fn containers_and_packed_bodies_are_opened_together() {
        let plain = vec![1, 2, 3, 4, 5, 6, 7, 8];
        let body = container(&[content(4, plain.clone()), content(8, packed(&plain))]);
        let expected = vec![content(4, plain.clone()), content(8, plain)];
        assert_eq!(contents(message(packed(&body))), Some(expected.clone()));
        assert_eq!(contents(message(body)), Some(expected));
    }

    #[test]
    fn malformed_containers_are_none() {
        let good = container(&[content(4, vec![1; 8])]);
        for length in 4..good.len() {
            assert_eq!(contents(message(good[..length].to_vec())), None, "{length} bytes");
        }
        assert_eq!(contents(message(container(&[content(4, good)]))), None);
        let many = vec![content(4, vec![0; 4]); MOST_MESSAGES + 1];
        assert_eq!(contents(message(container(&many))), None);
    }

    #[test]
    fn only_answers_that_become_smaller_are_packed() {
        let value = |answer: &[u8]| constructor(&answer[12..]);
        assert_eq!(value(&answer(1, vec![7; 513])), PACKED);
        assert_eq!(value(&answer(1, vec![7; 512])), 0x0707_0707);
        let mut noise = vec![0; 600];
        super::super::random::fill(&mut noise);
        assert_eq!(answer(1, noise.clone())[12..], noise);
        let mut part = types::upload::File::CONSTRUCTOR_ID.to_le_bytes().to_vec();
        part.resize(2000, 0);
        assert_eq!(value(&answer(1, part)), types::upload::File::CONSTRUCTOR_ID);
    }
}

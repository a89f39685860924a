//! The server's side of making an auth key, step by step and without sockets.
//!
//! Source: `core.telegram.org/mtproto/auth_key`. Whatever is not as it should be ends the handshake as Telegram ends it,
//! with a transport error. Temporary keys are refused: nothing here binds them.

use std::sync::LazyLock;

use grammers_crypto::{aes, generate_key_data_from_nonce};
use grammers_tl_types::{
    Cursor, Deserializable as _, Identifiable as _, Serializable, enums, functions, types,
};
use num_bigint::BigUint;
use sha1::{Digest as _, Sha1};

use super::cipher::AuthKeyBytes;
use super::keys::{auxiliary_hash, key_id, new_nonce_hash};
use super::primes::{self, Pq};
use super::rpc::KeyId;
use super::server_key::{Opened, number_bytes, server_key};
use super::{random, tl_bytes, unix_i32};

/// The transport error of a handshake that went wrong.
pub(super) const REFUSED: i32 = -404;

/// The transport error for a client that meant another data centre.
/// Source: `core.telegram.org/mtproto/mtproto-transports`, "Transport errors".
pub(super) const WRONG_DC: i32 = -444;

/// What clients of Telegram's own test servers add to the number of a data centre.
const TEST_DC: i32 = 10_000;

/// The generator that goes with the prime.
pub(super) const GENERATOR: u8 = 3;

/// The safe prime that Telegram's servers send, which clients know as a good one without testing it.
pub(super) static PRIME: LazyLock<BigUint> = LazyLock::new(|| {
    let digits = "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F\
                  48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37\
                  20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64\
                  2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4\
                  A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754\
                  FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4\
                  E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F\
                  0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B";
    BigUint::parse_bytes(digits.as_bytes(), 16).expect("the digits are hexadecimal")
});

/// One handshake of a connection. Asking for a new `pq` begins anew.
pub(super) struct Handshake {
    dc: i32,
    stage: Stage,
}

enum Stage {
    Start,
    PqSent { nonce: [u8; 16], server_nonce: [u8; 16], pq: Pq },
    ParamsSent(Exchange),
}

/// A Diffie-Hellman exchange under way.
struct Exchange {
    nonce: [u8; 16],
    server_nonce: [u8; 16],
    new_nonce: [u8; 32],
    secret: BigUint,
    /// The hash of the key before, when the client was told to try again; 0 at first.
    retry: i64,
}

/// What a step of the client leads to.
pub(super) struct Step {
    /// The answer's body.
    pub(super) answer: Vec<u8>,
    /// The key, once it is made.
    pub(super) made: Option<NewKey>,
}

/// A key that both sides have now.
pub(super) struct NewKey {
    /// The key.
    pub(super) key: AuthKeyBytes,
    /// The salt to begin with.
    pub(super) salt: i64,
}

impl Handshake {
    /// A handshake with this data centre.
    pub(super) const fn new(dc: i32) -> Self {
        Self { dc, stage: Stage::Start }
    }

    /// Takes an open message's body. `is_taken` says whether another key has this id.
    ///
    /// # Errors
    /// The transport error that the client gets; the connection is closed then.
    pub(super) fn step(
        &mut self,
        body: &[u8],
        now_s: u64,
        is_taken: impl Fn(KeyId) -> bool,
    ) -> Result<Step, i32> {
        let (id, rest) = body.split_first_chunk().ok_or(REFUSED)?;
        match (u32::from_le_bytes(*id), std::mem::replace(&mut self.stage, Stage::Start)) {
            (functions::ReqPqMulti::CONSTRUCTOR_ID | functions::ReqPq::CONSTRUCTOR_ID, _) => {
                Ok(self.ask_for_factors(tl_bytes(rest.get(..16).ok_or(REFUSED)?)))
            }
            (functions::ReqDhParams::CONSTRUCTOR_ID, Stage::PqSent { nonce, server_nonce, pq }) => {
                let request = functions::ReqDhParams::from_bytes(rest).map_err(|_| REFUSED)?;
                let (p, q) = (minimal(pq.p), minimal(pq.q));
                if (request.nonce, request.server_nonce) != (nonce, server_nonce)
                    || (&request.p, &request.q) != (&p, &q)
                    || request.public_key_fingerprint != server_key().fingerprint()
                {
                    return Err(REFUSED);
                }
                let inner = Inner::open(&request.encrypted_data).ok_or(REFUSED)?;
                if (inner.nonce, inner.server_nonce) != (nonce, server_nonce)
                    || (&inner.p, &inner.q) != (&p, &q)
                    || inner.pq != pq.product.to_be_bytes()
                {
                    return Err(REFUSED);
                }
                if inner.dc.is_some_and(|dc| dc.abs() != self.dc && dc.abs() != self.dc + TEST_DC) {
                    return Err(WRONG_DC);
                }
                Ok(self.send_params(nonce, server_nonce, inner.new_nonce, now_s))
            }
            (functions::SetClientDhParams::CONSTRUCTOR_ID, Stage::ParamsSent(exchange)) => {
                let request = functions::SetClientDhParams::from_bytes(rest).map_err(|_| REFUSED)?;
                self.finish(exchange, &request, is_taken)
            }
            _ => Err(REFUSED),
        }
    }

    fn ask_for_factors(&mut self, nonce: [u8; 16]) -> Step {
        let (server_nonce, pq) = (random::bytes(), primes::fresh());
        let answer = enums::ResPq::Pq(types::ResPq {
            nonce,
            server_nonce,
            pq: pq.product.to_be_bytes().to_vec(),
            server_public_key_fingerprints: vec![server_key().fingerprint()],
        });
        self.stage = Stage::PqSent { nonce, server_nonce, pq };
        Step { answer: answer.to_bytes(), made: None }
    }

    fn send_params(
        &mut self,
        nonce: [u8; 16],
        server_nonce: [u8; 16],
        new_nonce: [u8; 32],
        now_s: u64,
    ) -> Step {
        let secret = BigUint::from_bytes_be(&random::bytes::<256>());
        let g_a = BigUint::from(GENERATOR).modpow(&secret, &PRIME);
        let inner = enums::ServerDhInnerData::Data(types::ServerDhInnerData {
            nonce,
            server_nonce,
            g: GENERATOR.into(),
            dh_prime: PRIME.to_bytes_be(),
            g_a: number_bytes(&g_a).to_vec(),
            server_time: unix_i32(now_s),
        });
        let inner = inner.to_bytes();
        let mut encrypted_answer = Sha1::digest(&inner).to_vec();
        encrypted_answer.extend(inner);
        let padding = encrypted_answer.len().next_multiple_of(16) - encrypted_answer.len();
        encrypted_answer.extend(&random::bytes::<16>()[..padding]);
        let (key, iv) = generate_key_data_from_nonce(&server_nonce, &new_nonce);
        aes::ige_encrypt(&mut encrypted_answer, &key, &iv);
        let answer =
            enums::ServerDhParams::Ok(types::ServerDhParamsOk { nonce, server_nonce, encrypted_answer });
        self.stage = Stage::ParamsSent(Exchange { nonce, server_nonce, new_nonce, secret, retry: 0 });
        Step { answer: answer.to_bytes(), made: None }
    }

    fn finish(
        &mut self,
        exchange: Exchange,
        request: &functions::SetClientDhParams,
        is_taken: impl Fn(KeyId) -> bool,
    ) -> Result<Step, i32> {
        let Exchange { nonce, server_nonce, new_nonce, ref secret, retry } = exchange;
        let client = exchange.open(&request.encrypted_data).ok_or(REFUSED)?;
        let nonces = [(request.nonce, request.server_nonce), (client.nonce, client.server_nonce)];
        if nonces != [(nonce, server_nonce); 2] || client.retry_id != retry {
            return Err(REFUSED);
        }
        let g_b = BigUint::from_bytes_be(&client.g_b);
        let key = number_bytes(&g_b.modpow(secret, &PRIME));
        let hash = |number| new_nonce_hash(&key, &new_nonce, number);
        if !is_safe(&g_b) {
            let answer = types::DhGenFail { nonce, server_nonce, new_nonce_hash3: hash(3) };
            let answer = enums::SetClientDhParamsAnswer::DhGenFail(answer).to_bytes();
            return Ok(Step { answer, made: None });
        }
        if is_taken(key_id(&key)) {
            let answer = types::DhGenRetry { nonce, server_nonce, new_nonce_hash2: hash(2) };
            let answer = enums::SetClientDhParamsAnswer::DhGenRetry(answer).to_bytes();
            self.stage = Stage::ParamsSent(Exchange { retry: auxiliary_hash(&key), ..exchange });
            return Ok(Step { answer, made: None });
        }
        let answer = types::DhGenOk { nonce, server_nonce, new_nonce_hash1: hash(1) };
        let answer = enums::SetClientDhParamsAnswer::DhGenOk(answer).to_bytes();
        let halves = [&new_nonce[..8], &server_nonce[..8]].map(|half| i64::from_le_bytes(tl_bytes(half)));
        Ok(Step { answer, made: Some(NewKey { key, salt: halves[0] ^ halves[1] }) })
    }
}

impl Exchange {
    /// The client's half, if its hash is right.
    fn open(&self, encrypted: &[u8]) -> Option<types::ClientDhInnerData> {
        if encrypted.len() < 32 || !encrypted.len().is_multiple_of(16) {
            return None;
        }
        let (key, iv) = generate_key_data_from_nonce(&self.server_nonce, &self.new_nonce);
        let mut open = encrypted.to_vec();
        aes::ige_decrypt(&mut open, &key, &iv);
        let (hash, data) = open.split_at(20);
        let mut cursor = Cursor::from_slice(data);
        let enums::ClientDhInnerData::Data(inner) =
            enums::ClientDhInnerData::deserialize(&mut cursor).ok()?;
        (*Sha1::digest(&data[..cursor.pos()]) == *hash).then_some(inner)
    }
}

/// What a client sends under the server's RSA key, of every form that has no end.
struct Inner {
    pq: Vec<u8>,
    p: Vec<u8>,
    q: Vec<u8>,
    nonce: [u8; 16],
    server_nonce: [u8; 16],
    new_nonce: [u8; 32],
    dc: Option<i32>,
}

impl Inner {
    fn open(encrypted: &[u8]) -> Option<Self> {
        let opened = server_key().open(encrypted)?;
        let (Opened::Padded(data) | Opened::Hashed { data, .. }) = &opened;
        let mut cursor = Cursor::from_slice(data);
        let inner = enums::PQInnerData::deserialize(&mut cursor).ok()?;
        if let Opened::Hashed { sha1, data } = &opened
            && *Sha1::digest(&data[..cursor.pos()]) != *sha1
        {
            return None;
        }
        match inner {
            enums::PQInnerData::Data(types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce }) => {
                Some(Self { pq, p, q, nonce, server_nonce, new_nonce, dc: None })
            }
            enums::PQInnerData::Dc(types::PQInnerDataDc { pq, p, q, nonce, server_nonce, new_nonce, dc }) => {
                Some(Self { pq, p, q, nonce, server_nonce, new_nonce, dc: Some(dc) })
            }
            enums::PQInnerData::Temp(_) | enums::PQInnerData::TempDc(_) => {
                tracing::warn!("A client asked for a temporary auth key, which the simulator does not make.");
                None
            }
        }
    }
}

/// A number in as few bytes as it needs, big-endian.
fn minimal(number: u32) -> Vec<u8> {
    BigUint::from(number).to_bytes_be()
}

/// Whether a half of the exchange is between 2^(2048-64) and the prime less that.
/// Source: `core.telegram.org/mtproto/security_guidelines`, on validating both halves.
fn is_safe(half: &BigUint) -> bool {
    let margin = BigUint::from(1_u8) << (2048 - 64);
    *half >= margin && *half <= &*PRIME - margin
}

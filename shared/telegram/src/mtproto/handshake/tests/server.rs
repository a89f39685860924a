//! A server's half of the handshake that can lie at every point.

use grammers_client::tl::{Deserializable, Identifiable, Serializable, enums, functions, types};
use grammers_crypto::{AuthKey as Key, aes, generate_key_data_from_nonce};
use num_bigint::BigUint;
use pkcs1::{DecodeRsaPrivateKey, RsaPrivateKeyOwned};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::super::ServerKey;
use crate::mtproto::group::TELEGRAMS_PRIME;
use crate::mtproto::plain;

/// The server's time, in seconds since 1970.
pub(super) const SERVER_TIME: i32 = 1_700_000_100;

/// A key made for these tests, and used for nothing else.
const PRIVATE_KEY: &str = include_str!("key.pem");

type Change<T> = Box<dyn FnMut(&mut T)>;

type PacketChange = Box<dyn FnMut(u32, &mut Vec<u8>)>;

/// What the server makes of the client's half.
pub(super) enum Verdict {
    Ok(Change<types::DhGenOk>),
    /// This many times, then `Ok`.
    Retry(u32, Change<types::DhGenRetry>),
    Fail(Change<types::DhGenFail>),
}

/// The server, with what it changes in its answers before they go out.
pub(super) struct Server {
    pub(super) product: Change<types::ResPq>,
    pub(super) refusal: Option<Change<types::ServerDhParamsFail>>,
    pub(super) inner: Change<types::ServerDhInnerData>,
    /// Changes the plaintext of the encrypted answer: its hash, the answer, the padding.
    pub(super) plaintext: Change<Vec<u8>>,
    pub(super) outer: Change<types::ServerDhParamsOk>,
    pub(super) verdict: Verdict,
    /// Changes a whole packet; the number counts them.
    pub(super) packet: PacketChange,
    /// What it saw of the client.
    pub(super) inner_data: Option<types::PQInnerDataDc>,
    pub(super) retry_ids: Vec<i64>,
    pub(super) key: Option<[u8; 256]>,
    nonce: [u8; 16],
    new_nonce: [u8; 32],
    packets: u32,
}

pub(super) const SERVER_NONCE: [u8; 16] = [0x5A; 16];

impl Server {
    pub(super) fn honest() -> Self {
        Self {
            product: Box::new(|_| {}),
            refusal: None,
            inner: Box::new(|_| {}),
            plaintext: Box::new(|_| {}),
            outer: Box::new(|_| {}),
            verdict: Verdict::Ok(Box::new(|_| {})),
            packet: Box::new(|_, _| {}),
            inner_data: None,
            retry_ids: Vec::new(),
            key: None,
            nonce: [0; 16],
            new_nonce: [0; 32],
            packets: 0,
        }
    }

    pub(super) fn answer(&mut self, packet: &[u8]) -> Vec<u8> {
        let id = u32::from_le_bytes(packet[20..24].try_into().unwrap());
        let body = &packet[24..];
        let answer = match id {
            functions::ReqPqMulti::CONSTRUCTOR_ID => self.offer_product(body),
            functions::ReqDhParams::CONSTRUCTOR_ID => self.offer_group(body),
            functions::SetClientDhParams::CONSTRUCTOR_ID => self.judge(body),
            other => panic!("{other:08x} is no request of a handshake"),
        };
        // Identifiers of answers are 1 modulo 4.
        let mut packet = plain::seal((i64::from(SERVER_TIME) << 32) | 1, &answer);
        (self.packet)(self.packets, &mut packet);
        self.packets += 1;
        packet
    }

    fn offer_product(&mut self, body: &[u8]) -> Vec<u8> {
        self.nonce = body.try_into().unwrap();
        let mut answer = types::ResPq {
            nonce: self.nonce,
            server_nonce: SERVER_NONCE,
            pq: 0x17ED_4894_1A08_F981_u64.to_be_bytes().to_vec(),
            server_public_key_fingerprints: vec![1, public_key().fingerprint()],
        };
        (self.product)(&mut answer);
        enums::ResPq::Pq(answer).to_bytes()
    }

    fn offer_group(&mut self, body: &[u8]) -> Vec<u8> {
        let inner = open_rsa(&body[body.len() - 256..]);
        let Ok(enums::PQInnerData::Dc(inner)) = enums::PQInnerData::from_bytes(&inner) else {
            panic!("the client's secret cannot be read")
        };
        self.new_nonce = inner.new_nonce;
        self.inner_data = Some(inner);
        if let Some(change) = &mut self.refusal {
            let hash: [u8; 20] = Sha1::digest(self.new_nonce).into();
            let mut answer = types::ServerDhParamsFail {
                nonce: self.nonce,
                server_nonce: SERVER_NONCE,
                new_nonce_hash: hash[4..].try_into().unwrap(),
            };
            change(&mut answer);
            return enums::ServerDhParams::Fail(answer).to_bytes();
        }
        let mut inner = types::ServerDhInnerData {
            nonce: self.nonce,
            server_nonce: SERVER_NONCE,
            g: 3,
            dh_prime: prime().to_bytes_be(),
            g_a: BigUint::from(3_u8).modpow(&secret(), &prime()).to_bytes_be(),
            server_time: SERVER_TIME,
        };
        (self.inner)(&mut inner);
        let inner = enums::ServerDhInnerData::Data(inner).to_bytes();
        let mut answer = Sha1::digest(&inner).to_vec();
        answer.extend(inner);
        answer.resize(answer.len().next_multiple_of(16), 7);
        (self.plaintext)(&mut answer);
        let (key, iv) = generate_key_data_from_nonce(&SERVER_NONCE, &self.new_nonce);
        aes::ige_encrypt(&mut answer, &key, &iv);
        let mut answer = types::ServerDhParamsOk {
            nonce: self.nonce,
            server_nonce: SERVER_NONCE,
            encrypted_answer: answer,
        };
        (self.outer)(&mut answer);
        enums::ServerDhParams::Ok(answer).to_bytes()
    }

    fn judge(&mut self, body: &[u8]) -> Vec<u8> {
        let mut encrypted = Vec::<u8>::from_bytes(&body[32..]).unwrap();
        let (key, iv) = generate_key_data_from_nonce(&SERVER_NONCE, &self.new_nonce);
        aes::ige_decrypt(&mut encrypted, &key, &iv);
        let enums::ClientDhInnerData::Data(inner) =
            enums::ClientDhInnerData::from_bytes(&encrypted[20..]).unwrap();
        let length = enums::ClientDhInnerData::Data(inner.clone()).to_bytes().len();
        assert_eq!(Sha1::digest(&encrypted[20..20 + length])[..], encrypted[..20]);
        self.retry_ids.push(inner.retry_id);

        let shared = BigUint::from_bytes_be(&inner.g_b).modpow(&secret(), &prime()).to_bytes_be();
        let mut key = [0; 256];
        key[256 - shared.len()..].copy_from_slice(&shared);
        self.key = Some(key);
        let hash = |number| Key::from_bytes(key).calc_new_nonce_hash(&self.new_nonce, number);
        let (nonce, server_nonce) = (self.nonce, SERVER_NONCE);
        match &mut self.verdict {
            Verdict::Retry(left, change) if *left > 0 => {
                *left -= 1;
                let mut answer = types::DhGenRetry { nonce, server_nonce, new_nonce_hash2: hash(2) };
                change(&mut answer);
                enums::SetClientDhParamsAnswer::DhGenRetry(answer).to_bytes()
            }
            Verdict::Fail(change) => {
                let mut answer = types::DhGenFail { nonce, server_nonce, new_nonce_hash3: hash(3) };
                change(&mut answer);
                enums::SetClientDhParamsAnswer::DhGenFail(answer).to_bytes()
            }
            verdict => {
                let mut answer = types::DhGenOk { nonce, server_nonce, new_nonce_hash1: hash(1) };
                if let Verdict::Ok(change) = verdict {
                    change(&mut answer);
                }
                enums::SetClientDhParamsAnswer::DhGenOk(answer).to_bytes()
            }
        }
    }
}

/// The public half of the server's key.
pub(super) fn public_key() -> ServerKey {
    ServerKey::from_pem(include_str!("key.pub.pem")).unwrap()
}

/// The prime of the server's group.
pub(super) fn prime() -> BigUint {
    BigUint::parse_bytes(TELEGRAMS_PRIME, 16).unwrap()
}

fn secret() -> BigUint {
    BigUint::from_bytes_be(&[0xA7; 256])
}

/// Undoes `RSA_PAD`, and checks its hash.
fn open_rsa(encrypted: &[u8]) -> Vec<u8> {
    let key = RsaPrivateKeyOwned::from_pkcs1_pem(PRIVATE_KEY).unwrap();
    let opened = BigUint::from_bytes_be(encrypted)
        .modpow(
            &BigUint::from_bytes_be(key.private_exponent.as_bytes()),
            &BigUint::from_bytes_be(key.modulus.as_bytes()),
        )
        .to_bytes_be();
    let mut block = vec![0; 256 - opened.len()];
    block.extend(opened);
    let (masked, data) = block.split_at(32);
    let mask = Sha256::digest(data);
    let temporary: [u8; 32] = std::array::from_fn(|at| masked[at] ^ mask[at]);
    let mut data = data.to_vec();
    aes::ige_decrypt(&mut data, &temporary, &[0; 32]);
    let padded: Vec<u8> = data[..192].iter().rev().copied().collect();
    let hash = Sha256::new().chain_update(temporary).chain_update(&padded).finalize();
    assert_eq!(data[192..], hash[..]);
    padded
}

//! A client of the tests' own: the Intermediate transport, and everything above it step by step.

use std::net::SocketAddr;
use std::time::Duration;

use grammers_crypto::{aes, factorize, generate_key_data_from_nonce, rsa};
use grammers_tl_types::{Deserializable as _, Serializable, enums, functions, types};
use num_bigint::BigUint;
use pkcs1::RsaPublicKeyRef;
use pkcs1::der::{Decode as _, Document};
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::cipher::{AuthKeyBytes, Message, Sender, decrypt, encrypt};
use super::super::keys::{key_id, new_nonce_hash};
use super::super::messages::{Content, RPC_RESULT, constructor, contents};
use super::super::rpc::KeyId;
use super::super::server_key::number_bytes;
use super::super::{machine_now, public_key_pem, random, tl_bytes};

/// How a client hides what it sends under the server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    RsaPad,
    Hashed,
}

/// A connection, and what its client knows.
pub(super) struct Client {
    socket: TcpStream,
    pub(super) key: Option<(AuthKeyBytes, KeyId)>,
    pub(super) salt: i64,
    pub(super) session: i64,
    last_id: i64,
    sequence: i32,
    waiting: Vec<Content>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(&[0xee; 4]).await.unwrap();
        let session = i64::from_le_bytes(random::bytes());
        Self { socket, key: None, salt: 0, session, last_id: 0, sequence: 0, waiting: Vec::new() }
    }

    /// A new connection with the key, salt and session of this one.
    pub(super) async fn again(&self, address: SocketAddr) -> Self {
        let mut other = Self::connect(address).await;
        (other.key, other.salt, other.session) = (self.key, self.salt, self.session);
        (other.last_id, other.sequence) = (self.last_id, self.sequence);
        other
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.peer_addr().unwrap()
    }

    pub(super) async fn send_packet(&mut self, packet: &[u8]) {
        let length = u32::try_from(packet.len()).unwrap();
        self.socket.write_all(&[&length.to_le_bytes()[..], packet].concat()).await.unwrap();
    }

    /// The next packet; `None` when the server has closed the connection.
    pub(super) async fn packet(&mut self) -> Option<Vec<u8>> {
        let length = self.socket.read_u32_le().await.ok()?;
        let mut packet = vec![0; length as usize];
        self.socket.read_exact(&mut packet).await.ok()?;
        Some(packet)
    }

    /// The code of a transport error, which has to be the last packet.
    pub(super) async fn transport_error(&mut self) -> i32 {
        let packet = self.packet().await.expect("there is one more packet");
        assert!(self.packet().await.is_none(), "the connection ends");
        i32::from_le_bytes(tl_bytes(&packet))
    }

    /// Sends an open message and returns the body of its answer, or a transport error.
    pub(super) async fn open(&mut self, body: &[u8]) -> Result<Vec<u8>, i32> {
        let mut packet = vec![0; 8];
        self.next_id().serialize(&mut packet);
        u32::try_from(body.len()).unwrap().serialize(&mut packet);
        packet.extend(body);
        self.send_packet(&packet).await;
        let answer = self.packet().await.unwrap();
        if let Ok(code) = answer[..].try_into().map(i32::from_le_bytes) {
            return Err(code);
        }
        assert_eq!(answer[..8], [0; 8]);
        assert_eq!(answer[8] & 3, 1);
        assert_eq!(answer.len(), 20 + u32::from_le_bytes(tl_bytes(&answer[16..20])) as usize);
        Ok(answer[20..].to_vec())
    }

    /// Makes a key in the usual way.
    pub(super) async fn make_key(&mut self) -> Result<(), i32> {
        let mut exchange = self.ask(false).await?;
        let inner = exchange.inner(None);
        exchange.ask_params(self, inner, Padding::RsaPad).await?;
        let (answer, key) = exchange.finish(self, None, 0).await?;
        let enums::SetClientDhParamsAnswer::DhGenOk(answer) = answer else { panic!("{answer:?}") };
        assert_eq!(answer.new_nonce_hash1, new_nonce_hash(&key, &exchange.new_nonce, 1));
        self.take_key(key, &exchange);
        Ok(())
    }

    pub(super) fn take_key(&mut self, key: AuthKeyBytes, exchange: &Exchange) {
        let half = |nonce: &[u8]| i64::from_le_bytes(tl_bytes(&nonce[..8]));
        self.salt = half(&exchange.new_nonce) ^ half(&exchange.server_nonce);
        self.key = Some((key, key_id(&key)));
    }

    /// The first step of a handshake.
    pub(super) async fn ask(&mut self, old_method: bool) -> Result<Exchange, i32> {
        let nonce = random::bytes();
        let request = if old_method {
            functions::ReqPq { nonce }.to_bytes()
        } else {
            functions::ReqPqMulti { nonce }.to_bytes()
        };
        let exchange = Exchange::new(&self.open(&request).await?);
        assert_eq!(exchange.nonce, nonce);
        Ok(exchange)
    }

    pub(super) fn next_id(&mut self) -> i64 {
        let now = machine_now();
        let id = (i64::try_from(now.as_secs()).unwrap() << 32) | i64::from(now.subsec_nanos()) & !3;
        self.last_id = id.max(self.last_id + 4);
        self.last_id
    }

    /// Sends a message and returns its id.
    pub(super) async fn send(&mut self, body: Vec<u8>) -> i64 {
        let id = self.next_id();
        self.send_as(id, body).await;
        id
    }

    pub(super) async fn send_as(&mut self, id: i64, body: Vec<u8>) {
        let packet = self.encrypted(id, body);
        self.send_packet(&packet).await;
    }

    pub(super) fn encrypted(&mut self, id: i64, body: Vec<u8>) -> Vec<u8> {
        self.sequence += 2;
        let (key, of) = self.key.unwrap();
        let message =
            Message { salt: self.salt, session: self.session, id, sequence: self.sequence - 1, body };
        encrypt(&key, of, Sender::Client, &message)
    }

    /// The next message of the server, out of its container.
    pub(super) async fn next(&mut self) -> Content {
        while self.waiting.is_empty() {
            let packet = self.packet().await.expect("the connection is there");
            assert!(packet.len() > 4, "a transport error: {packet:?}");
            let (key, of) = self.key.unwrap();
            assert_eq!(packet[..8], of.0.to_le_bytes());
            let message = decrypt(&key, Sender::Server, &packet).unwrap();
            assert_eq!(message.session, self.session);
            self.waiting = contents(message).unwrap();
        }
        self.waiting.remove(0)
    }

    /// The next message that is of this type.
    pub(super) async fn expect(&mut self, id: u32) -> Content {
        loop {
            let content = self.next().await;
            if constructor(&content.body) == id {
                return content;
            }
        }
    }

    /// The value that answers a call.
    pub(super) async fn result_of(&mut self, call: i64) -> Vec<u8> {
        loop {
            let Content { body, .. } = self.expect(RPC_RESULT).await;
            if body[4..12] == call.to_le_bytes() {
                return body[12..].to_vec();
            }
        }
    }

    /// The error that answers a call.
    pub(super) async fn error_of(&mut self, call: i64) -> (i32, String) {
        let value = self.result_of(call).await;
        let enums::RpcError::Error(error) = enums::RpcError::from_bytes(&value).unwrap();
        (error.error_code, error.error_message)
    }

    /// Whether nothing else has come when this is answered, which is asked last.
    pub(super) async fn is_quiet(&mut self) -> bool {
        let ping = self.send(functions::Ping { ping_id: 77 }.to_bytes()).await;
        let content = self.next().await;
        let enums::Pong::Pong(answer) = enums::Pong::from_bytes(&content.body).unwrap();
        (answer.msg_id, answer.ping_id) == (ping, 77)
    }
}

/// A handshake as the client sees it. Tests change what they want to see refused.
pub(super) struct Exchange {
    pub(super) nonce: [u8; 16],
    pub(super) server_nonce: [u8; 16],
    pub(super) new_nonce: [u8; 32],
    pub(super) pq: u64,
    pub(super) fingerprint: i64,
    params: Option<types::ServerDhInnerData>,
}

impl Exchange {
    /// What the answer to the first step says.
    pub(super) fn new(answer: &[u8]) -> Self {
        let enums::ResPq::Pq(answer) = enums::ResPq::from_bytes(answer).unwrap();
        Self {
            nonce: answer.nonce,
            server_nonce: answer.server_nonce,
            new_nonce: random::bytes(),
            pq: u64::from_be_bytes(tl_bytes(&answer.pq)),
            fingerprint: answer.server_public_key_fingerprints[0],
            params: None,
        }
    }

    fn factors(&self) -> [Vec<u8>; 2] {
        let (p, q) = factorize(self.pq);
        [p, q].map(|factor| BigUint::from(factor).to_bytes_be())
    }

    /// What is sent under the server's key, with or without a data centre.
    pub(super) fn inner(&self, dc: Option<i32>) -> Vec<u8> {
        let Self { nonce, server_nonce, new_nonce, .. } = *self;
        let ([p, q], pq) = (self.factors(), self.pq.to_be_bytes().to_vec());
        let inner = match dc {
            None => types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce }.into(),
            Some(dc) => {
                enums::PQInnerData::Dc(types::PQInnerDataDc { pq, p, q, nonce, server_nonce, new_nonce, dc })
            }
        };
        inner.to_bytes()
    }

    /// The second step.
    pub(super) async fn ask_params(
        &mut self,
        client: &mut Client,
        inner: Vec<u8>,
        padding: Padding,
    ) -> Result<(), i32> {
        let answer = client.open(&self.params_request(&inner, padding)).await?;
        self.take_params(&answer);
        Ok(())
    }

    /// The third step, with a half of the exchange of one's own if there is one.
    pub(super) async fn finish(
        &self,
        client: &mut Client,
        g_b: Option<BigUint>,
        retry_id: i64,
    ) -> Result<(enums::SetClientDhParamsAnswer, AuthKeyBytes), i32> {
        let (request, key) = self.half(g_b, retry_id);
        let answer = client.open(&request).await?;
        Ok((enums::SetClientDhParamsAnswer::from_bytes(&answer).unwrap(), key))
    }

    pub(super) fn params_request(&self, inner: &[u8], padding: Padding) -> Vec<u8> {
        let [p, q] = self.factors();
        let request = functions::ReqDhParams {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            p,
            q,
            public_key_fingerprint: self.fingerprint,
            encrypted_data: under_server_key(inner, padding),
        };
        request.to_bytes()
    }

    pub(super) fn take_params(&mut self, answer: &[u8]) {
        let enums::ServerDhParams::Ok(answer) = enums::ServerDhParams::from_bytes(answer).unwrap() else {
            panic!("the parameters were refused")
        };
        assert_eq!((answer.nonce, answer.server_nonce), (self.nonce, self.server_nonce));
        let (key, iv) = generate_key_data_from_nonce(&self.server_nonce, &self.new_nonce);
        let mut open = answer.encrypted_answer;
        aes::ige_decrypt(&mut open, &key, &iv);
        let enums::ServerDhInnerData::Data(params) =
            enums::ServerDhInnerData::from_bytes(&open[20..]).unwrap();
        assert_eq!(Sha1::digest(params_bytes(&params))[..], open[..20]);
        assert_eq!((params.nonce, params.server_nonce), (self.nonce, self.server_nonce));
        let apart = machine_now().abs_diff(Duration::from_secs(params.server_time.unsigned_abs().into()));
        assert!(apart < Duration::from_mins(1));
        self.params = Some(params);
    }

    /// The third step's request, and the key that comes of it.
    pub(super) fn half(&self, g_b: Option<BigUint>, retry_id: i64) -> (Vec<u8>, AuthKeyBytes) {
        let params = self.params.as_ref().unwrap();
        let prime = BigUint::from_bytes_be(&params.dh_prime);
        let b = BigUint::from_bytes_be(&random::bytes::<256>());
        let generator = BigUint::from(params.g.unsigned_abs());
        let g_b = g_b.unwrap_or_else(|| generator.modpow(&b, &prime));
        let key = number_bytes(&BigUint::from_bytes_be(&params.g_a).modpow(&b, &prime));
        let inner = enums::ClientDhInnerData::Data(types::ClientDhInnerData {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            retry_id,
            g_b: g_b.to_bytes_be(),
        });
        let inner = inner.to_bytes();
        let mut encrypted_data = Sha1::digest(&inner).to_vec();
        encrypted_data.extend(inner);
        encrypted_data.resize(encrypted_data.len().next_multiple_of(16), 0);
        let (aes_key, iv) = generate_key_data_from_nonce(&self.server_nonce, &self.new_nonce);
        aes::ige_encrypt(&mut encrypted_data, &aes_key, &iv);
        let Self { nonce, server_nonce, .. } = *self;
        (functions::SetClientDhParams { nonce, server_nonce, encrypted_data }.to_bytes(), key)
    }
}

fn params_bytes(params: &types::ServerDhInnerData) -> Vec<u8> {
    enums::ServerDhInnerData::Data(params.clone()).to_bytes()
}

/// What only the server can open.
fn under_server_key(data: &[u8], padding: Padding) -> Vec<u8> {
    let pem = public_key_pem();
    let (_, der) = Document::from_pem(&pem).unwrap();
    let public = RsaPublicKeyRef::from_der(der.as_bytes()).unwrap();
    let modulus = BigUint::from_bytes_be(public.modulus.as_bytes());
    let exponent = BigUint::from_bytes_be(public.public_exponent.as_bytes());
    match padding {
        Padding::RsaPad => {
            let key = rsa::Key::new(&modulus.to_string(), &exponent.to_string()).unwrap();
            rsa::encrypt_hashed(data, &key, &random::bytes())
        }
        Padding::Hashed => {
            let mut open = Sha1::digest(data).to_vec();
            open.extend(data);
            open.resize(255, 7);
            let number = BigUint::from_bytes_be(&open).modpow(&exponent, &modulus);
            number_bytes(&number).to_vec()
        }
    }
}

/// A call that the protocol does not know, with four bytes of content.
pub(super) fn method(content: u32) -> Vec<u8> {
    [functions::help::GetNearestDc {}.to_bytes(), content.to_le_bytes().to_vec()].concat()
}

/// A call inside another one.
pub(super) struct Query(pub(super) Vec<u8>);

impl Serializable for Query {
    fn serialize(&self, buffer: &mut impl Extend<u8>) {
        buffer.extend(self.0.iter().copied());
    }
}

/// A call behind everything that a client says about itself.
pub(super) fn init(query: Vec<u8>) -> Vec<u8> {
    let query = Query(query);
    let init = functions::InitConnection {
        api_id: 12345,
        device_model: "test".to_owned(),
        system_version: "1".to_owned(),
        app_version: "2".to_owned(),
        system_lang_code: "en".to_owned(),
        lang_pack: String::new(),
        lang_code: "en".to_owned(),
        proxy: None,
        params: None,
        query,
    };
    functions::InvokeWithLayer { layer: 230, query: init }.to_bytes()
}

//! A data centre that hands out one file, as its test says.

use std::net::SocketAddr;
use std::time::Duration;

use grammers_client::tl::{Identifiable, Serializable, enums, functions, types};
use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::DcKey;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use super::super::*;
use crate::mtproto::files::Place;
use crate::mtproto::peer::server::Server;
use crate::mtproto::peer::{self, Received};
use crate::mtproto::{App, Servers};

/// Longer than anything takes.
const LONG: Duration = Duration::from_hours(1);

/// Bytes of a part.
pub(super) const PART: usize = 1024;

/// The salt that readers are told.
pub(super) const SALT: i64 = 5;

pub(super) struct Host {
    listener: TcpListener,
    pub(super) pool: MediaPool,
}

/// A part that a reader asks for.
pub(super) struct Asked {
    pub(super) request: Received,
    /// Its number in the file.
    pub(super) number: usize,
    /// Whether it is said along who asks.
    pub(super) introduced: bool,
}

impl Host {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), pool: MediaPool::new() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(super) fn place(&self, keep: bool) -> Place {
        let key = DcKey { key: peer::auth_key(), salt: SALT };
        Place { dc: 2, address: self.address(), key, keep }
    }

    pub(super) fn source(&self, keep: bool) -> Source {
        Self::source_at(self.place(keep))
    }

    pub(super) fn source_at(place: Place) -> Source {
        let location = types::InputDocumentFileLocation {
            id: 1,
            access_hash: 2,
            file_reference: vec![3],
            thumb_size: String::new(),
        };
        Source { place, file: location.into() }
    }

    /// Reads a file of that many parts.
    pub(super) fn reader(&self, parts: usize, window: usize) -> Reader {
        self.reader_until(self.source(true), parts, window, Instant::now() + LONG)
    }

    pub(super) fn reader_until(
        &self,
        source: Source,
        parts: usize,
        window: usize,
        deadline: Instant,
    ) -> Reader {
        let pem = include_str!("../../../keys/test.pem");
        let servers = Servers::custom("2=127.0.0.1:1", pem).unwrap();
        let telegram = Telegram::new(servers, App { api_id: 1, api_hash: Secret::new("hash") });
        let parts = (0..parts).map(|number| Part {
            offset: (number * PART) as u64,
            limit: PART.try_into().unwrap(),
            skip: 0,
            take: PART,
        });
        Reader::new(self.pool.clone(), telegram, source, parts, window, deadline)
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> Server {
        let accepted = timeout(2 * LONG, self.listener.accept()).await;
        Server::new(accepted.expect("somebody connects").unwrap().0)
    }

    /// Whether nobody connects for a minute.
    pub(super) async fn is_left_alone(&self) -> bool {
        timeout(Duration::from_mins(1), self.listener.accept()).await.is_err()
    }
}

impl Server {
    /// The next part that is asked for.
    pub(super) async fn asked(&mut self) -> Asked {
        let request = timeout(2 * LONG, self.request()).await.expect("a part is asked for");
        let get_file = functions::upload::GetFile::CONSTRUCTOR_ID.to_le_bytes();
        let introduced = request.body[..4] != get_file;
        // Offset and limit are its last fields.
        let (_, last) = request.body.split_last_chunk::<12>().unwrap();
        let offset = i64::from_le_bytes(last[..8].try_into().unwrap());
        Asked { number: usize::try_from(offset).unwrap() / PART, introduced, request }
    }

    pub(super) async fn asked_times(&mut self, count: usize) -> Vec<Asked> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.asked().await);
        }
        all
    }

    /// Whether nothing is asked for a second.
    pub(super) async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_secs(1), self.request()).await.is_err()
    }

    pub(super) async fn hand_out(&mut self, asked: &Asked) {
        self.say(asked, &peer::result(asked.request.id, &answer(asked.number))).await;
    }

    pub(super) async fn refuse(&mut self, asked: &Asked, code: i32, name: &str) {
        self.say(asked, &peer::error(asked.request.id, code, name)).await;
    }

    pub(super) async fn say(&mut self, asked: &Asked, body: &[u8]) {
        self.send(asked.request.session, asked.request.salt, body).await;
    }
}

/// What part of that number holds.
pub(super) fn content(number: usize) -> Vec<u8> {
    (0..PART).map(|at| u8::try_from((number * 31 + at) % 251).unwrap()).collect()
}

pub(super) fn answer(number: usize) -> Vec<u8> {
    let (r#type, bytes) = (enums::storage::FileType::FileUnknown, content(number));
    enums::upload::File::File(types::upload::File { r#type, mtime: 0, bytes }).to_bytes()
}

/// Reads to the end or an error, beside what the test does; the reader, the numbers of the parts, and how it ended.
pub(super) fn read(
    mut reader: Reader,
) -> tokio::task::JoinHandle<(Reader, Vec<Bytes>, Result<(), ReadError>)> {
    tokio::spawn(async move {
        let mut all = Vec::new();
        loop {
            match reader.next().await {
                Ok(Some(bytes)) => all.push(bytes),
                Ok(None) => return (reader, all, Ok(())),
                Err(error) => return (reader, all, Err(error)),
            }
        }
    })
}

pub(super) fn contents(numbers: std::ops::Range<usize>) -> Vec<Bytes> {
    numbers.map(|number| content(number).into()).collect()
}

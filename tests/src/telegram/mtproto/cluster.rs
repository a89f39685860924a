//! The data centres: their listeners, their addresses, and what tests do to them from outside.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Shared};
use super::keys::AuthKeys;
use super::network::Network;
use super::outgoing::Outbound;
use super::rpc::{ConnectionId, KeyId, Service};
use super::session::{Reason, Sessions};
use crate::clock::Clock;

/// The data centres and whether they have an address for files only.
const DCS: [(i32, bool); 3] = [(1, true), (2, true), (3, false)];

/// How many connections an address takes at once; further ones wait in the listener's queue. Ours: as many as the
/// gateway takes.
const MAX_CONNECTIONS: usize = 1000;

/// How long to leave a listener alone that cannot accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the data centres stand on.
#[derive(Clone, Default)]
pub struct ClusterOptions {
    /// The time by which salts change.
    pub clock: Clock,
    /// The auth keys that are known from earlier.
    pub keys: AuthKeys,
    /// The network to the clients.
    pub network: Network,
}

/// An address of a data centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DcAddress {
    /// The data centre.
    pub dc: i32,
    /// Whether it is for files only.
    pub media: bool,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Data centres that listen and do not serve yet: a service may learn their addresses first.
pub struct Listeners(Vec<(DcAddress, TcpListener)>);

impl Listeners {
    /// Takes a free port of this machine for every address.
    ///
    /// # Errors
    /// A listener could not be opened.
    pub async fn bind() -> io::Result<Self> {
        let mut listeners = Vec::new();
        for (dc, has_media) in DCS {
            for media in [false, true].into_iter().filter(|media| has_media || !media) {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                let address = DcAddress { dc, media, address: listener.local_addr()? };
                listeners.push((address, listener));
            }
        }
        Ok(Self(listeners))
    }

    /// All addresses, ordered by data centre, the main one first.
    pub fn addresses(&self) -> Vec<DcAddress> {
        self.0.iter().map(|(address, _)| *address).collect()
    }

    /// Serves until `shutdown`.
    pub fn serve(
        self,
        options: ClusterOptions,
        service: Arc<dyn Service>,
        shutdown: CancellationToken,
    ) -> Cluster {
        let addresses = self.addresses();
        let ClusterOptions { clock, keys, network } = options;
        let tracker = TaskTracker::new();
        let shared = Arc::new(Shared {
            service,
            keys,
            network,
            clock,
            sessions: Sessions::default(),
            calls: tracker.clone(),
            shutdown,
        });
        let connections = Arc::new(AtomicU64::new(0));
        for (address, listener) in self.0 {
            let serving =
                accept(Arc::clone(&shared), address, listener, Arc::clone(&connections), tracker.clone());
            tracker.spawn(serving);
        }
        Cluster { addresses, shared, tracker }
    }
}

/// The data centres as they run. Clones share them.
#[derive(Clone)]
pub struct Cluster {
    addresses: Vec<DcAddress>,
    shared: Arc<Shared>,
    tracker: TaskTracker,
}

impl Cluster {
    /// All addresses, ordered by data centre, the main one first.
    pub fn addresses(&self) -> &[DcAddress] {
        &self.addresses
    }

    /// The main addresses as clients of ours are configured: `1=127.0.0.1:4001,2=...`.
    pub fn dcs(&self) -> String {
        let main = self.addresses.iter().filter(|address| !address.media);
        main.map(|address| format!("{}={}", address.dc, address.address)).collect::<Vec<_>>().join(",")
    }

    /// The auth keys.
    pub fn keys(&self) -> &AuthKeys {
        &self.shared.keys
    }

    /// The network to the clients.
    pub fn network(&self) -> &Network {
        &self.shared.network
    }

    /// Makes an auth key unknown, as Telegram may at any time. Whether it was known.
    pub fn forget(&self, dc: i32, key: KeyId) -> bool {
        let known = self.shared.keys.forget(dc, key);
        if known {
            self.shared.service.forgotten(dc, key);
        }
        known
    }

    /// Sends a body that nobody asked for, such as `Updates`, to every session of a key that is connected. How many
    /// there were.
    pub fn push(&self, dc: i32, key: KeyId, body: &[u8]) -> usize {
        let Some(stored) = self.shared.keys.get(dc, key) else { return 0 };
        let sessions = self.shared.sessions.of_key(key);
        let sent = sessions.into_iter().filter_map(|session| {
            let outgoing = session.outgoing()?;
            let (key, body) = (stored.clone(), body.to_vec());
            let message =
                Outbound { key, session, body, reason: Reason::Notice, content: true, answers: None };
            outgoing.message(message).ok()
        });
        sent.count()
    }

    /// Closes the connections that the sessions of a key used last.
    pub fn disconnect(&self, key: KeyId) {
        for session in self.shared.sessions.of_key(key) {
            if let Some(outgoing) = session.outgoing() {
                outgoing.close();
            }
        }
    }

    /// Returns once everything has ended after the shutdown.
    pub async fn stopped(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

async fn accept(
    shared: Arc<Shared>,
    address: DcAddress,
    listener: TcpListener,
    connections: Arc<AtomicU64>,
    tracker: TaskTracker,
) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let shutdown = shared.shutdown.clone();
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let id = ConnectionId(connections.fetch_add(1, Ordering::Relaxed) + 1);
                    let serving =
                        connection::serve(Arc::clone(&shared), address.dc, address.media, id, stream);
                    tracker.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted.");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown.cancelled() => {}
    }
}

//! The whole cloud: data centres, the services behind them, and what is kept of both.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;

use super::cluster::{Cluster, ClusterOptions, Listeners};
use super::keys::{AuthKeys, KeyStore, StoredKey};
use super::network::{Network, NetworkSettings};
use super::people::People;
use super::rpc::KeyId;
use super::service::{self, Services};
use super::store::Document;
use super::{controls, public_key_pem};
use crate::clock::Clock;
use crate::telegram::faults::Faults;

/// What a cloud is started with.
#[derive(Clone)]
pub struct Options {
    /// The stack's data folder; the state lies in `telegram/cloud.sqlite` below it.
    pub data_dir: PathBuf,
    /// The time by which codes, tokens and floods age.
    pub clock: Clock,
    /// The faults that calls run into.
    pub faults: Faults,
}

/// Why a cloud did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder for the state cannot be made.
    #[error("cannot create {}: {source}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open {}: {source}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// A listener cannot be opened.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
}

/// A running cloud. Clones share it.
#[derive(Clone)]
pub struct Cloud {
    services: Services,
    cluster: Cluster,
}

impl Cloud {
    /// Starts a cloud on the state that its data folder holds. It runs until `shutdown`.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(options: Options, shutdown: CancellationToken) -> Result<Self, StartError> {
        let Options { data_dir, clock, faults } = options;
        let folder = data_dir.join("telegram");
        std::fs::create_dir_all(&folder)
            .map_err(|source| StartError::Folder { path: folder.clone(), source })?;
        let path = folder.join("cloud.sqlite");
        let listeners = Listeners::bind().await.map_err(StartError::Listen)?;
        let database = |source| StartError::Database { path: path.clone(), source };
        let options = service::Options {
            path: path.clone(),
            clock: clock.clone(),
            faults,
            addresses: listeners.addresses(),
        };
        let (services, mut notices) = Services::open(options).map_err(database)?;
        let known = services.store().all::<StoredKey>().map_err(database)?;
        let keys = AuthKeys::new(known, Arc::new(services.clone()));
        let options = ClusterOptions { clock, keys, network: Network::default() };
        let cluster = listeners.serve(options, Arc::new(services.clone()), shutdown.clone());
        let pushed = cluster.clone();
        tokio::spawn(shutdown.run_until_cancelled_owned(async move {
            while let Some(notice) = notices.recv().await {
                pushed.push(notice.dc, notice.key, &notice.body);
            }
        }));
        Ok(Self { services, cluster })
    }

    /// The main addresses as clients are configured: `1=127.0.0.1:4001,2=...`.
    pub fn dcs(&self) -> String {
        self.cluster.dcs()
    }

    /// The RSA key of every data centre, as clients are configured.
    pub fn public_key_pem(&self) -> String {
        public_key_pem()
    }

    /// The people who have accounts.
    pub fn people(&self) -> People {
        self.services.people()
    }

    /// The data centres.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The network to the clients.
    pub fn network(&self) -> &Network {
        self.cluster.network()
    }

    /// The cloud's part of the `/_sim` controls, except the route for [`Self::reset`].
    pub fn controls(&self) -> Router {
        controls::router(self.clone())
    }

    /// Back to the first state: two accounts, nobody logged in, no auth key known, no delay.
    ///
    /// # Errors
    /// The database's own.
    pub fn reset(&self) -> rusqlite::Result<()> {
        let keys = self.cluster.keys();
        let mut dcs: Vec<i32> = self.cluster.addresses().iter().map(|address| address.dc).collect();
        dcs.dedup();
        for dc in dcs {
            for key in keys.ids(dc) {
                keys.forget(dc, key);
            }
        }
        self.network().set(NetworkSettings::default());
        self.services.reset()
    }

    /// Returns once everything has ended after the shutdown.
    pub async fn stopped(&self) {
        self.cluster.stopped().await;
    }
}

impl Document for StoredKey {
    const KIND: &'static str = "auth_key";

    fn id(&self) -> String {
        stored_id(self.dc, Self::id(self))
    }
}

fn stored_id(dc: i32, key: KeyId) -> String {
    format!("{dc}:{key}")
}

/// Auth keys are kept beside what they are good for.
impl KeyStore for Services {
    fn keep(&self, key: &StoredKey) {
        logged(self.store().put(key));
    }

    fn forget(&self, dc: i32, key: KeyId) {
        logged(self.store().remove::<StoredKey>(&stored_id(dc, key)));
    }
}

fn logged(result: rusqlite::Result<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "the simulated cloud's database failed");
    }
}

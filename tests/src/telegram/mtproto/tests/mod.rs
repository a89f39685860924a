//! The protocol over real sockets, with a client of its own: that of grammers knows Telegram's keys alone.

mod calls;
mod client;
mod cloud;
mod handshake;
mod life;
mod protocol;
mod saved_messages;

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::cluster::{Cluster, ClusterOptions, Listeners};
use super::rpc::{Caller, ConnectionId, Outcome, Service};
use client::Client;

/// What a test's service does with a call.
type Handler = dyn Fn(&Caller, &[u8]) -> BoxFuture<'static, Outcome> + Send + Sync;

/// A service that does what a test says, and remembers what it was told.
struct TestService {
    handler: Box<Handler>,
    calls: Mutex<Vec<Caller>>,
    /// `opened 1`, `closed 1`, `forgotten 2`
    events: watch::Sender<Vec<String>>,
}

impl Service for TestService {
    fn call(&self, caller: &Caller, body: &[u8]) -> BoxFuture<'static, Outcome> {
        self.calls.lock().unwrap().push(caller.clone());
        (self.handler)(caller, body)
    }

    fn opened(&self, caller: &Caller) {
        self.note(format!("opened {}", caller.connection.0));
    }

    fn closed(&self, connection: ConnectionId) {
        self.note(format!("closed {}", connection.0));
    }

    fn forgotten(&self, dc: i32, _: super::rpc::KeyId) {
        self.note(format!("forgotten {dc}"));
    }
}

impl TestService {
    fn note(&self, event: String) {
        self.events.send_modify(|events| events.push(event));
    }

    /// Waits until this many things have happened, and says which.
    async fn events(&self, count: usize) -> Vec<String> {
        let mut events = self.events.subscribe();
        events.wait_for(|events| events.len() >= count).await.unwrap().clone()
    }

    fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

/// A running cluster and its service. It ends with the test's runtime.
struct World {
    cluster: Cluster,
    service: Arc<TestService>,
    options: ClusterOptions,
    shutdown: CancellationToken,
}

impl World {
    async fn new(
        handler: impl Fn(&Caller, &[u8]) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) -> Self {
        let service = Arc::new(TestService {
            handler: Box::new(handler),
            calls: Mutex::default(),
            events: watch::Sender::new(Vec::new()),
        });
        let (options, shutdown) = (ClusterOptions::default(), CancellationToken::new());
        let listeners = Listeners::bind().await.unwrap();
        let service_of = Arc::clone(&service) as Arc<dyn Service>;
        let cluster = listeners.serve(options.clone(), service_of, shutdown.clone());
        Self { cluster, service, options, shutdown }
    }

    /// A world in which every call is answered with its own body.
    async fn echo() -> Self {
        Self::new(|_, body| {
            let body = body.to_vec();
            Box::pin(async move { Outcome::Answer(body) })
        })
        .await
    }

    /// A client that has connected to a data centre's main address.
    async fn client(&self, dc: i32) -> Client {
        self.client_of(dc, false).await
    }

    async fn client_of(&self, dc: i32, media: bool) -> Client {
        let addresses = self.cluster.addresses();
        let address = addresses.iter().find(|address| address.dc == dc && address.media == media).unwrap();
        Client::connect(address.address).await
    }

    /// A client that has made a key and said what it is.
    async fn ready(&self, dc: i32) -> Client {
        let mut client = self.client(dc).await;
        client.make_key().await.unwrap();
        let id = client.send(client::init(client::method(0))).await;
        client.result_of(id).await;
        client
    }
}

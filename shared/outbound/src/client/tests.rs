//! Calls over sockets of this machine. Names are resolved by a list of the test's own.

mod guards;
mod limits;
mod tls;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, TcpListener as BlockingListener};
use std::sync::Mutex;

use axum::Router;
use axum::http::{HeaderValue, StatusCode};
use tokio::net::TcpListener;

use super::*;
use crate::resolver::Answer;

/// The networks of a deployment that runs on this machine.
const LOOPBACK: &str = "127.0.0.0/8,::1/128";

/// What names resolve to, and which were asked for.
#[derive(Default)]
struct Names {
    addresses: HashMap<&'static str, Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn of(name: &'static str, addresses: &[&str]) -> Arc<Self> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { addresses: HashMap::from([(name, addresses)]), asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Lookup for Names {
    fn addresses(&self, name: String) -> Answer {
        let found = self.addresses.get(name.as_str()).cloned();
        self.asked.lock().unwrap().push(name);
        Box::pin(std::future::ready(found.ok_or_else(|| io::Error::other("no such name"))))
    }
}

fn client(own: &str, names: Arc<Names>) -> Outbound {
    let names: Arc<dyn Lookup> = names;
    Outbound::build(own.parse().unwrap(), &names, None)
}

/// Far beyond every limit of the client's own.
fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

async fn post(client: &Outbound, url: &str) -> Result<Reply, OutboundError> {
    client.post(url, HeaderMap::new(), Bytes::from_static(b"{}"), later()).await
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A place that nobody must connect to.
struct Forbidden(BlockingListener);

impl Forbidden {
    fn at(address: &str) -> Self {
        let listener = BlockingListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// A connection would lie in the listener's queue, whoever made it and whether or not it was closed again.
    fn was_left_alone(&self) -> bool {
        self.0.accept().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

#[tokio::test]
async fn the_body_and_the_headers_arrive_and_the_answer_comes_back() {
    let echo = |headers: HeaderMap, body: String| async move {
        let header = |name| headers.get(name).map_or("none", |value: &HeaderValue| value.to_str().unwrap());
        let told = format!("{} {} {} {body}", header("webhook-id"), header("host"), header("user-agent"));
        (StatusCode::IM_A_TEAPOT, told)
    };
    let address = serve(Router::new().route("/hook", axum::routing::post(echo))).await;
    let client = client(LOOPBACK, Names::of("service.example", &["127.0.0.1"]));
    let headers = HeaderMap::from_iter([("webhook-id".parse().unwrap(), HeaderValue::from_static("msg_1"))]);
    let host = format!("service.example:{}", address.port());
    let url = format!("http://{host}/hook?key=1");
    let reply = client.post(&url, headers, Bytes::from_static(b"{\"a\":1}"), later()).await.unwrap();
    let body = Bytes::from(format!("msg_1 {host} Lambdagram {{\"a\":1}}"));
    assert_eq!(reply, Reply { status: 418, body });
}

#[tokio::test]
async fn a_host_that_is_not_there_was_sent_nothing() {
    let closed = Forbidden::at("127.0.0.1:0").port();
    let client = client(LOOPBACK, Names::of("nowhere.example", &[]));
    let not_sent = |host: &str, step| Err(OutboundError::NotSent { host: host.to_owned(), step });
    for (url, expected) in [
        (format!("http://127.0.0.1:{closed}/"), not_sent("127.0.0.1", Step::Connection)),
        (format!("https://127.0.0.1:{closed}/"), not_sent("127.0.0.1", Step::Connection)),
        ("https://unknown.example/".to_owned(), not_sent("unknown.example", Step::Name)),
    ] {
        assert_eq!(post(&client, &url).await, expected, "{url}");
    }
    let reached = post(&client, "https://nowhere.example/").await.unwrap_err();
    assert!(matches!(reached, OutboundError::NotSent { .. }), "{reached:?}");
}

#[tokio::test]
async fn a_host_that_hangs_up_may_have_worked_on_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hang_up = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut [0; 16]).await.unwrap();
    });
    let client = client(LOOPBACK, Arc::default());
    let host = "127.0.0.1".to_owned();
    let unanswered = Err(OutboundError::Unanswered { host });
    assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await, unanswered);
    hang_up.await.unwrap();
}

#[tokio::test]
async fn no_error_repeats_what_a_path_or_a_query_holds() {
    let closed = Forbidden::at("127.0.0.1:0").port();
    let client = client(LOOPBACK, Names::of("inside.example", &["10.0.0.1"]));
    for start in [
        "https://secret:secret@example.org/",
        "https://127.0.0.1:{closed}/",
        "http://127.0.0.1:{closed}/",
        "https://inside.example/",
        "https://unknown.example/",
        "https://10.0.0.1/",
        "ftp://example.org/",
        "https://:/",
    ] {
        let url = format!("{}secret?key=secret#secret", start.replace("{closed}", &closed.to_string()));
        let error = post(&client, &url).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn nothing_of_a_client_or_an_answer_shows_but_rules_and_sizes() {
    let client = client("", Arc::default());
    assert_eq!(format!("{client:?}"), "Outbound { rules: Rules { own: [] }, .. }");
    let reply = Reply { status: 200, body: Bytes::from_static(b"private") };
    assert_eq!(format!("{reply:?}"), "Reply { status: 200, body: 7 bytes }");
}

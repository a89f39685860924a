//! HTTPS with a certificate for `service.example`, signed by an authority that only a test trusts.

use std::io::{Read, Write};
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const AUTHORITY: &[u8] = include_bytes!("tls/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("tls/service.pem");
const KEY: &[u8] = include_bytes!("tls/service.key.pem");

/// Takes one connection; the thread returns the request, or nothing if there was no secure connection.
fn service() -> (u16, JoinHandle<Option<String>>) {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = BlockingListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
        while !request.ends_with(b"the body") {
            let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
            request.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsafe").unwrap();
        stream.flush().unwrap();
        Some(String::from_utf8(request).unwrap())
    });
    (port, thread)
}

/// A client of a deployment whose own network is this machine, and which trusts the authority or does not.
fn client_of(name: &'static str, trusts: bool) -> Outbound {
    let root = trusts.then(|| Certificate::from_pem(AUTHORITY).unwrap());
    let names: Arc<dyn Lookup> = Names::of(name, &["127.0.0.1"]);
    Outbound::build(LOOPBACK.parse().unwrap(), &names, root.as_ref())
}

async fn call(name: &'static str, trusts: bool) -> (Result<Reply, OutboundError>, Option<String>) {
    let (port, service) = service();
    let url = format!("https://{name}:{port}/hook");
    let client = client_of(name, trusts);
    let answer = client.post(&url, HeaderMap::new(), Bytes::from_static(b"the body"), later()).await;
    (answer, tokio::task::spawn_blocking(|| service.join().unwrap()).await.unwrap())
}

#[tokio::test]
async fn a_service_with_a_valid_certificate_is_called_by_its_name() {
    let (answer, request) = call("service.example", true).await;
    assert_eq!(answer, Ok(Reply { status: 200, body: Bytes::from_static(b"safe") }));
    let request = request.unwrap();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("host: service.example:"), "{request}");
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for_is_sent_nothing() {
    let (answer, request) = call("service.example", false).await;
    let host = "service.example".to_owned();
    assert_eq!(answer, Err(OutboundError::NotSent { host, step: Step::Tls }));
    assert_eq!(request, None);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_accepted() {
    let (answer, request) = call("other.example", true).await;
    let host = "other.example".to_owned();
    assert_eq!(answer, Err(OutboundError::NotSent { host, step: Step::Tls }));
    assert_eq!(request, None);
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_is_sent_nothing() {
    let service = serve(Router::new()).await;
    let client = client_of("plain.example", true);
    let answer = post(&client, &format!("https://plain.example:{}/", service.port())).await;
    let host = "plain.example".to_owned();
    assert_eq!(answer, Err(OutboundError::NotSent { host, step: Step::Tls }));
}

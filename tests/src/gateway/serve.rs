//! The listener: HTTP/1.1 with the limits that keep one client from taking all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long a client may take for the head of a request. Ours, against connections that say nothing.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections may be open at once; further ones wait in the listener's queue. Ours: far above what one
/// machine's tests and browsers open, far below what file descriptors allow.
const MAX_CONNECTIONS: usize = 1000;

/// How long requests in flight may take at the end. The stack has to be gone within 2 s.
const GRACE: Duration = Duration::from_secs(1);

/// How long to leave a listener alone that cannot accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, and then until the requests in flight are answered, for 1 s at most. The router finds
/// the client's address as [`ConnectInfo`].
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_with(listener, router, shutdown, HEADER_READ_TIMEOUT).await;
}

/// As [`serve`], with another time for the head of a request.
async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    header_read_timeout: Duration,
) {
    let connections = TaskTracker::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection =
                        converse(stream, peer, router.clone(), shutdown.clone(), header_read_timeout);
                    connections.spawn(async move {
                        connection.await;
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
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// One connection from its first byte to its last.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
    header_read_timeout: Duration,
) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read_timeout)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // How a connection ends is its client's affair: resets and time-outs are no news.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(GRACE, connection).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;

    use super::super::testing::{FakeLambda, Gate};
    use super::*;

    struct Served {
        address: SocketAddr,
        shutdown: CancellationToken,
        task: JoinHandle<()>,
    }

    async fn served(router: Router, header_read_timeout: Duration) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve_with(listener, router, shutdown.clone(), header_read_timeout));
        Served { address, shutdown, task }
    }

    impl Served {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    /// Everything until the server closes the connection.
    async fn all_of(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_function_sees_the_address_of_its_client() {
        let lambda = FakeLambda::fine();
        let served = served(lambda.router(), HEADER_READ_TIMEOUT).await;
        let mut stream = served.connect().await;
        stream
            .write_all(b"GET /post/1 HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let answer = all_of(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nfine"), "{answer}");
        assert_eq!(lambda.event()["requestContext"]["identity"]["sourceIp"], "127.0.0.1");
    }

    #[tokio::test]
    async fn a_client_that_sends_too_much_before_it_reads_gets_to_read_why() {
        const SENT: usize = 11 * 1024 * 1024;
        let lambda = FakeLambda::fine();
        let served = served(lambda.router(), HEADER_READ_TIMEOUT).await;
        let mut stream = served.connect().await;
        let head = format!("POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SENT}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; SENT]).await.unwrap();
        let answer = all_of(stream).await;
        assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(
            answer.ends_with(r#"{"message":"HTTP content length exceeded 10485760 bytes."}"#),
            "{answer}"
        );
        assert!(lambda.invocations().is_empty());
    }

    #[tokio::test]
    async fn a_client_that_sends_no_head_is_left() {
        let served = served(FakeLambda::fine().router(), Duration::from_millis(10)).await;
        let mut stream = served.connect().await;
        stream.write_all(b"GET / HTT").await.unwrap();
        let answer = all_of(stream).await;
        assert!(!answer.contains("200"), "{answer}");
    }

    #[tokio::test]
    async fn a_shutdown_ends_idle_connections_and_answers_what_is_in_flight() {
        let gate = Gate::default();
        let served = served(gate.router(HEADER_READ_TIMEOUT), HEADER_READ_TIMEOUT).await;
        let idle = served.connect().await;
        let mut busy = served.connect().await;
        busy.write_all(b"GET /post/1 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        gate.started.notified().await;
        served.shutdown.cancel();
        assert_eq!(all_of(idle).await, "");
        gate.open.notify_one();
        assert!(all_of(busy).await.starts_with("HTTP/1.1 200 OK\r\n"));
        served.task.await.unwrap();
        assert!(TcpStream::connect(served.address).await.is_err());
    }
}

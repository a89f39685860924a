//! Answers that are too long, and those that never end.

use axum::body::Body;
use axum::routing::post as on_post;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::*;

async fn answer_of(body: impl Fn() -> Body + Clone + Send + Sync + 'static) -> Result<Reply, OutboundError> {
    let service = serve(Router::new().route("/", on_post(move || async move { body() }))).await;
    post(&client(LOOPBACK, Arc::default()), &format!("http://{service}/")).await
}

fn in_chunks(bytes: usize) -> Body {
    let sizes = (0..bytes).step_by(1000).map(move |start| 1000.min(bytes - start));
    Body::from_stream(stream::iter(sizes.map(|size| Ok::<_, io::Error>(Bytes::from(vec![b'x'; size])))))
}

#[tokio::test]
async fn an_answer_of_64_kib_is_read_and_one_byte_more_is_too_long() {
    let host = "127.0.0.1".to_owned();
    let too_long = Err(OutboundError::TooLong { host, status: 200, limit: 65_536 });
    for body in [in_chunks, |bytes| Body::from(vec![b'x'; bytes])] {
        assert_eq!(answer_of(move || body(65_536)).await.unwrap().body.len(), 65_536);
        assert_eq!(answer_of(move || body(65_537)).await, too_long);
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_left_when_it_is_too_long() {
    let endless =
        || Body::from_stream(stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 1000]))));
    let answer = answer_of(endless).await;
    assert!(matches!(answer, Err(OutboundError::TooLong { status: 200, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let packed = || async { ([("content-encoding", "gzip")], "as it is") };
    let service = serve(Router::new().route("/", on_post(packed))).await;
    let reply = post(&client(LOOPBACK, Arc::default()), &format!("http://{service}/")).await.unwrap();
    assert_eq!(reply.body, "as it is");
}

/// Where a service that stops does so.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// It takes the connection and says nothing.
    AtOnce,
    /// It sends a status and the beginning of a body.
    InTheBody,
    /// It sends headers without end.
    InTheHeaders,
}

/// Calls a service that stops; tells how long the call took on a clock that goes ahead as soon as all is still.
async fn call_one_that_stops(scheme: &str, stop: Stop, time: Duration) -> (OutboundError, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
    let (stopped, stops) = oneshot::channel();
    let service = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 16]).await.unwrap();
        let beginning: &[u8] = match stop {
            Stop::AtOnce => b"",
            Stop::InTheBody => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning",
            Stop::InTheHeaders => b"HTTP/1.1 200 OK\r\nContent-Le",
        };
        stream.write_all(beginning).await.unwrap();
        stopped.send(()).unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    });
    let started = Instant::now();
    let call = tokio::spawn(async move {
        let client = client(LOOPBACK, Arc::default());
        client.post(&url, HeaderMap::new(), Bytes::new(), started + time).await
    });
    stops.await.unwrap();
    tokio::time::pause();
    let error = call.await.unwrap().unwrap_err();
    service.abort();
    (error, started.elapsed())
}

#[tokio::test]
async fn a_service_that_stops_is_waited_for_10_seconds_in_all() {
    let unanswered = OutboundError::Unanswered { host: "127.0.0.1".to_owned() };
    for stop in [Stop::AtOnce, Stop::InTheBody, Stop::InTheHeaders] {
        let (error, taken) = call_one_that_stops("http", stop, Duration::from_mins(1)).await;
        tokio::time::resume();
        assert_eq!(error, unanswered, "{stop:?}");
        assert!(taken >= TOTAL_TIME && taken < TOTAL_TIME + Duration::from_secs(1), "{stop:?}: {taken:?}");
    }
}

#[tokio::test]
async fn a_caller_with_less_time_waits_no_longer_than_it_has() {
    let (error, taken) = call_one_that_stops("http", Stop::InTheBody, Duration::from_secs(3)).await;
    assert_eq!(error, OutboundError::Unanswered { host: "127.0.0.1".to_owned() });
    assert!(taken >= Duration::from_secs(3) && taken < Duration::from_secs(4), "{taken:?}");
}

#[tokio::test]
async fn a_connection_that_never_becomes_secure_is_given_up_and_was_sent_nothing() {
    let (error, taken) = call_one_that_stops("https", Stop::AtOnce, Duration::from_mins(1)).await;
    let host = "127.0.0.1".to_owned();
    assert_eq!(error, OutboundError::NotSent { host, step: Step::Connection });
    assert!(taken >= CONNECT_TIME && taken < TOTAL_TIME, "{taken:?}");
}

#[tokio::test]
async fn a_caller_without_time_calls_nobody() {
    let service = Forbidden::at("127.0.0.1:0");
    let client = client(LOOPBACK, Arc::default());
    let url = format!("http://127.0.0.1:{}/", service.port());
    let answer = client.post(&url, HeaderMap::new(), Bytes::new(), Instant::now()).await;
    let host = "127.0.0.1".to_owned();
    assert_eq!(answer, Err(OutboundError::NotSent { host, step: Step::Connection }));
    assert!(service.was_left_alone());
}

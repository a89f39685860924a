use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::mtproto::connection::{Connection, Opening};
use crate::mtproto::frames::LARGEST_PACKET;
use crate::mtproto::peer::{self, server::Server};

/// Longer than any test takes: a call that waits for it has failed the test.
const LONG: Duration = Duration::from_mins(1);

fn soon() -> Instant {
    Instant::now() + LONG
}

async fn connect(salt: i64) -> (Connection, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let opening = Opening::connect(address, soon()).await.unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    let connection = opening.into_connection(&peer::auth_key(), salt, 0).unwrap();
    (connection, Server::new(socket))
}

fn call(connection: &Connection, body: Vec<u8>) -> tokio::task::JoinHandle<Result<Bytes, TelegramError>> {
    let connection = connection.clone();
    tokio::spawn(async move { connection.invoke(body, soon()).await })
}

#[tokio::test]
async fn many_requests_are_under_way_at_once_and_answered_in_any_order() {
    let (connection, mut server) = connect(1).await;
    let calls: Vec<_> = (0..50_u8).map(|number| call(&connection, vec![number; 64])).collect();
    let mut requests = Vec::new();
    while requests.len() < 50 {
        requests.push(server.request().await);
    }
    for request in requests.iter().rev() {
        server.echo(request).await;
    }
    for (number, call) in (0..50).zip(calls) {
        assert_eq!(call.await.unwrap(), Ok(vec![number; 64].into()));
    }
}

#[tokio::test]
async fn the_first_request_goes_out_with_the_salt_that_is_known() {
    let (connection, mut server) = connect(42).await;
    let call = call(&connection, vec![1; 4]);
    let request = server.request().await;
    assert_eq!((request.salt, request.number), (42, 1));
    server.echo(&request).await;
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_with_a_wrong_salt_is_sent_again_and_the_salt_is_learnt() {
    let (connection, mut server) = connect(0).await;
    let call = call(&connection, vec![1; 4]);
    let refused = server.request().await;
    server.send(refused.session, 7, &peer::bad_salt(refused.id, 7)).await;
    let request = server.request().await;
    assert_eq!((request.salt, &request.body), (7, &refused.body));
    assert_ne!(request.id, refused.id);
    server.echo(&request).await;
    assert_eq!(call.await.unwrap(), Ok(vec![1; 4].into()));
    assert_eq!(connection.salt(), 7);
}

#[tokio::test]
async fn the_salt_of_an_answer_is_learnt_and_that_of_a_stranger_is_not() {
    let (connection, mut server) = connect(7).await;
    let first = call(&connection, vec![1; 4]);
    let request = server.request().await;
    server.send(request.session, 99, &peer::result(request.id + 4, &[0; 4])).await;
    // What is acknowledged has been taken in.
    assert_eq!(server.packet().await.unwrap().acknowledged().unwrap().len(), 1);
    let second = call(&connection, vec![2; 4]);
    assert_eq!(server.request().await.salt, 7);
    server.send(request.session, 8, &peer::result(request.id, &[0; 4])).await;
    first.await.unwrap().unwrap();
    assert_eq!(connection.salt(), 8);
    drop(server);
    assert_eq!(second.await.unwrap(), Err(TelegramError::Lost));
}

#[tokio::test]
async fn a_server_that_refuses_every_salt_is_left() {
    let (connection, mut server) = connect(1).await;
    let call = call(&connection, vec![1; 4]);
    for salt in 0..i64::from(MOST_SENDINGS) {
        let request = server.request().await;
        server.send(request.session, salt, &peer::bad_salt(request.id, salt)).await;
    }
    assert!(matches!(call.await.unwrap(), Err(TelegramError::Protocol(_))));
}

#[tokio::test]
async fn answers_are_acknowledged_without_a_further_request() {
    let (connection, mut server) = connect(1).await;
    let call = call(&connection, vec![1; 4]);
    let request = server.request().await;
    server.echo(&request).await;
    call.await.unwrap().unwrap();
    assert_eq!(server.packet().await.unwrap().acknowledged().unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_of_one_request_leaves_the_connection() {
    let (connection, mut server) = connect(1).await;
    let failing = call(&connection, vec![1; 4]);
    let request = server.request().await;
    server.send(request.session, 1, &peer::error(request.id, 400, "PHONE_CODE_INVALID")).await;
    assert!(failing.await.unwrap().unwrap_err().is("PHONE_CODE_INVALID"));
    let next = call(&connection, vec![2; 4]);
    let request = server.request().await;
    server.echo(&request).await;
    assert_eq!(next.await.unwrap(), Ok(vec![2; 4].into()));
}

#[tokio::test]
async fn a_dropped_connection_ends_every_call_at_once() {
    let (connection, mut server) = connect(1).await;
    let calls = [call(&connection, vec![1; 4]), call(&connection, vec![2; 4])];
    server.request().await;
    server.request().await;
    drop(server);
    for call in calls {
        assert_eq!(call.await.unwrap(), Err(TelegramError::Lost));
    }
    connection.close().await;
    assert!(connection.is_closed());
    assert_eq!(connection.invoke(vec![3; 4], soon()).await, Err(TelegramError::Unreachable));
}

#[tokio::test]
async fn a_call_of_which_nothing_was_written_did_not_go_out() {
    let (connection, server) = connect(1).await;
    // More than the buffers of both sockets hold: the server reads nothing.
    let calls: Vec<_> = (0..32).map(|_| call(&connection, vec![0; 1024 * 1024])).collect();
    let results = async {
        let mut results = Vec::new();
        for call in calls {
            results.push(call.await.unwrap().unwrap_err());
        }
        results
    };
    // The first bytes are there, so something was written; then the server is gone.
    server.socket.readable().await.unwrap();
    drop(server);
    let results = results.await;
    assert!(results.contains(&TelegramError::Unreachable));
    assert!(results.iter().all(|e| matches!(e, TelegramError::Unreachable | TelegramError::Lost)));
}

#[tokio::test]
async fn a_key_the_server_does_not_know_is_a_dead_login() {
    for framed in [false, true] {
        let (connection, mut server) = connect(1).await;
        let call = call(&connection, vec![1; 4]);
        server.request().await;
        if framed {
            server.send_packet(&(-404_i32).to_le_bytes()).await;
        } else {
            server.socket.write_all(&(-404_i32).to_le_bytes()).await.unwrap();
        }
        assert_eq!(call.await.unwrap(), Err(TelegramError::Dead("404")));
        connection.close().await;
        assert_eq!(connection.invoke(vec![1; 4], soon()).await, Err(TelegramError::Dead("404")));
    }
}

#[tokio::test]
async fn too_many_connections_are_a_flood() {
    let (connection, mut server) = connect(1).await;
    let call = call(&connection, vec![1; 4]);
    server.request().await;
    server.send_packet(&(-429_i32).to_le_bytes()).await;
    assert_eq!(call.await.unwrap(), Err(TelegramError::Flood { seconds: 1 }));
}

#[tokio::test]
async fn a_call_without_an_answer_ends_at_its_deadline() {
    let (connection, mut server) = connect(1).await;
    let deadline = Instant::now() + Duration::from_millis(50);
    assert_eq!(connection.invoke(vec![1; 4], deadline).await, Err(TelegramError::Timeout));
    let late = server.request().await;
    server.echo(&late).await;
    // The answer that comes too late is nobody's, and the connection goes on.
    let next = call(&connection, vec![2; 4]);
    let request = server.request().await;
    server.echo(&request).await;
    assert_eq!(next.await.unwrap(), Ok(vec![2; 4].into()));
}

/// A task's state that is not run.
async fn standing() -> (Connection, Driver) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (calls, waiting) = mpsc::channel(1);
    let (alive, ended) = watch::channel(());
    let shared = Arc::new(Shared::new(0, 0));
    let messages = Messages::new(&peer::auth_key(), 1, 0, 0);
    let driver = Driver::new(socket, Frames::new(), messages, waiting, Arc::clone(&shared), alive);
    (Connection { calls, ended, shared }, driver)
}

#[tokio::test]
async fn a_call_is_lost_from_its_first_byte_on() {
    let (_connection, mut driver) = standing().await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let (reply, answer) = oneshot::channel();
        driver.send(Call { body: vec![0; 64], reply }, 1);
        answers.push(answer);
    }
    // The socket has taken the first packet and one byte of the second.
    driver.written = driver.outgoing.len() as u64 / 3 + 1;
    driver.end(&TelegramError::Lost);
    let mut results = Vec::new();
    for answer in answers {
        results.push(answer.await.unwrap().unwrap_err());
    }
    assert_eq!(results, [TelegramError::Lost, TelegramError::Lost, TelegramError::Unreachable]);
}

#[tokio::test]
async fn a_panic_of_the_task_is_an_error_and_no_hang() {
    let (connection, mut driver) = standing().await;
    let call = call(&connection, vec![1; 4]);
    let panicking = tokio::spawn(async move {
        let first = driver.calls.recv().await.unwrap();
        driver.send(first, 1);
        panic!("as the protocol's code might");
    });
    assert_eq!(call.await.unwrap(), Err(TelegramError::Lost));
    assert!(panicking.await.unwrap_err().is_panic());
    connection.close().await;
    assert_eq!(connection.invoke(vec![2; 4], soon()).await, Err(TelegramError::Unreachable));
}

#[tokio::test]
async fn the_socket_is_closed_when_close_returns() {
    let (connection, mut server) = connect(1).await;
    let other = connection.clone();
    let pending = call(&connection, vec![1; 4]);
    server.request().await;
    connection.close().await;
    // Whoever reads now finds the end: nothing has to come over the wire any more.
    let mut byte = [0];
    assert!(matches!(server.socket.try_read(&mut byte), Ok(0)) || server.packet().await.is_none());
    assert_eq!(pending.await.unwrap(), Err(TelegramError::Lost));
    // Closing twice, and from another handle, is as good.
    other.close().await;
}

#[tokio::test]
async fn the_connection_ends_with_its_last_handle() {
    let (connection, mut server) = connect(1).await;
    drop(connection.clone());
    let request = call(&connection, vec![1; 4]);
    let received = server.request().await;
    server.echo(&received).await;
    request.await.unwrap().unwrap();
    drop(connection);
    while server.packet().await.is_some() {}
}

#[tokio::test]
async fn requests_that_do_not_fit_are_refused_here() {
    let (connection, _server) = connect(1).await;
    for body in [vec![0; 1024 * 1024 + 4], vec![0; 5]] {
        let result = connection.invoke(body, soon()).await;
        assert!(matches!(result, Err(TelegramError::Protocol(_))));
    }
}

#[tokio::test]
async fn an_answer_of_a_mebibyte_comes_whole() {
    let (connection, mut server) = connect(1).await;
    let call = call(&connection, vec![1; 4]);
    let request = server.request().await;
    let body = vec![5; 1024 * 1024 + 64];
    server.send(request.session, 1, &peer::result(request.id, &body)).await;
    assert_eq!(call.await.unwrap(), Ok(body.into()));
}

#[tokio::test]
async fn several_answers_of_a_mebibyte_come_whole_in_a_row_and_in_one_packet() {
    let (connection, mut server) = connect(1).await;
    let body = |number: u8| vec![number; 1024 * 1024];
    for in_one_packet in [false, true] {
        let calls: Vec<_> = (0..6).map(|number| call(&connection, vec![number; 4])).collect();
        let mut requests = Vec::new();
        while requests.len() < 6 {
            requests.push(server.request().await);
        }
        let session = requests[0].session;
        let results = requests.iter().map(|request| peer::result(request.id, &body(request.body[0])));
        if in_one_packet {
            let messages = results.enumerate().map(|(at, result)| {
                let id = peer::message_id(clock::now(), 100 + i64::try_from(at).unwrap());
                peer::message(id, 1, &result)
            });
            server.send(session, 1, &peer::container(&messages.collect::<Vec<_>>())).await;
        } else {
            for result in results {
                server.send(session, 1, &result).await;
            }
        }
        for (number, call) in (0..).zip(calls) {
            assert!(call.await.unwrap() == Ok(body(number).into()), "answer {number} differs");
        }
    }
}

#[tokio::test]
async fn an_answer_lies_in_the_packet_it_came_in() {
    let (connection, mut server) = connect(1).await;
    let calls = [call(&connection, vec![1; 4]), call(&connection, vec![2; 4])];
    let requests = [server.request().await, server.request().await];
    let messages = requests.iter().zip(101..).map(|(request, count)| {
        peer::message(peer::message_id(clock::now(), count), 1, &peer::result(request.id, &request.body))
    });
    let container = peer::container(&messages.collect::<Vec<_>>());
    server.send(requests[0].session, 1, &container).await;
    let mut ends = Vec::new();
    for call in calls {
        ends.push(call.await.unwrap().unwrap().as_ptr().addr());
    }
    // Behind the first answer's four bytes come the second one's message and result.
    assert_eq!(ends[0].abs_diff(ends[1]), 4 + 16 + 12);
}

#[tokio::test]
async fn a_packet_that_is_too_large_or_no_packet_breaks_the_connection() {
    let too_large = (i32::try_from(LARGEST_PACKET).unwrap() + 1).to_le_bytes();
    let wrong_sequence = [16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for bytes in [&too_large[..], &wrong_sequence, &[1, 0, 0, 0], &[0; 4]] {
        let (connection, mut server) = connect(1).await;
        let call = call(&connection, vec![1; 4]);
        server.request().await;
        server.socket.write_all(bytes).await.unwrap();
        assert!(matches!(call.await.unwrap(), Err(TelegramError::Protocol(_))));
    }
}

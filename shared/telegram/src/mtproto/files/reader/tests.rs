//! Time stands still in these tests until everybody waits for it.

mod host;

use std::time::Duration;

use lambdagram_domain::session::DcKey;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use self::host::{Host, SALT, answer, content, contents, read};
use super::*;
use crate::mtproto::files::Place;
use crate::mtproto::frames::FRONT;
use crate::mtproto::peer::{self, server::Server};

const SECOND: Duration = Duration::from_secs(1);

/// Hands out the next parts that are asked for.
async fn serve(server: &mut Server, parts: usize) {
    for _ in 0..parts {
        let asked = server.asked().await;
        server.hand_out(&asked).await;
    }
}

#[tokio::test(start_paused = true)]
async fn parts_are_handed_out_in_order_and_asked_for_within_the_window() {
    let host = Host::start().await;
    let mut reader = host.reader(5, 3);
    let first = tokio::spawn(async move { (reader.next().await, reader) });
    let mut server = host.accept().await;
    let asked = server.asked_times(3).await;
    assert_eq!(asked.iter().map(|asked| asked.number).collect::<Vec<_>>(), [0, 1, 2]);
    for later in [2, 1] {
        server.hand_out(&asked[later]).await;
    }
    assert!(server.is_quiet().await && !first.is_finished());
    server.hand_out(&asked[0]).await;
    let (bytes, reader) = first.await.unwrap();
    assert_eq!(bytes, Ok(Some(content(0).into())));
    // The room it leaves is used at once, and no more than that while nobody comes for the next part.
    let fourth = server.asked().await;
    assert_eq!(fourth.number, 3);
    assert!(server.is_quiet().await);
    let rest = read(reader);
    server.hand_out(&fourth).await;
    serve(&mut server, 1).await;
    let (reader, bytes, end) = rest.await.unwrap();
    assert_eq!((bytes, end), (contents(1..5), Ok(())));
    reader.close().await;
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_loses_nothing() {
    let host = Host::start().await;
    let mut reader = host.reader(40, 4);
    let serving = async {
        let mut server = host.accept().await;
        for _ in 0..40 {
            let asked = server.asked().await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            server.hand_out(&asked).await;
        }
        server
    };
    let reading = async {
        let (mut all, mut given_up) = (Vec::new(), 0);
        while all.len() < 40 {
            match timeout(Duration::from_millis(7), reader.next()).await {
                Ok(bytes) => all.push(bytes.unwrap().unwrap()),
                Err(_) => given_up += 1,
            }
        }
        (all, given_up)
    };
    let (mut server, (all, given_up)) = tokio::join!(serving, reading);
    assert_eq!(all, contents(0..40));
    assert!(given_up > 40);
    assert!(server.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_serves_the_next_reader_without_another_introduction() {
    let host = Host::start().await;
    let reading = read(host.reader(2, 2));
    let mut server = host.accept().await;
    let asked = server.asked_times(2).await;
    assert!(asked.iter().all(|asked| asked.introduced), "each could be the first that Telegram looks at");
    for asked in &asked {
        server.hand_out(asked).await;
    }
    let (reader, ..) = reading.await.unwrap();
    reader.close().await;
    assert_eq!(host.pool.idle(), 1);

    let reading = read(host.reader(1, 1));
    let asked = server.asked().await;
    assert!(!asked.introduced);
    server.hand_out(&asked).await;
    assert_eq!(reading.await.unwrap().1, contents(0..1));
    assert_eq!(host.pool.idle(), 1, "a reader that is dropped gives it back, too");
    let other = DcKey { key: lambdagram_domain::session::AuthKey::new([1; 256]), salt: 0 };
    assert!(host.pool.take(&Place { key: other, ..host.place(true) }).is_none());
    assert!(host.pool.take(&Place { dc: 3, ..host.place(true) }).is_none());
    assert!(host.pool.take(&host.place(true)).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_dropped_ends_what_is_under_way() {
    let host = Host::start().await;
    let mut reader = host.reader(9, 4);
    let first = tokio::spawn(async move { reader.next().await.map(|bytes| (bytes, reader)) });
    let mut server = host.accept().await;
    serve(&mut server, 1).await;
    let (_, reader) = first.await.unwrap().unwrap();
    drop(reader);
    while server.packet().await.is_some() {}
    assert_eq!(host.pool.idle(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_silent_for_ten_seconds_is_replaced() {
    let host = Host::start().await;
    let start = Instant::now();
    let reading = read(host.reader(3, 2));
    let mut silent = host.accept().await;
    let asked = silent.asked_times(2).await;
    // The second part comes, which is no help for the first.
    silent.hand_out(&asked[1]).await;
    let mut server = host.accept().await;
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(server.asked().await.number, 0, "what is here is not asked for again");
    drop(server);
    let mut server = host.accept().await;
    serve(&mut server, 2).await;
    let (_, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..3), Ok(())));
    assert!(silent.packet().await.is_none_or(|packet| packet.acknowledged().is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_connection_is_not_replaced_while_bytes_come() {
    let host = Host::start().await;
    let start = Instant::now();
    let reading = read(host.reader(1, 1));
    let mut server = host.accept().await;
    let asked = server.asked().await;
    let message = peer::message(peer::message_id(crate::mtproto::clock::now(), 1), 1, &{
        peer::result(asked.request.id, &answer(0))
    });
    let sealed = peer::seal(SALT, asked.request.session, &message);
    let mut packet = grammers_crypto::DequeBuffer::with_capacity(sealed.len(), FRONT);
    packet.extend(&sealed);
    crate::mtproto::frames::Frames::new().pack(&mut packet);
    for bytes in packet.as_ref().chunks(200) {
        tokio::time::sleep(9 * SECOND).await;
        server.socket.write_all(bytes).await.unwrap();
    }
    assert_eq!(reading.await.unwrap().1, contents(0..1));
    assert!(start.elapsed() > 45 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_has_died_unnoticed_is_replaced_soon() {
    let host = Host::start().await;
    let reading = read(host.reader(1, 1));
    let mut dead = host.accept().await;
    serve(&mut dead, 1).await;
    drop(reading.await.unwrap());
    tokio::time::sleep(5 * SECOND).await;
    assert_eq!(host.pool.idle(), 1);

    let start = Instant::now();
    let reading = read(host.reader(2, 2));
    let mut server = host.accept().await;
    assert_eq!(start.elapsed().as_millis(), 1_500);
    serve(&mut server, 2).await;
    let (reader, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..2), Ok(())));
    reader.close().await;
    assert_eq!(host.pool.idle(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_was_closed_or_not_used_for_long_is_not_taken() {
    let host = Host::start().await;
    let reading = read(host.reader(1, 1));
    let mut closed = host.accept().await;
    serve(&mut closed, 1).await;
    drop(reading.await.unwrap());
    drop(closed);
    tokio::time::sleep(SECOND).await;
    for _ in 0..2 {
        let reading = read(host.reader(1, 1));
        let mut server = host.accept().await;
        serve(&mut server, 1).await;
        assert_eq!(reading.await.unwrap().2, Ok(()));
        tokio::time::sleep(300 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn few_connections_are_kept() {
    let host = Host::start().await;
    let mut servers = Vec::new();
    for number in 0..9 {
        let key = DcKey { key: peer::auth_key(), salt: SALT };
        let source = Host::source_at(Place { dc: number, key, ..host.place(true) });
        let reading = read(host.reader_until(source, 1, 1, Instant::now() + SECOND));
        let mut server = host.accept().await;
        serve(&mut server, 1).await;
        drop(reading.await.unwrap());
        servers.push(server);
        assert_eq!(host.pool.idle(), usize::try_from(number + 1).unwrap().min(4));
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_for_the_next_part_late_finds_it_and_no_stall() {
    let host = Host::start().await;
    let mut reader = host.reader(6, 2);
    let serving = async {
        let mut server = host.accept().await;
        serve(&mut server, 6).await;
        server
    };
    let reading = async {
        let mut all = Vec::new();
        while let Some(bytes) = reader.next().await.unwrap() {
            all.push(bytes);
            tokio::time::sleep(30 * SECOND).await;
        }
        all
    };
    let (_server, all) = tokio::join!(serving, reading);
    assert_eq!(all, contents(0..6));
    assert!(host.is_left_alone().await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_replaced_three_times_without_a_part_in_between() {
    let host = Host::start().await;
    let reading = read(host.reader(8, 8));
    for _ in 0..3 {
        host.accept().await.asked_times(8).await;
    }
    let mut server = host.accept().await;
    let asked = server.asked_times(8).await;
    server.hand_out(&asked[0]).await;
    // One part has come: patience is new.
    drop(server);
    for _ in 0..3 {
        host.accept().await.asked_times(7).await;
    }
    assert!(host.is_left_alone().await);
    let (_, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..1), Err(TelegramError::Lost.into())));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_unreachable() {
    let host = Host::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let source = Host::source_at(Place { address: nobody, ..host.place(false) });
    let mut reader = host.reader_until(source, 1, 1, Instant::now() + 60 * SECOND);
    assert_eq!(reader.next().await, Err(TelegramError::Unreachable.into()));
    reader.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_waited_for_once_for_all_parts_under_way() {
    let host = Host::start().await;
    let reading = read(host.reader(8, 8));
    let mut server = host.accept().await;
    let asked = server.asked_times(8).await;
    let start = Instant::now();
    for asked in &asked {
        server.refuse(asked, 420, "FLOOD_WAIT_3").await;
    }
    let again = server.asked_times(8).await;
    assert_eq!(start.elapsed().as_secs(), 3);
    server.hand_out(&again[0]).await;
    for asked in &again[1..] {
        server.refuse(asked, 420, "FLOOD_PREMIUM_WAIT_20").await;
    }
    serve(&mut server, 7).await;
    assert_eq!(start.elapsed().as_secs(), 23);
    assert_eq!(reading.await.unwrap().1, contents(0..8));
}

#[tokio::test(start_paused = true)]
async fn too_many_connections_are_a_flood_too() {
    let host = Host::start().await;
    let reading = read(host.reader(2, 2));
    let start = Instant::now();
    let mut server = host.accept().await;
    server.asked_times(2).await;
    server.send_packet(&(-429_i32).to_le_bytes()).await;
    let mut server = host.accept().await;
    assert_eq!(start.elapsed().as_secs(), 1);
    serve(&mut server, 2).await;
    assert_eq!(reading.await.unwrap().2, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_expires_midway_stops_behind_what_came_and_goes_on_with_another() {
    let host = Host::start().await;
    let reading = read(host.reader(6, 4));
    let mut server = host.accept().await;
    let asked = server.asked_times(4).await;
    for expired in [1, 3] {
        server.refuse(&asked[expired], 400, "FILE_REFERENCE_EXPIRED").await;
    }
    assert!(server.is_quiet().await && !reading.is_finished());
    server.hand_out(&asked[2]).await;
    server.hand_out(&asked[0]).await;
    let (mut reader, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..1), Err(ReadError::Reference)));
    assert!(server.is_quiet().await, "nothing more is asked for with that reference");

    reader.go_on(host.source(true));
    let reading = read(reader);
    let again = server.asked_times(3).await;
    assert_eq!(again.iter().map(|asked| asked.number).collect::<Vec<_>>(), [1, 3, 4]);
    for asked in &again {
        server.hand_out(asked).await;
    }
    serve(&mut server, 1).await;
    let (_, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(1..6), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn a_main_connection_is_closed_before_an_error_is_told_and_at_the_end() {
    let host = Host::start().await;
    let until = Instant::now() + 60 * SECOND;
    let reading = read(host.reader_until(host.source(false), 3, 2, until));
    let mut server = host.accept().await;
    let asked = server.asked_times(2).await;
    server.refuse(&asked[0], 303, "FILE_MIGRATE_4").await;
    let (mut reader, _, end) = reading.await.unwrap();
    assert_eq!(end, Err(ReadError::Elsewhere { dc: 4 }));
    while server.packet().await.is_some() {}

    let elsewhere = Host::start().await;
    reader.go_on(elsewhere.source(false));
    let reading = read(reader);
    let mut server = elsewhere.accept().await;
    serve(&mut server, 3).await;
    let (reader, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..3), Ok(())));
    reader.close().await;
    assert_eq!(host.pool.idle(), 0);
    while server.packet().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn a_salt_that_has_passed_is_replaced_and_known_to_the_next_connection() {
    let host = Host::start().await;
    let reading = read(host.reader(8, 8));
    let mut server = host.accept().await;
    for asked in server.asked_times(8).await {
        assert_eq!(asked.request.salt, SALT);
        server.send(asked.request.session, 7, &peer::bad_salt(asked.request.id, 7)).await;
    }
    let again = server.asked_times(8).await;
    assert!(again.iter().all(|asked| asked.request.salt == 7));
    for asked in &again {
        server.hand_out(asked).await;
    }
    drop(reading.await.unwrap());
    drop(server);

    let reading = read(host.reader(1, 1));
    let mut server = host.accept().await;
    let asked = server.asked().await;
    assert_eq!(asked.request.salt, 7);
    server.hand_out(&asked).await;
    assert_eq!(reading.await.unwrap().2, Ok(()));
    // What the session learnt since is newer.
    let newer = Place { key: DcKey { salt: 9, ..host.place(true).key }, ..host.place(true) };
    assert_eq!(host.pool.salt(&newer), 9);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_known_or_not_signed_in_is_told() {
    for framed in [true, false] {
        let host = Host::start().await;
        let reading = read(host.reader(4, 4));
        let mut server = host.accept().await;
        let asked = server.asked_times(4).await;
        if framed {
            server.send_packet(&(-404_i32).to_le_bytes()).await;
        } else {
            server.refuse(&asked[0], 401, "AUTH_KEY_UNREGISTERED").await;
        }
        assert_eq!(reading.await.unwrap().2, Err(ReadError::NotSignedIn));
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_shorter_than_said_is_no_whole_file() {
    let host = Host::start().await;
    let reading = read(host.reader(2, 2));
    let mut server = host.accept().await;
    let asked = server.asked_times(2).await;
    server.hand_out(&asked[0]).await;
    let short = answer(1).len() - 4;
    let mut cut = answer(1);
    cut[12..16].copy_from_slice(&[254, 0xfc, 3, 0]);
    server.say(&asked[1], &peer::result(asked[1].request.id, &cut[..short])).await;
    let (_, bytes, end) = reading.await.unwrap();
    assert_eq!((bytes, end), (contents(0..1), Err(ReadError::Short)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_beyond_the_deadline() {
    let host = Host::start().await;
    let start = Instant::now();
    let mut reader = host.reader_until(host.source(true), 2, 2, start + 5 * SECOND);
    let reading = tokio::spawn(async move { reader.next().await });
    let mut server = host.accept().await;
    server.asked_times(2).await;
    assert_eq!(reading.await.unwrap(), Err(TelegramError::Timeout.into()));
    assert_eq!(start.elapsed().as_secs(), 5);
    let mut late = host.reader_until(host.source(true), 1, 1, start);
    assert_eq!(late.next().await, Err(TelegramError::Timeout.into()));
    let mut nothing = host.reader_until(host.source(true), 0, 1, start);
    assert_eq!(nothing.next().await, Ok(None));
    assert!(host.is_left_alone().await);
}

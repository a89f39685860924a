//! The protocol's own messages, and what is said to messages that are not as they should be.

use std::time::Duration;

use grammers_tl_types::{Deserializable as _, Identifiable as _, Serializable as _, enums, functions, types};

use super::super::cipher::{Message, Sender, encrypt, seal};
use super::super::messages::{CONTAINER, Content, container, packed};
use super::World;
use super::client::{Client, method};

/// The id and code of a `bad_msg_notification`.
async fn refusal(client: &mut Client) -> (i64, i32) {
    let content = client.expect(types::BadMsgNotification::CONSTRUCTOR_ID).await;
    let enums::BadMsgNotification::Notification(notice) =
        enums::BadMsgNotification::from_bytes(&content.body).unwrap()
    else {
        unreachable!("the constructor was looked at")
    };
    (notice.bad_msg_id, notice.error_code)
}

#[tokio::test]
async fn a_ping_is_answered_and_a_new_session_is_announced_once() {
    let world = World::echo().await;
    let mut client = world.client(1).await;
    client.make_key().await.unwrap();
    let ping = client.send(functions::Ping { ping_id: 5 }.to_bytes()).await;
    let created = client.expect(types::NewSessionCreated::CONSTRUCTOR_ID).await;
    let enums::NewSession::Created(created) = enums::NewSession::from_bytes(&created.body).unwrap();
    assert_eq!((created.first_msg_id, created.server_salt), (ping, client.salt));
    let answer = client.next().await;
    assert_eq!(answer.body, enums::Pong::Pong(types::Pong { msg_id: ping, ping_id: 5 }).to_bytes());
    assert!(client.is_quiet().await);
}

#[tokio::test]
async fn a_wrong_salt_is_named_and_the_right_one_is_taken() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let right = std::mem::replace(&mut client.salt, 1);
    let id = client.send(method(1)).await;
    let notice = client.expect(types::BadServerSalt::CONSTRUCTOR_ID).await;
    let enums::BadMsgNotification::BadServerSalt(notice) =
        enums::BadMsgNotification::from_bytes(&notice.body).unwrap()
    else {
        unreachable!("the constructor was looked at")
    };
    assert_eq!((notice.bad_msg_id, notice.error_code, notice.new_server_salt), (id, 48, right));
    assert_eq!(world.service.count(), 1, "a call with a wrong salt is not run");
    client.salt = notice.new_server_salt;
    client.send_as(id, method(1)).await;
    assert_eq!(client.result_of(id).await, method(1));
}

#[tokio::test]
async fn salts_change_by_the_clock_of_the_stack() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let asked = client.send(functions::GetFutureSalts { num: 4 }.to_bytes()).await;
    let salts = client.expect(types::FutureSalts::CONSTRUCTOR_ID).await;
    let enums::FutureSalts::Salts(salts) = enums::FutureSalts::from_bytes(&salts.body).unwrap();
    assert_eq!((salts.req_msg_id, salts.salts.0.len()), (asked, 4));

    world.options.clock.advance(Duration::from_hours(1));
    client.send(method(1)).await;
    let notice = client.expect(types::BadServerSalt::CONSTRUCTOR_ID).await;
    let notice = enums::BadMsgNotification::from_bytes(&notice.body).unwrap();
    let enums::BadMsgNotification::BadServerSalt(notice) = notice else { panic!("{notice:?}") };
    assert_eq!(notice.new_server_salt, salts.salts.0[2].salt);
    client.salt = salts.salts.0[2].salt;
    let call = client.send(method(1)).await;
    assert_eq!(client.result_of(call).await, method(1));
}

#[tokio::test]
async fn ids_that_no_client_may_send_are_refused() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let now = client.next_id();
    let seconds = |seconds: i64| seconds << 32;
    for (id, code) in [(now | 1, 18), (now - seconds(400), 16), (now + seconds(60), 17)] {
        client.send_as(id, method(1)).await;
        assert_eq!(refusal(&mut client).await, (id, code));
    }
    assert_eq!(world.service.count(), 1);
}

#[tokio::test]
async fn containers_and_packed_messages_are_opened() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let [first, second, ping] = [client.next_id(), client.next_id(), client.next_id()];
    let content = |id, body| Content { id, sequence: 1, body };
    let body = container(&[
        content(first, method(1)),
        content(second, packed(&method(2))),
        content(ping, functions::Ping { ping_id: 9 }.to_bytes()),
    ]);
    let outer = client.send(packed(&body)).await;
    for (id, expected) in [(first, 1), (second, 2)] {
        // Answers come in any order: what was passed over is asked for again.
        let request = types::MsgResendAnsReq { msg_ids: vec![id] };
        client.send(enums::MsgResendReq::MsgResendAnsReq(request).to_bytes()).await;
        assert_eq!(client.result_of(id).await, method(expected));
    }
    client.send_as(outer, body).await;
    assert_eq!(refusal(&mut client).await, (outer, 19));
    client.send(CONTAINER.to_le_bytes().to_vec()).await;
    assert_eq!(refusal(&mut client).await.1, 64);
    assert_eq!(world.service.count(), 3);
}

#[tokio::test]
async fn a_session_can_be_asked_about_its_messages() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let call = client.send(method(1)).await;
    client.result_of(call).await;
    let later = call + (1 << 32);
    let request = types::MsgsStateReq { msg_ids: vec![call, call - 4, later] };
    let asked = client.send(enums::MsgsStateReq::Req(request).to_bytes()).await;
    let info = client.expect(types::MsgsStateInfo::CONSTRUCTOR_ID).await;
    let enums::MsgsStateInfo::Info(info) = enums::MsgsStateInfo::from_bytes(&info.body).unwrap();
    assert_eq!((info.req_msg_id, &info.info[..]), (asked, &[100, 2, 3][..]));
}

#[tokio::test]
async fn sessions_and_keys_can_be_destroyed() {
    let world = World::echo().await;
    let mut client = world.ready(2).await;
    let mut other = client.again(client.address()).await;
    other.session = 17;
    other.send(functions::Ping { ping_id: 1 }.to_bytes()).await;
    other.expect(types::Pong::CONSTRUCTOR_ID).await;
    client.send(functions::DestroySession { session_id: 17 }.to_bytes()).await;
    client.expect(types::DestroySessionOk::CONSTRUCTOR_ID).await;
    client.send(functions::DestroySession { session_id: 17 }.to_bytes()).await;
    client.expect(types::DestroySessionNone::CONSTRUCTOR_ID).await;

    client.send(functions::DestroyAuthKey {}.to_bytes()).await;
    let destroyed = enums::DestroyAuthKeyRes::DestroyAuthKeyOk.to_bytes();
    assert_eq!(client.next().await.body, destroyed);
    client.send(method(1)).await;
    assert_eq!(client.transport_error().await, -404);
    let events = world.service.events(4).await;
    assert!(events.contains(&"forgotten 2".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_message_that_was_tampered_with_ends_the_connection() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let id = client.next_id();
    let mut packet = client.encrypted(id, method(1));
    packet[40] ^= 1;
    client.send_packet(&packet).await;
    assert_eq!(client.transport_error().await, -404);
    assert_eq!(world.service.count(), 1);
}

#[tokio::test]
async fn a_message_without_enough_padding_ends_the_connection() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let (key, of) = client.key.unwrap();
    let mut open = vec![0; 48];
    open[28] = 16;
    client.send_packet(&seal(&key, of, Sender::Client, open)).await;
    assert_eq!(client.transport_error().await, -404);
}

#[tokio::test]
async fn an_unknown_key_is_told_as_404_and_a_key_belongs_to_its_data_centre() {
    let world = World::echo().await;
    let mut client = world.client(1).await;
    let key = [7; 256];
    let message = Message { salt: 0, session: 1, id: client.next_id(), sequence: 1, body: method(1) };
    let packet = encrypt(&key, super::super::keys::key_id(&key), Sender::Client, &message);
    client.send_packet(&packet).await;
    assert_eq!(client.transport_error().await, -404);

    let known = world.ready(2).await;
    let mut elsewhere = known.again(world.client(1).await.address()).await;
    elsewhere.send(method(1)).await;
    assert_eq!(elsewhere.transport_error().await, -404);

    let mut forgotten = world.ready(2).await;
    assert!(world.cluster.forget(2, forgotten.key.unwrap().1));
    forgotten.send(method(1)).await;
    assert_eq!(forgotten.transport_error().await, -404);
}

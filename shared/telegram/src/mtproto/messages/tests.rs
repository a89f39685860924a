use bytes::BytesMut;
use grammers_client::tl::Identifiable;

use super::*;
use crate::mtproto::peer;

const NOW: Duration = Duration::from_secs(1_700_000_000);
const SESSION: i64 = 77;
const SALT: i64 = 5;
const ANSWER: [u8; 4] = [1, 2, 3, 4];

fn messages() -> Messages {
    Messages::new(&peer::auth_key(), SESSION, SALT, 0)
}

fn send(messages: &mut Messages) -> peer::Received {
    peer::open(messages.request(&[9; 8], NOW, 8).1.as_ref())
}

/// What a client makes of one message, the `count`th of the server.
fn take(messages: &mut Messages, count: i64, body: &[u8]) -> Result<Vec<Event>, TelegramError> {
    let message = peer::message(peer::message_id(NOW, count), 1, body);
    take_message(messages, &message)
}

fn take_message(messages: &mut Messages, message: &[u8]) -> Result<Vec<Event>, TelegramError> {
    messages.open(packet(peer::seal(SALT, SESSION, message)), NOW).map(|opened| opened.events)
}

fn packet(bytes: Vec<u8>) -> BytesMut {
    Bytes::from(bytes).into()
}

fn is_broken(result: &Result<Vec<Event>, TelegramError>) -> bool {
    matches!(result, Err(TelegramError::Protocol(_)))
}

#[test]
fn a_request_carries_salt_session_rising_identifiers_and_odd_numbers() {
    let mut messages = messages();
    let (first, second) = (send(&mut messages), send(&mut messages));
    assert_eq!((first.salt, first.session, first.number), (SALT, SESSION, 1));
    assert_eq!((second.number, first.body), (3, vec![9; 8]));
    assert_eq!(clock::seconds_of(first.id), 1_700_000_000);
    assert!(second.id > first.id);
}

#[test]
fn an_answer_an_error_and_a_packed_answer_name_their_request() {
    let mut messages = messages();
    assert_eq!(
        take(&mut messages, 1, &peer::result(8, &ANSWER)),
        Ok(vec![Event::Answer(8, ANSWER.to_vec().into())])
    );
    assert_eq!(
        take(&mut messages, 2, &peer::error(8, 420, "FLOOD_WAIT_7")),
        Ok(vec![Event::Failure(8, TelegramError::Flood { seconds: 7 })])
    );
    assert_eq!(
        take(&mut messages, 3, &peer::result(8, &peer::packed(&[6; 5000]))),
        Ok(vec![Event::Answer(8, vec![6; 5000].into())])
    );
}

#[test]
fn a_container_and_a_packed_container_are_taken_apart() {
    let inner = [
        peer::message(peer::message_id(NOW, 1), 1, &peer::result(8, &ANSWER)),
        peer::message(peer::message_id(NOW, 2), 3, &peer::result(12, &ANSWER)),
    ];
    let container = peer::container(&inner);
    let expected =
        Ok(vec![Event::Answer(8, ANSWER.to_vec().into()), Event::Answer(12, ANSWER.to_vec().into())]);
    assert_eq!(take(&mut messages(), 3, &container), expected);
    assert_eq!(take(&mut messages(), 3, &peer::packed(&container)), expected);
}

#[test]
fn what_wants_to_be_acknowledged_is_once() {
    let mut messages = messages();
    let ids: Vec<i64> = (1..=3).map(|count| peer::message_id(NOW, count)).collect();
    take_message(&mut messages, &peer::message(ids[0], 1, &peer::result(8, &ANSWER))).unwrap();
    take_message(&mut messages, &peer::message(ids[1], 2, &peer::result(8, &ANSWER))).unwrap();
    take_message(&mut messages, &peer::message(ids[2], 3, &peer::result(8, &ANSWER))).unwrap();
    let packet = messages.acknowledgement(NOW, 8).unwrap();
    let received = peer::open(packet.as_ref());
    assert_eq!(received.acknowledged(), Some(vec![ids[0], ids[2]]));
    assert_eq!(received.number % 2, 0);
    assert!(messages.acknowledgement(NOW, 8).is_none());
}

#[test]
fn a_wrong_salt_is_replaced_and_the_request_sent_again() {
    let mut messages = messages();
    let request = send(&mut messages).id;
    assert_eq!(take(&mut messages, 1, &peer::bad_salt(request, 9)), Ok(vec![Event::Again(request)]));
    assert_eq!(send(&mut messages).salt, 9);
    // A header that still has the refused one changes nothing; a new one does.
    messages.adopt(SALT);
    assert_eq!(messages.salt(), 9);
    messages.adopt(10);
    assert_eq!(messages.salt(), 10);
    messages.adopt(0);
    assert_eq!(messages.salt(), 10);
}

#[test]
fn a_new_session_names_its_salt() {
    let mut messages = messages();
    let created = types::NewSessionCreated { first_msg_id: 4, unique_id: 1, server_salt: 11 };
    take(&mut messages, 1, &enums::NewSession::Created(created).to_bytes()).unwrap();
    assert_eq!(messages.salt(), 11);
}

#[test]
fn a_wrong_clock_is_set_by_the_servers() {
    for ahead in [-7200, 7200] {
        let mut messages = Messages::new(&peer::auth_key(), SESSION, SALT, ahead);
        let request = send(&mut messages).id;
        let code = if ahead > 0 { 17 } else { 16 };
        let events = take(&mut messages, 1, &peer::bad_message(request, code));
        assert_eq!(events, Ok(vec![Event::Again(request)]));
        assert_eq!(clock::seconds_of(send(&mut messages).id), 1_700_000_000);
        assert_eq!(messages.time_offset(), 0);
    }
}

#[test]
fn a_request_the_server_may_have_seen_before_is_lost_and_a_malformed_one_fails() {
    let mut messages = messages();
    assert_eq!(
        take(&mut messages, 1, &peer::bad_message(8, 20)),
        Ok(vec![Event::Failure(8, TelegramError::Lost)])
    );
    for (count, code) in [(2, 18), (3, 32), (4, 33), (5, 64)] {
        let events = take(&mut messages, count, &peer::bad_message(8, code)).unwrap();
        assert!(matches!(events[..], [Event::Failure(8, TelegramError::Protocol(_))]), "{code}");
    }
}

#[test]
fn a_message_counts_once() {
    let mut messages = messages();
    assert_eq!(take(&mut messages, 1, &peer::result(8, &ANSWER)).unwrap().len(), 1);
    assert_eq!(take(&mut messages, 1, &peer::result(8, &ANSWER)), Ok(Vec::new()));
}

#[test]
fn a_message_of_another_session_of_a_client_or_of_another_time_does_not_count() {
    let answer = peer::result(8, &ANSWER);
    let mut messages = messages();
    assert_eq!(take(&mut messages, 1, &peer::result(4, &ANSWER)).unwrap().len(), 1);
    let message = peer::message(peer::message_id(NOW, 2), 1, &answer);
    let opened = messages.open(packet(peer::seal(SALT, SESSION + 1, &message)), NOW).unwrap();
    assert_eq!(opened.events, []);
    for id in [
        peer::message_id(NOW, 3) - 1,
        peer::message_id(NOW + Duration::from_secs(31), 4),
        peer::message_id(NOW.saturating_sub(Duration::from_secs(301)), 5),
    ] {
        assert_eq!(take_message(&mut messages, &peer::message(id, 1, &answer)), Ok(Vec::new()));
    }
}

#[test]
fn updates_and_answers_to_nothing_are_passed_over() {
    let mut messages = messages();
    let update = types::UpdatesTooLong::CONSTRUCTOR_ID.to_le_bytes();
    assert_eq!(take(&mut messages, 1, &update), Ok(Vec::new()));
    let dropped = types::RpcAnswerUnknown::CONSTRUCTOR_ID.to_le_bytes();
    assert_eq!(take(&mut messages, 2, &peer::result(8, &dropped)), Ok(Vec::new()));
}

#[test]
fn a_packet_of_another_key_or_that_was_changed_breaks_the_connection() {
    let message = peer::message(peer::message_id(NOW, 1), 1, &ANSWER);
    for at in [0, 8, 24, 60] {
        let mut changed = peer::seal(SALT, SESSION, &message);
        changed[at] ^= 1;
        assert!(matches!(messages().open(packet(changed), NOW), Err(TelegramError::Protocol(_))), "{at}");
    }
    for length in [0, 4, 24, 40] {
        let mut cut = peer::seal(SALT, SESSION, &message);
        cut.truncate(length);
        assert!(messages().open(packet(cut), NOW).is_err(), "{length}");
    }
}

#[test]
fn padding_that_is_too_short_or_too_long_breaks_the_connection() {
    let header = [&SALT.to_le_bytes()[..], &SESSION.to_le_bytes()].concat();
    let body = peer::result(8, &ANSWER);
    let plaintext = [&header[..], &peer::message(peer::message_id(NOW, 1), 1, &body)].concat();
    for (padding, allowed) in [(0, false), (16, true), (1024, true), (1040, false)] {
        let mut padded = plaintext.clone();
        padded.resize(plaintext.len() + padding, 0);
        let encrypted = packet(peer::encrypt(&padded));
        assert_eq!(messages().open(encrypted, NOW).is_ok(), allowed, "{padding}");
    }
}

#[test]
fn lengths_that_lie_break_the_connection() {
    let mut message = peer::message(peer::message_id(NOW, 1), 1, &ANSWER);
    for length in [-4_i32, 3, 400, i32::MAX, i32::MIN] {
        message[12..16].copy_from_slice(&length.to_le_bytes());
        assert!(is_broken(&take_message(&mut messages(), &message)), "{length}");
    }
    let endless = [&peer::container(&[])[..4], &i32::MAX.to_le_bytes()].concat();
    assert!(is_broken(&take(&mut messages(), 1, &endless)));
    assert!(is_broken(&take(&mut messages(), 1, &[])));
}

#[test]
fn what_is_packed_too_well_or_packed_twice_is_not_unpacked() {
    let bomb = peer::packed(&vec![0; 16 * 1024 * 1024 + 1]);
    let events = take(&mut messages(), 1, &peer::result(8, &bomb)).unwrap();
    assert!(matches!(events[..], [Event::Failure(8, TelegramError::Protocol(_))]));
    assert!(is_broken(&take(&mut messages(), 1, &bomb)));
    assert!(is_broken(&take(&mut messages(), 1, &peer::packed(&peer::packed(&ANSWER)))));
    let nested = peer::message(peer::message_id(NOW, 1), 0, &peer::container(&[]));
    assert!(is_broken(&take(&mut messages(), 2, &peer::container(&[nested]))));
}

#[test]
fn all_that_one_packet_holds_shares_the_room_to_unpack() {
    let mut messages = messages();
    let half = peer::packed(&vec![0; 10 << 20]);
    let answers = [(1, 8), (2, 12)].map(|(count, request)| {
        peer::message(peer::message_id(NOW, count), 1, &peer::result(request, &half))
    });
    let events = take(&mut messages, 3, &peer::container(&answers)).unwrap();
    assert!(matches!(&events[..], [Event::Answer(8, _), Event::Failure(12, TelegramError::Protocol(_))]));
    let events = take(&mut messages, 4, &peer::result(16, &half)).unwrap();
    assert!(matches!(&events[..], [Event::Answer(16, _)]), "the next packet has room of its own");
}

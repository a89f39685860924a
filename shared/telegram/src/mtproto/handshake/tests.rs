mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::server::{SERVER_NONCE, Server, Verdict, prime, public_key};
use super::*;

/// The client's time: a hundred seconds behind the server's.
const NOW: Duration = Duration::from_secs(1_700_000_000);

const DC: i32 = 10_002;

fn run_with(
    server: &mut Server,
    keys: Vec<ServerKey>,
    randomness: Randomness,
) -> Result<Agreed, HandshakeError> {
    let (mut handshake, mut packet) = Handshake::start(keys, DC, NOW, randomness)?;
    loop {
        match handshake.receive(&server.answer(&packet), NOW)? {
            Step::Done(agreed) => return Ok(agreed),
            Step::Send(next, reply) => (handshake, packet) = (next, reply),
        }
    }
}

fn run(server: &mut Server) -> Result<Agreed, HandshakeError> {
    run_with(server, vec![public_key()], system_randomness())
}

/// A server that lies in one way, and the check that must find it.
fn assert_refused(lie: impl FnOnce(&mut Server), expected: HandshakeError) {
    let mut server = Server::honest();
    lie(&mut server);
    assert_eq!(run(&mut server), Err(expected));
}

#[test]
fn both_sides_come_to_the_same_key_salt_and_time() {
    let mut server = Server::honest();
    let agreed = run(&mut server).unwrap();
    assert_eq!(Some(agreed.key), server.key);
    assert_eq!(agreed.time_offset, 100);
    let inner = server.inner_data.unwrap();
    let salt: [u8; 8] = std::array::from_fn(|at| inner.new_nonce[at] ^ SERVER_NONCE[at]);
    assert_eq!(agreed.salt, i64::from_le_bytes(salt));
    assert_eq!(inner.dc, DC);
    assert_eq!(server.retry_ids, [0]);
}

#[test]
fn every_handshake_makes_another_key() {
    let keys = [run(&mut Server::honest()).unwrap().key, run(&mut Server::honest()).unwrap().key];
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn what_is_agreed_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", run(&mut Server::honest()).unwrap()), "Agreed(..)");
}

#[test]
fn a_server_without_a_known_key_is_refused() {
    assert_refused(
        |server| server.product = Box::new(|answer| answer.server_public_key_fingerprints = vec![1, 2]),
        HandshakeError::UnknownKey,
    );
    let telegrams = ServerKey::from_pem(include_str!("../keys/production.pem")).unwrap();
    let refused = run_with(&mut Server::honest(), vec![telegrams], system_randomness());
    assert_eq!(refused, Err(HandshakeError::UnknownKey));
}

#[test]
fn a_number_that_is_not_two_primes_is_refused() {
    let prime = 9_223_372_036_854_775_783_u64.to_be_bytes().to_vec();
    for pq in [Vec::new(), vec![0], prime, vec![0xFF; 8], vec![1; 9]] {
        assert_refused(
            |server| server.product = Box::new(move |answer| answer.pq.clone_from(&pq)),
            HandshakeError::BadProduct,
        );
    }
}

#[test]
fn a_nonce_that_changes_anywhere_is_refused() {
    let lies: [fn(&mut Server); 10] = [
        |server| server.product = Box::new(|answer| answer.nonce[0] ^= 1),
        |server| server.outer = Box::new(|answer| answer.nonce[15] ^= 1),
        |server| server.outer = Box::new(|answer| answer.server_nonce[0] ^= 1),
        |server| server.inner = Box::new(|answer| answer.nonce[0] ^= 1),
        |server| server.inner = Box::new(|answer| answer.server_nonce[15] ^= 1),
        |server| server.verdict = Verdict::Ok(Box::new(|answer| answer.nonce[0] ^= 1)),
        |server| server.verdict = Verdict::Ok(Box::new(|answer| answer.server_nonce[0] ^= 1)),
        |server| server.verdict = Verdict::Retry(1, Box::new(|answer| answer.nonce[0] ^= 1)),
        |server| server.verdict = Verdict::Fail(Box::new(|answer| answer.server_nonce[0] ^= 1)),
        |server| server.refusal = Some(Box::new(|answer| answer.nonce[0] ^= 1)),
    ];
    for lie in lies {
        assert_refused(lie, HandshakeError::WrongNonce);
    }
}

#[test]
fn a_hash_that_is_wrong_anywhere_is_refused() {
    let lies: [fn(&mut Server); 9] = [
        |server| server.plaintext = Box::new(|answer| answer[0] ^= 1),
        |server| server.plaintext = Box::new(|answer| answer[100] ^= 1),
        // One more block of padding than there may be.
        |server| server.plaintext = Box::new(|answer| answer.resize(answer.len() + 16, 0)),
        |server| server.outer = Box::new(|answer| answer.encrypted_answer[0] ^= 1),
        |server| server.outer = Box::new(|answer| answer.encrypted_answer.truncate(32)),
        |server| server.verdict = Verdict::Ok(Box::new(|answer| answer.new_nonce_hash1[0] ^= 1)),
        |server| server.verdict = Verdict::Retry(1, Box::new(|answer| answer.new_nonce_hash2[0] ^= 1)),
        |server| server.verdict = Verdict::Fail(Box::new(|answer| answer.new_nonce_hash3[15] ^= 1)),
        |server| server.refusal = Some(Box::new(|answer| answer.new_nonce_hash[0] ^= 1)),
    ];
    for lie in lies {
        assert_refused(lie, HandshakeError::WrongHash);
    }
}

#[test]
fn an_unsafe_group_is_refused() {
    let lies: [fn(&mut Server); 6] = [
        |server| server.inner = Box::new(|answer| answer.g = 2),
        |server| server.inner = Box::new(|answer| answer.g = 1),
        |server| server.inner = Box::new(|answer| answer.g = -3),
        |server| server.inner = Box::new(|answer| answer.dh_prime = (prime() + 2_u8).to_bytes_be()),
        |server| server.inner = Box::new(|answer| answer.dh_prime = (prime() >> 1_u8).to_bytes_be()),
        |server| server.inner = Box::new(|answer| answer.dh_prime.clear()),
    ];
    for lie in lies {
        assert_refused(lie, HandshakeError::UnsafeGroup);
    }
}

#[test]
fn a_half_of_the_server_that_makes_a_key_guessable_is_refused() {
    let one = BigUint::from(1_u8);
    let halves = [
        BigUint::ZERO,
        one.clone(),
        prime() - 1_u8,
        prime(),
        one.clone() << 1984,
        prime() - (one << 1984),
        BigUint::from_bytes_be(&[0xFF; 300]),
    ];
    for half in halves {
        assert_refused(
            |server| server.inner = Box::new(move |answer| answer.g_a = half.to_bytes_be()),
            HandshakeError::OutOfRange,
        );
    }
}

#[test]
fn a_refusal_of_the_server_ends_it() {
    assert_refused(|server| server.refusal = Some(Box::new(|_| {})), HandshakeError::Refused);
    assert_refused(|server| server.verdict = Verdict::Fail(Box::new(|_| {})), HandshakeError::Refused);
}

#[test]
fn a_server_that_asks_for_another_half_gets_one_that_names_the_key_before() {
    let mut server = Server::honest();
    server.verdict = Verdict::Retry(2, Box::new(|_| {}));
    let agreed = run(&mut server).unwrap();
    assert_eq!(Some(agreed.key), server.key);
    assert_eq!(server.retry_ids.len(), 3);
    assert_eq!(server.retry_ids[0], 0);
    assert_ne!(server.retry_ids[1], 0);
    assert_ne!(server.retry_ids[1], server.retry_ids[2]);
}

#[test]
fn a_server_that_asks_without_end_is_left() {
    assert_refused(
        |server| server.verdict = Verdict::Retry(u32::MAX, Box::new(|_| {})),
        HandshakeError::TooManyRetries,
    );
}

#[test]
fn a_packet_that_is_no_answer_is_refused() {
    for at in 0..3 {
        let lies: [fn(&mut Vec<u8>); 6] = [
            |packet| packet.clear(),
            |packet| packet.truncate(19),
            |packet| packet.truncate(30),
            // Under a key, with an even identifier, of a negative length.
            |packet| packet[0] = 1,
            |packet| packet[8] = 0,
            |packet| packet[19] = 0x80,
        ];
        for lie in lies {
            assert_refused(
                |server| {
                    server.packet = Box::new(move |number, packet| {
                        if number == at {
                            lie(packet);
                        }
                    });
                },
                HandshakeError::Unreadable,
            );
        }
    }
}

#[test]
fn an_answer_of_another_step_is_refused() {
    let first = Server::honest().answer(&request());
    let mut server = Server::honest();
    server.packet = Box::new(move |number, packet| {
        if number == 1 {
            packet.clone_from(&first);
        }
    });
    assert_eq!(run(&mut server), Err(HandshakeError::Unreadable));
}

#[test]
fn without_randomness_there_is_no_handshake() {
    // Each use of randomness is one more that may fail: nonce, new nonce, padding, secret, padding.
    for works in 0..5 {
        let left = Arc::new(AtomicU32::new(works));
        let randomness: Randomness = Box::new(move |bytes| {
            let enough = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            enough.map_err(|_| NoRandomness)?;
            system_randomness()(bytes)
        });
        let result = run_with(&mut Server::honest(), vec![public_key()], randomness);
        assert_eq!(result, Err(HandshakeError::NoRandomness));
    }
}

#[test]
fn randomness_that_is_none_makes_no_key() {
    let zeros: Randomness = Box::new(|bytes| {
        bytes.fill(0);
        Ok(())
    });
    let result = run_with(&mut Server::honest(), vec![public_key()], zeros);
    assert_eq!(result, Err(HandshakeError::NoRandomness));
}

#[test]
fn the_first_packet_is_the_documented_one() {
    let packet = request();
    assert_eq!(packet.len(), 40);
    assert_eq!(packet[..8], [0; 8]);
    let id = i64::from_le_bytes(packet[8..16].try_into().unwrap());
    assert_eq!(clock::seconds_of(id), 1_700_000_000);
    assert_eq!(packet[16..24], [20, 0, 0, 0, 0xF1, 0x8E, 0x7E, 0xBE]);
}

fn request() -> Vec<u8> {
    Handshake::start(vec![public_key()], DC, NOW, system_randomness()).unwrap().1
}

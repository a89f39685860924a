//! Making an auth key.

use grammers_tl_types::{Deserializable as _, Serializable as _, enums, functions, types};
use num_bigint::BigUint;

use super::super::handshake::Handshake;
use super::super::keys::{auxiliary_hash, new_nonce_hash};
use super::super::machine_now;
use super::World;
use super::client::{Exchange, Padding, init, method};

#[tokio::test]
async fn every_form_of_a_handshake_makes_a_key_that_works() {
    let world = World::echo().await;
    let forms = [
        (false, None, Padding::RsaPad),
        (true, None, Padding::Hashed),
        (false, Some(2), Padding::RsaPad),
        (false, Some(10_002), Padding::Hashed),
        (false, Some(-2), Padding::RsaPad),
    ];
    for (old_method, dc, padding) in forms {
        let mut client = world.client(2).await;
        let mut exchange = client.ask(old_method).await.unwrap();
        let inner = exchange.inner(dc);
        exchange.ask_params(&mut client, inner, padding).await.unwrap();
        let (answer, key) = exchange.finish(&mut client, None, 0).await.unwrap();
        let enums::SetClientDhParamsAnswer::DhGenOk(answer) = answer else { panic!("{answer:?}") };
        assert_eq!(answer.new_nonce_hash1, new_nonce_hash(&key, &exchange.new_nonce, 1));
        client.take_key(key, &exchange);
        let call = client.send(init(method(7))).await;
        assert_eq!(client.result_of(call).await, method(7), "{old_method} {dc:?} {padding:?}");
    }
    assert_eq!(world.cluster.keys().ids(2).len(), 5);
}

#[tokio::test]
async fn a_wrong_nonce_ends_the_handshake_wherever_it_is() {
    let world = World::echo().await;
    for which in 0..5 {
        let mut client = world.client(1).await;
        let mut exchange = client.ask(false).await.unwrap();
        let right = (exchange.nonce, exchange.server_nonce);
        match which {
            0 => exchange.nonce[0] ^= 1,
            1 => exchange.server_nonce[0] ^= 1,
            _ => {}
        }
        let mut inner = exchange.inner(None);
        if which == 2 {
            // Only what is under the server's key: its last 32 bytes are the new nonce, those before are nonces.
            let nonces = inner.len() - 64;
            inner[nonces] ^= 1;
        }
        let asked = exchange.ask_params(&mut client, inner, Padding::RsaPad).await;
        if which < 3 {
            assert_eq!(asked, Err(-404), "{which}");
            continue;
        }
        asked.unwrap();
        match which {
            3 => exchange.nonce = [3; 16],
            _ => exchange.new_nonce = [3; 32],
        }
        assert_eq!(exchange.finish(&mut client, None, 0).await.err(), Some(-404), "{which}");
        assert_eq!(right.1, exchange.server_nonce);
    }
    assert!(world.cluster.keys().ids(1).is_empty());
}

#[tokio::test]
async fn wrong_factors_keys_and_data_are_refused() {
    let world = World::echo().await;
    let mut client = world.client(1).await;
    let mut exchange = client.ask(false).await.unwrap();
    exchange.pq = 1_000_003 * 1_000_033;
    let inner = exchange.inner(None);
    assert_eq!(exchange.ask_params(&mut client, inner, Padding::RsaPad).await, Err(-404));

    let mut client = world.client(1).await;
    let mut exchange = client.ask(false).await.unwrap();
    exchange.fingerprint ^= 1;
    let inner = exchange.inner(None);
    assert_eq!(exchange.ask_params(&mut client, inner, Padding::RsaPad).await, Err(-404));

    let mut client = world.client(1).await;
    let mut exchange = client.ask(false).await.unwrap();
    assert_eq!(exchange.ask_params(&mut client, vec![1; 100], Padding::RsaPad).await, Err(-404));
}

#[tokio::test]
async fn a_key_for_another_data_centre_is_refused() {
    let world = World::echo().await;
    let mut client = world.client(2).await;
    let mut exchange = client.ask(false).await.unwrap();
    let inner = exchange.inner(Some(1));
    assert_eq!(exchange.ask_params(&mut client, inner, Padding::RsaPad).await, Err(-444));
}

#[tokio::test]
async fn a_temporary_key_is_refused() {
    let world = World::echo().await;
    let mut client = world.client(2).await;
    let mut exchange = client.ask(false).await.unwrap();
    let inner = enums::PQInnerData::Temp(types::PQInnerDataTemp {
        pq: exchange.pq.to_be_bytes().to_vec(),
        p: Vec::new(),
        q: Vec::new(),
        nonce: exchange.nonce,
        server_nonce: exchange.server_nonce,
        new_nonce: exchange.new_nonce,
        expires_in: 60,
    });
    assert_eq!(exchange.ask_params(&mut client, inner.to_bytes(), Padding::RsaPad).await, Err(-404));
}

#[tokio::test]
async fn a_half_of_the_exchange_that_is_out_of_range_makes_no_key() {
    let world = World::echo().await;
    for half in [BigUint::from(1_u8), BigUint::from(1_u8) << 1000] {
        let mut client = world.client(3).await;
        let mut exchange = client.ask(false).await.unwrap();
        let inner = exchange.inner(None);
        exchange.ask_params(&mut client, inner, Padding::RsaPad).await.unwrap();
        let (answer, _) = exchange.finish(&mut client, Some(half), 0).await.unwrap();
        assert!(matches!(answer, enums::SetClientDhParamsAnswer::DhGenFail(_)), "{answer:?}");
    }
    assert!(world.cluster.keys().ids(3).is_empty());
}

#[test]
fn a_key_whose_id_is_taken_is_made_again() {
    let mut handshake = Handshake::new(1);
    let request = functions::ReqPqMulti { nonce: [5; 16] }.to_bytes();
    let mut exchange = Exchange::new(&handshake.step(&request, 0, |_| false).unwrap().answer);
    let inner = exchange.inner(Some(1));
    let now_s = machine_now().as_secs();
    let request = exchange.params_request(&inner, Padding::RsaPad);
    exchange.take_params(&handshake.step(&request, now_s, |_| false).unwrap().answer);

    let (request, refused) = exchange.half(None, 0);
    let step = handshake.step(&request, now_s, |_| true).unwrap();
    assert!(step.made.is_none());
    let enums::SetClientDhParamsAnswer::DhGenRetry(answer) =
        enums::SetClientDhParamsAnswer::from_bytes(&step.answer).unwrap()
    else {
        panic!("the key was not refused")
    };
    assert_eq!(answer.new_nonce_hash2, new_nonce_hash(&refused, &exchange.new_nonce, 2));

    let (request, key) = exchange.half(None, auxiliary_hash(&refused));
    let step = handshake.step(&request, now_s, |_| false).unwrap();
    assert!(step.made.is_some_and(|made| made.key == key));
}

#[tokio::test]
async fn steps_out_of_order_and_other_open_messages_are_refused() {
    let world = World::echo().await;
    let set = functions::SetClientDhParams { nonce: [0; 16], server_nonce: [0; 16], encrypted_data: vec![] };
    for body in [set.to_bytes(), functions::help::GetConfig {}.to_bytes(), Vec::new()] {
        let mut client = world.client(1).await;
        assert_eq!(client.open(&body).await, Err(-404));
        assert!(client.packet().await.is_none());
    }
}

#[tokio::test]
async fn every_handshake_has_a_number_of_its_own() {
    let world = World::echo().await;
    let mut client = world.client(1).await;
    let first = client.ask(false).await.unwrap();
    let second = client.ask(false).await.unwrap();
    assert_ne!((first.pq, first.server_nonce), (second.pq, second.server_nonce));
}

//! The life of connections, and the network in between.

use std::sync::Arc;
use std::time::Duration;

use grammers_tl_types::{Identifiable as _, Serializable as _, enums, functions, types};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::network::NetworkSettings;
use super::super::rpc::Outcome;
use super::World;
use super::client::{init, method};

#[tokio::test]
async fn a_service_hears_of_a_connection_when_it_begins_and_when_it_ends() {
    let world = World::echo().await;
    let idle = world.client(1).await;
    let client = world.ready(1).await;
    assert_eq!(world.service.events(1).await, ["opened 2"]);
    drop(client);
    assert_eq!(world.service.events(2).await, ["opened 2", "closed 2"]);
    drop(idle);
    let _other = world.ready(2).await;
    assert_eq!(world.service.events(3).await[2..], ["opened 3"]);
}

#[tokio::test]
async fn the_end_of_a_socket_is_noticed_however_slow_the_network_is() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    world
        .cluster
        .network()
        .set(NetworkSettings { round_trip: Duration::from_hours(1), bytes_per_second: Some(1) });
    client.send(method(1)).await;
    drop(client);
    assert_eq!(world.service.events(2).await[1], "closed 1");
    assert_eq!(world.service.count(), 1);
}

#[tokio::test]
async fn a_slow_network_delays_answers() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let round_trip = Duration::from_millis(120);
    world.cluster.network().set(NetworkSettings { round_trip, bytes_per_second: None });
    let started = Instant::now();
    let calls = [client.send(method(1)).await, client.send(method(1)).await];
    client.result_of(calls[0]).await;
    assert!(started.elapsed() >= round_trip);
}

#[tokio::test]
async fn what_a_client_waits_for_is_counted() {
    let world = World::echo().await;
    let round_trips = || world.cluster.network().round_trips();
    let mut client = world.client(1).await;
    client.make_key().await.unwrap();
    assert_eq!(round_trips(), 1 + 3, "a connection, and the steps of a handshake");
    let call = client.send(init(method(1))).await;
    client.result_of(call).await;
    assert_eq!(round_trips(), 5);
    client.send(enums::MsgsAck::Ack(types::MsgsAck { msg_ids: vec![1] }).to_bytes()).await;
    let call = client.send(method(2)).await;
    client.result_of(call).await;
    assert_eq!(round_trips(), 6, "nobody waits for an answer to an acknowledgement");
    client.salt += 1;
    client.send(method(3)).await;
    client.expect(types::BadServerSalt::CONSTRUCTOR_ID).await;
    assert_eq!(round_trips(), 7, "a refused message was waited for, too");
}

#[tokio::test]
async fn a_call_has_its_effect_when_its_client_has_left() {
    let (started, gate, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let world = World::new({
        let (started, gate, done) = (Arc::clone(&started), Arc::clone(&gate), Arc::clone(&done));
        move |_, body| {
            let (started, gate, done) = (Arc::clone(&started), Arc::clone(&gate), Arc::clone(&done));
            let waits = body[4] == 1;
            Box::pin(async move {
                if waits {
                    started.notify_one();
                    gate.notified().await;
                    done.notify_one();
                }
                Outcome::Answer(vec![0; 4])
            })
        }
    })
    .await;
    let mut client = world.ready(1).await;
    let call = client.send(method(1)).await;
    let mut again = client.again(client.address()).await;
    drop(client);
    started.notified().await;
    assert!(world.service.events(2).await.contains(&"closed 1".to_owned()));
    // Its answer comes over the session's next connection.
    again.send(functions::Ping { ping_id: 1 }.to_bytes()).await;
    again.expect(types::Pong::CONSTRUCTOR_ID).await;
    gate.notify_one();
    done.notified().await;
    assert_eq!(again.result_of(call).await, [0; 4]);
}

#[tokio::test]
async fn a_service_can_drop_a_connection() {
    let world = World::new(|_, body| {
        let outcome = if body[4] == 1 { Outcome::Drop } else { Outcome::Answer(vec![0; 4]) };
        Box::pin(async { outcome })
    })
    .await;
    let mut client = world.ready(1).await;
    client.send(method(1)).await;
    assert!(client.packet().await.is_none());
    assert_eq!(world.service.events(2).await, ["opened 1", "closed 1"]);
}

#[tokio::test]
async fn a_connection_ends_when_its_client_stops_pinging() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    client.send(functions::PingDelayDisconnect { ping_id: 1, disconnect_delay: 0 }.to_bytes()).await;
    client.expect(types::Pong::CONSTRUCTOR_ID).await;
    assert!(client.packet().await.is_none());
}

#[tokio::test]
async fn tests_can_disconnect_a_key_and_stop_everything() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    world.cluster.disconnect(client.key.unwrap().1);
    assert!(client.packet().await.is_none());
    let mut other = world.ready(2).await;
    world.shutdown.cancel();
    assert!(other.packet().await.is_none());
    world.cluster.stopped().await;
}

#[tokio::test]
async fn three_data_centres_listen_and_two_have_an_address_for_files() {
    let world = World::echo().await;
    let addresses = world.cluster.addresses();
    let kinds: Vec<_> = addresses.iter().map(|address| (address.dc, address.media)).collect();
    assert_eq!(kinds, [(1, false), (1, true), (2, false), (2, true), (3, false)]);
    let expected = [0, 2, 4].map(|index| format!("{}={}", kinds[index].0, addresses[index].address));
    assert_eq!(world.cluster.dcs(), expected.join(","));
}

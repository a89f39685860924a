//! Calls: what reaches the service, and how its answers reach the client.

use std::sync::Arc;

use grammers_tl_types::{Deserializable as _, Serializable as _, enums, functions, types};
use tokio::sync::Notify;

use super::super::messages::{PACKED, constructor};
use super::super::rpc::{Outcome, RpcError};
use super::World;
use super::client::{Query, init, method};

#[tokio::test]
async fn a_service_learns_who_calls() {
    let world = World::echo().await;
    let mut client = world.client_of(2, true).await;
    client.make_key().await.unwrap();
    let query = functions::InvokeWithoutUpdates { query: Query(method(4)) };
    let call = client.send(init(query.to_bytes())).await;
    assert_eq!(client.result_of(call).await, method(4));
    let call = client.send(method(5)).await;
    assert_eq!(client.result_of(call).await, method(5));
    let calls = world.service.calls.lock().unwrap();
    for (caller, without_updates) in calls.iter().zip([true, false]) {
        assert_eq!((caller.dc, caller.media, caller.layer), (2, true, 230));
        assert_eq!((caller.key, caller.api_id), (client.key.unwrap().1, Some(12345)));
        assert_eq!(caller.device.as_ref().unwrap().device_model, "test");
        assert_eq!(caller.without_updates, without_updates);
    }
}

#[tokio::test]
async fn a_key_has_to_be_introduced_once() {
    let world = World::echo().await;
    let mut client = world.client(1).await;
    client.make_key().await.unwrap();
    let call = client.send(method(1)).await;
    assert_eq!(client.error_of(call).await, (400, "CONNECTION_NOT_INITED".to_owned()));
    assert_eq!(world.service.count(), 0);
    let call = client.send(init(method(1))).await;
    client.result_of(call).await;
    let mut again = client.again(client.address()).await;
    again.session += 1;
    let call = again.send(method(2)).await;
    assert_eq!(again.result_of(call).await, method(2));
}

#[tokio::test]
async fn errors_and_malformed_calls_have_their_names() {
    let world = World::new(|_, body| {
        let error = RpcError::unknown_method(constructor(body));
        Box::pin(async { Outcome::Error(error) })
    })
    .await;
    let mut client = world.ready(1).await;
    let call = client.send(0x1234_u32.to_le_bytes().to_vec()).await;
    assert_eq!(client.error_of(call).await, (400, "INPUT_METHOD_INVALID_4660".to_owned()));
    let call = client.send(init(Vec::new())).await;
    assert_eq!(client.error_of(call).await, (400, "INPUT_FETCH_ERROR".to_owned()));
}

#[tokio::test]
async fn a_large_answer_comes_packed() {
    let world = World::new(|_, _| Box::pin(async { Outcome::Answer(vec![3; 5000]) })).await;
    let mut client = world.ready(1).await;
    let call = client.send(method(1)).await;
    let value = client.result_of(call).await;
    assert_eq!(constructor(&value), PACKED);
    assert!(value.len() < 500);
}

#[tokio::test]
async fn a_call_that_hangs_keeps_no_other_waiting() {
    let gate = Arc::new(Notify::new());
    let world = World::new({
        let gate = Arc::clone(&gate);
        move |_, body| {
            let (gate, body) = (Arc::clone(&gate), body.to_vec());
            Box::pin(async move {
                match body[4] {
                    1 => Outcome::Hang,
                    2 => {
                        gate.notified().await;
                        Outcome::Answer(body)
                    }
                    _ => Outcome::Answer(body),
                }
            })
        }
    })
    .await;
    let mut client = world.ready(1).await;
    client.send(method(1)).await;
    let slow = client.send(method(2)).await;
    let quick = client.send(method(3)).await;
    assert_eq!(client.result_of(quick).await, method(3));
    gate.notify_one();
    assert_eq!(client.result_of(slow).await, method(2));
}

#[tokio::test]
async fn a_message_that_comes_again_is_answered_again_and_not_run_again() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let call = client.send(method(1)).await;
    assert_eq!(client.result_of(call).await, method(1));
    client.send_as(call, method(1)).await;
    assert_eq!(client.result_of(call).await, method(1));
    let mut again = client.again(client.address()).await;
    again.send_as(call, method(1)).await;
    assert_eq!(again.result_of(call).await, method(1));
    assert_eq!(world.service.count(), 2, "the first is the introduction");
}

#[tokio::test]
async fn a_call_can_wait_for_another_and_fails_with_it() {
    let gate = Arc::new(Notify::new());
    let world = World::new({
        let gate = Arc::clone(&gate);
        move |_, body| {
            let (gate, body) = (Arc::clone(&gate), body.to_vec());
            Box::pin(async move {
                if body[4] == 1 {
                    gate.notified().await;
                    return Outcome::Error(RpcError::new(400, "NO"));
                }
                Outcome::Answer(body)
            })
        }
    })
    .await;
    let mut client = world.ready(1).await;
    let first = client.send(method(1)).await;
    let query = Query(method(2));
    let second = client.send(functions::InvokeAfterMsg { msg_id: first, query }.to_bytes()).await;
    assert!(client.is_quiet().await);
    gate.notify_one();
    assert_eq!(client.error_of(first).await, (400, "NO".to_owned()));
    assert_eq!(client.error_of(second).await, (400, "MSG_WAIT_FAILED".to_owned()));
}

#[tokio::test]
async fn an_answer_can_be_dropped_while_it_is_made() {
    let gate = Arc::new(Notify::new());
    let world = World::new({
        let gate = Arc::clone(&gate);
        move |_, body| {
            let (gate, body) = (Arc::clone(&gate), body.to_vec());
            Box::pin(async move {
                if body[4] == 1 {
                    gate.notified().await;
                }
                Outcome::Answer(body)
            })
        }
    })
    .await;
    let mut client = world.ready(1).await;
    let call = client.send(method(1)).await;
    let dropped = client.send(functions::RpcDropAnswer { req_msg_id: call }.to_bytes()).await;
    let running = enums::RpcDropAnswer::RpcAnswerDroppedRunning.to_bytes();
    assert_eq!(client.result_of(call).await, running);
    assert_eq!(client.result_of(dropped).await, running);
    gate.notify_one();
    let unknown = client.send(functions::RpcDropAnswer { req_msg_id: 4 }.to_bytes()).await;
    let answer = enums::RpcDropAnswer::from_bytes(&client.result_of(unknown).await).unwrap();
    assert_eq!(answer, enums::RpcDropAnswer::RpcAnswerUnknown);
}

#[tokio::test]
async fn what_nobody_asked_for_can_be_sent() {
    let world = World::echo().await;
    let mut client = world.ready(1).await;
    let updates = enums::Updates::TooLong.to_bytes();
    assert_eq!(world.cluster.push(1, client.key.unwrap().1, &updates), 1);
    let content = client.next().await;
    assert_eq!((content.body, content.id & 3), (updates, 3));
    assert_eq!(world.cluster.push(2, client.key.unwrap().1, &[]), 0);
    let ack = types::MsgsAck { msg_ids: vec![content.id] };
    client.send(enums::MsgsAck::Ack(ack).to_bytes()).await;
    assert!(client.is_quiet().await);
}

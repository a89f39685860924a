//! A thousand commands while Telegram asks for patience and workers die.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use lambdagram_domain::receipt::ACCEPTING_TIME;
use lambdagram_tests::aws::Service as AwsService;
use lambdagram_tests::aws::faults::Effect;
use reqwest::StatusCode;
use serde_json::json;

use super::support::{Service, message, texts};
use crate::faults::{Random, SIDES, fault};
use crate::support::TestStack;

const CHATS: i64 = 50;
const EACH: usize = 20;
const WAITS: usize = 100;
const KILLS: usize = 80;
const KILLED_REQUESTS: usize = 10;

/// Enqueues the commands of one chat, one after the other, each again until it is accepted; their ids.
async fn enqueue_all(service: &Service<'_>, chat_id: i64) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..EACH {
        let (key, body) = (format!("{chat_id}-{number}"), message(chat_id, &number.to_string()));
        loop {
            let request = service.request(reqwest::Method::POST, "/enqueue_command").json(&body);
            let answer = request.header("idempotency-key", format!("\"{key}\"")).send().await.unwrap();
            let status = answer.status();
            let told: serde_json::Value = answer.json().await.unwrap();
            match status {
                StatusCode::ACCEPTED => ids.push(told["id"].as_str().unwrap().to_owned()),
                // The function was killed, or its first try may still be at work.
                StatusCode::BAD_GATEWAY | StatusCode::CONFLICT => {
                    service.stack.stack.clock().advance(ACCEPTING_TIME);
                    continue;
                }
                status => panic!("{status} {told}"),
            }
            break;
        }
    }
    ids
}

#[tokio::test]
async fn a_thousand_commands_over_fifty_chats_arrive_in_order_and_none_is_lost() {
    let parameters = [("UnresolvedSends", "retry"), ("CommandsPerMinute", "100000")];
    let stack = TestStack::start_with_parameters(&parameters).await;
    let mut random = Random(0x0c0f_fee5);
    for _ in 0..WAITS {
        let seconds = 1 + random.below(90);
        let chat_id = 1 + random.below(usize::try_from(CHATS).unwrap());
        let error = format!("429:{seconds}");
        stack.fault(json!({"method": "sendMessage", "error": error, "times": 1, "chat_id": chat_id})).await;
    }
    let update = (AwsService::DynamoDb, "UpdateItem");
    for _ in 0..KILLS {
        let (after_calls, when) = (u32::try_from(random.below(30)).unwrap(), SIDES[random.below(2)]);
        stack.plan(fault("BotWorker", update, after_calls, when, Effect::Kill));
    }
    let accept = (AwsService::Sqs, "SendMessage");
    for _ in 0..KILLED_REQUESTS {
        let (after_calls, when) = (u32::try_from(random.below(60)).unwrap(), SIDES[random.below(2)]);
        stack.plan(fault("EnqueueCommand", accept, after_calls, when, Effect::Kill));
    }

    let service = stack.service("notifier").await;
    let ids = join_all((1..=CHATS).map(|chat_id| enqueue_all(&service, chat_id))).await;
    stack.stack.settle().await;

    let unresolved: BTreeSet<String> = stack.unresolved_jobs();
    let mut repeated = BTreeSet::new();
    let expected: Vec<String> = (0..EACH).map(|number| number.to_string()).collect();
    for (chat_id, ids) in (1..=CHATS).zip(&ids) {
        let mut arrived = texts(&stack, chat_id);
        for pair in arrived.windows(2).filter(|pair| pair[0] == pair[1]) {
            repeated.insert(ids[pair[0].parse::<usize>().unwrap()].clone());
        }
        arrived.dedup();
        assert_eq!(arrived, expected, "chat {chat_id}");
    }
    assert!(
        repeated.is_subset(&unresolved),
        "repeated outside the window: {repeated:?}, unresolved {unresolved:?}"
    );
    let rows = stack.rows("jobstable").await;
    let all: BTreeSet<_> = ids.iter().flatten().map(String::as_str).collect();
    assert_eq!((all.len(), rows.len()), (EACH * ids.len(), EACH * ids.len()));
    assert!(rows.iter().all(|row| row["state"].as_s().unwrap() == "sent"), "every command is done");

    let waits = stack.stack.simulated().unwrap().faults().hits("sendMessage");
    let left = stack.stack.aws_faults().remaining();
    let of = |function: &str| left.iter().filter(|fault| fault.function.as_deref() == Some(function)).count();
    let (kills, killed_requests) = (KILLS - of("BotWorker"), KILLED_REQUESTS - of("EnqueueCommand"));
    assert!(
        waits >= 90 && kills >= 60 && killed_requests >= 5,
        "{waits} waits, {kills} and {killed_requests} kills"
    );
    stack.end_clean().await;
}

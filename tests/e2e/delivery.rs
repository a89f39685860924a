//! From the queue to the chat: order, waiting, retries, refusals, dead letters.

use serde_json::{Value, json};

use crate::support::{TestStack, picture};

const BLOCKED: &str = "Forbidden: bot was blocked by the user";

#[tokio::test]
async fn a_chat_that_must_wait_waits_and_others_go_on() {
    let stack = TestStack::start().await;
    stack
        .fault(json!({"method": "sendPhoto", "error": "429:60", "times": 1, "when": "before", "chat_id": 1}))
        .await;
    let waiting = stack.post(1, &picture(1)).await;
    let behind = stack.post(1, &picture(2)).await;
    stack.stack.simulated().unwrap().faults().hit("sendPhoto").await;
    let other = stack.post(2, &picture(3)).await;
    stack.sent(2, &other).await;
    assert_eq!(stack.state_of(1, &waiting).await["state"], "queued");
    assert_eq!(stack.state_of(1, &behind).await["state"], "queued");

    let before = stack.stack.clock().now_s();
    stack.stack.settle().await;
    assert!(stack.stack.clock().now_s() >= before + 50, "it waited as long as it was told");
    assert_eq!(stack.files(1).await, [picture(1), picture(2)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn being_told_to_wait_is_no_attempt_however_often() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "429:30", "times": 40, "when": "before"})).await;
    let id = stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, &id).await["state"], "sent");
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_short_wait_is_slept_through() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "429:1", "times": 1, "when": "before"})).await;
    stack.post(1, &picture(1)).await;
    let before = stack.stack.clock().offset_ms();
    stack.stack.settle().await;
    assert_eq!(stack.stack.clock().offset_ms(), before, "nothing went back to the queue");
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_person_who_blocked_the_bot_is_told_why_nothing_came() {
    let stack = TestStack::start().await;
    stack
        .fault(
            json!({"method": "sendPhoto", "error": format!("403:{BLOCKED}"), "times": 1, "when": "before"}),
        )
        .await;
    let refused = stack.post(1, &picture(1)).await;
    let next = stack.post(1, &picture(2)).await;
    stack.stack.settle().await;
    let expected = json!({"id": refused, "state": "refused", "reason": BLOCKED});
    assert_eq!(stack.state_of(1, &refused).await, expected);
    assert_eq!(stack.state_of(1, &next).await["state"], "sent");
    stack.end_clean().await;
}

#[tokio::test]
async fn failures_of_telegram_are_tried_again_in_order() {
    for error in ["500:Internal Server Error", "502:Bad Gateway", "401:Unauthorized"] {
        let stack = TestStack::start().await;
        stack.fault(json!({"method": "sendPhoto", "error": error, "times": 3, "when": "before"})).await;
        for number in 0..3 {
            stack.post(1, &picture(number)).await;
        }
        stack.stack.settle().await;
        assert_eq!(stack.files(1).await, (0..3).map(picture).collect::<Vec<_>>(), "{error}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_lost_connection_before_the_effect_costs_nothing() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "drop", "times": 2, "when": "before"})).await;
    let id = stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, &id).await["state"], "sent");
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn an_answer_lost_after_the_effect_is_the_one_window_for_a_second_copy() {
    let lost = json!({"method": "sendPhoto", "error": "drop", "times": 1, "when": "after"});
    for (policy, state, copies) in [("retry", "sent", 2), ("stop", "unknown", 1)] {
        let stack = TestStack::start_with_parameters(&[("UnresolvedSends", policy)]).await;
        stack.fault(lost.clone()).await;
        let id = stack.post(1, &picture(1)).await;
        stack.stack.settle().await;
        assert_eq!(stack.state_of(1, &id).await["state"], state, "{policy}");
        assert_eq!(stack.files(1).await, vec![picture(1); copies], "{policy}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_telegram_that_never_answers_is_given_up_before_the_function_is() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "hang", "times": 1, "when": "before"})).await;
    let id = stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, &id).await["state"], "sent");
    let timed_out = stack.logs.logs().into_iter().any(|line| line.line.contains("Task timed out"));
    assert!(!timed_out, "the worker recorded what happened before its own end");
    stack.end_clean().await;
}

#[tokio::test]
async fn what_telegram_does_not_take_as_a_photo_goes_as_a_document() {
    let stack = TestStack::start().await;
    let error = "400:Bad Request: IMAGE_PROCESS_FAILED";
    stack.fault(json!({"method": "sendPhoto", "error": error, "times": 1, "when": "before"})).await;
    stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    let chat = stack.chat(1);
    assert_eq!(chat.iter().map(|message| message.method.as_str()).collect::<Vec<_>>(), ["sendDocument"]);
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn after_the_last_attempt_a_job_lies_among_the_dead_letters_until_it_is_redriven() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "500:Internal Server Error", "times": 12, "when": "before"})).await;
    let id = stack.post(1, &picture(1)).await;
    let next = stack.post(1, &picture(2)).await;
    stack.stack.settle().await;
    let state = stack.state_of(1, &id).await;
    assert_eq!(
        (&state["state"], &state["reason"]),
        (&json!("failed"), &json!("Telegram failed with status 500"))
    );
    assert_eq!(stack.state_of(1, &next).await["state"], "sent");
    let letters: Vec<Value> =
        stack.dead_letters().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(letters, [json!({"id": id, "chat_id": 1, "work": {"kind": "photo"}})]);
    assert_eq!(stack.staged(), std::slice::from_ref(&id));

    // Redriven too early, it is buried again; nothing is lost to SQS's memory of the first burial.
    stack.fault(json!({"method": "sendPhoto", "error": "500:Internal Server Error", "times": 12, "when": "before"})).await;
    stack.redrive().await;
    stack.stack.settle().await;
    assert_eq!(stack.dead_letters().len(), 1);

    stack.redrive().await;
    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, &id).await, json!({"id": id, "state": "sent", "message_id": 2}));
    assert_eq!(stack.files(1).await, [picture(2), picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_photo_that_is_not_taken_after_a_short_wait_still_goes_as_a_document() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "429:1", "times": 1, "when": "before"})).await;
    let error = "400:Bad Request: PHOTO_INVALID_DIMENSIONS";
    stack.fault(json!({"method": "sendPhoto", "error": error, "times": 1, "when": "before"})).await;
    stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    assert_eq!(stack.chat(1)[0].method, "sendDocument");
    stack.end_clean().await;
}

#[tokio::test]
async fn a_message_that_is_no_job_is_buried_and_its_chat_goes_on() {
    let stack = TestStack::start().await;
    let queue = stack.bot_queue();
    let message = lambdagram_tests::aws::sqs::Send::grouped("no job", "1", "odd");
    stack.stack.sqs().send(&queue, message).unwrap();
    stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    assert_eq!(stack.dead_letters(), ["no job"]);
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end().await;
}

#[tokio::test]
async fn a_picture_that_is_gone_is_reported_and_not_waited_for() {
    let stack = TestStack::start().await;
    let job = json!({"id": "0a", "chat_id": 1, "work": {"kind": "photo"}}).to_string();
    let message = lambdagram_tests::aws::sqs::Send::grouped(job.clone(), "1", "0a");
    stack.stack.sqs().send(&stack.bot_queue(), message).unwrap();
    stack.stack.settle().await;
    assert_eq!(stack.dead_letters(), [job]);
    stack.end().await;
}

#[tokio::test]
async fn two_hundred_pictures_of_twenty_chats_arrive_once_each_and_in_order() {
    let stack = TestStack::start().await;
    stack.post_many(20, 10).await;
    stack.stack.settle().await;
    for person in 1..=20 {
        assert_eq!(stack.files(person).await, expected(person, 10), "chat {person}");
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn accepted_pictures_outlive_the_stack() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "sendPhoto", "error": "429:600", "times": 1, "when": "before"})).await;
    let id = stack.post(1, &picture(1)).await;
    stack.stack.simulated().unwrap().faults().hit("sendPhoto").await;
    let stack = stack.restart().await;
    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, &id).await["state"], "sent");
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

/// The pictures of a person, in the order in which [`TestStack::post_many`] posts them.
pub(crate) fn expected(person: i64, each: u32) -> Vec<Vec<u8>> {
    let person = u32::try_from(person).unwrap();
    (0..each).map(|number| picture(person * 1000 + number)).collect()
}

impl TestStack {
    /// `people` post `each` pictures, all people at once and each person one after the other. Returns the ids in order.
    pub(crate) async fn post_many(&self, people: i64, each: u32) -> Vec<Vec<String>> {
        let person = async |person: i64| {
            let mut ids = Vec::new();
            let init = self.init(person).await;
            for picture in expected(person, each) {
                ids.push(self.post_as(&init, &picture).await);
            }
            ids
        };
        futures_util::future::join_all((1..=people).map(person)).await
    }

    /// Returns once that picture of that person is sent, without pushing the clock.
    async fn sent(&self, person: i64, id: &str) {
        while self.state_of(person, id).await["state"] != "sent" {
            tokio::task::yield_now().await;
        }
    }

    /// The queue that feeds a function.
    pub(crate) fn queue_of(&self, function: &str) -> String {
        let functions = &self.stack.model().functions;
        let function = functions.iter().find(|found| found.logical_id == function).unwrap();
        function.queue_sources[0].queue.clone()
    }

    pub(crate) fn bot_queue(&self) -> String {
        self.queue_of("BotWorker")
    }

    /// Moves every dead letter of the bot back to the queue it came for, as an operator does.
    pub(crate) async fn redrive(&self) {
        self.redrive_queue("bot").await;
    }

    /// As [`Self::redrive`], of the queue with that in its name.
    pub(crate) async fn redrive_queue(&self, name: &str) {
        let dead = format!("lambdagram-local-{name}-dead.fifo");
        let source = format!("arn:aws:sqs:us-east-1:123456789012:{dead}");
        let destination = format!("arn:aws:sqs:us-east-1:123456789012:lambdagram-local-{name}.fifo");
        let request = self
            .http
            .post(&self.stack.endpoints().sqs)
            .header("x-amz-target", "AmazonSQS.StartMessageMoveTask");
        let body = json!({"SourceArn": source, "DestinationArn": destination});
        let answer =
            request.header("content-type", "application/x-amz-json-1.0").body(body.to_string()).send().await;
        let answer = answer.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        while self.stack.sqs().depth(&dead).visible > 0 {
            tokio::task::yield_now().await;
        }
    }
}

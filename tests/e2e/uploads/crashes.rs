//! Functions that are killed, at each step between the request and the message.

use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use lambdagram_tests::telegram::faults::Moment;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{BIG, Begun, SAVE_BIG_PART, SEND_MEDIA, SMALL, WORKER, bring, noise};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

const SIDES: [When; 2] = [When::Before, When::After];

/// Longer than a lease outlives the function that held it, and than a claim.
const OVER_S: u64 = 60;

/// More calls of a service than one invocation makes for a small file.
const MOST_CALLS: u32 = 40;

impl TestStack {
    fn kill_at(&self, function: &str, service: Service, after_calls: u32, when: When) {
        let (function, operation) = (Some(function.to_owned()), "*".to_owned());
        let fault = Fault { function, service, operation, after_calls, times: 1, when, effect: Effect::Kill };
        self.stack.aws_faults().add(fault);
    }

    /// Whether what was planned has happened; it does not happen any more.
    fn has_happened(&self) -> bool {
        let faults = self.stack.aws_faults();
        let has_happened = faults.remaining().is_empty();
        faults.clear();
        has_happened
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_around_any_call_of_aws_is_followed_by_one_that_goes_on() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    let mut kills = 0;
    for service in [Service::DynamoDb, Service::S3, Service::Sqs] {
        for when in SIDES {
            for after_calls in 0..MOST_CALLS {
                let before = stack.kept(PHONE);
                stack.kill_at(WORKER, service, after_calls, when);
                let begun = browser.upload(&stack, &file).await;
                stack.stack.settle().await;
                let row = format!("{service:?} {after_calls} {when:?}");
                let state = browser.state(&begun).await;
                assert_eq!(state["state"], "done", "{row}: {state}");
                stack.check_sent(browser.message_of(&begun).await, &file);
                assert_eq!(stack.kept(PHONE), before + 1, "{row}");
                stack.nothing_left().await;
                if !stack.has_happened() {
                    break;
                }
                kills += 1;
            }
        }
    }
    assert!(kills > 12, "{kills}");
    stack.pass(OVER_S);
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_telegram_has_its_request_is_followed_by_one_that_goes_on() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    for method in [SAVE_BIG_PART, SEND_MEDIA] {
        for when in [Moment::Before, Moment::After] {
            let (before, failed) = (stack.kept(PHONE), stack.failed(method));
            stack.fail(method, "hang", 1, when);
            let begun = browser.upload(&stack, &file).await;
            stack.fails(method, failed).await;
            assert_eq!(stack.stack.lambda().kill_running(WORKER), 1);
            stack.stack.settle().await;
            stack.check_sent(browser.message_of(&begun).await, &file);
            assert_eq!(stack.kept(PHONE), before + 1, "{method} {when:?}");
            stack.nothing_left().await;
        }
    }
    stack.pass(OVER_S);
    stack.end_uploads().await;
}

#[tokio::test]
async fn an_upload_whose_every_worker_dies_is_given_up() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    // The first read of the file ends each of them.
    let fault = Fault {
        function: Some(WORKER.to_owned()),
        service: Service::S3,
        operation: "GetObject".to_owned(),
        after_calls: 0,
        times: 1_000,
        when: When::Before,
        effect: Effect::Kill,
    };
    stack.stack.aws_faults().add(fault);
    let begun = browser.upload(&stack, &noise(SMALL)).await;
    stack.stack.settle().await;
    let used = 1_000 - stack.stack.aws_faults().remaining()[0].times;
    assert_eq!(used, 10);
    stack.stack.aws_faults().clear();
    super::cancelled::failed(
        &browser.state(&begun).await,
        "The file could not be sent after several attempts.",
    );
    assert_eq!(stack.kept(PHONE), before);
    stack.nothing_left().await;
    stack.pass(OVER_S);
    stack.end_uploads().await;
}

/// A request of an upload's owner, which is repeated when its function died.
#[derive(Clone, Copy, Debug)]
enum Request {
    Complete,
    Cancel,
    LogOut,
}

impl Request {
    const ALL: [Self; 3] = [Self::Complete, Self::Cancel, Self::LogOut];

    fn function(self) -> &'static str {
        match self {
            Self::Complete | Self::Cancel => "Uploads",
            Self::LogOut => "Logout",
        }
    }

    async fn send(self, browser: &mut Browser<'_>, begun: &Begun, parts: &Value) -> u16 {
        let answered = match self {
            Self::Complete => browser.complete(begun, parts).await,
            Self::Cancel => browser.cancel(begun).await,
            Self::LogOut => browser.post("/logout", &json!({})).await,
        };
        answered.status.as_u16()
    }
}

#[tokio::test]
async fn a_request_that_died_at_any_step_is_completed_by_its_repeat() {
    for request in Request::ALL {
        let stack = TestStack::start().await;
        for service in [Service::DynamoDb, Service::S3, Service::Sqs] {
            for when in SIDES {
                for after_calls in 0..MOST_CALLS {
                    let row = format!("{request:?} {service:?} {after_calls} {when:?}");
                    // Codes are counted by the hour.
                    stack.pass(3_600);
                    let mut browser = Browser::signed_in(&stack, PHONE).await;
                    let before = stack.kept(PHONE);
                    let file = noise(SMALL);
                    let (begun, parts) = browser.stage(&stack, &file).await;
                    stack.kill_at(request.function(), service, after_calls, when);
                    let first = request.send(&mut browser, &begun, &parts).await;
                    let has_happened = stack.has_happened();
                    assert_eq!(first == 502, has_happened, "{row}: {first}");
                    stack.pass(OVER_S);
                    if has_happened {
                        let again = request.send(&mut browser, &begun, &parts).await;
                        let is_gone = matches!(request, Request::LogOut) && again == 401;
                        assert!((200..300).contains(&again) || is_gone, "{row}: {again}");
                    }
                    stack.stack.settle().await;
                    if matches!(request, Request::Complete) {
                        stack.check_sent(browser.message_of(&begun).await, &file);
                        assert_eq!(stack.kept(PHONE), before + 1, "{row}");
                    } else {
                        assert_eq!(stack.kept(PHONE), before, "{row}");
                    }
                    if matches!(request, Request::LogOut) && has_happened {
                        // Nobody is there any more who could ask again: parts go with the bucket's lifecycle.
                        stack.pass(2 * 86_400);
                    }
                    stack.nothing_left().await;
                    if !has_happened {
                        break;
                    }
                }
            }
        }
        stack.end_uploads().await;
    }
}

/// Nobody sends the request again, but its sender looks what became of it.
#[tokio::test]
async fn a_completed_upload_that_was_not_queued_is_queued_by_a_look() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    for when in SIDES {
        let (begun, parts) = browser.stage(&stack, &file).await;
        stack.kill_at("Uploads", Service::Sqs, 0, when);
        assert_eq!(browser.complete(&begun, &parts).await.status, 502);
        stack.stack.settle().await;
        stack.pass(OVER_S);
        browser.state(&begun).await;
        stack.stack.settle().await;
        stack.check_sent(browser.message_of(&begun).await, &file);
    }
    stack.end_uploads().await;
}

/// A small file whose function died is not sent by anybody else; what it staged goes by itself.
#[tokio::test]
async fn a_form_whose_function_died_leaves_nothing_that_stays() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    let form = |browser: &Browser<'_>| {
        let part = reqwest::multipart::Part::bytes(file.clone()).file_name("a");
        let form = reqwest::multipart::Form::new().part("file", part);
        browser.request(Method::POST, "/upload_file").multipart(form)
    };
    for service in [Service::DynamoDb, Service::S3] {
        for when in SIDES {
            for after_calls in 0..MOST_CALLS {
                let row = format!("{service:?} {after_calls} {when:?}");
                stack.kill_at("UploadFile", service, after_calls, when);
                let request = form(&browser);
                let first = browser.send(request).await;
                let has_happened = stack.has_happened();
                assert_eq!(first.status == 502, has_happened, "{row}: {first:?}");
                stack.pass(OVER_S);
                if !has_happened {
                    break;
                }
                // A repeat is another upload.
                stack.check_sent(browser.send_file("a", &file, &[]).await, &file);
            }
        }
    }
    stack.stack.settle().await;
    let now = stack.stack.clock().now_s();
    for row in stack.uploads().await {
        let expires_at: u64 = row["expires_at"].as_n().unwrap().parse().unwrap();
        assert!(expires_at <= now + 4 * 86_400, "{row:?}");
    }
    // What the dead have staged is under the folder that the bucket's lifecycle empties.
    assert_eq!(stack.unfinished().await, [""; 0]);
    stack.end().await;
}

/// Parts that a page brings while the function that answers for them is dying.
#[tokio::test]
async fn an_upload_whose_beginning_died_leaves_nothing_that_stays() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let asked = json!({"name": "a", "size": SMALL});
    for service in [Service::DynamoDb, Service::S3] {
        for when in SIDES {
            for after_calls in 0..MOST_CALLS {
                stack.kill_at("Uploads", service, after_calls, when);
                let answered = browser.post("/uploads", &asked).await;
                if !stack.has_happened() {
                    assert_eq!(answered.status, 201);
                    let begun = Begun::read(&answered.body);
                    bring(&stack, &begun, &noise(SMALL)).await;
                    assert_eq!(browser.cancel(&begun).await.status, 204);
                    break;
                }
                assert_eq!(answered.status, 502);
            }
        }
    }
    for row in stack.uploads().await {
        assert!(row.contains_key("expires_at"), "{row:?}");
    }
    stack.pass(3 * 86_400);
    stack.nothing_left().await;
    stack.end().await;
}

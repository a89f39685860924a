//! Keys as people make and take them back, and what a request tells about them.

use lambdagram_domain::api_key::ApiKey;
use lambdagram_domain::time::UnixTime;
use lambdagram_tests::aws::Service as AwsService;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use reqwest::StatusCode;

use super::support::{Service, message, texts};
use crate::local::{Ended, local, run};
use crate::support::TestStack;

impl TestStack {
    /// `cargo run -- keys ...` beside this stack.
    async fn keys_command(&self, arguments: &[&str]) -> Ended {
        let data_dir = self.data_dir().to_str().unwrap();
        run(local(&[&["keys"], arguments, &["--data-dir", data_dir]].concat())).await
    }
}

#[tokio::test]
async fn a_key_made_beside_a_running_stack_works_at_once_until_it_is_revoked() {
    let stack = TestStack::start().await;
    let added = stack.keys_command(&["add", "the reports", "--role", "notifier"]).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let key = added.stdout.strip_suffix('\n').unwrap().to_owned();
    let id = ApiKey::parse(&key).unwrap().id().to_string();
    assert_eq!(added.stderr, format!("{id} has the role notifier. It is shown this once.\n"));
    let service = Service { stack: &stack, key };
    service.accepted(&message(7, "hi")).await;

    let listed = stack.keys_command(&["list"]).await.stdout;
    let [heads, row] = &listed.lines().collect::<Vec<_>>()[..] else { panic!("{listed}") };
    assert_eq!(heads.split_whitespace().collect::<Vec<_>>().join(" "), "id role made last used revoked name");
    let cells: Vec<_> = row.split_whitespace().collect();
    let [listed_id, role, made, used, revoked, "the", "reports"] = cells[..] else { panic!("{row}") };
    assert_eq!((listed_id, role, revoked), (id.as_str(), "notifier", "-"));
    assert!(made <= used, "{row}");

    assert_eq!(stack.keys_command(&["revoke", &id]).await.stdout, format!("{id} is revoked\n"));
    assert_eq!(service.enqueue(&message(7, "ho")).await.status, StatusCode::UNAUTHORIZED);
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["hi"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_mistake_is_told_in_one_line() {
    let stack = TestStack::start().await;
    for (arguments, reason) in [
        (
            vec!["add", "a", "--role", "king"],
            "there is no role king; functions/permissions.yaml has admin, member, notifier, responder",
        ),
        (vec!["add", "a\nb", "--role", "admin"], "a key's name has 1 to 64 characters, on one line"),
        (vec!["revoke", "0123456789ab"], "there is no key 0123456789ab"),
        (vec!["revoke", "nonsense"], "a key is named by the 12 digits behind its lg_"),
    ] {
        assert_eq!(stack.keys_command(&arguments).await, Ended::refused(reason), "{arguments:?}");
    }
    stack.end_clean().await;
    let nowhere = run(local(&["keys", "list", "--data-dir", "/nowhere"])).await;
    let reason = "no stack runs in /nowhere; start one, or name a table in AWS with --table";
    assert_eq!(nowhere, Ended::refused(reason));
}

/// How many calls a function makes to DynamoDB while `work` is done.
async fn calls<T>(stack: &TestStack, operation: &str, work: impl Future<Output = T>) -> u32 {
    const MANY: u32 = 1_000_000;
    stack.stack.aws_faults().add(Fault {
        function: Some("EnqueueCommand".to_owned()),
        service: AwsService::DynamoDb,
        operation: operation.to_owned(),
        after_calls: MANY,
        times: 1,
        when: When::Before,
        effect: Effect::Hang,
    });
    work.await;
    let counted = MANY - stack.stack.aws_faults().remaining()[0].after_calls;
    stack.stack.aws_faults().clear();
    counted
}

#[tokio::test]
async fn a_key_that_opens_nothing_costs_the_same_whatever_is_wrong_with_it() {
    let stack = TestStack::start().await;
    let (stored, revoked, unknown) = (ApiKey::generate(), ApiKey::generate(), ApiKey::generate());
    for key in [&stored, &revoked] {
        stack.store_key(key, "admin").await;
    }
    let now = UnixTime(stack.stack.clock().now_s());
    assert!(stack.keys().await.revoke(revoked.id(), now).await.unwrap());
    let wrong = format!("{}{}", &stored.encode()[..16], &unknown.encode()[16..]);
    let mut answers = Vec::new();
    for key in [wrong, revoked.encode(), unknown.encode()] {
        let service = Service { stack: &stack, key };
        let mut answered = None;
        let made =
            calls(&stack, "*", async { answered = Some(service.enqueue(&message(7, "hi")).await) }).await;
        let mut headers = answered.as_ref().unwrap().headers.clone();
        for of_each in ["x-request-id", "x-amzn-requestid", "x-amz-apigw-id", "date"] {
            headers.remove(of_each);
        }
        answers.push((made, headers, answered.unwrap().told()));
    }
    assert_eq!(answers[0].0, 1, "one look at the table");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    stack.end_clean().await;
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    let stack = TestStack::start().await;
    let key = ApiKey::generate();
    stack.store_key(&key, "notifier").await;
    let service = Service { stack: &stack, key: key.encode() };
    let used = async || stack.keys().await.get(key.id()).await.unwrap().unwrap().last_used_at;
    assert_eq!(used().await, None);
    service.accepted(&message(7, "1")).await;
    let first = used().await;
    assert!(first.is_some());
    stack.stack.clock().advance(std::time::Duration::from_secs(50));
    service.accepted(&message(7, "2")).await;
    assert_eq!(used().await, first);
    stack.stack.clock().advance(std::time::Duration::from_secs(20));
    service.accepted(&message(7, "3")).await;
    assert!(used().await > first);
    stack.stack.settle().await;
    stack.end_clean().await;
}

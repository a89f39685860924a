use aws_sdk_dynamodb::error::ProvideErrorMetadata;

use super::{PERSON, Services, is_silent, services, string};
use crate::aws::Service;
use crate::aws::faults::{Effect, Fault, When};

fn fault(service: Service, operation: &str, when: When, effect: Effect) -> Fault {
    Fault {
        function: Some("PostPhoto".to_owned()),
        service,
        operation: operation.to_owned(),
        after_calls: 0,
        times: 1,
        when,
        effect,
    }
}

async fn exists(services: &Services, id: &str) -> bool {
    let get = services.dynamodb(PERSON).get_item().table_name(services.jobs()).key("id", string(id));
    get.send().await.expect("an answer").item.is_some()
}

#[tokio::test]
async fn an_error_comes_in_the_services_own_shape() {
    let services = services().await;
    let throttled = Effect::Error { status: 400, code: "ThrottlingException".to_owned() };
    services.faults.add(fault(Service::DynamoDb, "PutItem", When::Before, throttled));
    let put = |id| {
        services.dynamodb("PostPhoto-1").put_item().table_name(services.jobs()).item("id", string(id)).send()
    };
    let error = put("a").await.expect_err("the fault");
    assert_eq!(error.code(), Some("ThrottlingException"));
    assert!(!exists(&services, "a").await);
    put("b").await.expect("the fault is over");

    let slow = Effect::Error { status: 503, code: "SlowDown".to_owned() };
    services.faults.add(fault(Service::S3, "PutObject", When::After, slow));
    let s3 = services.s3("PostPhoto-1");
    let put =
        s3.put_object().bucket(services.bucket()).key("photos/a").body(b"a".to_vec().into()).send().await;
    let error = put.expect_err("the fault");
    assert_eq!(error.code(), Some("SlowDown"));
    let head = services.s3(PERSON).head_object().bucket(services.bucket()).key("photos/a").send().await;
    assert!(head.is_ok());
}

#[tokio::test]
async fn others_do_not_notice_a_functions_fault() {
    let services = services().await;
    let fault = fault(Service::DynamoDb, "*", When::Before, Effect::Hang);
    services.faults.add(fault.clone());
    assert!(!exists(&services, "a").await);
    assert_eq!(services.faults.remaining(), [fault]);
}

#[tokio::test]
async fn a_killed_process_gets_no_answer_and_its_call_may_have_had_its_effect() {
    let services = services().await;
    for (when, id, effect) in [(When::Before, "before", false), (When::After, "after", true)] {
        services.faults.add(fault(Service::DynamoDb, "PutItem", when, Effect::Kill));
        let put = services.dynamodb("PostPhoto-3").put_item().table_name(services.jobs());
        assert!(is_silent(put.item("id", string(id)).send()).await);
        assert_eq!(exists(&services, id).await, effect, "{id}");
    }
    assert_eq!(services.killed(), ["PostPhoto-3", "PostPhoto-3"]);
}

#[tokio::test]
async fn a_hanging_call_kills_nobody() {
    let services = services().await;
    services.faults.add(fault(Service::Sqs, "SendMessage", When::After, Effect::Hang));
    let send = services
        .sqs("PostPhoto-3")
        .send_message()
        .queue_url(services.sqs.queue_url("lambdagram-local-bot.fifo"))
        .message_body("a")
        .message_group_id("a")
        .message_deduplication_id("a");
    assert!(is_silent(send.send()).await);
    assert_eq!(services.sqs.messages("lambdagram-local-bot.fifo").len(), 1);
    assert_eq!(services.killed(), [] as [&str; 0]);
}

//! Each function's key may do what its policy in the template says, and nothing else.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update};
use aws_sdk_s3::error::ProvideErrorMetadata;

use super::{PERSON, Services, services, string};

/// A call's outcome: `ok`, or the code of its error.
fn outcome<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code().unwrap_or("no code").to_owned(),
    }
}

/// What each of a function's calls comes to, in the order they are listed.
async fn calls(services: &Services, function: &str) -> [String; 10] {
    let key = format!("{function}-7");
    let (dynamodb, s3, sqs) = (services.dynamodb(&key), services.s3(&key), services.sqs(&key));
    let (jobs, limits, bucket) = (services.jobs(), services.limits(), services.bucket());
    let queue = services.sqs.queue_url("lambdagram-local-bot.fifo");
    [
        outcome(dynamodb.get_item().table_name(jobs).key("id", string("a")).send().await),
        outcome(dynamodb.put_item().table_name(jobs).item("id", string("a")).send().await),
        outcome(dynamodb.update_item().table_name(jobs).key("id", string("a")).send().await),
        outcome(dynamodb.delete_item().table_name(jobs).key("id", string("a")).send().await),
        outcome(dynamodb.update_item().table_name(limits).key("key", string("a")).send().await),
        outcome(s3.put_object().bucket(bucket).key("photos/a").body(b"a".to_vec().into()).send().await),
        outcome(s3.get_object().bucket(bucket).key("photos/a").send().await),
        outcome(s3.put_object().bucket(bucket).key("others/a").body(b"a".to_vec().into()).send().await),
        outcome(
            sqs.send_message()
                .queue_url(&queue)
                .message_body("a")
                .message_group_id("a")
                .message_deduplication_id(function)
                .send()
                .await,
        ),
        outcome(sqs.receive_message().queue_url(&queue).send().await),
    ]
}

/// What DynamoDB says to a call that no statement allows.
const NO: &str = "AccessDeniedException";
/// The same, as S3 and SQS say it.
const DENIED: &str = "AccessDenied";

#[tokio::test]
async fn a_function_may_do_just_what_its_policy_says() {
    let services = services().await;
    let put = services.s3(PERSON).put_object().bucket(services.bucket()).key("photos/a");
    put.body(b"a".to_vec().into()).send().await.expect("a picture");
    for (function, expected) in [
        ("PostPhoto", [NO, "ok", "ok", NO, "ok", "ok", DENIED, DENIED, "ok", DENIED]),
        ("GetPost", ["ok", NO, NO, NO, NO, DENIED, DENIED, DENIED, DENIED, DENIED]),
        ("MiniAppSession", [NO, NO, NO, NO, NO, DENIED, DENIED, DENIED, DENIED, DENIED]),
        ("TelegramWebhook", [NO, "ok", "ok", NO, NO, DENIED, DENIED, DENIED, "ok", DENIED]),
        ("BotWorker", [NO, NO, "ok", NO, NO, DENIED, "ok", DENIED, DENIED, "ok"]),
        ("Fallback", [NO, NO, NO, NO, NO, DENIED, DENIED, DENIED, DENIED, DENIED]),
    ] {
        assert_eq!(calls(&services, function).await, expected, "{function}");
    }
}

#[tokio::test]
async fn a_refusal_says_who_may_not_do_what() {
    let services = services().await;
    let get = services.dynamodb("Fallback-1").get_item().table_name(services.jobs()).key("id", string("a"));
    let error = get.send().await.expect_err("it is refused");
    assert_eq!(
        error.message(),
        Some(
            "User: arn:aws:sts::123456789012:assumed-role/FallbackRole/Fallback is not authorized to perform: \
             dynamodb:GetItem on resource: \
             arn:aws:dynamodb:us-east-1:123456789012:table/lambdagram-local-jobstable because no identity-based \
             policy allows the dynamodb:GetItem action"
        )
    );
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(400));
}

#[tokio::test]
async fn a_transaction_needs_the_permission_of_each_of_its_parts() {
    let services = services().await;
    let client = services.dynamodb("PostPhoto-1");
    let update = |table: &str, key: &str| {
        let update = Update::builder().table_name(table).key(key, string("a"));
        let update = update.update_expression("SET n = if_not_exists(n, :n)");
        let update = update.expression_attribute_values(":n", string("1")).build().expect("an update");
        TransactWriteItem::builder().update(update).build()
    };
    let allowed = client
        .transact_write_items()
        .transact_items(update(services.jobs(), "id"))
        .transact_items(update(services.limits(), "key"));
    assert_eq!(outcome(allowed.send().await), "ok");
    let delete =
        Delete::builder().table_name(services.jobs()).key("id", string("a")).build().expect("a delete");
    let refused = client
        .transact_write_items()
        .transact_items(update(services.jobs(), "id"))
        .transact_items(TransactWriteItem::builder().delete(delete).build());
    assert_eq!(outcome(refused.send().await), NO);
}

#[tokio::test]
async fn batches_have_permissions_of_their_own() {
    let services = services().await;
    let keys = aws_sdk_dynamodb::types::KeysAndAttributes::builder()
        .keys(std::collections::HashMap::from([("id".to_owned(), string("a"))]))
        .build()
        .expect("keys");
    let batch = |key| services.dynamodb(key).batch_get_item().request_items(services.jobs(), keys.clone());
    assert_eq!(outcome(batch("PostPhoto-1").send().await), NO);
    assert_eq!(outcome(batch(PERSON).send().await), "ok");
}

#[tokio::test]
async fn a_missing_object_is_a_secret_to_those_who_may_not_list() {
    let services = services().await;
    let get = |key| services.s3(key).get_object().bucket(services.bucket()).key("photos/none");
    assert_eq!(outcome(get(PERSON).send().await), "NoSuchKey");
    assert_eq!(outcome(get("BotWorker-1").send().await), "NoSuchKey");
    let mut model = super::repository::model();
    for function in &mut model.functions {
        function.policy.retain(|statement| !statement.actions.contains(&"s3:ListBucket".to_owned()));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let services = super::services_with(folder.path(), model).await;
    let get = services.s3("BotWorker-1").get_object().bucket(services.bucket()).key("photos/none");
    assert_eq!(outcome(get.send().await), DENIED);
}

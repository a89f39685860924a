use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

use super::{PERSON, repository, services, services_with, string};
use crate::aws::{AwsError, Front, Listeners, faults::Faults, iam::Policies};
use crate::clock::Clock;

#[tokio::test]
async fn tables_are_the_templates() {
    let services = services().await;
    let tables = services.dynamodb(PERSON).list_tables().send().await.expect("an answer").table_names;
    assert_eq!(
        tables.unwrap_or_default(),
        ["dispatches", "jobs", "keys", "limits", "media", "sessions", "uploads"]
            .map(|name| services.table(name))
    );
    let ttl = services.dynamodb(PERSON).describe_time_to_live().table_name(services.jobs()).send().await;
    let ttl = ttl.expect("an answer").time_to_live_description.expect("a description");
    assert_eq!(ttl.attribute_name(), Some("expires_at"));
}

#[tokio::test]
async fn conditional_writes_hold() {
    let services = services().await;
    let put = || {
        let put = services.dynamodb(PERSON).put_item().table_name(services.jobs()).item("id", string("a"));
        put.condition_expression("attribute_not_exists(id)").send()
    };
    put().await.expect("the first write");
    let error = put().await.expect_err("the second write").into_service_error();
    assert!(error.is_conditional_check_failed_exception());
}

#[tokio::test]
async fn a_failed_transaction_names_what_failed() {
    let services = services().await;
    let item = |table: &str, key: &str| {
        let put = Put::builder().table_name(table).item(key, string("a"));
        let put = put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", key);
        TransactWriteItem::builder().put(put.build().expect("a put")).build()
    };
    let client = services.dynamodb(PERSON);
    let write = || {
        client
            .transact_write_items()
            .transact_items(item(services.jobs(), "id"))
            .transact_items(item(services.limits(), "key"))
            .send()
    };
    write().await.expect("the first transaction");
    let error = write().await.expect_err("the second transaction").into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}")
    };
    let reasons: Vec<_> =
        cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
    assert_eq!(reasons, ["ConditionalCheckFailed", "ConditionalCheckFailed"]);
}

#[tokio::test]
async fn an_expired_item_is_still_there() {
    let services = services().await;
    let client = services.dynamodb(PERSON);
    let put = client.put_item().table_name(services.jobs()).item("id", string("old"));
    put.item("expires_at", AttributeValue::N("1".to_owned())).send().await.expect("a write");
    let got = client.get_item().table_name(services.jobs()).key("id", string("old")).send().await;
    assert!(got.expect("an answer").item.is_some());
}

#[tokio::test]
async fn items_and_objects_outlive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = services_with(folder.path(), repository::model()).await;
    let put = services.dynamodb(PERSON).put_item().table_name(services.jobs()).item("id", string("kept"));
    put.send().await.expect("a write");
    let put = services.s3(PERSON).put_object().bucket(services.bucket()).key("photos/kept");
    put.body(b"bytes".to_vec().into()).send().await.expect("a write");
    services.aws.stop().await;

    let services = services_with(folder.path(), repository::model()).await;
    let get = services.dynamodb(PERSON).get_item().table_name(services.jobs()).key("id", string("kept"));
    assert!(get.send().await.expect("an answer").item.is_some());
    let get = services.s3(PERSON).get_object().bucket(services.bucket()).key("photos/kept").send().await;
    let bytes = get.expect("an answer").body.collect().await.expect("bytes").into_bytes();
    assert_eq!(bytes, &b"bytes"[..]);
}

#[tokio::test]
async fn a_folder_with_another_key_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    services_with(folder.path(), repository::model()).await.aws.stop().await;
    let mut model = repository::model();
    model.tables[0].create["KeySchema"][0]["AttributeName"] = "other".into();
    let front = Front::new(Policies::default(), Faults::default(), std::sync::Arc::new(|_: &str| {}));
    let listeners = Listeners::bind().await.expect("free ports");
    let error = listeners.start(&model, folder.path(), &front, axum::Router::new(), Clock::default()).await;
    assert_eq!(
        error.expect_err("the folder is refused").to_string(),
        "lambdagram-local-jobstable: the data folder holds it with another key; use another folder or delete it"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let front = Front::new(Policies::default(), Faults::default(), std::sync::Arc::new(|_: &str| {}));
    let listeners = Listeners::bind().await.expect("free ports");
    let error =
        listeners.start(&repository::model(), &file, &front, axum::Router::new(), Clock::default()).await;
    let error = error.expect_err("the folder is refused");
    assert!(matches!(error, AwsError::Io { .. }));
    assert!(!error.to_string().contains('\n'));
}

//! The JSON protocol as an SDK speaks it, over a socket.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
    SendMessageBatchResultEntry,
};
use lambdagram_telegram::http::client_builder;

use super::Bench;
use crate::aws::sqs::attributes::arn;

/// Serves the queues on a port of their own; the URL of the endpoint.
pub(super) async fn serve(bench: &Bench) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    bench.sqs.set_endpoint(&endpoint);
    let router = bench.sqs.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    endpoint
}

/// A client without knowledge of the service.
pub(super) fn http_client() -> reqwest::Client {
    client_builder().build().expect("a client for this machine")
}

async fn client(bench: &Bench) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(serve(bench).await)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// The query code, the message and the status of a refusal, and the header that repeats the code.
fn refusal<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> (String, String, u16, String) {
    let error = result.err().expect("the request is refused");
    let response = error.raw_response().expect("there is an answer");
    let header = response.headers().get("x-amzn-query-error").unwrap_or_default().to_owned();
    let status = response.status().as_u16();
    let service = error.as_service_error().expect("it is the service's error");
    (service.code().unwrap().to_owned(), service.message().unwrap().to_owned(), status, header)
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

#[tokio::test]
async fn an_sdk_sends_receives_and_deletes_with_checksums_that_agree() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let url = client.get_queue_url().queue_name("work").send().await.unwrap().queue_url.unwrap();
    assert_eq!(url, bench.sqs.queue_url("work"));
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 159, 146]));
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("héllo \"<&>\" \r\n")
        .message_attributes("text", text("välue"))
        .message_attributes("bytes", binary.build().unwrap())
        .send()
        .await
        .unwrap();
    let received = client
        .receive_message()
        .queue_url(&url)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("t.*")
        .message_attribute_names("te.*")
        .message_attribute_names("bytes")
        .send()
        .await
        .unwrap();
    let [message] = received.messages() else { panic!("one message: {received:?}") };
    assert_eq!(message.body(), Some("héllo \"<&>\" \r\n"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(
        message.message_attributes().unwrap()["bytes"].binary_value(),
        Some(&Blob::new([0, 159, 146]))
    );
    assert_eq!(message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    let handle = message.receipt_handle().unwrap();
    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(handle)
        .visibility_timeout(60)
        .send()
        .await
        .unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    assert_eq!(bench.sqs.messages("work"), []);
}

#[tokio::test]
async fn queues_are_created_listed_in_pages_tagged_and_deleted() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let create = |timeout: &str| {
        client
            .create_queue()
            .queue_name("jobs.fifo")
            .attributes(QueueAttributeName::FifoQueue, "true")
            .attributes(QueueAttributeName::VisibilityTimeout, timeout)
            .tags("stage", "test")
            .send()
    };
    let url = create("45").await.unwrap().queue_url.unwrap();
    assert_eq!(create("45").await.unwrap().queue_url.as_deref(), Some(url.as_str()));
    assert_eq!(
        refusal(create("46").await),
        (
            "QueueAlreadyExists".into(),
            "A queue already exists with the same name and a different value for attribute VisibilityTimeout"
                .into(),
            400,
            "QueueAlreadyExists;Sender".into()
        )
    );
    let page = client.list_queues().max_results(2).send().await.unwrap();
    let rest =
        client.list_queues().max_results(2).set_next_token(page.next_token.clone()).send().await.unwrap();
    let urls = [page.queue_urls(), rest.queue_urls()].concat();
    assert_eq!(urls, ["jobs.fifo", "line.fifo", "work"].map(|name| bench.sqs.queue_url(name)));
    assert_eq!(rest.next_token, None);
    let prefixed = client.list_queues().queue_name_prefix("li").send().await.unwrap();
    assert_eq!(prefixed.queue_urls(), [bench.sqs.queue_url("line.fifo")]);

    client.tag_queue().queue_url(&url).tags("owner", "me").send().await.unwrap();
    client.untag_queue().queue_url(&url).tag_keys("stage").send().await.unwrap();
    let tags = client.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
    assert_eq!(tags, [("owner".to_owned(), "me".to_owned())].into());

    client.delete_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(refusal(create("45").await).0, "AWS.SimpleQueueService.QueueDeletedRecently");
    bench.advance_s(60);
    create("45").await.unwrap();
}

#[tokio::test]
async fn a_queue_is_described_with_its_settings_and_its_depth() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let url = bench.sqs.queue_url("line.fifo");
    bench.send_grouped("a", "a1");
    bench.send_grouped("b", "b1");
    bench.receive_one("line.fifo").await;
    client
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::DelaySeconds, "5")
        .send()
        .await
        .unwrap();
    let described = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let mut described = described.send().await.unwrap().attributes.unwrap();
    described.remove(&QueueAttributeName::CreatedTimestamp).unwrap();
    described.remove(&QueueAttributeName::LastModifiedTimestamp).unwrap();
    let mut described: Vec<_> = described.iter().map(|(name, value)| format!("{name}={value}")).collect();
    described.sort();
    assert_eq!(
        described,
        [
            "ApproximateNumberOfMessages=1",
            "ApproximateNumberOfMessagesDelayed=0",
            "ApproximateNumberOfMessagesNotVisible=1",
            "ContentBasedDeduplication=false",
            "DeduplicationScope=queue",
            "DelaySeconds=5",
            "FifoQueue=true",
            "FifoThroughputLimit=perQueue",
            "MaximumMessageSize=1048576",
            "MessageRetentionPeriod=345600",
            "QueueArn=arn:aws:sqs:us-east-1:123456789012:line.fifo",
            "ReceiveMessageWaitTimeSeconds=0",
            "SqsManagedSseEnabled=true",
            "VisibilityTimeout=30",
        ]
    );
}

#[tokio::test]
async fn errors_have_the_names_statuses_and_headers_of_the_service() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let work = bench.sqs.queue_url("work");
    assert_eq!(
        refusal(client.send_message().queue_url("http://x/1/none").message_body("a").send().await),
        (
            "AWS.SimpleQueueService.NonExistentQueue".into(),
            "The specified queue does not exist.".into(),
            400,
            "AWS.SimpleQueueService.NonExistentQueue;Sender".into()
        )
    );
    let delete = client.delete_message().queue_url(&work).receipt_handle("x").send().await;
    assert_eq!(refusal(delete).2, 404);
    client.purge_queue().queue_url(&work).send().await.unwrap();
    let (code, _, status, _) = refusal(client.purge_queue().queue_url(&work).send().await);
    assert_eq!((code.as_str(), status), ("AWS.SimpleQueueService.PurgeQueueInProgress", 403));
    let unknown = QueueAttributeName::from("Colour");
    let set = client.set_queue_attributes().queue_url(&work).attributes(unknown, "red").send().await;
    assert_eq!(refusal(set).1, "Unknown Attribute Colour.");
    let invalid = client.set_queue_attributes().queue_url(&work);
    let invalid = invalid.attributes(QueueAttributeName::VisibilityTimeout, "43201").send().await;
    assert_eq!(refusal(invalid).0, "InvalidAttributeValue");
    let name = client.create_queue().queue_name("a b").send().await;
    assert_eq!(
        refusal(name).1,
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    );
    let permission = client.add_permission().queue_url(&work).label("l").aws_account_ids("1").actions("*");
    assert_eq!(refusal(permission.send().await).3, "InvalidAction;Sender");
}

fn entry(id: impl Into<String>, body: impl Into<String>) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

#[tokio::test]
async fn a_batch_of_the_wrong_form_is_refused_as_a_whole() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let send = async |queue: &str, entries: Vec<SendMessageBatchRequestEntry>| {
        let batch =
            client.send_message_batch().queue_url(bench.sqs.queue_url(queue)).set_entries(Some(entries));
        let (code, message, ..) = refusal(batch.send().await);
        (code.trim_start_matches("AWS.SimpleQueueService.").to_owned(), message)
    };
    let named = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(
        send("work", vec![]).await,
        named(
            "EmptyBatchRequest",
            "There should be at least one SendMessageBatchRequestEntry in the request."
        )
    );
    assert_eq!(
        send("work", (0..11).map(|id| entry(id.to_string(), "a")).collect()).await,
        named(
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 11."
        )
    );
    assert_eq!(
        send("work", vec![entry("x", "a"), entry("x", "b")]).await,
        named("BatchEntryIdsNotDistinct", "Id x repeated.")
    );
    assert_eq!(send("work", vec![entry("a b", "a")]).await.0, "InvalidBatchEntryId");
    assert_eq!(
        send("work", vec![entry("a", "x".repeat(600_000)), entry("b", "x".repeat(448_577))]).await,
        named(
            "BatchRequestTooLong",
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
        )
    );
    assert_eq!(
        send("line.fifo", vec![entry("a", "a")]).await,
        named("InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
    );
    assert_eq!((bench.sqs.messages("work"), bench.sqs.messages("line.fifo")), (vec![], vec![]));
}

#[tokio::test]
async fn the_entries_of_a_batch_succeed_and_fail_on_their_own() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let url = bench.sqs.queue_url("work");
    let entries = vec![entry("good", "a"), entry("bad", "\u{1}"), entry("too", "b")];
    let sent = client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap();
    let ids: Vec<_> = sent.successful().iter().map(SendMessageBatchResultEntry::id).collect();
    assert_eq!(ids, ["good", "too"]);
    let [failed] = sent.failed() else { panic!("one failure: {sent:?}") };
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));

    let received = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let handles: Vec<_> =
        received.messages().iter().map(|message| message.receipt_handle().unwrap()).collect();
    let change = |id: &str, handle: &str, seconds: i32| {
        ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .visibility_timeout(seconds)
            .build()
            .unwrap()
    };
    let changed = client
        .change_message_visibility_batch()
        .queue_url(&url)
        .entries(change("fine", handles[0], 60))
        .entries(change("long", handles[1], 43_201))
        .send()
        .await
        .unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].id()), ("fine", "long"));
    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(delete("one", handles[0]))
        .entries(delete("none", "x"))
        .send()
        .await
        .unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].code()), ("one", "ReceiptHandleIsInvalid"));
    assert_eq!(bench.sqs.messages("work").len(), 1);
}

#[tokio::test]
async fn dead_letters_are_moved_back_by_a_task() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let (work, dead) = (bench.sqs.queue_url("work"), arn("dead"));
    client.create_queue().queue_name("dead").send().await.unwrap();
    let start = || client.start_message_move_task().source_arn(&dead).send();
    assert_eq!(refusal(start().await).0, "InvalidParameterValue");
    client
        .set_queue_attributes()
        .queue_url(&work)
        .attributes(
            QueueAttributeName::RedrivePolicy,
            format!(r#"{{"deadLetterTargetArn":"{dead}","maxReceiveCount":1}}"#),
        )
        .send()
        .await
        .unwrap();
    let sources = client.list_dead_letter_source_queues().queue_url(bench.sqs.queue_url("dead")).send();
    assert_eq!(sources.await.unwrap().queue_urls(), [work.as_str()]);
    bench.send("a");
    bench.receive_one("work").await;
    bench.advance_s(31);
    assert_eq!(bench.receive("work", 1).await, []);
    start().await.unwrap();
    let tasks = client.list_message_move_tasks().source_arn(&dead).send().await.unwrap();
    let [task] = tasks.results() else { panic!("one task: {tasks:?}") };
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 1));
    assert_eq!(bench.receive_bodies("work", 1).await, ["a"]);
    let cancel = client.cancel_message_move_task().task_handle("none").send().await;
    assert_eq!(refusal(cancel).2, 404);
    let missing = client.start_message_move_task().source_arn(arn("missing")).send().await;
    assert_eq!(refusal(missing).0, "ResourceNotFoundException");
}

#[tokio::test]
async fn what_is_no_action_or_no_json_is_refused_in_the_protocol_s_own_shape() {
    let bench = Bench::new();
    let endpoint = serve(&bench).await;
    let http = http_client();
    let ask = async |target: &str, body: &'static str| {
        let request = http.post(&endpoint).header("x-amz-target", target).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.0");
        let header = answer.headers()["x-amzn-query-error"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), header, answer.json::<serde_json::Value>().await.unwrap())
    };
    assert_eq!(
        ask("AmazonSQS.Explode", "{}").await,
        (
            400,
            "InvalidAction;Sender".into(),
            serde_json::json!({
                "__type": "com.amazon.coral.service#UnknownOperationException",
                "message": "The action Explode is not valid for this endpoint.",
            })
        )
    );
    assert_eq!(ask("DynamoDB.ListTables", "{}").await.0, 400);
    let (status, _, body) = ask("AmazonSQS.ListQueues", "{").await;
    assert_eq!((status, &body["__type"]), (400, &"com.amazon.coral.service#SerializationException".into()));
}

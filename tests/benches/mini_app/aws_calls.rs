//! What the calls that make up a `POST /post` take by themselves, against the same services of this machine.

use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName;
use lambdagram_tests::aws::{REGION, SECRET_ACCESS_KEY};
use lambdagram_tests::lambda::LogSink;

use crate::common::figures::{Times, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::requests::picture;

/// Calls of each kind.
const CALLS: usize = 200;

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let (endpoints, model) = (ours.stack.endpoints(), ours.stack.model());
    let dynamodb = aws_sdk_dynamodb::Client::new(&config(&endpoints.dynamodb));
    let sqs = aws_sdk_sqs::Client::new(&config(&endpoints.sqs));
    let s3 = aws_sdk_s3::config::Builder::from(&config(&endpoints.s3)).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);

    let jobs = ours.jobs_table()?;
    let limits = model.tables.iter().find(|table| table.name.contains("limits"));
    let limits = limits.ok_or("the template has no table of limits")?.name.as_str();
    let bucket = model.buckets.first().ok_or("the template has no bucket")?.name.as_str();
    let queue = sqs.create_queue().queue_name("bench.fifo").attributes(QueueAttributeName::FifoQueue, "true");
    let queue = queue.send().await?.queue_url.ok_or("a queue has an address")?;
    let picture = picture()?;

    let (mut transaction, mut put) = (Times::default(), Times::default());
    let (mut send, mut update) = (Times::default(), Times::default());
    for call in 0..CALLS {
        let id = AttributeValue::S(format!("bench-{call}"));
        let receipt = Put::builder().table_name(jobs).item("id", id.clone());
        let receipt = receipt.condition_expression("attribute_not_exists(id)").build()?;
        let count = Update::builder().table_name(limits).key("key", id.clone());
        let count = count.update_expression("ADD events :one");
        let count = count.expression_attribute_values(":one", AttributeValue::N("1".to_owned())).build()?;
        let both = dynamodb.transact_write_items();
        let both = both.transact_items(TransactWriteItem::builder().put(receipt).build());
        let both = both.transact_items(TransactWriteItem::builder().update(count).build());
        transaction.push(timed(both.send()).await?);

        let key = format!("bench/{call}");
        let object = s3.put_object().bucket(bucket).key(key).body(ByteStream::from(picture.clone()));
        put.push(Box::pin(timed(object.send())).await?);

        let message =
            sqs.send_message().queue_url(&queue).message_body("{}").message_group_id(call.to_string());
        send.push(timed(message.message_deduplication_id(call.to_string()).send()).await?);

        let queued = dynamodb.update_item().table_name(jobs).key("id", id);
        let queued =
            queued.update_expression("SET queued = :yes").condition_expression("attribute_exists(id)");
        let queued = queued.expression_attribute_values(":yes", AttributeValue::Bool(true));
        update.push(timed(queued.send()).await?);
    }
    let row = |name: &str, times: &Times| [name.to_owned(), ms(times.median()), ms(times.percentile(99))];
    let rows = [
        row("DynamoDB, the receipt and the limit in one transaction", &transaction),
        row("S3, the picture", &put),
        row("SQS, the job", &send),
        row("DynamoDB, `queued` in the receipt", &update),
    ];
    print(
        &format!("{CALLS} calls of each kind to the services of this machine"),
        ["call", "p50", "p99"],
        &rows,
    );
    ours.stop().await;
    Ok(())
}

fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("bench", SECRET_ACCESS_KEY, None, None, "bench");
    let http_client = aws_smithy_http_client::Builder::new().build_http();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(http_client)
        .endpoint_url(endpoint)
        .build()
}

async fn timed<T, E>(call: impl Future<Output = Result<T, E>>) -> Result<Duration, E> {
    let started = Instant::now();
    call.await?;
    Ok(started.elapsed())
}

//! The query protocol as older SDKs speak it: forms and XML.

use super::Bench;
use super::protocol::{http_client, serve};

/// Posts a form; the status and the answer, its request id blanked.
async fn post(url: &str, form: &str) -> (u16, String) {
    let request = http_client().post(url).body(form.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let answer = request.send().await.unwrap();
    let id = answer.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    let status = answer.status().as_u16();
    (status, answer.text().await.unwrap().replace(&id, "ID"))
}

const METADATA: &str = "<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>";
const NAMESPACE: &str = "xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"";

fn answer(action: &str, result: &str) -> (u16, String) {
    let xml =
        format!("<?xml version=\"1.0\"?><{action}Response {NAMESPACE}>{result}{METADATA}</{action}Response>");
    (200, xml)
}

#[tokio::test]
async fn a_form_creates_a_queue_sends_with_attributes_and_receives_as_xml() {
    let bench = Bench::new();
    let endpoint = serve(&bench).await;
    let url = format!("{endpoint}/123456789012/old");
    let create = "Action=CreateQueue&Version=2012-11-05&QueueName=old&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0\
                  &Attribute.2.Name=VisibilityTimeout&Attribute.2.Value=99&Tag.1.Key=k&Tag.1.Value=v";
    assert_eq!(
        post(&endpoint, create).await,
        answer("CreateQueue", &format!("<CreateQueueResult><QueueUrl>{url}</QueueUrl></CreateQueueResult>"))
    );
    let send = "Action=SendMessage&MessageBody=h%C3%A9llo+%3C%26%3E%0D&MessageAttribute.1.Name=kind\
                &MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=photo";
    let (status, confirmation) = post(&url, send).await;
    assert_eq!(status, 200);
    let stored = bench.sqs.messages("old").remove(0);
    assert_eq!(stored.body, "héllo <&>\r");
    let message_id = format!("<MessageId>{}</MessageId>", stored.message_id);
    assert!(confirmation.contains(&message_id), "{confirmation}");

    let receive = "Action=ReceiveMessage&MaxNumberOfMessages=10&AttributeName.1=ApproximateReceiveCount\
                   &MessageAttributeName.1=All";
    let (_, received) = post(&url, receive).await;
    assert!(received.contains("<Body>héllo &lt;&amp;&gt;&#xD;</Body>"), "{received}");
    assert!(
        received.contains("<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>"),
        "{received}"
    );
    assert!(
        received.contains(
            "<MessageAttribute><Name>kind</Name><Value><DataType>String</DataType><StringValue>photo</StringValue></Value></MessageAttribute>"
        ),
        "{received}"
    );
    let handle = received.split_once("<ReceiptHandle>").unwrap().1.split_once("</ReceiptHandle>").unwrap().0;
    let handle = percent_encoding::utf8_percent_encode(handle, percent_encoding::NON_ALPHANUMERIC);
    let delete = format!("Action=DeleteMessage&QueueUrl={url}&ReceiptHandle={handle}");
    assert_eq!(post(&endpoint, &delete).await, answer("DeleteMessage", ""));
    assert_eq!(bench.sqs.messages("old"), []);
    assert_eq!(
        post(&url, "Action=GetQueueAttributes&AttributeName.1=VisibilityTimeout").await,
        answer(
            "GetQueueAttributes",
            "<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name><Value>99</Value></Attribute></GetQueueAttributesResult>"
        )
    );
    assert_eq!(
        post(&url, "Action=ListQueueTags").await,
        answer(
            "ListQueueTags",
            "<ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>"
        )
    );
}

#[tokio::test]
async fn a_batch_in_a_form_is_answered_entry_by_entry() {
    let bench = Bench::new();
    let url = format!("{}/123456789012/line.fifo", serve(&bench).await);
    let entry = |number: u32, body: &str| {
        let prefix = format!("&SendMessageBatchRequestEntry.{number}");
        format!(
            "{prefix}.Id=e{number}{prefix}.MessageBody={body}{prefix}.MessageGroupId=g{prefix}.MessageDeduplicationId=d{number}"
        )
    };
    let form = (1..=10).fold("Action=SendMessageBatch".to_owned(), |form, number| {
        form + &entry(number, if number == 2 { "%01" } else { "a" })
    });
    let (_, sent) = post(&url, &form).await;
    assert_eq!(sent.matches("<SendMessageBatchResultEntry>").count(), 9, "{sent}");
    assert!(sent.contains("<BatchResultErrorEntry><Code>InvalidMessageContents</Code><Id>e2</Id>"), "{sent}");
    let ids: Vec<_> =
        bench.sqs.messages("line.fifo").into_iter().filter_map(|message| message.deduplication_id).collect();
    assert_eq!(ids, ["d1", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10"]);
}

#[tokio::test]
async fn refusals_are_xml_with_the_service_s_codes() {
    let bench = Bench::new();
    let endpoint = serve(&bench).await;
    let error = |code: &str, message: &str| {
        format!(
            "<?xml version=\"1.0\"?><ErrorResponse {NAMESPACE}><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message><Detail/></Error><RequestId>ID</RequestId></ErrorResponse>"
        )
    };
    assert_eq!(
        post(&endpoint, "Action=GetQueueUrl&QueueName=none").await,
        (400, error("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."))
    );
    assert_eq!(
        post(&endpoint, "Action=Explode").await,
        (400, error("InvalidAction", "The action Explode is not valid for this endpoint."))
    );
    assert_eq!(
        post(&endpoint, "QueueName=none").await,
        (400, error("MissingParameter", "The request must contain the parameter Action."))
    );
    let (status, body) = post(&format!("{endpoint}/1/work"), "Action=ReceiveMessage&WaitTimeSeconds=x").await;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>MalformedInput</Code>"), "{body}");
}

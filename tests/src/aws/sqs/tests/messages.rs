//! What a message may be, its checksums, and what its receiver is told.

use std::collections::BTreeMap;

use super::{Bench, refusal, settings};
use crate::aws::ACCOUNT;
use crate::aws::sqs::{MessageAttribute, Send, attributes_md5};

#[tokio::test]
async fn a_received_message_tells_all_about_itself() {
    let bench = Bench::new();
    let message = Send {
        attributes: [("kind".to_owned(), MessageAttribute::string("photo"))].into(),
        system_attributes: [("AWSTraceHeader".to_owned(), MessageAttribute::string("Root=1-2-3"))].into(),
        ..Send::grouped("hello", "chat", "job")
    };
    let sent = bench.sqs.send("line.fifo", message).unwrap();
    let received = bench.receive_one("line.fifo").await;
    let sent_ms = bench.sqs.messages("line.fifo")[0].sent_ms;
    assert_eq!(received.message_id, sent.message_id);
    assert_eq!(received.md5_of_body, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(received.message_attributes["kind"], MessageAttribute::string("photo"));
    let mut attributes = received.attributes;
    let first_received = attributes.remove("ApproximateFirstReceiveTimestamp").unwrap();
    assert!(first_received.parse::<u64>().unwrap() >= sent_ms);
    assert_eq!(
        attributes,
        BTreeMap::from(
            [
                ("SenderId", ACCOUNT.to_owned()),
                ("SentTimestamp", sent_ms.to_string()),
                ("ApproximateReceiveCount", "1".to_owned()),
                ("SequenceNumber", sent.sequence_number.unwrap()),
                ("MessageGroupId", "chat".to_owned()),
                ("MessageDeduplicationId", "job".to_owned()),
                ("AWSTraceHeader", "Root=1-2-3".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
        )
    );
}

/// Recorded from the service.
#[test]
fn the_md5_of_attributes_is_the_one_that_the_service_computes() {
    let binary = MessageAttribute {
        data_type: "Binary".into(),
        string_value: None,
        binary_value: Some(b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01".into()),
    };
    let text = [("General", "Kenobi"), ("Hello", "There"), ("Help.Me", "Me")]
        .map(|(name, value)| (name.to_owned(), MessageAttribute::string(value)));
    assert_eq!(
        attributes_md5(&[("attr1".to_owned(), binary)].into()).as_deref(),
        Some("8cbe4db156db8a94db8b801b7addb984")
    );
    assert_eq!(attributes_md5(&text.into()).as_deref(), Some("4c360f3fdafd970e05fae2f149d997f5"));
    assert_eq!(attributes_md5(&BTreeMap::new()), None);
}

#[test]
fn a_message_holds_one_mebibyte_with_its_attributes() {
    let bench = Bench::new();
    let attributes = || [("k".to_owned(), MessageAttribute::string("v"))].into();
    let overhead = "k".len() + "String".len() + "v".len();
    let body = "x".repeat(1_048_576 - overhead);
    let message = Send { attributes: attributes(), ..Send::text(body.clone()) };
    bench.sqs.send("work", message).unwrap();
    let message = Send { attributes: attributes(), ..Send::text(body + "x") };
    assert_eq!(
        refusal(bench.sqs.send("work", message)),
        (
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.".into()
        )
    );
    bench.sqs.ensure_queue("small", &settings(&[("MaximumMessageSize", "1024")])).unwrap();
    assert_eq!(
        refusal(bench.sqs.send("small", Send::text("x".repeat(1025)))).1,
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    );
}

#[test]
fn characters_that_xml_cannot_hold_are_refused() {
    let bench = Bench::new();
    bench.send("tab\t line\n return\r \u{FFFD} \u{1F600}");
    for character in ['\0', '\u{B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        let (code, message) = refusal(bench.sqs.send("work", Send::text(format!("a{character}"))));
        assert_eq!(code, "InvalidMessageContents");
        let named = format!("'#x{:X}' was found", u32::from(character));
        assert!(message.contains(&named), "{message}");
    }
}

#[test]
fn a_message_without_a_body_is_refused() {
    let bench = Bench::new();
    assert_eq!(
        refusal(bench.sqs.send("work", Send::default())),
        ("MissingParameter", "The request must contain the parameter MessageBody.".into())
    );
}

#[test]
fn a_delay_has_fifteen_minutes() {
    let bench = Bench::new();
    for delay in [-1, 901] {
        assert_eq!(
            refusal(bench.sqs.send("work", Send { delay_seconds: Some(delay), ..Send::text("a") })).1,
            format!(
                "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
            )
        );
    }
}

#[test]
fn group_and_deduplication_ids_have_1_to_128_printable_characters() {
    let bench = Bench::new();
    let longest = "x".repeat(128);
    bench
        .sqs
        .send("line.fifo", Send::grouped("a", longest.clone(), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
        .unwrap();
    for bad in [String::new(), longest + "x", "with space".into(), "ü".into()] {
        for message in [Send::grouped("a", bad.clone(), "id"), Send::grouped("a", "group", bad.clone())] {
            assert_eq!(refusal(bench.sqs.send("line.fifo", message)).0, "InvalidParameterValue");
        }
    }
}

#[tokio::test]
async fn a_standard_queue_takes_a_group_id_as_a_label_and_refuses_a_deduplication_id() {
    let bench = Bench::new();
    let grouped = |body: &str| Send { group_id: Some("tenant".into()), ..Send::text(body) };
    bench.sqs.send("work", grouped("a")).unwrap();
    bench.sqs.send("work", grouped("b")).unwrap();
    let first = bench.receive_one("work").await;
    assert_eq!(first.attributes["MessageGroupId"], "tenant");
    assert_eq!(bench.receive_bodies("work", 10).await, ["b"]);
    assert_eq!(
        refusal(bench.sqs.send("work", Send::grouped("a", "g", "id"))).1,
        "Value id for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type."
    );
}

#[test]
fn attributes_that_break_a_rule_are_refused() {
    let bench = Bench::new();
    let typed = |data_type: &str, value: &str| MessageAttribute {
        data_type: data_type.into(),
        string_value: Some(value.into()),
        binary_value: None,
    };
    let send = |name: &str, attribute: MessageAttribute| {
        let attributes = [(name.to_owned(), attribute)].into();
        bench.sqs.send("work", Send { attributes, ..Send::text("a") })
    };
    send("fine_Name-1.2", typed("Number.int", "-1.5e3")).unwrap();
    for name in ["", "AWS.x", "amazon.x", ".x", "x.", "a..b", "ü", &"x".repeat(257)] {
        assert_eq!(refusal(send(name, typed("String", "v"))).0, "InvalidParameterValue", "{name}");
    }
    for attribute in
        [typed("", "v"), typed("Text", "v"), typed("String", ""), typed("Number", "x"), typed("Binary", "v")]
    {
        assert_eq!(refusal(send("name", attribute)).0, "InvalidParameterValue");
    }
    let eleven = (0..11).map(|number| (format!("n{number}"), typed("String", "v"))).collect();
    assert_eq!(
        refusal(bench.sqs.send("work", Send { attributes: eleven, ..Send::text("a") })).1,
        "Number of message attributes [11] exceeds the allowed maximum [10]."
    );
}

//! What was seen of Saved Messages, through the store that the functions use.

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_aws::{SeenMedia, ShelfRow};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{Sealed, SessionId, SessionToken};
use lambdagram_domain::time::UnixTime;

use super::{PERSON, Services, services, string};

const NOW: UnixTime = UnixTime(1_000_000);

async fn store() -> (Services, SeenMedia) {
    let services = services().await;
    let seen = SeenMedia::new(&services.connection(), services.media().to_owned());
    (services, seen)
}

fn id(number: i32) -> MessageId {
    MessageId::new(number).expect("an id")
}

fn shelf(lowest: i32, content: &str, expires_at: u64) -> ShelfRow {
    let sealed = Sealed { key_id: "0123abcd".to_owned(), bytes: content.as_bytes().to_vec() };
    ShelfRow { lowest: id(lowest), sealed, expires_at: UnixTime(expires_at) }
}

fn good(lowest: i32) -> ShelfRow {
    shelf(lowest, &format!("from {lowest}"), NOW.0 + 1)
}

async fn found(seen: &SeenMedia, session: &SessionId, message: i32) -> Vec<i32> {
    let shelves = seen.find(session, id(message), NOW).await.expect("an answer");
    shelves.iter().map(|shelf| shelf.lowest.get()).collect()
}

#[tokio::test]
async fn the_three_nearest_that_begin_at_the_message_or_below_are_found() {
    let (_services, seen) = store().await;
    let session = SessionToken::random().id();
    for lowest in [1, 9, 10, 100, 101, i32::MAX] {
        seen.put(&session, &good(lowest)).await.unwrap();
    }
    assert_eq!(found(&seen, &session, 100).await, [100, 10, 9]);
    assert_eq!(found(&seen, &session, 99).await, [10, 9, 1]);
    assert_eq!(found(&seen, &session, 9).await, [9, 1]);
    assert_eq!(found(&seen, &session, 1).await, [1]);
    assert_eq!(found(&seen, &session, i32::MAX).await, [i32::MAX, 101, 100]);
    assert_eq!(seen.find(&session, id(5), NOW).await.unwrap(), [good(1)]);
}

#[tokio::test]
async fn each_session_has_its_own() {
    let (_services, seen) = store().await;
    let (one, other) = (SessionToken::random().id(), SessionToken::random().id());
    seen.put(&one, &good(3)).await.unwrap();
    seen.put(&other, &good(4)).await.unwrap();
    assert_eq!(found(&seen, &one, 9).await, [3]);
    assert_eq!(found(&seen, &other, 9).await, [4]);
    assert_eq!(found(&seen, &SessionToken::random().id(), 9).await, [0; 0]);
}

#[tokio::test]
async fn a_shelf_replaces_the_one_that_began_at_the_same_message() {
    let (_services, seen) = store().await;
    let session = SessionToken::random().id();
    seen.put(&session, &shelf(3, "old", NOW.0 + 1)).await.unwrap();
    let new = shelf(3, "new", NOW.0 + 2);
    seen.put(&session, &new).await.unwrap();
    assert_eq!(seen.find(&session, id(3), NOW).await.unwrap(), [new]);
}

#[tokio::test]
async fn what_is_over_or_cannot_be_read_is_left_out() {
    let (services, seen) = store().await;
    let session = SessionToken::random().id();
    seen.put(&session, &shelf(5, "over", NOW.0)).await.unwrap();
    seen.put(&session, &good(4)).await.unwrap();
    let put = services
        .dynamodb(PERSON)
        .put_item()
        .table_name(services.media())
        .item("session", string(session.as_str()));
    put.item("lowest", AttributeValue::N("3".to_owned())).send().await.unwrap();
    assert_eq!(found(&seen, &session, 9).await, [4]);
    assert_eq!(seen.find(&session, id(9), UnixTime(NOW.0 + 1)).await.unwrap(), []);
}

#[tokio::test]
async fn a_shelf_as_large_as_they_get_is_kept_and_one_beyond_dynamodbs_limit_is_an_error() {
    let (_services, seen) = store().await;
    let session = SessionToken::random().id();
    for lowest in 1..=3 {
        seen.put(&session, &shelf(lowest, &"x".repeat(100_000), NOW.0 + 1)).await.unwrap();
    }
    assert_eq!(found(&seen, &session, 3).await, [3, 2, 1]);
    let error = seen.put(&session, &shelf(4, &"x".repeat(400 * 1024), NOW.0 + 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "PutItem failed: ValidationException");
    assert_eq!(found(&seen, &session, 4).await, [3, 2, 1]);
}

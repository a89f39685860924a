//! Limits of our own, through the store that the functions use.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_aws::{Limit, Limits};
use lambdagram_domain::time::UnixTime;

use super::{PERSON, Services, services};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// The first second of a minute, 20 minutes into an hour.
const NOW: UnixTime = UnixTime(3600 * 1000 + 1200);

fn limit(subject: &str, most: u32, window: Duration) -> Limit {
    Limit { subject: subject.to_owned(), most, window }
}

fn limits(services: &Services) -> Limits {
    Limits::new(&services.connection(), services.limits().to_owned())
}

async fn counted(services: &Services, subject: &str, window: Duration) -> Option<u32> {
    let key = AttributeValue::S(format!("{subject}#{}", NOW.0 / window.as_secs()));
    let get = services.dynamodb(PERSON).get_item().table_name(services.limits()).key("key", key);
    let item = get.send().await.expect("an answer").item?;
    Some(item["events"].as_n().expect("a number").parse().expect("a small number"))
}

#[tokio::test]
async fn an_event_counts_against_all_limits_or_against_none() {
    let services = services().await;
    let limits = limits(&services);
    let both = [limit("number", 2, HOUR), limit("address", 5, MINUTE)];
    assert_eq!(limits.take(&both, NOW).await.unwrap(), None);
    assert_eq!(limits.take(&both, NOW).await.unwrap(), None);
    assert_eq!(limits.take(&both, NOW).await.unwrap(), Some(2400));
    assert_eq!(counted(&services, "number", HOUR).await, Some(2));
    assert_eq!(counted(&services, "address", MINUTE).await, Some(2));

    let other = [limit("another number", 2, HOUR), limit("address", 5, MINUTE)];
    assert_eq!(limits.take(&other, NOW).await.unwrap(), None);
    let next_hour = UnixTime(NOW.0 + 2400);
    assert_eq!(limits.take(&both, next_hour).await.unwrap(), None);
}

#[tokio::test]
async fn the_longest_wait_of_those_that_are_reached_is_told() {
    let services = services().await;
    let limits = limits(&services);
    let short = || limit("short", 1, MINUTE);
    let long = || limit("long", 1, HOUR);
    limits.take(&[short()], NOW).await.unwrap();
    assert_eq!(limits.take(&[short(), long()], UnixTime(NOW.0 + 1)).await.unwrap(), Some(59));
    limits.take(&[long()], NOW).await.unwrap();
    assert_eq!(limits.take(&[short(), long()], NOW).await.unwrap(), Some(2400));
    assert_eq!(limits.take(&[long(), short()], NOW).await.unwrap(), Some(2400));
}

#[tokio::test]
async fn a_limit_of_nothing_lets_nothing_pass_and_no_limit_lets_everything_pass() {
    let services = services().await;
    let limits = limits(&services);
    assert_eq!(limits.take(&[limit("closed", 0, HOUR)], NOW).await.unwrap(), Some(2400));
    assert_eq!(limits.take(&[], NOW).await.unwrap(), None);
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_counts_once() {
    let services = services().await;
    let limits = limits(&services);
    services.lose_answers("TransactWriteItems", 2);
    assert_eq!(limits.take(&[limit("number", 1, HOUR)], NOW).await.unwrap(), None);
    assert_eq!(services.faults.remaining(), []);
    assert_eq!(counted(&services, "number", HOUR).await, Some(1));
}

#[tokio::test]
async fn of_many_at_once_as_many_pass_as_may() {
    let services = services().await;
    let limits = limits(&services);
    let mut tasks = tokio::task::JoinSet::new();
    for person in 0..40 {
        let limits = limits.clone();
        let both = [limit("budget", 7, HOUR), limit(&format!("person {person}"), 1, HOUR)];
        tasks.spawn(async move { limits.take(&both, NOW).await.unwrap() });
    }
    let passed = tasks.join_all().await.into_iter().filter(Option::is_none).count();
    assert_eq!(passed, 7);
    assert_eq!(counted(&services, "budget", HOUR).await, Some(7));
}

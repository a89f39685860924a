//! Limits on what goes on at the same time, through the store that the functions use.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_aws::{Slot, Slots};
use lambdagram_domain::time::UnixTime;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{PERSON, Services, services};
use crate::aws::Service;
use crate::aws::faults::{Effect, Fault, When};

const NOW: UnixTime = UnixTime(1_000_000);

/// When places end that are taken at [`NOW`].
const UNTIL: UnixTime = UnixTime(NOW.0 + 100);

const SUBJECT: &str = "streams#of somebody";

const PEOPLE: u32 = 50;

fn slots(services: &Services) -> Slots {
    Slots::new(&services.connection(), services.limits().to_owned())
}

async fn take(slots: &Slots, holder: &str) -> Option<Slot> {
    slots.take(SUBJECT, 2, holder, UNTIL, NOW).await.expect("an answer")
}

/// The ends and holders that are stored, in order.
async fn holders(services: &Services) -> Vec<String> {
    let key = AttributeValue::S(SUBJECT.to_owned());
    let get = services.dynamodb(PERSON).get_item().table_name(services.limits()).key("key", key);
    let item = get.send().await.expect("an answer").item.expect("an item");
    let mut holders =
        item.get("holders").map_or(Vec::new(), |holders| holders.as_ss().expect("a set").clone());
    holders.sort_unstable();
    holders
}

/// What happens to the write after so many others.
fn add_fault(services: &Services, after_calls: u32, when: When, status: u16, code: &str) {
    services.faults.add(Fault {
        function: None,
        service: Service::DynamoDb,
        operation: "UpdateItem".to_owned(),
        after_calls,
        times: 1,
        when,
        effect: Effect::Error { status, code: code.to_owned() },
    });
}

#[tokio::test]
async fn as_many_hold_a_place_as_there_are_and_one_that_is_given_back_is_free() {
    let services = services().await;
    let slots = slots(&services);
    let first = take(&slots, "a").await.unwrap();
    take(&slots, "b").await.unwrap();
    assert_eq!(take(&slots, "c").await, None);
    slots.release(first).await.unwrap();
    let third = take(&slots, "c").await.unwrap();
    assert_eq!(holders(&services).await, ["1000100 b", "1000100 c"]);
    assert_eq!(take(&slots, "d").await, None);
    slots.release(third).await.unwrap();
    assert_eq!(holders(&services).await, ["1000100 b"]);
}

#[tokio::test]
async fn subjects_have_places_of_their_own_and_a_limit_of_none_has_none() {
    let services = services().await;
    let slots = slots(&services);
    assert_eq!(slots.take(SUBJECT, 0, "a", UNTIL, NOW).await.unwrap(), None);
    for subject in [SUBJECT, "streams#of somebody else"] {
        assert!(slots.take(subject, 1, "a", UNTIL, NOW).await.unwrap().is_some());
        assert_eq!(slots.take(subject, 1, "b", UNTIL, NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn all_places_can_be_given_back_and_taken_again() {
    let services = services().await;
    let slots = slots(&services);
    for _ in 0..3 {
        let (a, b) = (take(&slots, "a").await.unwrap(), take(&slots, "b").await.unwrap());
        slots.release(a).await.unwrap();
        slots.release(b).await.unwrap();
        assert_eq!(holders(&services).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_place_whose_time_is_over_is_free_and_can_still_be_given_back() {
    let services = services().await;
    let slots = slots(&services);
    let (dead, _) = (take(&slots, "dead").await.unwrap(), take(&slots, "dead too").await.unwrap());
    let at = |holder: &'static str, now: u64| {
        let slots = slots.clone();
        async move { slots.take(SUBJECT, 2, holder, UnixTime(now + 100), UnixTime(now)).await.unwrap() }
    };
    assert_eq!(at("early", UNTIL.0 - 1).await, None);
    assert!(at("a", UNTIL.0).await.is_some());
    assert_eq!(holders(&services).await, ["1000200 a"], "both that are over are gone");
    slots.release(dead).await.unwrap();
    assert!(at("b", UNTIL.0).await.is_some());
    assert_eq!(at("c", UNTIL.0).await, None);
    assert_eq!(holders(&services).await, ["1000200 a", "1000200 b"]);
}

#[tokio::test]
async fn a_take_whose_answer_is_lost_has_one_place() {
    let services = services().await;
    let slots = slots(&services);
    services.lose_answers("UpdateItem", 2);
    assert!(take(&slots, "a").await.is_some());
    assert_eq!(services.faults.remaining(), [], "the answers were lost");
    assert_eq!(holders(&services).await, ["1000100 a"]);
    services.lose_answers("UpdateItem", 2);
    assert!(take(&slots, "b").await.is_some(), "the last place");
    assert_eq!(holders(&services).await, ["1000100 a", "1000100 b"]);
}

#[tokio::test]
async fn a_replacement_whose_answer_is_lost_is_one() {
    let services = services().await;
    let slots = slots(&services);
    take(&slots, "dead").await.unwrap();
    take(&slots, "dead too").await.unwrap();
    add_fault(&services, 1, When::After, 500, "InternalServerError");
    let slot = slots.take(SUBJECT, 2, "a", UnixTime(UNTIL.0 + 100), UNTIL).await.unwrap();
    assert!(slot.is_some());
    assert_eq!(services.faults.remaining(), [], "the answer was lost");
    assert_eq!(holders(&services).await, ["1000200 a"]);
}

#[tokio::test]
async fn a_free_place_takes_one_write_and_a_refusal_one() {
    let services = services().await;
    let slots = slots(&services);
    // The call after these is refused for another reason, so that any further one would be noticed.
    add_fault(&services, 3, When::Before, 400, "AccessDeniedException");
    assert!(take(&slots, "a").await.is_some());
    assert!(take(&slots, "b").await.is_some());
    assert_eq!(take(&slots, "c").await, None);
    let error = slots.take(SUBJECT, 2, "d", UNTIL, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "UpdateItem failed: AccessDeniedException");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_never_more_hold_a_place_than_there_are_and_all_get_one() {
    const MOST: u32 = 8;
    let services = services().await;
    let slots = slots(&services);
    // All places are held by the dead.
    for number in 0..MOST {
        let dead = slots.take(SUBJECT, MOST, &format!("dead {number}"), NOW, UnixTime(NOW.0 - 1)).await;
        assert!(dead.unwrap().is_some());
    }
    let (holding, released) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let mut tasks = JoinSet::new();
    for person in 0..PEOPLE {
        let (slots, holding, released) = (slots.clone(), holding.clone(), released.clone());
        tasks.spawn(async move {
            let mut refusals = 0;
            let slot = loop {
                let next_release = released.notified();
                let taken = slots.take(SUBJECT, MOST, &person.to_string(), UNTIL, NOW).await.unwrap();
                if let Some(slot) = taken {
                    break slot;
                }
                refusals += 1;
                next_release.await;
            };
            assert!(holding.fetch_add(1, Ordering::SeqCst) < MOST, "too many");
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            holding.fetch_sub(1, Ordering::SeqCst);
            slots.release(slot).await.unwrap();
            released.notify_waiters();
            refusals
        });
    }
    let refusals: u32 = tasks.join_all().await.into_iter().sum();
    assert!(refusals > 0, "they met");
    assert_eq!(holders(&services).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_replace_the_dead_as_many_hold_a_place_as_there_are() {
    const MOST: u32 = 8;
    let services = services().await;
    let slots = slots(&services);
    for number in 0..MOST {
        let until = if number == 0 { UNTIL } else { NOW };
        let taken = slots.take(SUBJECT, MOST, &format!("before {number}"), until, UnixTime(NOW.0 - 1)).await;
        assert!(taken.unwrap().is_some());
    }
    let mut tasks = JoinSet::new();
    for person in 0..PEOPLE {
        let slots = slots.clone();
        tasks.spawn(async move {
            slots.take(SUBJECT, MOST, &person.to_string(), UNTIL, NOW).await.unwrap().is_some()
        });
    }
    let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
    let holders: HashSet<_> = holders(&services).await.into_iter().collect();
    assert_eq!((taken, holders.len()), (7, 8));
    assert!(holders.contains("1000100 before 0"), "{holders:?}");
}

//! Many at once on one session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

use super::*;

use lambdagram_aws::Change;

const PEOPLE: u32 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_at_once_hold_the_lease_one_after_the_other_and_no_change_is_lost() {
    let store = store().await;
    let token = SessionToken::random();
    let sealed = sealer(&token).seal(Kind::Account, 1, &counting(0));
    let row = SessionRow { id: token.id(), kind: Kind::Account, sealed, ..new_row() };
    store.sessions.create(&row, None).await.unwrap();

    let holders = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for person in 0..PEOPLE {
        let (sessions, token, holders) = (store.sessions.clone(), token.clone(), holders.clone());
        tasks.spawn(async move { count_one(&sessions, &token, &holders, person).await });
    }
    let waits: u32 = tasks.join_all().await.into_iter().sum();
    assert!(waits > 0, "they met");

    let row = store.row(&token.id()).await.unwrap();
    let session = sealer(&token).open(row.kind, row.version, &row.sealed).unwrap();
    assert_eq!(session.home_dc, i32::try_from(PEOPLE).unwrap());
    assert_eq!(row.version, 1 + u64::from(PEOPLE));
    assert!(!store.is_leased(&token.id()).await);
}

/// Takes the lease as soon as it is free and adds one to what the session holds. Returns how often it was busy.
async fn count_one(sessions: &Sessions, token: &SessionToken, holders: &AtomicU32, person: u32) -> u32 {
    let own = lease_token(&format!("person {person}"));
    let mut waits = 0;
    let row = loop {
        match sessions.lease(&token.id(), &own, NOW, UNTIL, None).await.unwrap() {
            Leased::Granted(row) => break row,
            Leased::Busy { until } => assert_eq!(until, UNTIL),
            other => panic!("{other:?}"),
        }
        waits += 1;
        tokio::task::yield_now().await;
    };
    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "a second holder");
    let owner = sealer(token);
    let mut session = owner.open(row.kind, row.version, &row.sealed).unwrap();
    session.home_dc += 1;
    let mut lease = Lease { id: token.id(), token: own, version: row.version };
    let sealed = owner.seal(row.kind, lease.next_version(), &session);
    if person.is_multiple_of(2) {
        sessions.save(&mut lease, row.kind, &sealed).await.unwrap();
        holders.fetch_sub(1, Ordering::SeqCst);
        sessions.release(&lease, Change::default()).await.unwrap();
    } else {
        holders.fetch_sub(1, Ordering::SeqCst);
        let change = Change { sealed: Some((row.kind, sealed)), ..Change::default() };
        sessions.release(&lease, change).await.unwrap();
    }
    waits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_who_take_over_from_the_dead_one_gets_the_lease() {
    let store = store().await;
    let row = store.created().await;
    store.lease_at(&row.id, "dead", 100, None).await;
    let mut tasks = JoinSet::new();
    for person in 0..PEOPLE {
        let (sessions, id) = (store.sessions.clone(), row.id.clone());
        tasks.spawn(async move {
            let own = lease_token(&format!("person {person}"));
            let tried = Attempt { mark: format!("mark {person}"), most: 3 };
            sessions.lease(&id, &own, UnixTime(140), UnixTime(180), Some(&tried)).await.unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    let granted = outcomes.iter().filter(|outcome| matches!(outcome, Leased::Granted(_))).count();
    let busy = outcomes.iter().filter(|outcome| **outcome == Leased::Busy { until: UnixTime(180) }).count();
    assert_eq!((granted, busy), (1, outcomes.len() - 1));
    assert_eq!(store.row(&row.id).await.unwrap().attempts, 1);
}

//! Calls whose answers are lost, which the SDK sends again: each is done once, and is a success.

use super::*;

use lambdagram_aws::Change;

/// Loses the answers of the next two calls: the SDK tries three times.
fn lose(store: &Store, operation: &str) {
    store.services.lose_answers(operation, 2);
}

fn assert_lost(store: &Store) {
    assert_eq!(store.services.faults.remaining(), [], "the answers were lost");
}

#[tokio::test]
async fn a_repeated_creation_is_one() {
    let store = store().await;
    let row = new_row();
    lose(&store, "PutItem");
    store.sessions.create(&row, None).await.unwrap();
    assert_lost(&store);
    assert_eq!(store.row(&row.id).await, Some(row));
}

#[tokio::test]
async fn a_repeated_lease_counts_one_attempt_and_tells_the_row_before_it() {
    let store = store().await;
    let row = store.created().await;
    lose(&store, "UpdateItem");
    let granted = store.lease_at(&row.id, "a", 100, Some(&attempt("first"))).await;
    assert_lost(&store);
    assert_eq!(granted, Leased::Granted(row.clone()));
    let after = SessionRow { attempts: 1, mark: Some("first".to_owned()), ..row.clone() };
    assert_eq!(store.row(&row.id).await, Some(after.clone()));

    lose(&store, "UpdateItem");
    let granted = store.lease_at(&row.id, "b", 140, Some(&attempt("first"))).await;
    assert_lost(&store);
    assert_eq!(granted, Leased::Granted(after.clone()), "the same code again, whose mark was there");
    assert_eq!(store.row(&row.id).await, Some(SessionRow { attempts: 2, ..after.clone() }));

    lose(&store, "UpdateItem");
    let granted = store.lease_at(&row.id, "c", 180, None).await;
    assert_lost(&store);
    assert_eq!(granted, Leased::Granted(SessionRow { attempts: 2, ..after }));
}

#[tokio::test]
async fn a_repeated_lease_with_the_last_attempt_is_granted() {
    let store = store().await;
    let row = store.created().await;
    lose(&store, "UpdateItem");
    let only = Attempt { mark: "m".to_owned(), most: 1 };
    assert_eq!(store.lease_at(&row.id, "a", 100, Some(&only)).await, Leased::Granted(row));
    assert_lost(&store);
}

#[tokio::test]
async fn a_repeated_save_counts_one_version() {
    let store = store().await;
    let row = store.created().await;
    let mut lease = store.leased(&row.id, &lease_token("a")).await;
    let sealed = content();
    lose(&store, "UpdateItem");
    store.sessions.save(&mut lease, Kind::Account, &sealed).await.unwrap();
    assert_lost(&store);
    let expected = SessionRow { kind: Kind::Account, version: 2, sealed, ..row };
    assert_eq!((lease.version, store.row(&expected.id).await), (2, Some(expected)));
}

#[tokio::test]
async fn a_repeated_release_is_one_and_leaves_the_next_lease_alone() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    let sealed = content();
    lose(&store, "UpdateItem");
    let change = Change { sealed: Some((Kind::Account, sealed.clone())), ..Change::default() };
    store.sessions.release(&lease, change).await.unwrap();
    assert_lost(&store);
    let expected = SessionRow { kind: Kind::Account, version: 2, sealed, ..row };
    assert_eq!(store.row(&expected.id).await, Some(expected.clone()));

    store.leased(&expected.id, &lease_token("b")).await;
    assert!(store.sessions.release(&lease, Change::default()).await.is_err());
    assert!(store.is_leased(&expected.id).await);
}

#[tokio::test]
async fn a_repeated_mark_is_one() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    lose(&store, "UpdateItem");
    store.sessions.mark(&lease, "m").await.unwrap();
    assert_lost(&store);
    assert_eq!(store.row(&row.id).await, Some(SessionRow { mark: Some("m".to_owned()), ..row }));
}

#[tokio::test]
async fn a_repeated_move_is_one() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    let (forward, new) = (forward(), new_row());
    lose(&store, "TransactWriteItems");
    store.sessions.move_on(&lease, &forward, &new).await.unwrap();
    assert_lost(&store);
    let left = store.row(&row.id).await.unwrap();
    assert_eq!((left.kind, left.version), (Kind::Moved, row.version + 1));
    assert_eq!(store.row(&new.id).await, Some(new.clone()));
    store
        .sessions
        .move_on(&lease, &forward, &new)
        .await
        .expect("a repeat by the caller, under another number");
    assert_eq!(store.row(&row.id).await, Some(left));
}

#[tokio::test]
async fn a_repeated_deletion_is_one() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    lose(&store, "DeleteItem");
    store.sessions.delete(&lease).await.unwrap();
    assert_lost(&store);
    assert_eq!(store.item(&row.id).await, None);
}

//! Rows: made, read, replaced, deleted, expired.

use super::*;

use lambdagram_aws::{Change, LeaseError};

#[tokio::test]
async fn a_session_is_read_as_it_was_written() {
    let store = store().await;
    let row = store.created().await;
    assert_eq!(store.row(&row.id).await, Some(row));
    assert_eq!(store.row(&SessionToken::random().id()).await, None);
}

#[tokio::test]
async fn no_session_is_written_over_another() {
    let store = store().await;
    let row = store.created().await;
    let other = SessionRow { sealed: content(), ..row.clone() };
    let error = store.sessions.create(&other, None).await.expect_err("the id is taken");
    assert_eq!(error.to_string(), "PutItem failed: ConditionalCheckFailedException");
    assert_eq!(store.row(&row.id).await, Some(row));
}

#[tokio::test]
async fn a_session_may_be_leased_from_its_start() {
    let store = store().await;
    let row = new_row();
    let own = lease_token("own");
    store.sessions.create(&row, Some((&own, UNTIL))).await.unwrap();
    assert_eq!(store.lease_at(&row.id, "other", NOW.0, None).await, Leased::Busy { until: UNTIL });
    let lease = Lease { id: row.id.clone(), token: own, version: row.version };
    store.sessions.release(&lease, Change::default()).await.unwrap();
    assert_eq!(store.lease_at(&row.id, "other", NOW.0, None).await, Leased::Granted(row));
}

#[tokio::test]
async fn an_expired_session_is_gone_though_its_item_is_there() {
    let store = store().await;
    let row = store.created().await;
    assert!(store.sessions.get(&row.id, UnixTime(END.0 - 1)).await.unwrap().is_some());
    assert_eq!(store.sessions.get(&row.id, END).await.unwrap(), None);
    assert_eq!(store.lease_at(&row.id, "a", END.0, None).await, Leased::Gone);
    assert_eq!(store.lease_at(&row.id, "a", END.0 + 9, Some(&attempt("m"))).await, Leased::Gone);
    assert!(!store.is_leased(&row.id).await);
}

#[tokio::test]
async fn a_release_writes_what_it_is_told_and_nothing_else() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    store.sessions.release(&lease, Change::default()).await.unwrap();
    assert_eq!(store.row(&row.id).await, Some(row.clone()));
    assert!(!store.is_leased(&row.id).await);

    let lease = store.leased(&row.id, &lease_token("b")).await;
    let sealed = content();
    let change = Change {
        sealed: Some((Kind::Account, sealed.clone())),
        checked_at: Some(NOW),
        expires_at: Some(UnixTime(END.0 + 5)),
        ..Change::default()
    };
    store.sessions.release(&lease, change).await.unwrap();
    let expected = SessionRow {
        kind: Kind::Account,
        version: lease.next_version(),
        sealed,
        checked_at: NOW,
        expires_at: UnixTime(END.0 + 5),
        ..row
    };
    assert_eq!(store.row(&expected.id).await, Some(expected));
}

#[tokio::test]
async fn a_session_moves_and_leaves_a_forward_or_nothing_changes() {
    let store = store().await;
    let row = store.created().await;
    let taken = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    let forward = forward();

    let over_another = SessionRow { sealed: content(), ..taken.clone() };
    let refused = store.sessions.move_on(&lease, &forward, &over_another).await;
    assert!(matches!(refused, Err(LeaseError::Aws(_))), "{refused:?}");
    assert_eq!(store.row(&row.id).await, Some(row.clone()));
    assert_eq!(store.row(&taken.id).await, Some(taken));

    let new = new_row();
    let stranger = Lease { token: lease_token("b"), ..lease.clone() };
    assert!(matches!(store.sessions.move_on(&stranger, &forward, &new).await, Err(LeaseError::Lost)));
    assert_eq!((store.row(&row.id).await, store.row(&new.id).await), (Some(row.clone()), None));

    store.sessions.move_on(&lease, &forward, &new).await.unwrap();
    let left = SessionRow {
        kind: Kind::Moved,
        version: row.version + 1,
        sealed: forward.sealed.clone(),
        expires_at: forward.expires_at,
        mark: forward.mark.clone(),
        attempts: 0,
        ..row.clone()
    };
    assert_eq!((store.row(&row.id).await, store.row(&new.id).await), (Some(left), Some(new.clone())));
    assert!(!store.is_leased(&row.id).await && !store.is_leased(&new.id).await);
    assert_eq!(store.lease_at(&row.id, "c", forward.expires_at.0, None).await, Leased::Gone);
}

#[tokio::test]
async fn a_deleted_session_is_gone_with_its_lease() {
    let store = store().await;
    let row = store.created().await;
    let lease = store.leased(&row.id, &lease_token("a")).await;
    let stranger = Lease { token: lease_token("b"), ..lease.clone() };
    assert!(matches!(store.sessions.delete(&stranger).await, Err(LeaseError::Lost)));
    store.sessions.delete(&lease).await.unwrap();
    assert_eq!(store.item(&row.id).await, None);
    assert_eq!(store.lease_at(&row.id, "c", NOW.0, None).await, Leased::Gone);
}

#[tokio::test]
async fn an_item_that_is_no_session_is_an_error_that_does_not_show_it() {
    let store = store().await;
    let id = SessionToken::random().id();
    let put = store.services.dynamodb(PERSON).put_item().table_name(TABLE).item("id", string(id.as_str()));
    put.item("kind", string("hunter2")).send().await.unwrap();
    let error = store.sessions.get(&id, NOW).await.expect_err("no session");
    assert_eq!(error.to_string(), "GetItem failed: unreadable session");
}

//! Leases: one holder, an end, a fence; attempts and their marks.

use super::*;

use lambdagram_aws::{Change, LeaseError};

#[tokio::test]
async fn a_held_lease_is_busy_until_its_end_and_then_passes_on() {
    let store = store().await;
    let row = store.created().await;
    assert_eq!(store.lease_at(&row.id, "a", 100, None).await, Leased::Granted(row.clone()));
    assert_eq!(store.lease_at(&row.id, "b", 100, None).await, Leased::Busy { until: UnixTime(140) });
    assert_eq!(store.lease_at(&row.id, "b", 139, None).await, Leased::Busy { until: UnixTime(140) });
    assert_eq!(store.lease_at(&row.id, "b", 140, None).await, Leased::Granted(row.clone()));
    assert_eq!(store.lease_at(&row.id, "a", 141, None).await, Leased::Busy { until: UnixTime(180) });
    let nobody = SessionToken::random().id();
    assert_eq!(store.lease_at(&nobody, "a", 100, None).await, Leased::Gone);
    assert_eq!(store.item(&nobody).await, None);
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_nothing() {
    let store = store().await;
    let row = store.created().await;
    store.lease_at(&row.id, "late", 100, None).await;
    let mut late = Lease { id: row.id.clone(), token: lease_token("late"), version: row.version };
    store.lease_at(&row.id, "now", 140, Some(&attempt("m"))).await;
    let before = store.item(&row.id).await;

    let change = || Change {
        sealed: Some((Kind::Account, content())),
        checked_at: Some(NOW),
        expires_at: Some(UnixTime(END.0 + 1)),
        clear_mark: true,
        reset_attempts: true,
    };
    let new = new_row();
    assert!(matches!(store.sessions.save(&mut late, Kind::Account, &content()).await, Err(LeaseError::Lost)));
    assert!(matches!(store.sessions.release(&late, change()).await, Err(LeaseError::Lost)));
    assert!(matches!(store.sessions.release(&late, Change::default()).await, Err(LeaseError::Lost)));
    assert!(matches!(store.sessions.move_on(&late, &forward(), &new).await, Err(LeaseError::Lost)));
    assert!(matches!(store.sessions.delete(&late).await, Err(LeaseError::Lost)));
    assert_eq!(late.version, row.version);
    assert_eq!(store.item(&row.id).await, before);
    assert_eq!(store.item(&new.id).await, None);
}

#[tokio::test]
async fn a_lease_that_was_given_back_writes_nothing_more() {
    let store = store().await;
    let row = store.created().await;
    let mut lease = store.leased(&row.id, &lease_token("a")).await;
    store.sessions.release(&lease, Change::default()).await.unwrap();
    let before = store.item(&row.id).await;
    assert!(matches!(
        store.sessions.save(&mut lease, Kind::Account, &content()).await,
        Err(LeaseError::Lost)
    ));
    assert!(matches!(store.sessions.move_on(&lease, &forward(), &new_row()).await, Err(LeaseError::Lost)));
    assert!(matches!(store.sessions.delete(&lease).await, Err(LeaseError::Lost)));
    let again = store.sessions.lease(&row.id, &lease.token, NOW, UNTIL, None).await;
    assert!(again.is_err(), "a token is used once: {again:?}");
    assert_eq!(store.item(&row.id).await, before);
}

#[tokio::test]
async fn a_save_keeps_the_lease_and_counts_the_version() {
    let store = store().await;
    let row = store.created().await;
    let mut lease = store.leased(&row.id, &lease_token("a")).await;
    let sealed = content();
    store.sessions.save(&mut lease, Kind::Pending, &sealed).await.unwrap();
    assert_eq!(lease.version, 2);
    assert!(store.is_leased(&row.id).await);
    let stale = Lease { version: 1, ..lease.clone() };
    let overwriting = store.sessions.save(&mut stale.clone(), Kind::Pending, &content()).await;
    assert!(matches!(overwriting, Err(LeaseError::Lost)));
    assert_eq!(store.row(&row.id).await, Some(SessionRow { version: 2, sealed, ..row }));
}

#[tokio::test]
async fn attempts_are_bounded_and_counted_anew_after_a_reset() {
    let store = store().await;
    let row = store.created().await;
    for tried in 0..3 {
        let token = format!("a{tried}");
        let leased = store.lease_at(&row.id, &token, NOW.0, Some(&attempt("m"))).await;
        let Leased::Granted(before) = leased else { panic!("{leased:?}") };
        assert_eq!(before.attempts, tried);
        let lease = Lease { id: row.id.clone(), token: lease_token(&token), version: row.version };
        store.sessions.release(&lease, Change { clear_mark: true, ..Change::default() }).await.unwrap();
    }
    let refused = store.lease_at(&row.id, "b", NOW.0, Some(&attempt("m"))).await;
    assert_eq!(refused, Leased::TooManyAttempts { expires_at: row.expires_at });
    assert!(!store.is_leased(&row.id).await);
    assert_eq!(store.row(&row.id).await.unwrap().attempts, 3);

    let lease = store.leased(&row.id, &lease_token("without an attempt")).await;
    store.sessions.release(&lease, Change { reset_attempts: true, ..Change::default() }).await.unwrap();
    let granted = store.lease_at(&row.id, "c", NOW.0, Some(&attempt("m"))).await;
    assert_eq!(granted, Leased::Granted(SessionRow { attempts: 0, ..row }));
}

#[tokio::test]
async fn holders_that_die_use_up_their_attempts() {
    let store = store().await;
    let row = store.created().await;
    for round in 0..3 {
        let leased =
            store.lease_at(&row.id, &format!("a{round}"), 100 + 40 * round, Some(&attempt("m"))).await;
        assert!(matches!(leased, Leased::Granted(_)), "{leased:?}");
    }
    let held = store.lease_at(&row.id, "b", 219, Some(&attempt("m"))).await;
    assert_eq!(held, Leased::Busy { until: UnixTime(220) });
    assert_eq!(
        store.lease_at(&row.id, "b", 220, Some(&attempt("m"))).await,
        Leased::TooManyAttempts { expires_at: row.expires_at }
    );
}

#[tokio::test]
async fn a_mark_takes_the_place_of_another_under_the_lease_alone() {
    let store = store().await;
    let row = store.created().await;
    for (token, now) in [("a", 100), ("b", 140)] {
        let leased = store.lease_at(&row.id, token, now, Some(&attempt(token))).await;
        assert!(matches!(leased, Leased::Granted(_)), "{leased:?}");
    }
    let lease = |token| Lease { id: row.id.clone(), token: lease_token(token), version: row.version };
    assert!(matches!(store.sessions.mark(&lease("a"), "a").await, Err(LeaseError::Lost)));
    assert_eq!(store.row(&row.id).await.unwrap().mark.as_deref(), Some("a"));
    store.sessions.mark(&lease("b"), "b").await.unwrap();
    assert!(store.is_leased(&row.id).await);
    let marked = SessionRow { attempts: 2, mark: Some("b".to_owned()), ..row.clone() };
    assert_eq!(store.row(&row.id).await, Some(marked.clone()));
    let again = store.lease_at(&row.id, "c", 180, Some(&attempt("c"))).await;
    assert_eq!(again, Leased::Granted(marked), "the next one finds it");
}

#[tokio::test]
async fn the_first_mark_stays_until_its_end_is_known() {
    let store = store().await;
    let row = store.created().await;
    let mark_before = async |token: &str, now: u64, attempt: Option<&Attempt>| {
        let leased = store.lease_at(&row.id, token, now, attempt).await;
        let Leased::Granted(before) = leased else { panic!("{leased:?}") };
        before.mark
    };
    assert_eq!(mark_before("a", 100, Some(&attempt("first"))).await, None);
    assert_eq!(mark_before("b", 140, Some(&attempt("second"))).await.as_deref(), Some("first"));
    let lease = Lease { id: row.id.clone(), token: lease_token("b"), version: row.version };
    store.sessions.release(&lease, Change::default()).await.unwrap();
    assert_eq!(mark_before("c", 140, None).await.as_deref(), Some("first"));
    let lease = Lease { token: lease_token("c"), ..lease };
    store.sessions.release(&lease, Change { clear_mark: true, ..Change::default() }).await.unwrap();
    assert_eq!(store.row(&row.id).await.unwrap().mark, None);
    assert_eq!(mark_before("d", 140, Some(&attempt("third"))).await, None);
    assert_eq!(store.row(&row.id).await.unwrap().mark.as_deref(), Some("third"));
}

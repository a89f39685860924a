//! The table of uploads, through the store that the functions use.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_aws::{
    Cancelled, Claim, ClaimError, ClaimToken, Created, Limit, Limits, Moved, UploadClaimed, UploadEnding,
    Uploads,
};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{Sealed, SessionId, SessionToken};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Checkpoint, Upload, UploadFailure, UploadId, UploadState};

use super::{PERSON, Services, services};

const NOW: UnixTime = UnixTime(1_000_000);

/// When claims end that are made at [`NOW`].
const UNTIL: UnixTime = UnixTime(NOW.0 + 30);

const LATER: UnixTime = UnixTime(UNTIL.0 + 1);

/// A table with one upload of somebody's.
struct Ground {
    services: Services,
    uploads: Uploads,
    session: SessionId,
    id: UploadId,
}

async fn ground() -> Ground {
    let services = services().await;
    let uploads = Uploads::new(&services.connection(), services.uploads().to_owned());
    let row = row(&SessionToken::random().id(), 100);
    assert_eq!(uploads.create(&row, None).await.unwrap(), Created::New);
    Ground { services, uploads, session: row.session, id: row.id }
}

fn row(session: &SessionId, size: u64) -> Upload {
    let details = Sealed { key_id: "0123abcd".to_owned(), bytes: vec![1, 2, 3] };
    Upload::new(UploadId::random(), session.clone(), size, details, NOW)
}

fn token(name: &str) -> ClaimToken {
    ClaimToken(name.to_owned())
}

fn done(number: i32) -> UploadEnding {
    UploadEnding::Done { message_id: MessageId::new(number).unwrap() }
}

impl Ground {
    async fn row(&self) -> Upload {
        self.uploads.get(&self.session, &self.id, NOW).await.unwrap().expect("an upload")
    }

    async fn state(&self) -> UploadState {
        self.row().await.state
    }

    async fn queue(&self) -> Moved {
        self.uploads.queue(&self.session, &self.id, b"sealed", NOW).await.unwrap()
    }

    async fn claim(&self, name: &str, now: UnixTime) -> UploadClaimed {
        let claim = Claim { token: token(name), now, until: UnixTime(now.0 + 30) };
        self.uploads.claim(&self.session, &self.id, &claim).await.unwrap()
    }

    async fn renew(&self, name: &str, checkpoint: Option<(i64, u32)>) -> Result<(), ClaimError> {
        let checkpoint = checkpoint.map(|(file_id, parts)| Checkpoint { file_id, parts });
        self.uploads.renew(&self.session, &self.id, &token(name), checkpoint, LATER).await
    }

    async fn release(&self, name: &str, attempts: u32) -> Result<(), ClaimError> {
        self.uploads.release(&self.session, &self.id, &token(name), None, attempts, NOW).await
    }

    async fn finish(&self, name: &str, ending: &UploadEnding) -> Result<(), ClaimError> {
        self.uploads.finish(&self.session, &self.id, &token(name), ending, NOW).await
    }

    async fn commit(&self, name: &str) -> Result<(), ClaimError> {
        self.uploads.mark_committing(&self.session, &self.id, &token(name), UNTIL).await
    }

    async fn cancel(&self) -> Cancelled {
        self.uploads.cancel(&self.session, &self.id, NOW).await.unwrap()
    }

    async fn delegation(&self) -> Option<Vec<u8>> {
        self.uploads.delegation(&self.session, &self.id, NOW).await.unwrap()
    }
}

fn is_lost(result: &Result<(), ClaimError>) -> bool {
    matches!(result, Err(ClaimError::Lost))
}

#[tokio::test]
async fn an_upload_is_found_by_its_owner_until_its_time_is_over() {
    let ground = ground().await;
    let row = ground.row().await;
    assert_eq!((row.state, row.size), (UploadState::Receiving, 100));
    let stranger = SessionToken::random().id();
    assert_eq!(ground.uploads.get(&stranger, &ground.id, NOW).await.unwrap(), None);
    assert_eq!(ground.uploads.unfinished(&stranger, NOW).await.unwrap(), []);
    let over = row.expires_at;
    assert_eq!(ground.uploads.unfinished(&ground.session, NOW).await.unwrap(), [row]);
    assert_eq!(ground.uploads.get(&ground.session, &ground.id, over).await.unwrap(), None);
    assert_eq!(ground.uploads.unfinished(&ground.session, over).await.unwrap(), []);
    assert_eq!(ground.uploads.cancel(&ground.session, &ground.id, over).await.unwrap(), Cancelled::Gone);
    assert_eq!(ground.uploads.queue(&ground.session, &ground.id, b"", over).await.unwrap(), Moved::Gone);
    let nobodys = UploadId::random();
    assert_eq!(ground.uploads.queue(&ground.session, &nobodys, b"", NOW).await.unwrap(), Moved::Gone);
    assert_eq!(ground.uploads.cancel(&ground.session, &nobodys, NOW).await.unwrap(), Cancelled::Gone);
}

#[tokio::test]
async fn the_bytes_of_uploads_count_against_the_quota_in_kibibytes() {
    let services = services().await;
    let uploads = Uploads::new(&services.connection(), services.uploads().to_owned());
    let limits = Limits::new(&services.connection(), services.limits().to_owned());
    let session = SessionToken::random().id();
    let limit = Limit { subject: "uploads".to_owned(), most: 10, window: Duration::from_hours(24) };
    let create = async |size| uploads.create(&row(&session, size), Some((&limits, &limit))).await.unwrap();
    let limited = Created::Limited { retry_after: limit.seconds_left(NOW) };
    assert_eq!(create(10 * 1024 + 1).await, limited);
    assert_eq!(create(9 * 1024).await, Created::New);
    assert_eq!(create(1025).await, limited);
    assert_eq!(create(1).await, Created::New);
    assert_eq!(create(1).await, limited);
    assert_eq!(uploads.unfinished(&session, NOW).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_upload_goes_its_way_and_its_delegation_goes_with_it() {
    let ground = ground().await;
    assert_eq!(ground.claim("a", NOW).await, UploadClaimed::Gone);
    assert_eq!(ground.delegation().await, None);
    assert_eq!(ground.queue().await, Moved::Now);
    let Moved::Already(there) = ground.queue().await else { panic!("it was moved before") };
    assert_eq!((there.state, there.enqueued), (UploadState::Queued, false));
    assert_eq!(ground.delegation().await, Some(b"sealed".to_vec()));
    ground.uploads.mark_enqueued(&ground.session, &ground.id).await.unwrap();
    assert!(ground.row().await.enqueued);
    let UploadClaimed::Granted(row) = ground.claim("a", NOW).await else { panic!("nobody has it") };
    assert_eq!((row.state, row.attempts), (UploadState::Sending, 1));
    ground.commit("a").await.unwrap();
    for _repeat in 0..2 {
        ground.finish("a", &done(7)).await.unwrap();
    }
    let row = ground.row().await;
    assert_eq!((row.state, row.message_id), (UploadState::Done, MessageId::new(7)));
    assert_eq!(row.expires_at, NOW.plus(Duration::from_hours(24)));
    assert_eq!(ground.delegation().await, None);
    assert_eq!(ground.claim("b", LATER).await, UploadClaimed::Final(row));
    assert_eq!(ground.cancel().await, Cancelled::Done);
    assert_eq!(ground.uploads.unfinished(&ground.session, NOW).await.unwrap(), []);
}

#[tokio::test]
async fn a_claim_is_one_workers_until_it_ends_or_is_given_back() {
    let ground = ground().await;
    ground.queue().await;
    ground.claim("a", NOW).await;
    assert_eq!(ground.claim("b", NOW).await, UploadClaimed::Held(UNTIL));
    ground.renew("a", None).await.unwrap();
    assert_eq!(ground.claim("b", UNTIL).await, UploadClaimed::Held(LATER));
    assert!(matches!(ground.claim("b", LATER).await, UploadClaimed::Granted(row) if row.attempts == 2));
    assert!(is_lost(&ground.renew("a", None).await));
    assert!(is_lost(&ground.renew("a", Some((1, 1))).await));
    assert!(is_lost(&ground.commit("a").await));
    assert!(is_lost(&ground.release("a", 0).await));
    assert!(is_lost(&ground.finish("a", &done(1)).await));
    for _repeat in 0..2 {
        ground.release("b", 1).await.unwrap();
    }
    let row = ground.row().await;
    assert_eq!((row.state, row.attempts), (UploadState::Queued, 1));
    assert!(is_lost(&ground.renew("b", None).await));
    assert!(is_lost(&ground.finish("b", &done(1)).await));
    assert!(matches!(ground.claim("c", NOW).await, UploadClaimed::Granted(row) if row.attempts == 2));
}

#[tokio::test]
async fn progress_starts_the_count_of_attempts_anew_and_another_number_is_a_restart() {
    let ground = ground().await;
    ground.queue().await;
    ground.claim("a", NOW).await;
    for (checkpoint, attempts, restarts) in [
        ((1, 0), 1, 0),
        ((1, 0), 1, 0),
        ((1, 3), 0, 0),
        ((1, 3), 0, 0),
        ((2, 0), 0, 1),
        ((2, 0), 0, 1),
        ((2, 1), 0, 1),
    ] {
        ground.services.lose_answers("UpdateItem", 1);
        ground.renew("a", Some(checkpoint)).await.unwrap();
        let row = ground.row().await;
        let there = row.checkpoint.unwrap();
        assert_eq!((there.file_id, there.parts), checkpoint);
        assert_eq!((row.attempts, row.restarts), (attempts, restarts), "{checkpoint:?}");
    }
    assert!(matches!(ground.claim("b", LATER).await, UploadClaimed::Granted(row) if row.attempts == 1));
    ground.renew("b", Some((2, 1))).await.unwrap();
    assert_eq!(ground.row().await.attempts, 1);
    let checkpoint = Some(Checkpoint { file_id: 2, parts: 2 });
    ground.uploads.release(&ground.session, &ground.id, &token("b"), checkpoint, 0, NOW).await.unwrap();
    let row = ground.row().await;
    assert_eq!((row.checkpoint, row.attempts, row.restarts), (checkpoint, 0, 1));
}

#[tokio::test]
async fn a_cancelled_upload_is_taken_from_its_worker_with_its_delegation() {
    for steps in 0..3 {
        let ground = ground().await;
        if steps > 0 {
            ground.queue().await;
        }
        if steps > 1 {
            ground.claim("a", NOW).await;
        }
        let before = ground.row().await;
        assert_eq!(ground.cancel().await, Cancelled::Now(before));
        let row = ground.row().await;
        assert_eq!((row.state, row.failure.clone()), (UploadState::Failed, Some(UploadFailure::Cancelled)));
        assert_eq!(ground.delegation().await, None);
        assert!(is_lost(&ground.renew("a", Some((1, 1))).await), "{steps}");
        assert!(is_lost(&ground.commit("a").await));
        assert!(is_lost(&ground.release("a", 0).await));
        assert!(is_lost(&ground.finish("a", &done(1)).await));
        assert_eq!(ground.claim("b", LATER).await, UploadClaimed::Final(row.clone()));
        assert_eq!(ground.queue().await, Moved::Already(Box::new(row.clone())));
        assert_eq!(ground.delegation().await, None);
        assert_eq!(ground.cancel().await, Cancelled::Failed(row));
    }
}

#[tokio::test]
async fn an_upload_that_may_have_become_a_message_is_not_cancelled_until_telegram_denies_it() {
    let ground = ground().await;
    ground.queue().await;
    ground.claim("a", NOW).await;
    ground.commit("a").await.unwrap();
    assert_eq!(ground.cancel().await, Cancelled::Committing);
    ground.release("a", 0).await.unwrap();
    assert_eq!(ground.cancel().await, Cancelled::Committing);
    assert_eq!(ground.state().await, UploadState::Queued);
    ground.claim("b", NOW).await;
    ground.uploads.unmark_committing(&ground.session, &ground.id, &token("b")).await.unwrap();
    assert!(matches!(ground.cancel().await, Cancelled::Now(_)));
}

#[tokio::test]
async fn a_failure_is_kept_with_its_reason() {
    let ground = ground().await;
    ground.queue().await;
    ground.claim("a", NOW).await;
    let reason = UploadFailure::refused("MEDIA_INVALID");
    ground.finish("a", &UploadEnding::Failed { reason: reason.clone() }).await.unwrap();
    let row = ground.row().await;
    assert_eq!((row.state, row.failure.clone()), (UploadState::Failed, Some(reason)));
    assert_eq!(ground.delegation().await, None);
    assert_eq!(ground.cancel().await, Cancelled::Failed(row));
}

#[tokio::test]
async fn every_item_has_a_time_to_be_forgotten_at() {
    let ground = ground().await;
    ground.queue().await;
    let scan = ground.services.dynamodb(PERSON).scan().table_name(ground.services.uploads());
    let items = scan.send().await.expect("an answer").items.expect("items");
    assert_eq!(items.len(), 2);
    let queued = NOW.plus(Duration::from_hours(4 * 24)).0.to_string();
    for item in items {
        assert_eq!(item["expires_at"], AttributeValue::N(queued.clone()));
    }
    let over = NOW.plus(Duration::from_hours(4 * 24));
    assert_eq!(ground.uploads.delegation(&ground.session, &ground.id, over).await.unwrap(), None);
}

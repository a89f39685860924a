//! `GET /uploads/{id}`: how far an upload is.

use http::StatusCode;
use lambdagram_aws::StagedPart;
use lambdagram_domain::upload::{Upload, UploadPlan, UploadState};
use serde_json::{Map, Value, json};

use super::begin::URL_LIFE;
use super::parts::{PART_SIZE, parts_of};
use super::{Owner, Uploads};
use crate::http::{Answer, ApiError, Incoming};

impl Uploads {
    pub(super) async fn progress(&self, request: &Incoming, owner: &Owner) -> Result<Answer, ApiError> {
        let row = self.named(request, owner).await?;
        let mut body = told(&row);
        if row.state == UploadState::Receiving {
            let there = self.received(&row).await?;
            let missing = missing(row.size, there.as_deref());
            let received = there.iter().flatten();
            let received = received.map(|part| json!({"number": part.number, "etag": part.etag}));
            body.insert("part_size".to_owned(), json!(PART_SIZE));
            body.insert("received".to_owned(), received.collect());
            body.insert("parts".to_owned(), self.urls(&row, missing, request.now()).await?.into());
            body.insert("expires_at".to_owned(), json!(request.now().plus(URL_LIFE).0));
        }
        self.ensure_enqueued(owner, &row).await?;
        Ok(Answer::json(StatusCode::OK, Value::Object(body)))
    }

    /// Puts an upload into the queue whose request died before it could. An upload that is being sent may need it too, for
    /// whoever sends it may die as well.
    pub(super) async fn ensure_enqueued(&self, owner: &Owner, row: &Upload) -> Result<(), ApiError> {
        match row.state {
            UploadState::Queued | UploadState::Sending if !row.enqueued => {
                self.intake.enqueue(&owner.caller.token, &row.id).await
            }
            _ => Ok(()),
        }
    }

    /// The parts that the bucket has; `None` when they are one file already.
    async fn received(&self, row: &Upload) -> Result<Option<Vec<StagedPart>>, ApiError> {
        let Some(s3_upload) = &row.s3_upload else { return Ok(Some(Vec::new())) };
        Ok(self.staging.parts(&row.id.staged(), s3_upload).await?)
    }
}

/// What is told of every upload.
pub(super) fn told(row: &Upload) -> Map<String, Value> {
    let sent = match (row.state, row.checkpoint) {
        (UploadState::Done, _) => row.size,
        // What its account may send was checked when it was begun.
        (_, Some(at)) => UploadPlan::of(row.size, true).map_or(0, |plan| plan.bytes_of(at.parts)),
        (_, None) => 0,
    };
    let mut body = Map::new();
    let mut tell = |name: &str, value: Value| body.insert(name.to_owned(), value);
    tell("id", json!(row.id));
    tell("state", json!(row.state.name()));
    tell("bytes_total", json!(row.size));
    tell("bytes_sent", json!(sent));
    if let Some(message_id) = row.message_id {
        tell("message_id", json!(message_id));
    }
    if let Some(failure) = &row.failure {
        tell("error", json!(failure.to_string()));
        if let Some(error) = failure.telegram_error() {
            tell("details", json!(error));
        }
    }
    body
}

/// The parts that have not come yet. None of a file that the bucket has whole.
fn missing(size: u64, there: Option<&[StagedPart]>) -> impl Iterator<Item = (u32, u64)> {
    let is_there = move |number| there.is_none_or(|there| there.iter().any(|part| part.number == number));
    parts_of(size).filter(move |(number, _)| !is_there(*number))
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::media::MessageId;
    use lambdagram_domain::session::{Sealed, SessionToken};
    use lambdagram_domain::time::UnixTime;
    use lambdagram_domain::upload::{Checkpoint, UploadFailure, UploadId};

    use super::*;

    fn row() -> Upload {
        let details = Sealed { key_id: String::new(), bytes: Vec::new() };
        let id = UploadId::parse(&"0".repeat(32)).unwrap();
        Upload::new(id, SessionToken::random().id(), 1_000_000, details, UnixTime(0))
    }

    fn with(row: &Upload, more: &Value) {
        let mut expected = json!({"id": "0".repeat(32), "bytes_total": 1_000_000});
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(Value::Object(told(row)), expected);
    }

    #[test]
    fn each_state_tells_how_far_it_is() {
        with(&row(), &json!({"state": "receiving", "bytes_sent": 0}));
        let checkpoint = Some(Checkpoint { file_id: 1, parts: 1 });
        let sending = Upload { state: UploadState::Sending, checkpoint, ..row() };
        with(&sending, &json!({"state": "sending", "bytes_sent": 524_288}));
        let done = Upload { state: UploadState::Done, message_id: MessageId::new(7), ..row() };
        with(&done, &json!({"state": "done", "bytes_sent": 1_000_000, "message_id": 7}));
        let failed = Upload { state: UploadState::Failed, checkpoint, ..row() };
        let cancelled = Upload { failure: Some(UploadFailure::Cancelled), ..failed.clone() };
        let told = json!({"state": "failed", "bytes_sent": 524_288, "error": "The upload was cancelled."});
        with(&cancelled, &told);
        let refused = Upload { failure: Some(UploadFailure::refused("MEDIA_INVALID")), ..failed };
        let told = json!({
            "state": "failed",
            "bytes_sent": 524_288,
            "error": "Telegram refused the file.",
            "details": "MEDIA_INVALID",
        });
        with(&refused, &told);
    }

    #[test]
    fn what_has_not_come_is_missing() {
        let there = |number| StagedPart { number, etag: String::new(), size: PART_SIZE };
        let missing = |there: Option<&[StagedPart]>| missing(2 * PART_SIZE + 1, there).collect::<Vec<_>>();
        assert_eq!(missing(Some(&[])), [(1, PART_SIZE), (2, PART_SIZE), (3, 1)]);
        assert_eq!(missing(Some(&[there(2)])), [(1, PART_SIZE), (3, 1)]);
        assert_eq!(missing(None), []);
    }
}

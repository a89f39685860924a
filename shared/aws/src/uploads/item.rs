//! An upload and its delegation as DynamoDB items.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{Sealed, SessionId};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Checkpoint, Upload, UploadFailure, UploadId, UploadState};

use crate::attributes::{Item, number, read_bytes, read_number, read_text, text};

/// What the range keys of uploads begin with.
pub(super) const UPLOAD: &str = "upload#";

/// What the range keys of delegations begin with.
const DELEGATION: &str = "delegation#";

pub(super) fn upload_key(session: &SessionId, id: &UploadId) -> Item {
    key(session, UPLOAD, id)
}

pub(super) fn delegation_key(session: &SessionId, id: &UploadId) -> Item {
    key(session, DELEGATION, id)
}

fn key(session: &SessionId, kind: &str, id: &UploadId) -> Item {
    let attributes = [("session", text(session.as_str())), ("item", text(&format!("{kind}{id}")))];
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn delegation_item(
    session: &SessionId,
    id: &UploadId,
    sealed: &[u8],
    expires_at: UnixTime,
) -> Item {
    let mut item = delegation_key(session, id);
    item.insert("sealed".to_owned(), AttributeValue::B(Blob::new(sealed)));
    item.insert("expires_at".to_owned(), number(expires_at.0));
    item
}

pub(super) fn item_of(row: &Upload) -> Item {
    let always = [
        ("size", number(row.size)),
        ("state", text(row.state.name())),
        ("key_id", text(&row.details.key_id)),
        ("details", AttributeValue::B(Blob::new(row.details.bytes.clone()))),
        ("attempts", number(row.attempts)),
        ("restarts", number(row.restarts)),
        ("created_at", number(row.created_at.0)),
        ("expires_at", number(row.expires_at.0)),
    ];
    let yes = AttributeValue::Bool(true);
    let sometimes = [
        ("s3_upload", row.s3_upload.as_deref().map(text)),
        ("file_id", row.checkpoint.map(|checkpoint| number(checkpoint.file_id))),
        ("parts", row.checkpoint.map(|checkpoint| number(checkpoint.parts))),
        ("enqueued", row.enqueued.then(|| yes.clone())),
        ("committing", row.committing.then_some(yes)),
        ("message_id", row.message_id.map(|id| number(id.get()))),
        ("failure", row.failure.as_ref().map(|failure| text(&failure.name()))),
    ];
    let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let attributes = always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value));
    upload_key(&row.session, &row.id).into_iter().chain(attributes).collect()
}

/// Reads an item; `None` when it is not an upload.
pub(super) fn upload_of(item: &Item) -> Option<Upload> {
    let is_true = |name: &str| matches!(item.get(name), Some(AttributeValue::Bool(true)));
    Some(Upload {
        id: UploadId::parse(read_text(item, "item")?.strip_prefix(UPLOAD)?)?,
        session: SessionId::parse(read_text(item, "session")?)?,
        size: read_number(item, "size")?,
        state: UploadState::parse(read_text(item, "state")?)?,
        s3_upload: read_text(item, "s3_upload").map(str::to_owned),
        details: Sealed {
            key_id: read_text(item, "key_id")?.to_owned(),
            bytes: read_bytes(item, "details")?.to_owned(),
        },
        checkpoint: checkpoint_of(item),
        attempts: read_number(item, "attempts")?,
        restarts: read_number(item, "restarts")?,
        enqueued: is_true("enqueued"),
        committing: is_true("committing"),
        created_at: UnixTime(read_number(item, "created_at")?),
        expires_at: UnixTime(read_number(item, "expires_at")?),
        message_id: read_number(item, "message_id").and_then(MessageId::new),
        failure: read_text(item, "failure").and_then(UploadFailure::parse),
    })
}

pub(super) fn checkpoint_of(item: &Item) -> Option<Checkpoint> {
    Some(Checkpoint { file_id: read_number(item, "file_id")?, parts: read_number(item, "parts")? })
}

/// When the claim in a row ends, or ended.
pub(super) fn claim_end(item: &Item) -> Option<UnixTime> {
    read_number(item, "claim_until").map(UnixTime)
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::session::SessionToken;

    use super::*;

    fn row() -> Upload {
        let details = Sealed { key_id: "0123abcd".to_owned(), bytes: vec![0, 255, 7] };
        let id = SessionToken::random().id();
        Upload::new(UploadId::random(), id, 5_000_000_000, details, UnixTime(1000))
    }

    #[test]
    fn an_upload_survives_being_an_item() {
        let row = row();
        assert_eq!(upload_of(&item_of(&row)), Some(row.clone()));
        let row = Upload {
            state: UploadState::Failed,
            s3_upload: Some("an upload".to_owned()),
            checkpoint: Some(Checkpoint { file_id: i64::MIN, parts: 3 }),
            attempts: 2,
            restarts: 1,
            enqueued: true,
            committing: true,
            message_id: MessageId::new(7),
            failure: Some(UploadFailure::refused("MEDIA_INVALID")),
            ..row
        };
        assert_eq!(upload_of(&item_of(&row)), Some(row));
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_upload() {
        let fields = [
            "session",
            "item",
            "size",
            "state",
            "key_id",
            "details",
            "attempts",
            "restarts",
            "created_at",
            "expires_at",
        ];
        for name in fields {
            let mut item = item_of(&row());
            item.remove(name);
            assert_eq!(upload_of(&item), None, "{name}");
        }
    }

    #[test]
    fn a_delegation_is_no_upload() {
        let row = row();
        let item = delegation_item(&row.session, &row.id, b"sealed", UnixTime(1));
        let of_the_upload = item_of(&row);
        assert_eq!(item["session"], of_the_upload["session"]);
        assert_ne!(item["item"], of_the_upload["item"]);
        assert_eq!(upload_of(&item), None);
    }
}

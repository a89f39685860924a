//! What is known of one upload, and what its sender wrote about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Checkpoint, SendAs, UploadFailure, UploadId, UploadState};
use crate::media::MessageId;
use crate::session::{Sealed, SessionId};
use crate::time::UnixTime;

/// How long a client has to bring the bytes. S3 forgets the parts of an unfinished upload after a day, too.
pub const RECEIVED_WITHIN: Duration = Duration::from_hours(24);

/// How long an upload may wait and be sent, from when the bucket has it whole: as long as the queue keeps its message.
pub const SENT_WITHIN: Duration = Duration::from_hours(4 * 24);

/// How long it can be seen what became of an upload.
pub const KEPT_WHEN_OVER: Duration = Duration::from_hours(24);

/// One upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The session it belongs to.
    pub session: SessionId,
    /// Bytes of the file.
    pub size: u64,
    /// Where it stands.
    pub state: UploadState,
    /// What S3 knows the multipart upload by, for an upload that comes in parts.
    pub s3_upload: Option<String>,
    /// The sealed [`UploadDetails`].
    pub details: Sealed,
    /// How much of it Telegram has; `None` before the first part.
    pub checkpoint: Option<Checkpoint>,
    /// Claims that ended without an orderly return since Telegram last took a part.
    pub attempts: u32,
    /// How often Telegram had forgotten its parts, so that it began anew.
    pub restarts: u32,
    /// Whether the queue is known to have it.
    pub enqueued: bool,
    /// Whether the message is about to be made, or was: from here on it cannot be cancelled.
    pub committing: bool,
    /// When it was begun.
    pub created_at: UnixTime,
    /// When it is forgotten.
    pub expires_at: UnixTime,
    /// The message it became.
    pub message_id: Option<MessageId>,
    /// Why it became none.
    pub failure: Option<UploadFailure>,
}

impl Upload {
    /// An upload of `size` bytes that is begun at `now`, of which the bucket has nothing yet.
    pub fn new(id: UploadId, session: SessionId, size: u64, details: Sealed, now: UnixTime) -> Self {
        Self {
            id,
            session,
            size,
            state: UploadState::Receiving,
            s3_upload: None,
            details,
            checkpoint: None,
            attempts: 0,
            restarts: 0,
            enqueued: false,
            committing: false,
            created_at: now,
            expires_at: now.plus(RECEIVED_WITHIN),
            message_id: None,
            failure: None,
        }
    }
}

/// What its sender wrote about a file. It is stored sealed (see [`crate::session::Sealer::seal_upload`]), and `Debug` shows
/// none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadDetails {
    /// The file's name, as [`crate::media::stored_name`] gives it.
    pub name: Option<String>,
    /// The media type its sender believes it to have.
    pub mime_type: Option<String>,
    /// The text beside it; empty for none.
    pub caption: String,
    /// What it is to be sent as.
    pub send_as: SendAs,
}

impl fmt::Debug for UploadDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UploadDetails(..)")
    }
}

/// The message of the queue that stands for one upload. It opens nothing: the session is the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadJob {
    /// The session the upload belongs to.
    pub session: SessionId,
    /// The upload.
    pub upload: UploadId,
}

impl UploadJob {
    /// The line it stands in: a session's uploads go one at a time, so that a wait that Telegram orders for the account is
    /// one wait.
    pub fn group(&self) -> &str {
        self.session.as_str()
    }
}

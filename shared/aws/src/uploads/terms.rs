//! What is asked of the table of uploads, and what it answers.

use lambdagram_domain::media::MessageId;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Upload, UploadFailure};

/// What became of a new upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is written.
    New,
    /// The limit on bytes is reached; nothing was written.
    Limited {
        /// Seconds until the limit's window ends.
        retry_after: u64,
    },
}

/// What became of an upload that was to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is queued, and its delegation is stored.
    Now,
    /// It was not receiving any more, and stays as it is.
    Already(Box<Upload>),
    /// There is none, or its time is over.
    Gone,
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadClaimed {
    /// It is granted. The upload is as it was before, in its new state and with this attempt counted.
    Granted(Upload),
    /// Another worker holds it until then.
    Held(UnixTime),
    /// It has ended; there is nothing to do.
    Final(Upload),
    /// There is none, or it is not whole in the bucket, or its time is over.
    Gone,
}

/// How an upload ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadEnding {
    /// There is a message.
    Done {
        /// The message.
        message_id: MessageId,
    },
    /// There will be none.
    Failed {
        /// Why.
        reason: UploadFailure,
    },
}

/// What became of an upload that was to be cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is cancelled, and its delegation is gone. It is as it was before.
    Now(Upload),
    /// It is about to become a message, or has become one that is not recorded yet.
    Committing,
    /// It has become a message.
    Done,
    /// It had failed, or was cancelled, before.
    Failed(Upload),
    /// There is none, or its time is over.
    Gone,
}

//! The service's limits and times. Source of each, unless said otherwise: the quotas and the API reference of the
//! Amazon SQS documentation.

/// Largest batch of messages, in bytes: all bodies and attributes together.
pub(super) const BATCH_SIZE: usize = 1_048_576;

/// Most entries in one batch request, and most messages in one receive.
pub(super) const BATCH_ENTRIES: usize = 10;

/// Most attributes a message may carry.
pub(super) const MESSAGE_ATTRIBUTES: usize = 10;

/// Longest name or type of a message attribute, in characters.
pub(super) const ATTRIBUTE_NAME_LENGTH: usize = 256;

/// Longest message group id, deduplication id and receive attempt id, in characters.
pub(super) const ID_LENGTH: usize = 128;

/// Longest visibility timeout, and the longest a message stays in flight in all, in seconds (12 hours).
pub(super) const VISIBILITY_S: u32 = 43_200;

/// Longest delay, in seconds (15 minutes).
pub(super) const DELAY_S: u32 = 900;

/// Longest long poll, in seconds.
pub(super) const WAIT_S: u32 = 20;

/// Most messages in flight per queue.
pub(super) const IN_FLIGHT: usize = 120_000;

/// How long a deduplication id is remembered after the message that brought it, in milliseconds (5 minutes).
pub(super) const DEDUPLICATION_MS: u64 = 300_000;

/// The pause that two purges of a queue must keep, in milliseconds.
pub(super) const PURGE_PAUSE_MS: u64 = 60_000;

/// How long the name of a deleted queue stays blocked, in milliseconds.
pub(super) const DELETED_PAUSE_MS: u64 = 60_000;

/// Most receives that a redrive policy may allow.
pub(super) const RECEIVE_COUNT: u32 = 1000;

/// Fastest message move task, in messages a second.
pub(super) const MOVES_PER_SECOND: u32 = 500;

/// Most queues in one answer of a listing, and the default.
pub(super) const PAGE: usize = 1000;

/// Most tags of a queue.
pub(super) const TAGS: usize = 50;

/// Longest queue name, in characters.
pub(super) const QUEUE_NAME_LENGTH: usize = 80;

/// Longest id of a batch entry, in characters.
pub(super) const ENTRY_ID_LENGTH: usize = 80;

/// Largest request body that is read, in bytes: a full batch whose every byte is escaped to six (`\u0009`).
pub(super) const REQUEST_SIZE: usize = 8 * 1_048_576;

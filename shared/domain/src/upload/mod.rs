//! Files on their way to Telegram: in which parts they go, what they are sent as, and how far they are.

mod caption;
mod delegation;
mod failure;
mod kind;
mod look;
mod media_type;
mod plan;
mod row;
mod state;

pub use self::caption::{CaptionTooLong, check_caption};
pub use self::delegation::{DelegationKey, PublicDelegationKey};
pub use self::failure::UploadFailure;
pub use self::kind::{Content, Form, NotAPhoto, SendAs};
pub use self::look::{Look, Step};
pub use self::plan::{PART_SIZE, SizeError, UploadPart, UploadPlan};
pub use self::row::{KEPT_WHEN_OVER, RECEIVED_WITHIN, SENT_WITHIN, Upload, UploadDetails, UploadJob};
pub use self::state::{Checkpoint, UploadId, UploadState};

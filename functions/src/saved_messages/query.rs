//! Which part of the list is asked for.

use lambdagram_domain::media::{MediaKind, MessageId};

use crate::http::{ApiError, Incoming};

/// Where the list is.
const PATH: &str = "/get-saved-messages-media";

/// Items of an answer that names no number.
const USUAL_LIMIT: usize = 100;

/// Items of an answer at most.
const LARGEST_LIMIT: usize = 500;

/// Part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Items at most.
    pub(super) limit: usize,
    /// Only what is older than this message.
    pub(super) before: Option<MessageId>,
    /// Only files of this kind.
    pub(super) kind: Option<MediaKind>,
}

impl Query {
    /// # Errors
    ///
    /// [`ApiError::InvalidParameter`].
    pub(super) fn of(request: &Incoming) -> Result<Self, ApiError> {
        let limit = read(request, "limit", "a whole number from 1 to 500", |text| {
            // An identifier of a message is as small a whole number as any.
            let limit = usize::try_from(MessageId::parse(text)?.get()).ok()?;
            (limit <= LARGEST_LIMIT).then_some(limit)
        })?;
        Ok(Self {
            limit: limit.unwrap_or(USUAL_LIMIT),
            before: read(request, "before", "the id of a message", MessageId::parse)?,
            kind: read(
                request,
                "type",
                "photo, video, audio, voice, video_note, animation, sticker or document",
                MediaKind::parse,
            )?,
        })
    }

    /// The value of `Link` for the part that goes on below `before`.
    pub(super) fn link_to_next(self, request: &Incoming, before: MessageId) -> String {
        let kind = self.kind.map_or_else(String::new, |kind| format!("&type={}", kind.name()));
        format!("<{}?limit={}&before={before}{kind}>; rel=\"next\"", request.location(PATH), self.limit)
    }
}

/// A parameter that may be missing. Given twice, it says nothing.
fn read<T>(
    request: &Incoming,
    parameter: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let value = match request.query(parameter)[..] {
        [] => return Ok(None),
        [value] => parse(value),
        _ => None,
    };
    value.map(Some).ok_or(ApiError::InvalidParameter { parameter, expected })
}

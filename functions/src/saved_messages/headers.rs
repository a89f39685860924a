//! Headers of somebody's files: input of whoever sent them, shown by whichever page their owner likes.

use http::HeaderName;
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

use crate::http::{Answer, By, Incoming};

/// What is opened as a page of its own runs nothing, and loads nothing but itself: for a video, a browser makes a page
/// with a player that asks for the same URL once more. The page keeps its origin, or that would be another site's video.
const POLICY: &str =
    "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin";

/// Says that nobody may take the file for something else, and which pages may show it. A browser sends a cookie for
/// whatever page wants an image, so pages of another site have to be listed. Who has a ticket was given it.
pub(super) fn guarded(answer: Answer, request: &Incoming, by: By) -> Answer {
    let shown_by = match by {
        By::Cookie if !request.is_for_listed_page() => "same-site",
        By::Cookie | By::Bearer => "cross-origin",
    };
    answer
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(HeaderName::from_static("cross-origin-resource-policy"), shown_by)
}

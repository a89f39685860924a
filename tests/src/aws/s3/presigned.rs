//! How long presigned URLs are good: by the stack's clock, which tests push forward. The signature itself is checked
//! later.

use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::aws::call::form_field;
use crate::aws::{Service, refusal};

/// The longest life of a presigned URL, in seconds (AWS, "Authenticating requests: using query parameters").
const LONGEST_S: u64 = 604_800;

/// How far ahead of the server's clock a signer's may be, in seconds (AWS, `RequestTimeTooSkewed`).
const SKEW_S: u64 = 900;

/// How requests are dated.
const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// What a presigned request is refused with for its time, if it is one and its time is not now.
pub(super) fn refuse(uri: &Uri, now_s: u64) -> Option<Response<Body>> {
    let query = uri.query().unwrap_or_default();
    let date = form_field(query, "X-Amz-Date")?;
    let expires_s: u64 = form_field(query, "X-Amz-Expires")?.parse().ok()?;
    let signed = PrimitiveDateTime::parse(&date, DATE).ok()?.assume_utc().unix_timestamp();
    let signed_s = u64::try_from(signed).ok()?;
    let (status, code, message) = if expires_s > LONGEST_S {
        let message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be \
                       less than 604800 seconds";
        (StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError", message)
    } else if now_s > signed_s.saturating_add(expires_s) {
        (StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
    } else if signed_s > now_s.saturating_add(SKEW_S) {
        (StatusCode::FORBIDDEN, "AccessDenied", "Request is not yet valid")
    } else {
        return None;
    };
    Some(refusal::error(Service::S3, status, code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(query: &str, now_s: u64) -> Option<u16> {
        let uri = format!("/bucket/key?{query}").parse().expect("an address");
        refuse(&uri, now_s).map(|refused| refused.status().as_u16())
    }

    #[test]
    fn a_url_is_good_from_its_date_for_as_long_as_it_says() {
        // 2 January 1970, 00:00:10.
        let (query, signed_s) = ("X-Amz-Date=19700102T000010Z&X-Amz-Expires=60", 86_410);
        for (after, expected) in [(0, None), (60, None), (61, Some(403)), (86_400, Some(403))] {
            assert_eq!(status(query, signed_s + after), expected, "{after}");
        }
        assert_eq!(status(query, signed_s - 900), None);
        assert_eq!(status(query, signed_s - 901), Some(403));
        let long = "X-Amz-Date=19700102T000010Z&X-Amz-Expires=604801";
        assert_eq!(status(long, signed_s), Some(400));
    }

    #[test]
    fn what_is_not_presigned_has_no_time() {
        for query in ["", "uploads", "X-Amz-Date=today&X-Amz-Expires=60", "X-Amz-Date=19700102T000010Z"] {
            assert_eq!(status(query, u64::MAX), None, "{query}");
        }
    }
}

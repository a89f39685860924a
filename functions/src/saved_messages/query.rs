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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(query: &Value, domain_name: &str) -> Incoming {
        Incoming::of_event(&json!({
            "resource": PATH,
            "path": PATH,
            "httpMethod": "GET",
            "headers": {},
            "multiValueHeaders": {},
            "multiValueQueryStringParameters": query,
            "requestContext": {
                "domainName": domain_name,
                "httpMethod": "GET",
                "identity": {"sourceIp": "203.0.113.7"},
                "requestId": "r-1",
                "resourcePath": PATH,
                "stage": "prod",
            },
            "body": null,
            "isBase64Encoded": false,
        }))
    }

    fn read(query: &Value) -> Result<Query, String> {
        Query::of(&request(query, "api.example")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_what_most_want() {
        let usual = Query { limit: 100, before: None, kind: None };
        assert_eq!(read(&json!({})), Ok(usual));
        assert_eq!(read(&Value::Null), Ok(usual));
        assert_eq!(read(&json!({"other": ["1"]})), Ok(usual));
    }

    #[test]
    fn a_part_is_asked_for_by_its_size_its_place_and_its_kind() {
        let asked = Query { limit: 500, before: MessageId::new(i32::MAX), kind: Some(MediaKind::VideoNote) };
        let query = json!({"limit": ["500"], "before": ["2147483647"], "type": ["video_note"]});
        assert_eq!(read(&query), Ok(asked));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (parameter, values, sentence) in [
            ("limit", json!(["501"]), "limit must be a whole number from 1 to 500."),
            ("limit", json!(["1", "1"]), "limit must be a whole number from 1 to 500."),
            ("before", json!(["0"]), "before must be the id of a message."),
            (
                "type",
                json!(["all"]),
                "type must be photo, video, audio, voice, video_note, animation, sticker or document.",
            ),
        ] {
            assert_eq!(read(&json!({ parameter: values })), Err(sentence.to_owned()));
        }
    }

    #[test]
    fn the_link_says_all_that_was_asked_and_has_the_stage_where_paths_have_it() {
        let query = json!({"limit": ["7"], "type": ["photo"]});
        for (host, path) in [
            ("a1b2c3.execute-api.eu-central-1.amazonaws.com", "/prod/get-saved-messages-media"),
            ("api.example", "/get-saved-messages-media"),
        ] {
            let request = request(&query, host);
            let asked = Query::of(&request).unwrap();
            let link = asked.link_to_next(&request, MessageId::new(9).unwrap());
            assert_eq!(link, format!("<{path}?limit=7&before=9&type=photo>; rel=\"next\""));
        }
        let request = request(&json!({}), "api.example");
        let link = Query::of(&request).unwrap().link_to_next(&request, MessageId::new(9).unwrap());
        assert_eq!(link, "</get-saved-messages-media?limit=100&before=9>; rel=\"next\"");
    }
}

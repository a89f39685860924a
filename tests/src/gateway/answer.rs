//! What a function returned, as the client sees it: the proxy integration's output format.
//!
//! An object with an integer `statusCode` (digits in a string count, as in AWS's own blueprints), and optionally
//! `headers`, `multiValueHeaders`, `body` and `isBase64Encoded`. A header's value is a string, number or boolean.
//! Whatever else there is in these fields makes the answer malformed, and other fields are ignored. Statuses below
//! 200 are refused: an answer is the last word, and those only come before it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::headers::for_client;
use super::media::BinaryMediaTypes;

/// Why a function's answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Not in the output format.
    Malformed,
    /// It calls itself base64, has to become binary, and is no base64.
    NotBase64,
    /// The function ended before its streamed answer had begun.
    Incomplete,
}

/// A function's answer, ready for the client.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What comes before a streamed body.
#[derive(Debug, PartialEq)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

/// Reads the payload a function returned to a request with these headers.
pub(super) fn read(
    payload: &[u8],
    request: &HeaderMap,
    binary: &BinaryMediaTypes,
) -> Result<Answer, Unusable> {
    let Ok(Value::Object(mut output)) = serde_json::from_slice(payload) else {
        return Err(Unusable::Malformed);
    };
    let (status, headers) = status_and_headers(&mut output).ok_or(Unusable::Malformed)?;
    let encoded = match output.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(flag) => flag.as_bool().ok_or(Unusable::Malformed)?,
    };
    let body = match output.remove("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if encoded && binary.hold_answer(request, &headers) => {
            STANDARD.decode(text).map_err(|_| Unusable::NotBase64)?.into()
        }
        Some(Value::String(text)) => text.into(),
        Some(_) => return Err(Unusable::Malformed),
    };
    Ok(Answer { status, headers: for_client(headers), body })
}

/// Reads the prelude of a streamed answer. It is as an answer without a body, and may have `cookies`, a list of values
/// for `Set-Cookie`. Its `Content-Length` reaches the client: nobody else knows it.
pub(super) fn head(prelude: &[u8]) -> Result<Head, Unusable> {
    let Ok(Value::Object(mut output)) = serde_json::from_slice(prelude) else {
        return Err(Unusable::Malformed);
    };
    let cookies = output.remove("cookies");
    let (status, mut headers) = status_and_headers(&mut output).ok_or(Unusable::Malformed)?;
    for cookie in texts(cookies).ok_or(Unusable::Malformed)? {
        headers.append(SET_COOKIE, cookie);
    }
    let length = headers.remove(CONTENT_LENGTH);
    let mut headers = for_client(headers);
    if let Some(length) = length.filter(|_| status != StatusCode::NO_CONTENT) {
        let number = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
        headers.insert(CONTENT_LENGTH, number.ok_or(Unusable::Malformed)?.into());
    }
    Ok(Head { status, headers })
}

fn status_and_headers(output: &mut Map<String, Value>) -> Option<(StatusCode, HeaderMap)> {
    let status = status(output.get("statusCode"))?;
    let mut headers = HeaderMap::new();
    set_all(&mut headers, output.remove("headers"), single)?;
    set_all(&mut headers, output.remove("multiValueHeaders"), several)?;
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Some((status, headers))
}

fn texts(list: Option<Value>) -> Option<Vec<HeaderValue>> {
    match list {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(list) => several(&list),
    }
}

fn status(value: Option<&Value>) -> Option<StatusCode> {
    let number = match value? {
        Value::String(digits) => digits.parse().ok()?,
        number => u16::try_from(number.as_u64()?).ok()?,
    };
    (200..=599).contains(&number).then(|| StatusCode::from_u16(number).ok())?
}

/// Sets the headers of one map; a name that is there already is replaced with all its values.
fn set_all(
    headers: &mut HeaderMap,
    map: Option<Value>,
    read: fn(&Value) -> Option<Vec<HeaderValue>>,
) -> Option<()> {
    let map = match map {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) => map,
        Some(_) => return None,
    };
    // Names that differ in case alone are one header: the first of them replaces, the rest add.
    let mut replaced = Vec::new();
    for (name, values) in map {
        let name: HeaderName = name.parse().ok()?;
        if !replaced.contains(&name) {
            headers.remove(&name);
            replaced.push(name.clone());
        }
        for value in read(&values)? {
            headers.append(&name, value);
        }
    }
    Some(())
}

fn single(value: &Value) -> Option<Vec<HeaderValue>> {
    Some(vec![header_value(value)?])
}

fn several(values: &Value) -> Option<Vec<HeaderValue>> {
    values.as_array()?.iter().map(header_value).collect()
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(output: &Value) -> Result<Answer, Unusable> {
        let binary = BinaryMediaTypes::new(&["image/png".to_owned()]);
        read(output.to_string().as_bytes(), &HeaderMap::new(), &binary)
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn an_answer_is_json_unless_it_says_otherwise() {
        let expected = Answer {
            status: StatusCode::ACCEPTED,
            headers: headers(&[("content-type", "application/json")]),
            body: Bytes::from_static(b"{}"),
        };
        assert_eq!(answer(&json!({"statusCode": 202, "body": "{}"})), Ok(expected));
    }

    #[test]
    fn multi_value_headers_replace_single_ones_name_by_name() {
        let output = json!({
            "statusCode": 204,
            "headers": {"Set-Cookie": "lost=1", "X-One": "1", "content-type": "text/plain"},
            "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]},
        });
        let expected = Answer {
            status: StatusCode::NO_CONTENT,
            headers: headers(&[
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
                ("x-one", "1"),
                ("content-type", "text/plain"),
            ]),
            body: Bytes::new(),
        };
        assert_eq!(answer(&output), Ok(expected));
    }

    #[test]
    fn base64_becomes_bytes_only_for_binary_types() {
        let picture = json!({
            "statusCode": 200, "headers": {"content-type": "image/png"}, "body": "/wA=", "isBase64Encoded": true,
        });
        assert_eq!(answer(&picture).unwrap().body, Bytes::from_static(b"\xff\x00"));
        let text = json!({
            "statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "aGk=", "isBase64Encoded": true,
        });
        assert_eq!(answer(&text).unwrap().body, Bytes::from_static(b"aGk="));
    }

    #[test]
    fn numbers_and_booleans_are_header_values_too() {
        let output = json!({"statusCode": "201", "headers": {"x-count": 3, "x-flag": true}});
        let expected = headers(&[("x-count", "3"), ("x-flag", "true"), ("content-type", "application/json")]);
        let answer = answer(&output).unwrap();
        assert_eq!((answer.status, answer.headers), (StatusCode::CREATED, expected));
    }

    #[test]
    fn what_is_not_in_the_format_is_malformed() {
        let malformed = [
            json!([]),
            json!("hello"),
            json!(null),
            json!({"body": "no status"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 600}),
            json!({"statusCode": 200.5}),
            json!({"statusCode": -200}),
            json!({"statusCode": "fine"}),
            json!({"statusCode": 200, "body": {"an": "object"}}),
            json!({"statusCode": 200, "headers": []}),
            json!({"statusCode": 200, "headers": {"x": ["list"]}}),
            json!({"statusCode": 200, "headers": {"x": null}}),
            json!({"statusCode": 200, "headers": {"not a name": "x"}}),
            json!({"statusCode": 200, "headers": {"x": "two\r\nlines"}}),
            json!({"statusCode": 200, "multiValueHeaders": {"x": "no list"}}),
            json!({"statusCode": 200, "isBase64Encoded": "yes"}),
        ];
        for output in malformed {
            assert_eq!(answer(&output), Err(Unusable::Malformed), "{output}");
        }
        let binary = BinaryMediaTypes::new(&[]);
        assert_eq!(read(b"{", &HeaderMap::new(), &binary), Err(Unusable::Malformed));
    }

    #[test]
    fn a_prelude_is_an_answer_without_a_body_and_has_cookies_and_a_length() {
        let prelude = json!({
            "statusCode": 206,
            "headers": {"Content-Type": "video/mp4", "Content-Length": "7", "Date": "then"},
            "multiValueHeaders": {"x-two": ["1", "2"]},
            "cookies": ["a=1; Secure", "b=2"],
        });
        let expected = Head {
            status: StatusCode::PARTIAL_CONTENT,
            headers: headers(&[
                ("content-type", "video/mp4"),
                ("x-amzn-remapped-date", "then"),
                ("x-two", "1"),
                ("x-two", "2"),
                ("set-cookie", "a=1; Secure"),
                ("set-cookie", "b=2"),
                ("content-length", "7"),
            ]),
        };
        assert_eq!(head(prelude.to_string().as_bytes()), Ok(expected));
    }

    #[test]
    fn a_prelude_that_is_none_is_malformed() {
        for prelude in [
            json!([]),
            json!({}),
            json!({"statusCode": 99}),
            json!({"statusCode": 200, "headers": {"x": ["1", "2"]}}),
            json!({"statusCode": 200, "headers": {"content-length": "many"}}),
            json!({"statusCode": 200, "headers": {"content-length": "-1"}}),
            json!({"statusCode": 200, "cookies": "a=1"}),
            json!({"statusCode": 200, "cookies": ["two\r\nlines"]}),
        ] {
            assert_eq!(head(prelude.to_string().as_bytes()), Err(Unusable::Malformed), "{prelude}");
        }
        assert_eq!(head(b""), Err(Unusable::Malformed));
        assert_eq!(head(br#"{"statusCode":200} more"#), Err(Unusable::Malformed));
    }

    #[test]
    fn base64_that_is_none_is_an_error_of_its_own() {
        let output = json!({
            "statusCode": 200, "headers": {"content-type": "image/png"}, "body": "!", "isBase64Encoded": true,
        });
        assert_eq!(answer(&output), Err(Unusable::NotBase64));
    }
}

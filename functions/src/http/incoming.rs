//! A request as endpoints see it.

use std::borrow::Cow;

use ::http::Method;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use lambdagram_domain::time::UnixTime;
use serde::Deserialize;

use super::ApiError;

/// One request.
pub(crate) struct Incoming {
    request: Request,
    id: String,
    route: String,
    stage: Option<String>,
    now: UnixTime,
}

impl Incoming {
    pub(super) fn new(request: Request, now: UnixTime) -> Self {
        let mut incoming = Self { id: String::new(), route: String::new(), stage: None, now, request };
        if let Some(RequestContext::ApiGatewayV1(context)) = incoming.request.request_context_ref() {
            let execute_api =
                context.domain_name.as_deref().is_some_and(|host| host.contains(".execute-api."));
            let stage = context.stage.clone().filter(|_| execute_api);
            let id = context.request_id.clone().unwrap_or_default();
            let route = context.resource_path.clone().unwrap_or_default();
            (incoming.id, incoming.route, incoming.stage) = (id, route, stage);
        }
        incoming
    }

    /// API Gateway's id of the request.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The path pattern that matched: `/post/{id}`. Never the path itself, which may be anybody's text.
    pub(crate) fn route(&self) -> &str {
        &self.route
    }

    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    /// When the request came.
    pub(crate) fn now(&self) -> UnixTime {
        self.now
    }

    /// A header's first value, if it is ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// A `{name}` of the route, decoded.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<String> {
        self.request.path_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// `path` as this request's caller has to spell it: hosts of API Gateway's own have the stage in front.
    pub(crate) fn location(&self, path: &str) -> String {
        match &self.stage {
            Some(stage) => format!("/{stage}{path}"),
            None => path.to_owned(),
        }
    }

    /// The body's bytes.
    pub(crate) fn body(&self) -> &[u8] {
        match self.request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }

    /// The media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let header = self.header("content-type")?;
        Some(header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnsupportedMediaType`], [`ApiError::InvalidJson`].
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        if self.media_type().as_deref() != Some("application/json") {
            return Err(ApiError::UnsupportedMediaType { expected: "application/json" });
        }
        serde_json::from_slice(self.body()).map_err(|_| ApiError::InvalidJson)
    }

    /// The value of `Idempotency-Key`: a quoted string (RFC draft idempotency-key-header), a bare token passes too.
    ///
    /// # Errors
    ///
    /// [`ApiError::InvalidIdempotencyKey`].
    pub(crate) fn idempotency_key(&self) -> Result<Option<Cow<'_, str>>, ApiError> {
        let Some(header) = self.request.headers().get("idempotency-key") else {
            return Ok(None);
        };
        let text = header.to_str().map_err(|_| ApiError::InvalidIdempotencyKey)?;
        parse_idempotency_key(text.trim()).map(Some).ok_or(ApiError::InvalidIdempotencyKey)
    }
}

/// Letters a key may have: twice a UUID and some.
const LONGEST_IDEMPOTENCY_KEY: usize = 255;

/// Reads a Structured Field string (RFC 9651, section 3.3.3), or what clients often send in its place: the bare key.
fn parse_idempotency_key(text: &str) -> Option<Cow<'_, str>> {
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquote(quoted.strip_suffix('"')?)?,
        None => {
            text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"').then_some(Cow::Borrowed(text))?
        }
    };
    (1..=LONGEST_IDEMPOTENCY_KEY).contains(&key.len()).then_some(key)
}

fn unquote(inside: &str) -> Option<Cow<'_, str>> {
    if !inside.contains(['\\', '"']) {
        return inside.bytes().all(|byte| (0x20..0x7f).contains(&byte)).then_some(Cow::Borrowed(inside));
    }
    let mut key = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(characters.next().filter(|next| matches!(next, '\\' | '"'))?),
            '"' => return None,
            ' '..='~' => key.push(character),
            _ => return None,
        }
    }
    Some(Cow::Owned(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_is_a_quoted_string_or_a_bare_one() {
        let read = |text| parse_idempotency_key(text).map(Cow::into_owned);
        assert_eq!(read("\"8e03978e-40d5\"").as_deref(), Some("8e03978e-40d5"));
        assert_eq!(read("8e03978e-40d5").as_deref(), Some("8e03978e-40d5"));
        assert_eq!(read(r#""a \"b\" \\""#).as_deref(), Some(r#"a "b" \"#));
        for wrong in
            ["", "\"\"", "\"", "\"a", "a\"b", "\"a\"b\"", "\"a\\\"", "\"a\\n\"", "a b", &"a".repeat(256)]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

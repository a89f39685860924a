//! A request as endpoints see it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::http::Method;
use ::http::header::{AUTHORIZATION, HOST, REFERER};
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use lambdagram_domain::session::SessionToken;
use lambdagram_domain::time::UnixTime;
use serde::Deserialize;

use super::cors::AllowedOrigins;
use super::{ApiError, CookieRules, origin};
use crate::trace;

/// One request.
pub(crate) struct Incoming {
    request: Request,
    id: String,
    route: String,
    stage: Option<String>,
    now: UnixTime,
    origins: Arc<AllowedOrigins>,
}

/// How a session's token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// In the cookie, which a browser adds whoever asks it to: the origin has to be checked.
    Cookie,
    /// In `Authorization`, which only the client itself adds.
    Bearer,
}

impl Incoming {
    pub(super) fn new(request: Request, now: UnixTime, origins: Arc<AllowedOrigins>) -> Self {
        let mut incoming =
            Self { id: String::new(), route: String::new(), stage: None, now, origins, request };
        if let Some(context) = incoming.context() {
            let execute_api =
                context.domain_name.as_deref().is_some_and(|host| host.contains(".execute-api."));
            let stage = context.stage.clone().filter(|_| execute_api);
            let id = context.request_id.clone().unwrap_or_default();
            let route = context.resource_path.clone().unwrap_or_default();
            (incoming.id, incoming.route, incoming.stage) = (id, route, stage);
        }
        incoming
    }

    /// What an event of API Gateway becomes.
    #[cfg(test)]
    pub(crate) fn of_event(event: &serde_json::Value) -> Self {
        let request = lambda_http::request::from_str(&event.to_string()).expect("an event of API Gateway");
        Self::new(request, UnixTime(0), Arc::new(AllowedOrigins::new(Vec::new())))
    }

    fn context(&self) -> Option<&ApiGatewayProxyRequestContext> {
        match self.request.request_context_ref()? {
            RequestContext::ApiGatewayV1(context) => Some(context),
            _ => None,
        }
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

    /// When the invocation is cut off, by the same clock as everything a function decides by the time.
    pub(crate) fn deadline(&self) -> SystemTime {
        let deadline_ms = self.request.lambda_context_ref().map_or(0, |context| context.deadline);
        UNIX_EPOCH + Duration::from_millis(deadline_ms)
    }

    /// The trace of X-Ray that the request is part of.
    pub(super) fn trace_id(&self) -> Option<String> {
        let header = self.request.lambda_context_ref()?.xray_trace_id.as_deref()?;
        trace::id_in(header).map(str::to_owned)
    }

    /// Where the request came from, for limits: an IPv4 address, or the /64 that one IPv6 subscriber has at least.
    /// API Gateway saw it itself; what `X-Forwarded-For` says anybody can write.
    pub(crate) fn client_address(&self) -> String {
        let source = self.context().and_then(|context| context.identity.source_ip.as_deref());
        subscriber(source.unwrap_or_default())
    }

    /// The token of the caller's session: from `Authorization: Bearer`, or else from the cookie. With an
    /// `Authorization` header that holds none there is none, whatever the cookie says.
    pub(crate) fn session_token(&self, rules: CookieRules) -> Option<(SessionToken, By)> {
        let headers = self.request.headers();
        match headers.get(AUTHORIZATION) {
            Some(_) => self.bearer().and_then(SessionToken::parse).map(|token| (token, By::Bearer)),
            None => rules.read(headers).map(|token| (token, By::Cookie)),
        }
    }

    /// What `Authorization: Bearer` carries; the scheme is the same in any case (RFC 9110, section 11.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(AUTHORIZATION.as_str())?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether the client wants the token in the body, and no cookie.
    pub(crate) fn wants_token_transport(&self) -> bool {
        self.header("x-session-transport").is_some_and(|value| value.trim().eq_ignore_ascii_case("token"))
    }

    /// Refuses what a page of a foreign origin made a browser do. For what begins a sign-in or goes on with one, and
    /// for every POST and DELETE whose session came by [`By::Cookie`].
    ///
    /// # Errors
    ///
    /// [`ApiError::OriginRefused`].
    pub(crate) fn check_origin(&self) -> Result<(), ApiError> {
        origin::check(self.request.headers(), &self.origins, self.own_origin().as_deref())
    }

    /// The API's origin, as its client addressed it.
    pub(crate) fn own_origin(&self) -> Option<String> {
        // The host as the client spelt it, since a port is part of an origin.
        let domain_name = || self.context()?.domain_name.as_deref();
        let host = self.header(HOST.as_str()).or_else(domain_name)?;
        Some(origin::own_origin(host, self.header("x-forwarded-proto")))
    }

    /// Whether a page of a listed origin wants it. For an `<img>` or a `<video>` browsers send no `Origin`, and name the
    /// page's in `Referer`, unless the page wishes otherwise.
    pub(crate) fn is_for_listed_page(&self) -> bool {
        let origin = || {
            let (scheme, rest) = self.header(REFERER.as_str())?.split_once("://")?;
            Some(format!("{scheme}://{}", rest.split('/').next()?))
        };
        origin().is_some_and(|origin| self.origins.contains(&origin))
    }

    /// A header's first value, if it is ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// The values of a header that may come several times, as one list (RFC 9110, section 5.3).
    pub(crate) fn list(&self, name: &str) -> Option<String> {
        let values = self.request.headers().get_all(name).into_iter();
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether the client prefers that (RFC 7240): one word among those of `Prefer`, whatever comes behind it.
    pub(crate) fn prefers(&self, preference: &str) -> bool {
        let word = |part: &str| part.split([';', '=']).next().unwrap_or_default().trim().to_ascii_lowercase();
        self.list("prefer").is_some_and(|list| list.split(',').any(|part| word(part) == preference))
    }

    /// A `{name}` of the route, decoded.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<String> {
        self.request.path_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// The values of a parameter of the query, decoded, in the order sent.
    pub(crate) fn query(&self, name: &str) -> Vec<&str> {
        let query = self.request.query_string_parameters_ref();
        query.and_then(|query| query.all(name)).unwrap_or_default()
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

    /// The body as a JSON object.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnsupportedMediaType`], [`ApiError::InvalidJson`].
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        if self.media_type().as_deref() != Some("application/json") {
            return Err(ApiError::UnsupportedMediaType { expected: "application/json" });
        }
        // Serde would read a struct from an array as well, field by field.
        if self.body().trim_ascii_start().first() != Some(&b'{') {
            return Err(ApiError::InvalidJson);
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

/// What limits count an address as.
fn subscriber(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        // The console's test invocations have none. They share one count.
        Err(_) => "unknown".to_owned(),
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
mod tests;

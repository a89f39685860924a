//! Which media types are binary: the API's list against the type a header names.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

/// The API's binary media types, lower case.
#[derive(Debug)]
pub(super) struct BinaryMediaTypes(Vec<String>);

impl BinaryMediaTypes {
    /// Takes the types as a template spells them: the slash may be `~1`.
    pub(super) fn new(types: &[String]) -> Self {
        Self(types.iter().map(|it| it.replace("~1", "/").to_ascii_lowercase()).collect())
    }

    /// Whether a body of the request's `Content-Type` reaches the function in base64. A body without a type counts
    /// as JSON.
    pub(super) fn hold_request(&self, headers: &HeaderMap) -> bool {
        self.contain(first_type(headers, &CONTENT_TYPE).as_deref().unwrap_or("application/json"))
    }

    /// Whether a base64 answer becomes bytes again. API Gateway looks at the first type the client accepts, and at
    /// the answer's own only where the client names none: with `multipart/form-data` alone in the list, a picture
    /// arrives at a browser as base64 text (API Gateway developer guide, "Binary media types for REST APIs").
    pub(super) fn hold_answer(&self, request: &HeaderMap, answer: &HeaderMap) -> bool {
        first_type(request, &ACCEPT)
            .or_else(|| first_type(answer, &CONTENT_TYPE))
            .is_some_and(|media_type| self.contain(&media_type))
    }

    fn contain(&self, media_type: &str) -> bool {
        self.0.iter().any(|known| covers(known, media_type))
    }
}

/// The first media type a header names, lower case and without parameters.
pub(super) fn first_type(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let first = value.split([',', ';']).next()?.trim();
    (!first.is_empty()).then(|| first.to_ascii_lowercase())
}

fn covers(known: &str, media_type: &str) -> bool {
    match (known.split_once('/'), media_type.split_once('/')) {
        (Some((kind, part)), Some((given_kind, given_part))) => {
            (kind == "*" || kind == given_kind) && (part == "*" || part == given_part)
        }
        _ => known == media_type,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn typed(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn types(types: &[&str]) -> BinaryMediaTypes {
        BinaryMediaTypes::new(&types.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_type_is_matched_without_its_parameters_and_case() {
        let form = types(&["multipart~1form-data"]);
        assert!(form.hold_request(&typed(CONTENT_TYPE, "Multipart/Form-Data; boundary=x")));
        assert!(!form.hold_request(&typed(CONTENT_TYPE, "multipart/mixed")));
        assert!(!form.hold_request(&HeaderMap::new()));
    }

    #[test]
    fn a_star_stands_for_every_type_or_part() {
        assert!(types(&["*~1*"]).hold_request(&HeaderMap::new()));
        assert!(types(&["image/*"]).hold_request(&typed(CONTENT_TYPE, "image/png")));
        assert!(!types(&["image/*"]).hold_request(&typed(CONTENT_TYPE, "text/plain")));
    }

    #[test]
    fn an_answer_is_binary_by_the_first_type_the_client_accepts() {
        let png = types(&["image/png"]);
        let answer = typed(CONTENT_TYPE, "image/png");
        assert!(png.hold_answer(&typed(ACCEPT, "image/png, */*;q=0.8"), &answer));
        assert!(!png.hold_answer(&typed(ACCEPT, "text/html, image/png"), &answer));
        assert!(!png.hold_answer(&typed(ACCEPT, "*/*"), &answer));
        assert!(png.hold_answer(&HeaderMap::new(), &answer));
    }
}

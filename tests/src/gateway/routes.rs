//! Which function a request reaches: the API's resources and methods, matched as a REST API matches them.
//!
//! The path chooses the resource: segment by segment a fixed text goes before `{name}`, and that before `{name+}`,
//! which takes the whole rest (one segment at least). Only then the method chooses the function: its own entry,
//! else `ANY`. A resource without the method is no match, even where a `{proxy+}` elsewhere would take it. Nothing
//! is done about trailing slashes: `/post/` is not `/post`. Paths in a template that are only parents of others
//! (`/mini-app` of `/mini-app/session`) are no resources here, so a `{proxy+}` may take them.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::template::model::Function;

/// The methods a REST API knows; `ANY` stands for these and no others.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// What `ANY` is called in a template.
const ANY: &str = "ANY";

/// How many characters a resource's id has.
const RESOURCE_ID_LENGTH: usize = 6;

/// Every resource of the API, the most specific first.
#[derive(Debug)]
pub(super) struct Routes(Vec<Resource>);

#[derive(Debug)]
struct Resource {
    pattern: Vec<Segment>,
    path: String,
    id: String,
    integrations: BTreeMap<String, Integration>,
}

/// What is behind a method.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Integration {
    /// The function's logical id.
    pub(super) function: String,
    /// Whether its answer is passed on as it comes.
    pub(super) streams: bool,
    /// How long it may take, if the template says so.
    pub(super) timeout: Option<Duration>,
}

/// A segment of a resource's path. The order is that of precedence.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Fixed(String),
    One(String),
    Rest(String),
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    /// What answers it.
    pub(super) integration: &'a Integration,
    /// The resource's path as in the template.
    pub(super) resource: &'a str,
    /// The resource's id.
    pub(super) resource_id: &'a str,
    /// The values of the path's parameters, decoded.
    pub(super) parameters: BTreeMap<String, String>,
}

/// Whether a REST API has this method at all.
pub(super) fn is_method(method: &str) -> bool {
    METHODS.contains(&method)
}

impl Routes {
    pub(super) fn new(functions: &[Function]) -> Self {
        let mut by_path: BTreeMap<&str, BTreeMap<String, Integration>> = BTreeMap::new();
        for function in functions {
            for route in &function.routes {
                let methods = by_path.entry(&route.path).or_default();
                let integration = Integration {
                    function: function.logical_id.clone(),
                    streams: route.streams,
                    timeout: route.timeout,
                };
                methods.insert(route.method.to_ascii_uppercase(), integration);
            }
        }
        let mut resources: Vec<_> = by_path
            .into_iter()
            .map(|(path, integrations)| Resource {
                pattern: segments(path).map(Segment::read).collect(),
                path: path.to_owned(),
                id: resource_id(path),
                integrations,
            })
            .collect();
        resources.sort_by(|one, other| one.pattern.cmp(&other.pattern));
        Self(resources)
    }

    /// The function for a method and a path as it was sent, percent-encoding included.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        if !is_method(method) {
            return None;
        }
        let (resource, parameters) =
            self.0.iter().find_map(|resource| Some((resource, resource.parameters(path)?)))?;
        let integration = resource.integrations.get(method).or_else(|| resource.integrations.get(ANY))?;
        Some(Match { integration, resource: &resource.path, resource_id: &resource.id, parameters })
    }
}

impl Resource {
    fn parameters(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let mut rest = segments(path);
        for segment in &self.pattern {
            match segment {
                Segment::Fixed(text) => {
                    rest.next().filter(|given| *given == text)?;
                }
                Segment::One(name) => {
                    let value = rest.next().filter(|given| !given.is_empty())?;
                    parameters.insert(name.clone(), decoded(value));
                }
                Segment::Rest(name) => {
                    let value = rest.by_ref().collect::<Vec<_>>().join("/");
                    parameters
                        .insert(name.clone(), decoded(Some(value.as_str()).filter(|it| !it.is_empty())?));
                }
            }
        }
        rest.next().is_none().then_some(parameters)
    }
}

impl Segment {
    fn read(text: &str) -> Self {
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        match name.map(|name| (name, name.strip_suffix('+'))) {
            None => Self::Fixed(text.to_owned()),
            Some((name, None)) => Self::One(name.to_owned()),
            Some((_, Some(name))) => Self::Rest(name.to_owned()),
        }
    }
}

/// The root has none: `/` is the empty list, `/a/` is `a` and an empty one.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    inner.split('/').skip(usize::from(inner.is_empty()))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Letters and digits as API Gateway's ids have, the same for a path at every start (FNV-1a).
fn resource_id(path: &str) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    std::iter::repeat_with(|| {
        let digit = ALPHABET[usize::try_from(hash % 36).unwrap_or_default()];
        hash /= 36;
        char::from(digit)
    })
    .take(RESOURCE_ID_LENGTH)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::function;
    use super::*;

    fn routes() -> Routes {
        Routes::new(&[
            function("Root", &[("ANY", "/")]),
            function("Post", &[("POST", "/post")]),
            function("GetPost", &[("GET", "/post/{id}")]),
            function("Latest", &[("GET", "/post/latest")]),
            function("Deep", &[("GET", "/post/{id}/parts/{part}")]),
            function("Files", &[("ANY", "/files/{path+}")]),
            function("Fallback", &[("ANY", "/{proxy+}"), ("ANY", "/post")]),
        ])
    }

    /// A function and the path's parameters.
    type Reached = (String, Vec<(String, String)>);

    fn reached(method: &str, path: &str) -> Option<Reached> {
        let routes = routes();
        let found = routes.find(method, path)?;
        Some((found.integration.function.clone(), found.parameters.into_iter().collect()))
    }

    fn to(function: &str, parameters: &[(&str, &str)]) -> Reached {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        (function.to_owned(), parameters.iter().map(owned).collect())
    }

    #[test]
    fn fixed_segments_go_before_parameters_and_those_before_the_rest() {
        assert_eq!(reached("GET", "/post/latest"), Some(to("Latest", &[])));
        assert_eq!(reached("GET", "/post/7"), Some(to("GetPost", &[("id", "7")])));
        assert_eq!(reached("GET", "/post/7/parts/2"), Some(to("Deep", &[("id", "7"), ("part", "2")])));
        assert_eq!(reached("GET", "/post/7/other"), Some(to("Fallback", &[("proxy", "post/7/other")])));
        assert_eq!(reached("GET", "/files/a/b"), Some(to("Files", &[("path", "a/b")])));
    }

    #[test]
    fn a_method_of_its_own_goes_before_any() {
        assert_eq!(reached("POST", "/post"), Some(to("Post", &[])));
        assert_eq!(reached("DELETE", "/post"), Some(to("Fallback", &[])));
    }

    #[test]
    fn a_resource_without_the_method_is_not_replaced_by_a_wider_one() {
        assert_eq!(reached("DELETE", "/post/7"), None);
    }

    #[test]
    fn any_is_no_more_than_the_methods_of_rest_apis() {
        assert_eq!(reached("TRACE", "/"), None);
        assert_eq!(reached("ANY", "/"), None);
        assert_eq!(reached("PATCH", "/"), Some(to("Root", &[])));
    }

    #[test]
    fn the_rest_is_one_segment_at_least() {
        let only_rest = Routes::new(&[function("Fallback", &[("ANY", "/{proxy+}")])]);
        assert_eq!(only_rest.find("GET", "/"), None);
        assert_eq!(reached("GET", "/files/"), Some(to("Fallback", &[("proxy", "files/")])));
    }

    #[test]
    fn a_trailing_slash_makes_another_path() {
        assert_eq!(reached("POST", "/post/"), Some(to("Fallback", &[("proxy", "post/")])));
        assert_eq!(reached("GET", "/post/7/"), Some(to("Fallback", &[("proxy", "post/7/")])));
    }

    #[test]
    fn parameters_are_decoded_after_the_path_is_split() {
        assert_eq!(reached("GET", "/post/a%2Fb%20%C3%A9"), Some(to("GetPost", &[("id", "a/b é")])));
    }

    #[test]
    fn resource_ids_are_stable_and_differ() {
        assert_eq!(resource_id("/post"), resource_id("/post"));
        assert_ne!(resource_id("/post"), resource_id("/post/{id}"));
        assert_eq!(resource_id("/").len(), RESOURCE_ID_LENGTH);
    }
}

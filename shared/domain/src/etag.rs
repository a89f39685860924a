//! Conditions on entity tags (RFC 9110, section 13.1): whether a client has the file already, or still means it.

/// Whether an `If-None-Match` header names the file with this tag: the client has it, and the answer is 304. Weak tags
/// count, since a cache may have weakened it.
pub fn if_none_match(header: &str, etag: &str) -> bool {
    names(header, |tag| tag.opaque == Tag::whole(etag).opaque)
}

/// Whether an `If-Match` header holds for the file with this tag; the answer is 412 where it does not. Weak tags do not
/// count.
pub fn if_match(header: &str, etag: &str) -> bool {
    names(header, |tag| !tag.weak && tag == Tag::whole(etag))
}

/// Whether a header is `*`, or a list with such a tag. A list counts up to where it is none any more.
fn names(header: &str, is_wanted: impl Fn(Tag<'_>) -> bool) -> bool {
    let mut rest = header.trim_matches([' ', '\t']);
    if rest == "*" {
        return true;
    }
    // A list may have empty elements (RFC 9110, section 5.6.1).
    while let Some((tag, after)) = Tag::first(rest.trim_start_matches([' ', '\t', ','])) {
        if is_wanted(tag) {
            return true;
        }
        rest = after;
    }
    false
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    /// With its quotes.
    opaque: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag that a text is.
    fn whole(text: &'a str) -> Self {
        let opaque = text.strip_prefix("W/");
        Self { weak: opaque.is_some(), opaque: opaque.unwrap_or(text) }
    }

    /// The tag that a text begins with, and what follows it. Commas may be inside.
    fn first(text: &'a str) -> Option<(Self, &'a str)> {
        let Self { weak, opaque } = Self::whole(text);
        let end = opaque.strip_prefix('"')?.find('"')? + 2;
        let (opaque, after) = opaque.split_at(end);
        Some((Self { weak, opaque }, after))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ETAG: &str = "\"d-1\"";

    #[test]
    fn a_file_is_known_by_its_tag_wherever_it_is_in_a_list() {
        for header in [
            "\"d-1\"",
            " \"d-1\"\t",
            "\"d-2\", \"d-1\"",
            "\"d-2\",\"d-1\",\"d-3\"",
            ", ,\"d-1\"",
            "W/\"d-2\" , \"d-1\"",
            "\"a,b\", \"d-1\"",
            "\"\", \"d-1\"",
            "*",
            " * ",
        ] {
            assert!(if_none_match(header, ETAG), "{header}");
            assert!(if_match(header, ETAG), "{header}");
        }
    }

    #[test]
    fn another_tag_is_another_file() {
        for header in [
            "",
            "\"d-2\"",
            "d-1",
            "\"d-1",
            "d-1\"",
            "\"D-1\"",
            "\"\"",
            "\"d-1 \"",
            "\"x,\"d-1\"",
            "w/\"d-1\"",
            "W/ \"d-1\"",
            "\"d-2\" *",
            "**",
            "\"d-2\"; \"d-1\"",
        ] {
            assert!(!if_none_match(header, ETAG), "{header}");
            assert!(!if_match(header, ETAG), "{header}");
        }
    }

    #[test]
    fn a_weak_tag_tells_what_is_cached_and_not_what_is_meant() {
        for header in ["W/\"d-1\"", "\"d-2\", W/\"d-1\""] {
            assert!(if_none_match(header, ETAG), "{header}");
            assert!(!if_match(header, ETAG), "{header}");
        }
        assert!(if_none_match("\"d-1\"", "W/\"d-1\""));
        assert!(!if_match("\"d-1\"", "W/\"d-1\""));
        assert!(!if_match("W/\"d-1\"", "W/\"d-1\""));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(header in "[ ,*W/\"a-]{0,20}|.*") {
            let known = if_none_match(&header, ETAG);
            prop_assert!(known || !if_match(&header, ETAG));
        }

        #[test]
        fn a_tag_is_found_among_others(before in "[!#-~]{0,9}", after in "[!#-~]{0,9}") {
            let header = format!("\"{before}\", \"d-1\" ,\"{after}\"");
            prop_assert!(if_none_match(&header, ETAG) && if_match(&header, ETAG));
        }
    }
}

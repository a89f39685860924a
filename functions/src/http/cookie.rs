//! The session's cookie: how a browser is told to keep it, and how it is read back.

use std::str::FromStr;
use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::COOKIE;
use cookie::{Cookie, SameSite};
use lambdagram_domain::session::SessionToken;

/// The cookie's name over TLS. Browsers take `__Host-` only with Secure, Path=/ and no Domain (RFC 6265bis, section
/// 4.1.3.2), so no neighbour under the same domain can plant one.
const NAME: &str = "__Host-session";

/// The cookie's name over plain HTTP, where browsers refuse the other.
const INSECURE_NAME: &str = "session";

/// To which requests a browser adds the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieRules {
    /// To those of pages of the API's own site alone, links to it not included.
    Strict,
    /// To those of pages of the API's own site, and to links to it.
    Lax,
    /// To those of every page.
    None,
    /// To those of every page, with one cookie for each site that is open at the top.
    Partitioned,
    /// As `Lax`, over plain HTTP: for one machine.
    Insecure,
}

/// The word names no rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchRules;

impl FromStr for CookieRules {
    type Err = NoSuchRules;

    fn from_str(word: &str) -> Result<Self, NoSuchRules> {
        match word {
            "strict" => Ok(Self::Strict),
            "lax" => Ok(Self::Lax),
            "none" => Ok(Self::None),
            "partitioned" => Ok(Self::Partitioned),
            "insecure" => Ok(Self::Insecure),
            _ => Err(NoSuchRules),
        }
    }
}

impl CookieRules {
    /// The value of `Set-Cookie` that gives a browser `token` for `max_age`.
    pub(crate) fn set(self, token: &str, max_age: Duration) -> String {
        self.spell(token, max_age)
    }

    /// The value of `Set-Cookie` that takes the token away again.
    pub(crate) fn clear(self) -> String {
        self.spell("", Duration::ZERO)
    }

    /// The first cookie of the session's name that holds a token; what else browsers send is passed over.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<SessionToken> {
        headers.get_all(COOKIE).iter().find_map(|header| {
            // Other cookies of the site may hold any bytes.
            let header = String::from_utf8_lossy(header.as_bytes());
            let mut cookies = Cookie::split_parse(&*header).flatten();
            cookies.find_map(|cookie| {
                (cookie.name() == self.name()).then(|| SessionToken::parse(cookie.value())).flatten()
            })
        })
    }

    fn name(self) -> &'static str {
        if self == Self::Insecure { INSECURE_NAME } else { NAME }
    }

    fn spell(self, value: &str, max_age: Duration) -> String {
        let same_site = match self {
            Self::Strict => SameSite::Strict,
            Self::Lax | Self::Insecure => SameSite::Lax,
            Self::None | Self::Partitioned => SameSite::None,
        };
        let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let cookie = Cookie::build((self.name(), value))
            .http_only(true)
            .same_site(same_site)
            .secure(self != Self::Insecure)
            .path("/")
            .max_age(cookie::time::Duration::seconds(seconds));
        let cookie = if self == Self::Partitioned { cookie.partitioned(true) } else { cookie };
        cookie.build().to_string()
    }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    const ALL: [(&str, CookieRules); 5] = [
        ("strict", CookieRules::Strict),
        ("lax", CookieRules::Lax),
        ("none", CookieRules::None),
        ("partitioned", CookieRules::Partitioned),
        ("insecure", CookieRules::Insecure),
    ];

    fn read(rules: CookieRules, headers: &[&[u8]]) -> Option<SessionToken> {
        let values = headers.iter().map(|header| HeaderValue::from_bytes(header).unwrap());
        rules.read(&values.map(|value| (COOKIE, value)).fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        }))
    }

    #[test]
    fn each_rule_has_its_attributes() {
        let minute = Duration::from_mins(1);
        let expected = [
            "__Host-session=t; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60",
            "__Host-session=t; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60",
            "__Host-session=t; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=60",
            "__Host-session=t; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=60",
            "session=t; HttpOnly; SameSite=Lax; Path=/; Max-Age=60",
        ];
        for ((word, rules), expected) in ALL.into_iter().zip(expected) {
            assert_eq!(rules.set("t", minute), expected, "{word}");
            let cleared = expected.replace("session=t", "session=").replace("Max-Age=60", "Max-Age=0");
            assert_eq!(rules.clear(), cleared, "{word}");
        }
    }

    #[test]
    fn the_rules_are_named_by_one_lower_case_word() {
        for (word, rules) in ALL {
            assert_eq!(word.parse(), Ok(rules));
        }
        for wrong in ["", "Lax", "secure", "lax "] {
            assert_eq!(wrong.parse::<CookieRules>(), Err(NoSuchRules), "{wrong:?}");
        }
    }

    #[test]
    fn what_was_set_is_read_among_other_cookies() {
        let token = SessionToken::random();
        for (word, rules) in ALL {
            let pair = rules.set(&token.encode(), Duration::from_mins(1));
            let pair = pair.split(';').next().unwrap();
            for header in
                [pair.to_owned(), format!("a=b; {pair}"), format!("a=b;{pair};c=d"), format!("=; ;a;{pair}")]
            {
                assert_eq!(read(rules, &[header.as_bytes()]).as_ref(), Some(&token), "{word}: {header}");
            }
            assert_eq!(read(rules, &[b"a=b", pair.as_bytes()]).as_ref(), Some(&token), "{word}");
            let beside_bytes = [b"a=\xff\xfe; ".as_slice(), pair.as_bytes()].concat();
            assert_eq!(read(rules, &[&beside_bytes]).as_ref(), Some(&token), "{word}");
        }
    }

    #[test]
    fn the_first_that_is_a_token_counts() {
        let (first, second) = (SessionToken::random(), SessionToken::random());
        let (a, b) = (first.encode(), second.encode());
        let header = format!("__Host-session=x; __Host-session={a}; __Host-session={b}");
        assert_eq!(read(CookieRules::Lax, &[header.as_bytes()]), Some(first));
    }

    #[test]
    fn what_is_no_token_under_that_name_is_none() {
        let token = SessionToken::random().encode();
        let other_names = [
            format!("session={token}"),
            format!("__host-session={token}"),
            format!("x__Host-session={token}"),
            format!("__Host-sessions={token}"),
        ];
        let wrong_values = ["", "=", "\"", "a", &token[1..], &format!("{token}A"), &format!("\"{token}\"")]
            .map(|value| format!("__Host-session={value}"));
        for header in other_names.iter().chain(&wrong_values) {
            assert_eq!(read(CookieRules::Lax, &[header.as_bytes()]), None, "{header}");
        }
        assert_eq!(read(CookieRules::Lax, &[]), None);
        assert_eq!(read(CookieRules::Insecure, &[format!("__Host-session={token}").as_bytes()]), None);
    }
}

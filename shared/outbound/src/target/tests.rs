use proptest::prelude::*;

use super::*;
use crate::address::tests::any_ipv4;
use crate::address::{Class, class};

fn refusal(url: &str, own: &str) -> OutboundError {
    Target::parse(url, &own.parse().unwrap()).unwrap_err()
}

#[test]
fn https_is_called_on_any_port_and_with_any_path() {
    for url in [
        "https://example.org",
        "https://example.org:8443/hooks/telegram?key=1#part",
        "https://1.1.1.1:1/",
        "https://[2606:4700:4700::1111]:9/",
        "HTTPS://EXAMPLE.ORG/",
    ] {
        assert_eq!(Rules::default().check(url), Ok(()), "{url}");
    }
}

#[test]
fn other_schemes_are_refused_and_http_too_unless_there_are_own_networks() {
    for url in
        ["http://example.org/", "ftp://example.org/", "file:///etc/passwd", "data:,x", "gopher://h:70/"]
    {
        assert_eq!(refusal(url, ""), OutboundError::Url(UrlError::Scheme), "{url}");
    }
    assert_eq!("127.0.0.0/8".parse::<Rules>().unwrap().check("http://127.0.0.1:1/"), Ok(()));
    let refused = refusal("http://1.1.1.1/", "127.0.0.0/8");
    assert_eq!(refused, OutboundError::Address { host: "1.1.1.1".to_owned() });
    assert_eq!(refusal("ftp://127.0.0.1/", "127.0.0.0/8"), OutboundError::Url(UrlError::Scheme));
}

#[test]
fn a_url_with_a_user_or_a_password_is_refused() {
    for url in ["https://user@example.org/", "https://user:word@example.org/", "https://:word@example.org/"] {
        assert_eq!(refusal(url, ""), OutboundError::Url(UrlError::Userinfo), "{url}");
    }
    // Not userinfo, whatever it looks like: the host is what comes before the path.
    assert_eq!(Rules::default().check("https://example.org/@127.0.0.1"), Ok(()));
}

#[test]
fn what_is_no_url_is_refused() {
    for url in
        ["", "example.org", "/path", "https://", "https://[::1", "https://a b/", "https://[fe80::1%25eth0]/"]
    {
        assert_eq!(refusal(url, ""), OutboundError::Url(UrlError::NotAUrl), "{url}");
    }
    let long = format!("https://example.org/{}", "a".repeat(LONGEST_URL));
    assert_eq!(refusal(&long, ""), OutboundError::Url(UrlError::TooLong { limit: 2048 }));
}

#[test]
fn every_spelling_of_an_address_is_that_address() {
    for (url, host) in [
        ("https://127.0.0.1/", "127.0.0.1"),
        ("https://127.0.0.1./", "127.0.0.1"),
        ("https://127.1/", "127.0.0.1"),
        ("https://2130706433/", "127.0.0.1"),
        ("https://0x7f000001/", "127.0.0.1"),
        ("https://0x7f.0.0.0x1/", "127.0.0.1"),
        ("https://0177.0.0.01/", "127.0.0.1"),
        ("https://017700000001/", "127.0.0.1"),
        ("https://%31%32%37.0.0.1/", "127.0.0.1"),
        ("https://１２７。０。０。１/", "127.0.0.1"),
        ("https://①②⑦.0.0.1/", "127.0.0.1"),
        ("https://0/", "0.0.0.0"),
        ("https://0xa9fea9fe/latest/meta-data/", "169.254.169.254"),
        ("https://[::1]/", "[::1]"),
        ("https://[0:0:0:0:0:0:0:1]/", "[::1]"),
        ("https://[::]/", "[::]"),
        ("https://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]"),
        ("https://[::ffff:a9fe:a9fe]/", "[::ffff:a9fe:a9fe]"),
        ("https://[::127.0.0.1]/", "[::7f00:1]"),
        ("https://[2002:7f00:1::]/", "[2002:7f00:1::]"),
        ("https://[64:ff9b::127.0.0.1]/", "[64:ff9b::7f00:1]"),
        ("https://[fe80::1]/", "[fe80::1]"),
        ("https://[fd00:ec2::254]/", "[fd00:ec2::254]"),
        ("https:127.0.0.1", "127.0.0.1"),
        ("https:\\\\127.0.0.1\\", "127.0.0.1"),
    ] {
        assert_eq!(refusal(url, ""), OutboundError::Address { host: host.to_owned() }, "{url}");
    }
}

#[test]
fn a_target_shows_its_host_alone() {
    let target = Target::parse("https://example.org/path-secret?query-secret", &Rules::default()).unwrap();
    assert_eq!(format!("{target:?}"), r#"Target { host: "example.org", .. }"#);
}

proptest! {
    #[test]
    fn no_spelling_of_an_ipv4_address_is_judged_otherwise_than_the_address(address in any_ipv4()) {
        let (bits, [a, b, c, d]) = (address.to_bits(), address.octets());
        let public = class(address.into()) == Class::Public;
        for spelling in [
            address.to_string(),
            format!("{bits}"),
            format!("{bits:#x}"),
            format!("0{bits:o}"),
            format!("{a:#x}.0{b:o}.{c}.0X{d:X}"),
            format!("{a}.{b}.{}", u16::from(c) << 8 | u16::from(d)),
            format!("{a}.{}", bits & 0x00ff_ffff),
            format!("[::ffff:{address}]"),
            format!("[64:ff9b::{address}]"),
        ] {
            let checked = Rules::default().check(&format!("https://{spelling}:8443/path"));
            prop_assert_eq!(checked.is_ok(), public, "{}", spelling);
        }
    }
}

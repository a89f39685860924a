//! Tests of what is said about a document that is wrong.

use proptest::prelude::*;

use super::*;

fn error(text: &str) -> String {
    Permissions::parse(text).expect_err(text).to_string()
}

/// What is said of a document that begins with a role and goes on with `rest`, on line 3.
fn after_a_role(rest: &str) -> String {
    error(&format!("roles:\n  admin: {{}}\n{rest}"))
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let told = error("roles:\n  admin:\n    commands: [\n");
    assert!(told.starts_with("permissions, line 4: this is not YAML: "), "{told}");
    let told = error("roles:\n\tadmin: {}\n");
    assert!(told.starts_with("permissions, line 2: this is not YAML: "), "{told}");
}

#[test]
fn the_form_is_checked() {
    for (text, told) in [
        ("", "line 1: `roles` must be a mapping with at least one role"),
        ("- a\n", "line 1: this file must be a mapping"),
        ("roles: {}\n", "line 1: `roles` must be a mapping with at least one role"),
        ("roles: [admin]\n", "line 1: `roles` must be a mapping"),
        (
            "roles:\n  admin: {}\n---\nroles: {}\n",
            "line 3: expected one document, and a second one begins here",
        ),
        (
            "roles:\n  admin: &a {}\n  b: *a\n",
            "line 3: expected plain YAML, without aliases (`*name`; quote a star: \"*\") and tags (`!name`)",
        ),
        (
            "roles:\n  admin: !x {}\n",
            "line 2: expected plain YAML, without aliases (`*name`; quote a star: \"*\") and tags (`!name`)",
        ),
        ("roles:\n  ? [a]\n  : {}\n", "line 2: expected a name in front of the colon"),
        ("roles:\n  admin: {}\n  \"admin\": {}\n", "line 3: `admin` is here for the second time"),
        ("roles: {a: [[[[[[[[[1]]]]]]]]]}\n", "line 1: expected less nesting"),
    ] {
        assert_eq!(error(text), format!("permissions, {told}"), "{text}");
    }
}

#[test]
fn a_star_without_quotes_is_told_how_to_be_written() {
    for list in ["[*]", "\n      - *"] {
        let told = error(&format!("roles:\n  admin:\n    commands: {list}\n"));
        assert!(told.contains("expected plain YAML") && told.contains("quote a star: \"*\""), "{told}");
    }
}

#[test]
fn keys_that_mean_nothing_are_errors() {
    for (text, told) in [
        (
            "rolls: {}\n",
            "line 3: `rolls` means nothing here; expected `roles`, `users`, `keys`, `services`, `routes` or `strangers`",
        ),
        (
            "services:\n  a:\n    url: https://a.example\n    role: admin\n    retries:\n      - 3\n",
            "line 7: `retries` means nothing here; expected `url`, `queue`, `role` or `timeout`",
        ),
    ] {
        assert_eq!(after_a_role(text), format!("permissions, {told}"));
    }
    assert_eq!(
        error("roles:\n  admin:\n    comands:\n      - send_message\n"),
        "permissions, line 3: `comands` means nothing here; expected `commands`, `bot_commands`, `paid_broadcast` or `commands_per_minute`"
    );
}

#[test]
fn a_role_grants_what_there_is() {
    for (line, told) in [
        ("commands: send_*", "`commands` must be a list"),
        ("commands: [[a]]", "an item of `commands` must be a name"),
        (
            "commands: [sned_message]",
            "`sned_message` is no method of the Bot API that acts; expected one in snake case, such as `send_message`",
        ),
        (
            "commands: [get_me]",
            "`get_me` is no method of the Bot API that acts; expected one in snake case, such as `send_message`",
        ),
        ("commands: [set_webhook]", "`set_webhook` cannot be called by anybody; expected another method"),
        (
            "commands: [sned_*]",
            "`sned_*` matches no method; expected the beginning of a name and a star, such as `send_*`",
        ),
        (
            "commands: [send_*_x*]",
            "`send_*_x*` matches no method; expected the beginning of a name and a star, such as `send_*`",
        ),
        (
            "commands: [\"*_message\"]",
            "`*_message` is no method of the Bot API that acts; expected one in snake case, such as `send_message`",
        ),
        (
            "bot_commands: [ping]",
            "`ping` must be `/name` in lower case, `/*`, `callback_query`, `message` or `*`",
        ),
        (
            "bot_commands: [/Ping]",
            "`/Ping` must be `/name` in lower case, `/*`, `callback_query`, `message` or `*`",
        ),
        ("paid_broadcast: yes", "`paid_broadcast` must be true or false"),
    ] {
        assert_eq!(error(&format!("roles:\n  admin:\n    {line}\n")), format!("permissions, line 3: {told}"));
    }
    assert_eq!(
        error("roles:\n  admin:\n    commands:\n      - send_message\n      - nonsense\n"),
        "permissions, line 5: `nonsense` is no method of the Bot API that acts; expected one in snake case, such as `send_message`"
    );
    assert_eq!(
        error("roles:\n  the boss: {}\n"),
        "permissions, line 2: the name `the boss` must be of letters, digits, hyphens and underscores"
    );
}

#[test]
fn a_service_and_a_route_lead_somewhere() {
    for (service, told) in [
        ("url: ftp://a.example, role: admin", "`url` must be an HTTPS URL without a user in it"),
        ("url: \"https://\", role: admin", "`url` must be an HTTPS URL without a user in it"),
        (
            "url: https://me:hunter2@a.example/, role: admin",
            "`url` must be an HTTPS URL without a user in it",
        ),
        ("queue: a b, role: admin", "`queue` must be an SQS queue's name or URL"),
        ("role: admin", "`a` must be a mapping with either `url` or `queue`"),
        (
            "url: https://a.example, queue: b, role: admin",
            "`a` must be a mapping with either `url` or `queue`",
        ),
        ("queue: b", "`a` must be a mapping with a `role` for the service's answers"),
        ("queue: b, role: boss", "there is no role `boss`; expected `admin`"),
        ("queue: b, role: admin, timeout: 0", "`timeout` must be a number of seconds from 1 to 10"),
        ("queue: b, role: admin, timeout: 11", "`timeout` must be a number of seconds from 1 to 10"),
        ("queue: b, role: admin, timeout: 1.5", "`timeout` must be a number of seconds from 1 to 10"),
    ] {
        assert_eq!(
            after_a_role(&format!("services:\n  a: {{{service}}}\n")),
            format!("permissions, line 4: {told}")
        );
    }
    assert_eq!(
        after_a_role("routes:\n  /ping: a\n"),
        "permissions, line 4: there is no service `a`; expected none, since none is defined"
    );
    for key in ["ping", "/", "/Ping", "\"*\"", "callback"] {
        let told = after_a_role(&format!("routes:\n  {key}: a\n"));
        let key = key.trim_matches('"');
        assert_eq!(
            told,
            format!(
                "permissions, line 4: `{key}` must be `/name` in lower case, `/*`, `callback_query` or `message`"
            )
        );
    }
    assert_eq!(
        after_a_role("routes:\n  /ping: [a]\n"),
        "permissions, line 4: `/ping` must be the name of a service"
    );
    assert_eq!(
        after_a_role("strangers: loud\n"),
        "permissions, line 3: `strangers` must be `silent` or `answer`"
    );
}

#[test]
fn users_and_keys_are_checked_and_never_repeated() {
    for user in ["+15551234567", "0", "-7", "007", "7.5", "someone"] {
        assert_eq!(
            after_a_role(&format!("users:\n  {user}: admin\n")),
            "permissions, line 4: a user must be the number that Telegram gives them, or \"*\" for everybody else"
        );
    }
    for key in ["lg_0123456789ab_AAAA", "0123456789AB", "1"] {
        assert_eq!(
            after_a_role(&format!("keys:\n  {key}: admin\n")),
            "permissions, line 4: a key must be the id of an API key: the 12 digits behind `lg_`"
        );
    }
    assert_eq!(
        after_a_role("users:\n  7: boss\n"),
        "permissions, line 4: there is no role `boss`; expected `admin`"
    );
    assert_eq!(
        after_a_role("users:\n  7:\n"),
        "permissions, line 4: a user's role must be the name of a role"
    );
}

#[test]
fn the_second_document_is_told_apart() {
    let told = |text| example().with_assignments(text).unwrap_err().to_string();
    assert_eq!(
        told("users:\n  7: boss\n"),
        "assignments, line 2: there is no role `boss`; expected `admin`, `nobody` or `reporter`"
    );
    assert_eq!(
        told("\nroles: {}\n"),
        "assignments, line 2: `roles` means nothing here; expected `users`, `keys`, `services`, `routes` or `strangers`"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_line_of_it(text in "([a-z*&!/\"'{}\\[\\],:|>#-]|roles|admin|\n|  |: ){0,40}") {
        if let Err(error) = Permissions::parse(&text) {
            prop_assert!((1..=text.lines().count() + 1).contains(&error.line.0), "{error}");
        }
    }

    #[test]
    fn the_shipped_file_cut_anywhere_is_read_or_refused(at in any::<prop::sample::Index>()) {
        let text: String = SHIPPED.chars().take(at.index(SHIPPED.len())).collect();
        if let Err(error) = Permissions::parse(&text) {
            prop_assert!(error.line.0 >= 1);
        }
    }
}

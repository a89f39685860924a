//! Tests of permissions: the file that is shipped, and who may do what.

use serde_json::json;

use super::*;
use crate::bot_api::{Class, Method};
use crate::bot_command::BotCommand;
use crate::ids::ChatId;

mod errors;

const SHIPPED: &str = include_str!("../../../../functions/permissions.yaml");

const EXAMPLE: &str = r#"
roles:
  admin:
    commands: ["*", send_gift]
    bot_commands: ["*"]
    paid_broadcast: true
  reporter:
    commands: [send_message, edit_*]
    bot_commands: [/ping, /report, callback_query]
  nobody:
users:
  7: admin
  8: reporter
keys:
  123456789012: admin
  "0123456789ab": reporter
services:
  reports:
    url: https://reports.example/telegram?token=hunter2
    role: reporter
    timeout: 3
  rest:
    queue: rest.fifo
    role: admin
routes:
  /*: rest
  /ping: reports
  callback_query: reports
strangers: answer
"#;

fn example() -> Permissions {
    Permissions::parse(EXAMPLE).unwrap()
}

fn method(name: &str) -> &'static Method {
    Method::parse(name).unwrap()
}

fn command(name: &str) -> Asks {
    Asks::Command(BotCommand { name: name.to_owned(), bot: None, arguments: Vec::new(), rest: String::new() })
}

fn button() -> Asks {
    Asks::CallbackQuery { id: "1".to_owned(), data: None }
}

fn message() -> Asks {
    Asks::Message { text: None }
}

fn incoming(user: i64, asks: Asks) -> Incoming {
    let (user, chat) = (UserId(user), ChatId(user));
    Incoming { user, chat, private: true, message_thread_id: None, message_id: 1, asks }
}

#[test]
fn the_shipped_admin_may_do_everything_that_spends_nothing() {
    let permissions = Permissions::parse(SHIPPED).unwrap();
    let admin = permissions.role("admin").unwrap();
    for method in Method::all() {
        let harmless = matches!(method.class(), Class::Send | Class::Acts);
        assert_eq!(admin.may_run(method), harmless, "{}", method.name());
    }
    assert!([command("ping"), button(), message()].iter().all(|asks| admin.may_ask(asks)));
}

#[test]
fn the_shipped_notifier_may_send_and_nothing_else() {
    let permissions = Permissions::parse(SHIPPED).unwrap();
    let notifier = permissions.role("notifier").unwrap();
    for method in Method::all() {
        assert_eq!(notifier.may_run(method), method.class() == Class::Send, "{}", method.name());
    }
    assert!(![command("ping"), button(), message()].iter().any(|asks| notifier.may_ask(asks)));
}

#[test]
fn nobody_has_a_role_in_the_shipped_file() {
    let permissions = Permissions::parse(SHIPPED).unwrap();
    assert_eq!(permissions.role_names().collect::<Vec<_>>(), ["admin", "member", "notifier", "responder"]);
    assert_eq!(permissions.role_of_user(UserId(1)), None);
    for asks in [command("ping"), command("start"), button(), message()] {
        assert_eq!(permissions.decide(&incoming(1, asks)), Verdict::Unclaimed);
    }
}

#[test]
fn a_method_that_spends_is_granted_by_its_own_name_alone() {
    let permissions = example();
    let admin = permissions.role("admin").unwrap();
    assert!(admin.may_run(method("send_gift")));
    assert!(!admin.may_run(method("transfer_gift")));
    assert!(!admin.may_run(method("set_webhook")));
}

#[test]
fn paying_for_a_broadcast_is_granted_apart_from_sending() {
    let permissions = example();
    let send = method("send_message");
    let call = |paid| {
        send.validate(json!({"chat_id": 1, "text": "hi", "allow_paid_broadcast": paid}).as_object().unwrap())
    };
    for (role, may_pay) in [("admin", true), ("reporter", false)] {
        let role = permissions.role(role).unwrap();
        assert_eq!(role.may_pay(send, &call(true).unwrap()), may_pay);
        assert!(role.may_pay(send, &call(false).unwrap()));
    }
    let gift = method("send_gift");
    let call = gift.validate(json!({"user_id": 1, "gift_id": "g"}).as_object().unwrap()).unwrap();
    assert!(permissions.role("reporter").unwrap().may_pay(gift, &call));
}

#[test]
fn a_star_covers_what_begins_so() {
    let permissions = example();
    let reporter = permissions.role("reporter").unwrap();
    for (name, may) in [
        ("send_message", true),
        ("editMessageText", true),
        ("edit_forum_topic", true),
        ("send_photo", false),
        ("ban_chat_member", false),
    ] {
        assert_eq!(reporter.may_run(method(name)), may, "{name}");
    }
    let nobody = permissions.role("nobody").unwrap();
    assert!(!Method::all().iter().any(|method| nobody.may_run(method)));
}

#[test]
fn a_service_has_an_address_a_role_and_a_time() {
    let permissions = example();
    let services: Vec<_> = permissions.services().collect();
    let url = Target::Url("https://reports.example/telegram?token=hunter2".to_owned());
    assert_eq!(
        services,
        [
            &Service {
                name: "reports".to_owned(),
                target: url,
                role: "reporter".to_owned(),
                timeout: std::time::Duration::from_secs(3)
            },
            &Service {
                name: "rest".to_owned(),
                target: Target::Queue("rest.fifo".to_owned()),
                role: "admin".to_owned(),
                timeout: LONGEST_TIMEOUT
            },
        ]
    );
    assert_eq!(permissions.service("rest"), Some(services[1]));
    assert!(!format!("{permissions:?}").contains("hunter2"));
}

#[test]
fn a_commands_own_route_goes_before_that_of_all_commands() {
    let permissions = example();
    let route = |asks| permissions.route(&asks).map(|service| service.name.as_str());
    assert_eq!(route(command("ping")), Some("reports"));
    assert_eq!(route(command("other")), Some("rest"));
    assert_eq!(route(button()), Some("reports"));
    assert_eq!(route(message()), None);
}

#[test]
fn a_persons_role_decides_what_becomes_of_what_they_ask() {
    let permissions = example();
    let name = |verdict| match verdict {
        Verdict::Dispatch(service) => service.name.clone(),
        other => format!("{other:?}"),
    };
    for (user, asks, verdict) in [
        (7, command("ping"), "reports"),
        (7, command("other"), "rest"),
        (8, command("ping"), "reports"),
        (8, command("other"), "Forbidden"),
        (8, button(), "reports"),
        (8, message(), "Unclaimed"),
        (9, command("ping"), "Stranger(Answer)"),
        (9, button(), "Stranger(Answer)"),
        (9, message(), "Unclaimed"),
    ] {
        let told = format!("{user} {asks:?}");
        assert_eq!(name(permissions.decide(&incoming(user, asks))), verdict, "{told}");
    }
}

#[test]
fn a_command_that_nothing_claims_is_unknown_to_who_has_a_role_and_start_is_not() {
    let permissions = Permissions::parse(&EXAMPLE.replace("  /*: rest\n", "")).unwrap();
    assert_eq!(permissions.decide(&incoming(7, command("other"))), Verdict::Unknown);
    assert_eq!(permissions.decide(&incoming(9, command("other"))), Verdict::Stranger(Strangers::Answer));
    for user in [7, 9] {
        assert_eq!(permissions.decide(&incoming(user, command("start"))), Verdict::Unclaimed);
    }
}

#[test]
fn start_is_routed_by_its_own_name_alone() {
    let permissions = example();
    assert_eq!(permissions.route(&command("start")), None);
    assert_eq!(permissions.decide(&incoming(7, command("start"))), Verdict::Unclaimed);
    assert_eq!(permissions.decide(&incoming(9, command("start"))), Verdict::Unclaimed);
    let routed = Permissions::parse(&EXAMPLE.replace("  /ping: reports\n", "  /start: reports\n")).unwrap();
    assert_eq!(
        routed.decide(&incoming(7, command("start"))),
        Verdict::Dispatch(routed.service("reports").unwrap())
    );
    assert_eq!(routed.decide(&incoming(8, command("start"))), Verdict::Forbidden);
    assert_eq!(routed.decide(&incoming(9, command("start"))), Verdict::Stranger(Strangers::Answer));
}

#[test]
fn a_message_that_somebody_may_not_send_to_a_service_is_left_to_the_bot() {
    let permissions =
        Permissions::parse(&EXAMPLE.replace("routes:\n", "routes:\n  message: rest\n")).unwrap();
    let rest = permissions.service("rest").unwrap();
    assert_eq!(permissions.decide(&incoming(7, message())), Verdict::Dispatch(rest));
    assert_eq!(permissions.decide(&incoming(8, message())), Verdict::Unclaimed);
    assert_eq!(permissions.decide(&incoming(9, message())), Verdict::Stranger(Strangers::Answer));
}

#[test]
fn in_a_group_nobody_is_refused_what_may_be_for_others() {
    let permissions =
        Permissions::parse(&EXAMPLE.replace("routes:\n", "routes:\n  message: rest\n")).unwrap();
    let in_group = |user, asks| Incoming { private: false, chat: ChatId(-1), ..incoming(user, asks) };
    let named = |name| match command(name) {
        Asks::Command(command) => Asks::Command(BotCommand { bot: Some("examplebot".to_owned()), ..command }),
        other => other,
    };
    for (user, asks, verdict) in [
        (8, command("other"), Verdict::Unclaimed),
        (9, command("other"), Verdict::Unclaimed),
        (9, message(), Verdict::Unclaimed),
        (8, named("other"), Verdict::Forbidden),
        (9, named("other"), Verdict::Stranger(Strangers::Answer)),
        (9, command("ping"), Verdict::Stranger(Strangers::Answer)),
        (9, button(), Verdict::Stranger(Strangers::Answer)),
        (8, command("ping"), Verdict::Dispatch(permissions.service("reports").unwrap())),
        (7, message(), Verdict::Dispatch(permissions.service("rest").unwrap())),
    ] {
        assert_eq!(permissions.decide(&in_group(user, asks.clone())), verdict, "{user} {asks:?}");
    }
    let permissions = Permissions::parse(&EXAMPLE.replace("  /*: rest\n", "")).unwrap();
    assert_eq!(permissions.decide(&in_group(7, command("other"))), Verdict::Unclaimed);
    assert_eq!(permissions.decide(&in_group(7, named("other"))), Verdict::Unknown);
}

#[test]
fn a_key_has_the_role_it_was_made_with_unless_it_is_given_another() {
    let permissions = example();
    let role =
        |id, made_with| permissions.role_of_key(&ApiKeyId::parse(id).unwrap(), made_with).map(Role::name);
    assert_eq!(role("ffffffffffff", "reporter"), Some("reporter"));
    assert_eq!(role("ffffffffffff", "gone"), None);
    assert_eq!(role("0123456789ab", "admin"), Some("reporter"));
    assert_eq!(role("123456789012", "gone"), Some("admin"));
}

#[test]
fn a_second_document_goes_before_the_first() {
    let more = "users: {8: admin, 9: reporter, \"*\": nobody}\nkeys: {1e5000000000: admin}";
    let permissions = example().with_assignments(more).unwrap();
    let role = |user| permissions.role_of_user(UserId(user)).map(Role::name);
    assert_eq!([7, 8, 9, 10].map(role), [Some("admin"), Some("admin"), Some("reporter"), Some("nobody")]);
    let key = ApiKeyId::parse("1e5000000000").unwrap();
    assert_eq!(permissions.role_of_key(&key, "nobody").map(Role::name), Some("admin"));
    for nothing in ["", "# nothing\n", "users:\nkeys: {}\n", "---\n"] {
        assert_eq!(example().with_assignments(nothing), Ok(example()));
    }
}

#[test]
fn a_second_document_has_services_and_routes_too() {
    let more = "services: {rest: {url: https://a.example, role: nobody}, chat: {queue: q, role: admin}}\n\
                routes: {message: chat}\nstrangers: silent";
    let permissions = example().with_assignments(more).unwrap();
    let name = |asks: &Asks| permissions.route(asks).map(|service| service.name.as_str());
    assert_eq!(
        [message(), button(), command("other")].each_ref().map(name),
        [Some("chat"), Some("reports"), Some("rest")]
    );
    assert_eq!(permissions.service("rest").unwrap().role, "nobody");
    let stranger = permissions.decide(&incoming(9, command("ping")));
    assert_eq!(stranger, Verdict::Stranger(Strangers::Silent));
    let wrong = example().with_assignments("routes: {message: nobody}").unwrap_err().to_string();
    assert_eq!(wrong, "assignments, line 1: there is no service `nobody`; expected `reports` or `rest`");
}

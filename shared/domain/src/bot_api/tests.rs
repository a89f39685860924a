//! Tests of the catalogue as it is, and of calls that can and cannot be right.

use proptest::prelude::*;
use serde_json::json;

use super::*;

mod files;

fn method(name: &str) -> &'static Method {
    Method::parse(name).unwrap_or_else(|| panic!("{name}"))
}

/// What becomes of a call; `data` is an object.
fn call(name: &str, data: &Value) -> Result<Checked, DataError> {
    method(name).validate(data.as_object().unwrap())
}

/// The sentence with which a call is refused.
fn refused(name: &str, data: &Value) -> String {
    match call(name, data) {
        Ok(checked) => panic!("{name} {data} passed as {checked:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_catalogue_is_well_formed() {
    let methods = Method::all();
    for (method, next) in methods.iter().zip(&methods[1..]) {
        assert!(method.name < next.name, "{}", next.name);
    }
    for method in methods {
        assert_eq!(method.parameters.is_empty(), is_bare(method), "{}", method.name);
        for (at, parameter) in method.parameters.iter().enumerate() {
            let others = &method.parameters[at + 1..];
            assert!(
                others.iter().all(|other| other.name != parameter.name),
                "{} {}",
                method.name,
                parameter.name
            );
            assert!(parameter.length.is_none_or(|length| length.least <= length.most && length.most > 0));
        }
        for name in method.choices.iter().flatten().flatten() {
            let chosen = method.parameters.iter().find(|parameter| parameter.name == *name);
            assert!(chosen.is_some_and(|parameter| !parameter.required), "{} {name}", method.name);
        }
        assert!(!method.name.starts_with("get") || method.class == Class::Never, "{}", method.name);
        assert_eq!(method.name.starts_with("send") && method.name != "sendGift", method.class == Class::Send);
    }
}

/// The methods without parameters: those that nobody may call, and one that needs none.
fn is_bare(method: &Method) -> bool {
    method.class == Class::Never || method.name == "removeMyProfilePhoto"
}

#[test]
fn lines_that_mean_nothing_are_named() {
    for wrong in [
        "sendMessage",
        "sendMessage often",
        "  text string",
        "a acts\n  text",
        "a acts\n  text word",
        "a acts\n  text string 1",
        "a acts\n  text string 1-x",
        "a acts\n  text string bytes",
    ] {
        assert_eq!(catalogue::read(wrong).err(), wrong.lines().last(), "{wrong}");
    }
}

#[test]
fn a_method_is_found_by_both_of_its_names() {
    for (snake, camel) in [
        ("send_message", "sendMessage"),
        ("send_chat_join_request_web_app", "sendChatJoinRequestWebApp"),
        ("close", "close"),
    ] {
        assert_eq!(method(snake).name(), camel);
        assert_eq!(method(camel).snake_name(), snake);
    }
    for method in Method::all() {
        assert_eq!(Method::parse(&method.snake_name).map(Method::name), Some(method.name));
    }
    for wrong in ["", "send", "sendmessage", "SendMessage", "send_Message", "send message", "getMe", "get_me"]
    {
        assert!(Method::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn methods_are_classed_by_what_they_do() {
    let of_class = |class| Method::all().iter().filter(move |method| method.class == class).map(Method::name);
    assert_eq!(
        of_class(Class::Never).collect::<Vec<_>>(),
        [
            "close",
            "deleteWebhook",
            "getManagedBotToken",
            "getUpdates",
            "logOut",
            "replaceManagedBotToken",
            "setWebhook"
        ]
    );
    assert_eq!(
        of_class(Class::Spends).collect::<Vec<_>>(),
        [
            "convertGiftToStars",
            "giftPremiumSubscription",
            "refundStarPayment",
            "sendGift",
            "transferBusinessAccountStars",
            "transferGift",
            "upgradeGift",
        ]
    );
    for name in of_class(Class::Never) {
        assert_eq!(refused(name, &json!({})), format!("{name} cannot be called."));
    }
}

#[test]
fn a_call_that_may_be_right_passes_as_it_is() {
    let data = json!({
        "chat_id": -1001, "text": "hi", "disable_notification": true, "message_thread_id": 3,
        "reply_markup": {"inline_keyboard": []}, "entities": [{"type": "bold", "offset": 0, "length": 2}],
    });
    let checked = call("send_message", &data).unwrap();
    assert_eq!(Value::Object(checked.data), data);
    assert_eq!(checked.chat, Some(Chat::Id(ChatId(-1001))));
    assert_eq!((checked.files.len(), checked.spends), (0, false));
    let location = json!({"chat_id": 1, "latitude": 1, "longitude": -0.5});
    assert_eq!(Value::Object(call("sendLocation", &location).unwrap().data), location);
}

#[test]
fn null_is_as_good_as_nothing() {
    let checked = call("send_message", &json!({"chat_id": 1, "text": "hi", "parse_mode": null})).unwrap();
    assert_eq!(Value::Object(checked.data), json!({"chat_id": 1, "text": "hi"}));
    assert_eq!(refused("send_message", &json!({"chat_id": null, "text": "hi"})), "`chat_id` is missing.");
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(refused("send_message", &json!({"text": "hi"})), "`chat_id` is missing.");
    assert_eq!(refused("send_message", &json!({"chat_id": 1})), "`text` is missing.");
    let either = "`chat_id` and `message_id`, or `inline_message_id` must be given.";
    assert_eq!(refused("edit_message_caption", &json!({"caption": "hi", "chat_id": 1})), either);
    assert!(call("edit_message_caption", &json!({"caption": "hi", "chat_id": 1, "message_id": 2})).is_ok());
    assert!(call("edit_message_caption", &json!({"caption": "hi", "inline_message_id": "x"})).is_ok());
}

#[test]
fn what_is_unknown_is_named_unless_it_is_no_name() {
    assert_eq!(
        refused("send_message", &json!({"chat_id": 1, "text": "hi", "txet": 1})),
        "sendMessage has no parameter `txet`."
    );
    for name in ["", "a b", "\n", "ключ", &"a".repeat(65)] {
        let mut data = json!({"chat_id": 1, "text": "hi"});
        data[name] = json!(null);
        assert_eq!(refused("send_message", &data), "sendMessage has no parameter of one of the names given.");
    }
}

#[test]
fn another_type_is_refused_in_a_sentence_that_does_not_repeat_it() {
    for (parameter, value, sentence) in [
        ("chat_id", json!(1.5), "an integer or a username that begins with @"),
        ("chat_id", json!("username"), "an integer or a username that begins with @"),
        ("chat_id", json!("@"), "an integer or a username that begins with @"),
        ("chat_id", json!("@a b"), "an integer or a username that begins with @"),
        ("chat_id", json!("1.5"), "an integer or a username that begins with @"),
        ("chat_id", json!({}), "an integer or a username that begins with @"),
        ("text", json!(1), "a string"),
        ("text", json!(["secret"]), "a string"),
        ("message_thread_id", json!("3"), "an integer"),
        ("message_thread_id", json!(3.5), "an integer"),
        ("message_thread_id", json!(u64::MAX), "an integer"),
        ("protect_content", json!("true"), "true or false"),
        ("protect_content", json!(1), "true or false"),
        ("reply_markup", json!([]), "an object"),
        ("reply_markup", json!("{"), "an object"),
        ("reply_markup", json!("[]"), "an object"),
        ("entities", json!({}), "an array"),
        ("entities", json!("secret"), "an array"),
    ] {
        let mut data = json!({"chat_id": 1, "text": "hi"});
        data[parameter] = value;
        assert_eq!(refused("send_message", &data), format!("`{parameter}` must be {sentence}."), "{data}");
    }
    let place = json!({"chat_id": 1, "latitude": "1", "longitude": 2});
    assert_eq!(refused("send_location", &place), "`latitude` must be a number.");
}

#[test]
fn what_telegram_reads_from_a_text_is_given_on_as_what_it_says() {
    let data =
        json!({"chat_id": "-1001", "text": "hi", "reply_markup": "{\"force_reply\":true}", "entities": "[]"});
    let checked = call("send_message", &data).unwrap();
    let read = json!({"chat_id": -1001, "text": "hi", "reply_markup": {"force_reply": true}, "entities": []});
    assert_eq!(Value::Object(checked.data), read);
    assert_eq!(checked.chat, Some(Chat::Id(ChatId(-1001))));
}

#[test]
fn a_text_is_measured_in_characters_without_the_blanks_around_it() {
    let with = |text: &str| call("send_message", &json!({"chat_id": 1, "text": text}));
    let emoji = "\u{1f600}";
    for fits in ["a", &"a".repeat(4096), &emoji.repeat(4096), &format!(" {}\r\n", "a\r".repeat(4096))] {
        assert!(with(fits).is_ok());
    }
    for wrong in ["", " \n", &"a".repeat(4097), &emoji.repeat(4097)] {
        assert_eq!(with(wrong).unwrap_err().to_string(), "`text` must have 1 to 4096 characters.");
    }
}

#[test]
fn entities_may_shorten_a_text_that_has_a_parse_mode() {
    let text = format!("<b>{}</b>", "a".repeat(4096));
    assert!(call("send_message", &json!({"chat_id": 1, "text": text, "parse_mode": "HTML"})).is_ok());
    assert!(call("send_message", &json!({"chat_id": 1, "text": text, "parse_mode": null})).is_err());
    assert!(call("send_message", &json!({"chat_id": 1, "text": " ", "parse_mode": "HTML"})).is_err());
    assert!(call("set_chat_title", &json!({"chat_id": 1, "title": "a".repeat(129)})).is_err());
}

#[test]
fn bytes_and_items_have_limits_too() {
    let invoice = |payload: &str| json!({"title": "t", "description": "d", "payload": payload, "currency": "XTR", "prices": []});
    assert!(call("create_invoice_link", &invoice(&"\u{e9}".repeat(64))).is_ok());
    assert_eq!(
        refused("create_invoice_link", &invoice(&"\u{e9}".repeat(65))),
        "`payload` must have 1 to 128 bytes."
    );
    let delete = |ids: usize| json!({"chat_id": 1, "message_ids": vec![1; ids]});
    assert!(call("delete_messages", &delete(100)).is_ok());
    assert_eq!(refused("delete_messages", &delete(101)), "`message_ids` must have 1 to 100 items.");
    assert_eq!(refused("delete_messages", &delete(0)), "`message_ids` must have 1 to 100 items.");
}

#[test]
fn calls_of_one_chat_are_in_one_group() {
    for (name, data, group) in [
        ("send_message", json!({"chat_id": 7}), Some("7")),
        ("send_message", json!({"chat_id": "7"}), Some("7")),
        ("send_message", json!({"chat_id": "@Name"}), Some("@name")),
        ("forward_message", json!({"chat_id": 7, "from_chat_id": 8}), Some("7")),
        ("edit_message_text", json!({"inline_message_id": "x"}), None),
        ("answer_callback_query", json!({"callback_query_id": "x"}), None),
        ("set_my_name", json!({"chat_id": 7}), None),
    ] {
        let chat = method(name).group(data.as_object().unwrap());
        assert_eq!(chat.map(|chat| chat.to_string()).as_deref(), group, "{name} {data}");
    }
}

#[test]
fn what_costs_stars_is_known() {
    let spends = |name, data: Value| call(name, &data).unwrap().spends;
    assert!(spends("send_gift", json!({"user_id": 1, "gift_id": "g"})));
    assert!(spends("send_message", json!({"chat_id": 1, "text": "hi", "allow_paid_broadcast": true})));
    assert!(!spends("send_message", json!({"chat_id": 1, "text": "hi", "allow_paid_broadcast": false})));
}

#[test]
fn a_checked_call_shows_no_value() {
    let checked = call("send_message", &json!({"chat_id": 12345, "text": "hunter2"})).unwrap();
    let shown = format!("{checked:?}");
    assert!(shown.contains("text") && !shown.contains("hunter2") && !shown.contains("12345"), "{shown}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9@:/,;{}\\[\\]\"-]{0,12}|data:;base64,[a-zA-Z]{0,8}|.{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("media|photo|[a-z]{1,4}", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_passed_once_passes_again_unless_it_had_files(
        at in any::<prop::sample::Index>(),
        values in prop::collection::vec(any_json(), 24),
    ) {
        let method = at.get(Method::all());
        let data: Map<_, _> = method.parameters.iter().map(|given| given.name.to_owned()).zip(values).collect();
        if let Ok(checked) = method.validate(&data)
            && checked.files.is_empty()
        {
            prop_assert_eq!(method.validate(&checked.data), Ok(checked));
        }
    }
}

//! Commands, menu buttons and the webhook's settings, and that all of it survives a restart.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::{Simulator, file, png, refused};

const HOOK: &str = "http://127.0.0.1:9/hook";
const PEM: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

#[tokio::test]
async fn commands_are_kept_by_scope_and_language() {
    let sim = Simulator::start().await;
    let start = json!([{"command": "start", "description": "Begin"}]);
    let stop = json!([{"command": "stop", "description": "Ende"}]);
    let private = json!({"type": "all_private_chats"});
    assert_eq!(sim.ok("setMyCommands", json!({"commands": start})).await, json!(true));
    let german = json!({"commands": stop, "scope": private, "language_code": "de"});
    assert_eq!(sim.ok("setMyCommands", german).await, json!(true));
    assert_eq!(sim.ok("getMyCommands", json!({})).await, start);
    let place = json!({"scope": private, "language_code": "de"});
    assert_eq!(sim.ok("getMyCommands", place.clone()).await, stop);
    assert_eq!(sim.ok("deleteMyCommands", place.clone()).await, json!(true));
    assert_eq!(sim.ok("getMyCommands", place).await, json!([]));
    assert_eq!(sim.ok("getMyCommands", json!({})).await, start);
}

#[tokio::test]
async fn commands_outside_of_the_limits_are_refused() {
    let sim = Simulator::start().await;
    let list = |name: &str, description: &str| json!([{"command": name, "description": description}]);
    let many = |count| Value::Array(vec![list("a", "b")[0].clone(); count]);
    for fitting in [list(&"a".repeat(32), &"d".repeat(256)), list("a_1", "d"), many(100)] {
        sim.ok("setMyCommands", json!({"commands": fitting})).await;
    }
    let cases = [
        (many(101), "BOT_COMMANDS_TOO_MUCH"),
        (list("", "d"), "BOT_COMMAND_INVALID"),
        (list(&"a".repeat(33), "d"), "BOT_COMMAND_INVALID"),
        (list("Start", "d"), "BOT_COMMAND_INVALID"),
        (list("a", ""), "BOT_COMMAND_DESCRIPTION_INVALID"),
        (list("a", &"d".repeat(257)), "BOT_COMMAND_DESCRIPTION_INVALID"),
        (json!([{"command": "a"}]), "can't parse BotCommand: can't find field \"description\""),
        (json!("{"), "can't parse commands JSON object"),
    ];
    for (commands, sentence) in cases {
        let sentence = format!("Bad Request: {sentence}");
        sim.assert_refused("setMyCommands", json!({"commands": commands}), 400, &sentence).await;
    }
}

#[tokio::test]
async fn a_menu_button_is_for_all_chats_or_for_one() {
    let sim = Simulator::start().await;
    assert_eq!(sim.ok("getChatMenuButton", json!({})).await, json!({"type": "commands"}));
    assert_eq!(sim.ok("getChatMenuButton", json!({"chat_id": 7})).await, json!({"type": "default"}));
    let button = json!({"type": "web_app", "text": "Open", "web_app": {"url": "http://127.0.0.1/app"}});
    let params = json!({"chat_id": 7, "menu_button": button});
    assert_eq!(sim.ok("setChatMenuButton", params.clone()).await, json!(true));
    assert_eq!(sim.ok("getChatMenuButton", json!({"chat_id": 7})).await, button);
    assert_eq!(sim.ok("getChatMenuButton", json!({})).await, json!({"type": "commands"}));
    let deeds = serde_json::to_value(sim.bot.messages(7)).unwrap();
    assert_eq!(deeds, json!([{"message_id": null, "method": "setChatMenuButton", "params": params}]));
    let unknown = json!({"menu_button": {"type": "x"}});
    let sentence = "Bad Request: can't parse menu button: MenuButton has unsupported type";
    sim.assert_refused("setChatMenuButton", unknown, 400, sentence).await;
    let group = json!({"chat_id": -5, "menu_button": button});
    sim.assert_refused("setChatMenuButton", group, 400, "Bad Request: chat not found").await;
}

#[tokio::test]
async fn a_webhook_is_set_told_and_deleted() {
    let sim = Simulator::start().await;
    let params = json!({
        "url": HOOK,
        "secret_token": "s_-1",
        "max_connections": 7,
        "allowed_updates": ["message", "no_such_kind"],
    });
    let told = |description: &str| (200, json!({"ok": true, "result": true, "description": description}));
    assert_eq!(sim.call("setWebhook", params.clone()).await, told("Webhook was set"));
    assert_eq!(sim.call("setWebhook", params).await, told("Webhook is already set"));
    let expected = json!({
        "url": HOOK,
        "has_custom_certificate": false,
        "pending_update_count": 0,
        "max_connections": 7,
        "allowed_updates": ["message"],
    });
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await, expected);
    assert_eq!(sim.call("deleteWebhook", json!({})).await, told("Webhook was deleted"));
    assert_eq!(sim.call("deleteWebhook", json!({})).await, told("Webhook is already deleted"));
    let none = json!({
        "url": "",
        "has_custom_certificate": false,
        "pending_update_count": 0,
        "allowed_updates": ["message"],
    });
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await, none);
    sim.ok("setWebhook", json!({"url": HOOK, "allowed_updates": []})).await;
    let usual = json!({
        "url": HOOK,
        "has_custom_certificate": false,
        "pending_update_count": 0,
        "max_connections": 40,
    });
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await, usual);
}

#[tokio::test]
async fn a_webhook_outside_of_the_limits_is_refused() {
    let sim = Simulator::start().await;
    let cases = [
        (json!({"url": HOOK, "secret_token": "s".repeat(257)}), "secret token is too long"),
        (json!({"url": HOOK, "secret_token": "s s"}), "secret token contains unallowed characters"),
        (json!({"url": "ftp://a.b"}), "invalid webhook URL specified"),
        (json!({"url": "nonsense"}), "invalid webhook URL specified"),
    ];
    for (params, sentence) in cases {
        sim.assert_refused("setWebhook", params, 400, &format!("Bad Request: {sentence}")).await;
    }
    sim.ok("setWebhook", json!({"url": HOOK, "secret_token": "s".repeat(256)})).await;
}

#[tokio::test]
async fn a_certificate_is_a_pem_file_of_3_mib_at_most() {
    let sim = Simulator::start().await;
    let form = |content: Vec<u8>| {
        Form::new().text("url", "https://a.b/hook").part("certificate", file("public.pem", content))
    };
    assert_eq!(sim.upload("setWebhook", form(PEM.into())).await.0, 200);
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await["has_custom_certificate"], true);
    let big = sim.upload("setWebhook", form(vec![b'-'; (3 << 20) + 1])).await;
    assert_eq!(big, refused(400, "Bad Request: certificate size is too big (3145729 bytes)"));
    let no_pem = sim.upload("setWebhook", form(b"DER".to_vec())).await;
    assert_eq!(no_pem, refused(400, "Bad Request: bad webhook: Failed to set certificate: no start line"));
    sim.ok("setWebhook", json!({"url": "https://a.b/hook", "certificate": PEM})).await;
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await["has_custom_certificate"], false);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let sim = Simulator::start().await;
    let photo = Form::new().text("chat_id", "7").part("photo", file("a.png", png(4, 4)));
    let sent = sim.upload("sendPhoto", photo).await.1;
    let commands = json!([{"command": "start", "description": "Begin"}]);
    sim.ok("setMyCommands", json!({"commands": commands})).await;
    sim.ok("setChatMenuButton", json!({"chat_id": 7, "menu_button": {"type": "commands"}})).await;
    sim.ok("setWebhook", json!({"url": HOOK, "secret_token": "s"})).await;
    let update_id = sim.write(7, "hello").await;
    let info = sim.ok("getWebhookInfo", json!({})).await;
    let methods =
        |sim: &Simulator| sim.bot.messages(7).into_iter().map(|deed| deed.method).collect::<Vec<_>>();
    let before = methods(&sim);

    let sim = sim.restart().await;
    assert_eq!(methods(&sim), before);
    assert_eq!(sim.ok("getMyCommands", json!({})).await, commands);
    assert_eq!(sim.ok("getChatMenuButton", json!({"chat_id": 7})).await, json!({"type": "commands"}));
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await, info);
    assert_eq!((sim.bot.pending_updates(), sim.write(7, "again").await), (1, update_id + 1));
    let again = json!({"chat_id": 7, "photo": sent["result"]["photo"][0]["file_id"]});
    assert_eq!(sim.ok("sendPhoto", again).await["message_id"], 4);
    let photo = Form::new().text("chat_id", "7").part("photo", file("a.png", png(4, 4)));
    let other = sim.upload("sendPhoto", photo).await.1;
    assert_ne!(other["result"]["photo"][0]["file_id"], sent["result"]["photo"][0]["file_id"]);
    let url = sim.bot.messages(7)[0].file_url.clone().unwrap();
    assert_eq!(sim.http.get(url).send().await.unwrap().bytes().await.unwrap(), png(4, 4));
}

#[tokio::test]
async fn a_reset_goes_back_to_the_first_state() {
    let sim = Simulator::start().await;
    sim.ok("setWebhook", json!({"url": HOOK})).await;
    let first = sim.write(7, "hello").await;
    sim.ok("sendMessage", json!({"chat_id": 7, "text": "x"})).await;
    sim.plan(json!({"method": "*", "error": "drop"})).await;
    sim.bot.reset();
    assert_eq!((sim.bot.messages(7), sim.bot.pending_updates()), (Vec::new(), 0));
    assert_eq!(sim.ok("getWebhookInfo", json!({})).await["url"], "");
    assert_eq!(sim.write(7, "hello").await, first);
}

//! The repository's own template, and its agreement with what else says the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::{environment, parameters};
use crate::template::load;
use crate::template::model::{Function, GatewayResponse, Model, QueueSource};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The repository's template with the parameters that have no default.
pub(crate) fn model() -> Model {
    let given = parameters([
        ("BotId", "1234567890"),
        ("MiniAppUrl", "http://127.0.0.1:3000/app"),
        ("AllowedOrigins", "https://app.example,http://127.0.0.1:3000"),
        ("SignInAllow", "*"),
        ("TelegramApiId", "17349"),
        ("DelegationPublicKey", "BG2-OTJAKikHunp7hw5WMrY5gScf3BkfzFuCi2U7hU4"),
    ]);
    load(&repository().join("template.yaml"), &given, &environment()).expect("the template loads")
}

pub(super) fn function<'a>(model: &'a Model, logical_id: &str) -> &'a Function {
    model.functions.iter().find(|function| function.logical_id == logical_id).expect("the function exists")
}

#[test]
fn every_route_reaches_its_function() {
    let model = model();
    let routes: Vec<_> = model
        .functions
        .iter()
        .flat_map(|function| {
            function
                .routes
                .iter()
                .map(|route| (function.logical_id.as_str(), route.method.as_str(), route.path.as_str()))
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("PostPhoto", "POST", "/post"),
            ("GetPost", "GET", "/post/{id}"),
            ("MiniAppSession", "POST", "/mini-app/session"),
            ("TelegramWebhook", "POST", "/telegram/webhook"),
            ("EnqueueCommand", "POST", "/enqueue_command"),
            ("GetCommand", "GET", "/commands/{id}"),
            ("SendCode", "POST", "/send-code"),
            ("ResendCode", "POST", "/resend-code"),
            ("SignIn", "POST", "/sign-in"),
            ("CheckPassword", "POST", "/check-password"),
            ("QrLogin", "POST", "/qr-login"),
            ("QrLogin", "GET", "/qr-login"),
            ("IsAuthenticated", "GET", "/is-authenticated"),
            ("Logout", "POST", "/logout"),
            ("GetSavedMessagesMedia", "GET", "/get-saved-messages-media"),
            ("StreamMedia", "GET", "/stream_media/{message_id}"),
            ("StreamMedia", "HEAD", "/stream_media/{message_id}"),
            ("StreamThumbnail", "GET", "/stream_thumbnail/{message_id}"),
            ("StreamThumbnail", "HEAD", "/stream_thumbnail/{message_id}"),
            ("MediaTickets", "POST", "/media-tickets"),
            ("Uploads", "POST", "/uploads"),
            ("Uploads", "GET", "/uploads/{id}"),
            ("Uploads", "DELETE", "/uploads/{id}"),
            ("Uploads", "POST", "/uploads/{id}/complete"),
            ("UploadFile", "POST", "/upload_file"),
            ("Fallback", "ANY", "/"),
            ("Fallback", "ANY", "/{proxy+}"),
            ("Fallback", "ANY", "/post"),
            ("Fallback", "ANY", "/post/{id}"),
            ("Fallback", "ANY", "/mini-app/session"),
            ("Fallback", "ANY", "/telegram/webhook"),
            ("Fallback", "ANY", "/enqueue_command"),
            ("Fallback", "ANY", "/commands/{id}"),
            ("Fallback", "ANY", "/send-code"),
            ("Fallback", "ANY", "/resend-code"),
            ("Fallback", "ANY", "/sign-in"),
            ("Fallback", "ANY", "/check-password"),
            ("Fallback", "ANY", "/qr-login"),
            ("Fallback", "ANY", "/is-authenticated"),
            ("Fallback", "ANY", "/logout"),
            ("Fallback", "ANY", "/get-saved-messages-media"),
            ("Fallback", "ANY", "/stream_media/{message_id}"),
            ("Fallback", "ANY", "/stream_thumbnail/{message_id}"),
            ("Fallback", "ANY", "/media-tickets"),
            ("Fallback", "ANY", "/upload_file"),
            ("Fallback", "ANY", "/uploads"),
            ("Fallback", "ANY", "/uploads/{id}"),
            ("Fallback", "ANY", "/uploads/{id}/complete"),
        ]
    );
}

#[test]
fn fallback_takes_every_other_method_of_every_path() {
    let model = model();
    let fallback = function(&model, "Fallback");
    for route in model.functions.iter().flat_map(|function| &function.routes) {
        assert!(
            fallback.routes.iter().any(|caught| caught.method == "ANY" && caught.path == route.path),
            "{} {} has no fallback",
            route.method,
            route.path
        );
    }
}

#[test]
fn every_binary_is_a_function_and_every_function_a_binary() {
    let manifest = std::fs::read_to_string(repository().join("functions/Cargo.toml")).expect("the manifest");
    let bins: BTreeSet<_> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|table| table.split_once("name = \"")?.1.split_once('"').map(|(name, _)| name))
        .collect();
    let model = model();
    let functions: BTreeSet<_> = model.functions.iter().map(|function| function.binary.as_str()).collect();
    assert_eq!(functions, bins);
    assert_eq!(model.functions.len(), bins.len());
}

#[test]
fn memory_and_timeouts_fit_the_work() {
    let model = model();
    let sizes: Vec<_> = model
        .functions
        .iter()
        .map(|function| (function.logical_id.as_str(), function.memory_mb, function.timeout.as_secs()))
        .collect();
    assert_eq!(
        sizes,
        [
            ("PostPhoto", 1024, 10),
            ("GetPost", 256, 10),
            ("MiniAppSession", 256, 10),
            ("TelegramWebhook", 256, 10),
            ("EnqueueCommand", 512, 29),
            ("GetCommand", 256, 10),
            ("BotWorker", 1024, 60),
            ("DispatchWorker", 256, 30),
            ("SendCode", 512, 25),
            ("ResendCode", 512, 25),
            ("SignIn", 1024, 25),
            ("CheckPassword", 1024, 25),
            ("QrLogin", 512, 25),
            ("IsAuthenticated", 512, 25),
            ("Logout", 512, 25),
            ("GetSavedMessagesMedia", 512, 25),
            ("StreamMedia", 1024, 150),
            ("StreamThumbnail", 512, 25),
            ("MediaTickets", 512, 25),
            ("Uploads", 512, 29),
            ("UploadFile", 1024, 29),
            ("UploadWorker", 1024, 900),
            ("Fallback", 128, 10),
        ]
    );
}

#[test]
fn nothing_behind_the_api_outlasts_the_gateway() {
    // API Gateway waits 29 s for an integration (AWS, REST API quotas), and longer where its answer streams.
    for function in model().functions {
        for route in function.routes {
            let waits = route.timeout.unwrap_or(Duration::from_secs(29));
            assert!(function.timeout <= waits, "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn files_stream_and_nothing_else() {
    let model = model();
    let routes = model.functions.iter().flat_map(|function| &function.routes);
    let streamed: Vec<_> = routes
        .filter(|route| route.streams)
        .map(|route| (route.method.as_str(), route.path.as_str(), route.timeout.map(|time| time.as_secs())))
        .collect();
    assert_eq!(
        streamed,
        [
            ("GET", "/stream_media/{message_id}", Some(155)),
            ("HEAD", "/stream_media/{message_id}", Some(155)),
            ("GET", "/stream_thumbnail/{message_id}", None),
            ("HEAD", "/stream_thumbnail/{message_id}", None),
        ]
    );
}

#[test]
fn a_function_streams_on_all_of_its_routes_or_on_none() {
    for function in model().functions {
        let streams = function.routes.iter().filter(|route| route.streams).count();
        assert!(streams == 0 || streams == function.routes.len(), "{}", function.logical_id);
    }
}

#[test]
fn the_access_log_holds_nothing_that_a_client_wrote() {
    // A path has ids in it, and a query string may have a ticket.
    let text = std::fs::read_to_string(repository().join("template.yaml")).expect("the template");
    let formats: Vec<_> = text.lines().filter(|line| line.contains("$context.requestTime")).collect();
    let [format] = formats[..] else { panic!("one format, not {}", formats.len()) };
    let named: BTreeSet<_> = format
        .split("$context.")
        .skip(1)
        .filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').next())
        .collect();
    assert_eq!(
        named,
        BTreeSet::from([
            "error.responseType",
            "httpMethod",
            "integrationLatency",
            "requestId",
            "requestTime",
            "resourcePath",
            "responseLatency",
            "responseLength",
            "status",
            "xrayTraceId",
        ])
    );
    for setting in ["DataTraceEnabled: false", "LoggingLevel: \"OFF\""] {
        assert!(text.contains(setting), "execution logs hold query strings: {setting}");
    }
}

#[test]
fn the_worker_takes_one_message_of_a_chat_at_a_time() {
    let model = model();
    assert_eq!(
        function(&model, "BotWorker").queue_sources,
        [QueueSource {
            queue: "lambdagram-local-bot.fifo".to_owned(),
            batch_size: 1,
            maximum_concurrency: Some(10),
            report_batch_item_failures: true,
        }]
    );
}

#[test]
fn a_queue_stays_silent_for_six_timeouts() {
    // AWS asks for six times the function's timeout (Lambda, "Using Lambda with Amazon SQS").
    let model = model();
    for function in &model.functions {
        for source in &function.queue_sources {
            let queue =
                model.queues.iter().find(|queue| queue.name == source.queue).expect("the queue exists");
            let visibility: u64 = queue.attributes["VisibilityTimeout"].parse().expect("seconds");
            assert!(visibility >= 6 * function.timeout.as_secs(), "{}", queue.name);
        }
    }
}

#[test]
fn queues_have_the_attributes_of_the_design() {
    let model = model();
    let common = |retention_s: &'static str| {
        parameters([
            ("ContentBasedDeduplication", "false"),
            ("DeduplicationScope", "messageGroup"),
            ("FifoQueue", "true"),
            ("FifoThroughputLimit", "perMessageGroupId"),
            ("MessageRetentionPeriod", retention_s),
            ("SqsManagedSseEnabled", "true"),
        ])
    };
    assert_eq!(model.queues.len(), 6);
    let named = |name: &str| model.queues.iter().find(|queue| queue.name == name).expect("a queue");
    for (name, retention_s, visibility_s) in [
        ("lambdagram-local-bot", "1209600", "360"),
        ("lambdagram-local-dispatch", "1209600", "180"),
        ("lambdagram-local-uploads", "345600", "5400"),
    ] {
        let (queue, dead) = (named(&format!("{name}.fifo")), named(&format!("{name}-dead.fifo")));
        assert_eq!(dead.attributes, common(retention_s));
        let mut attributes = queue.attributes.clone();
        let redrive = attributes.remove("RedrivePolicy").expect("a redrive policy");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&redrive).expect("JSON"),
            json!({
                "deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:123456789012:{name}-dead.fifo"),
                "maxReceiveCount": 1000,
            })
        );
        assert_eq!(attributes.remove("VisibilityTimeout").as_deref(), Some(visibility_s));
        assert_eq!(attributes, common(retention_s));
    }
}

#[test]
fn tables_and_buckets_can_be_made_as_they_are() {
    let model = model();
    let key = |name: &str, attribute: &str| {
        json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": attribute, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": attribute, "KeyType": "HASH" }],
        })
    };
    let table = |name: &str| {
        let name = format!("lambdagram-local-{name}table");
        model.tables.iter().find(|table| table.name == name).expect("a table")
    };
    assert_eq!(model.tables.len(), 7);
    let [jobs, sessions, limits, media, keys, dispatches, uploads] =
        ["jobs", "sessions", "limits", "media", "keys", "dispatches", "uploads"].map(table);
    assert_eq!(dispatches.create, key("lambdagram-local-dispatchestable", "id"));
    assert_eq!(keys.create, key("lambdagram-local-keystable", "id"));
    assert_eq!(keys.ttl_attribute, None, "a key is good until somebody takes it back");
    assert_eq!(jobs.create, key("lambdagram-local-jobstable", "id"));
    assert_eq!(sessions.create, key("lambdagram-local-sessionstable", "id"));
    assert_eq!(limits.create, key("lambdagram-local-limitstable", "key"));
    let ranged = |name: &str, range: &str, of_type: &str| {
        json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "session", "AttributeType": "S" },
                { "AttributeName": range, "AttributeType": of_type },
            ],
            "KeySchema": [
                { "AttributeName": "session", "KeyType": "HASH" },
                { "AttributeName": range, "KeyType": "RANGE" },
            ],
        })
    };
    assert_eq!(media.create, ranged("lambdagram-local-mediatable", "lowest", "N"));
    assert_eq!(uploads.create, ranged("lambdagram-local-uploadstable", "item", "S"));
    for table in [jobs, sessions, limits, media, dispatches, uploads] {
        assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"));
    }
    let [staging] = &model.buckets[..] else { panic!("one bucket, not {}", model.buckets.len()) };
    assert_eq!(staging.name, "lambdagram-local-stagingbucket");
    let results =
        json!({"Id": "forget-results", "Status": "Enabled", "Prefix": "results/", "ExpirationInDays": 2});
    let rules = staging.lifecycle.as_array().expect("rules");
    assert!(rules.contains(&results));
    let forgotten = json!({ "DaysAfterInitiation": 1 });
    assert!(rules.iter().any(|rule| rule["AbortIncompleteMultipartUpload"] == forgotten));
}

#[test]
fn each_function_gets_the_variables_it_uses_and_no_others() {
    let model = model();
    let names = |logical_id: &str| {
        let mut environment = function(&model, logical_id).environment.clone();
        for secrets in ["ACCOUNT_SECRETS", "ASSIGNMENTS", "BOT_SECRETS", "DISPATCH_SECRETS"] {
            assert_eq!(environment.remove(secrets).as_deref(), Some(""), "the template holds no secret");
        }
        let stack = environment.remove("METRICS_STACK");
        assert_eq!(stack.as_deref(), Some("lambdagram-local"), "every function publishes metrics");
        environment.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        names("PostPhoto"),
        "ALLOWED_ORIGINS BOT_ID BOT_QUEUE_URL INIT_DATA_CHECK INIT_DATA_MAX_AGE_S JOBS_TABLE LIMITS_TABLE \
         PHOTOS_PER_MINUTE SECRETS_ID STAGING_BUCKET TELEGRAM_PUBLIC_KEY"
    );
    assert_eq!(
        names("GetPost"),
        "ALLOWED_ORIGINS BOT_ID INIT_DATA_CHECK INIT_DATA_MAX_AGE_S JOBS_TABLE SECRETS_ID TELEGRAM_PUBLIC_KEY"
    );
    assert_eq!(
        names("MiniAppSession"),
        "ALLOWED_ORIGINS BOT_ID INIT_DATA_CHECK INIT_DATA_MAX_AGE_S SECRETS_ID TELEGRAM_PUBLIC_KEY"
    );
    assert_eq!(
        names("TelegramWebhook"),
        "ALLOWED_ORIGINS ASSIGNMENTS_ID BOT_ID BOT_QUEUE_URL BOT_USERNAME DISPATCHES_TABLE DISPATCH_QUEUE_URL \
         JOBS_TABLE MINI_APP_URL SECRETS_ID"
    );
    assert_eq!(
        names("EnqueueCommand"),
        "ALLOWED_ORIGINS ASSIGNMENTS_ID BOT_QUEUE_URL COMMANDS_PER_MINUTE DISPATCHES_TABLE JOBS_TABLE KEYS_TABLE \
         LIMITS_TABLE OWN_NETWORKS STAGING_BUCKET"
    );
    assert_eq!(names("GetCommand"), "ALLOWED_ORIGINS JOBS_TABLE KEYS_TABLE STAGING_BUCKET");
    assert_eq!(
        names("BotWorker"),
        "BOT_API_URL BOT_DEAD_LETTER_QUEUE_URL BOT_QUEUE_URL DISPATCH_QUEUE_URL JOBS_TABLE SECRETS_ID \
         STAGING_BUCKET UNRESOLVED_SENDS"
    );
    assert_eq!(
        names("DispatchWorker"),
        "ASSIGNMENTS_ID BOT_QUEUE_URL DISPATCHES_TABLE DISPATCH_DEAD_LETTER_QUEUE_URL DISPATCH_QUEUE_URL \
         DISPATCH_SECRETS_ID JOBS_TABLE OWN_NETWORKS STAGING_BUCKET"
    );
    let of_accounts = |more: &[&str]| {
        let common = "ACCOUNT_SECRETS_ID ALLOWED_ORIGINS SESSIONS_TABLE SESSION_COOKIE SESSION_DAYS \
                      TELEGRAM_API_ID TELEGRAM_DCS TELEGRAM_RSA_KEY TELEGRAM_SERVERS";
        let all: BTreeSet<_> = common.split(' ').chain(more.iter().copied()).collect();
        all.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("SendCode"), of_accounts(&["CODES_PER_DAY", "LIMITS_TABLE", "SIGN_IN_ALLOW"]));
    assert_eq!(names("ResendCode"), of_accounts(&["CODES_PER_DAY", "LIMITS_TABLE"]));
    assert_eq!(
        names("QrLogin"),
        of_accounts(&["CODES_PER_DAY", "LIMITS_TABLE", "QR_LOGIN", "SIGN_IN_ALLOW"])
    );
    assert_eq!(names("CheckPassword"), of_accounts(&["SIGN_IN_ALLOW"]));
    for function in ["SignIn", "IsAuthenticated"] {
        assert_eq!(names(function), of_accounts(&[]), "{function}");
    }
    assert_eq!(names("Logout"), of_accounts(&["STAGING_BUCKET", "UPLOADS_TABLE"]));
    let takes_files = [
        "DELEGATION_PUBLIC_KEY",
        "LIMITS_TABLE",
        "STAGING_BUCKET",
        "UPLOADS_TABLE",
        "UPLOAD_GIGABYTES_PER_DAY",
        "UPLOAD_QUEUE_URL",
    ];
    assert_eq!(names("Uploads"), of_accounts(&takes_files));
    assert_eq!(names("UploadFile"), of_accounts(&[&takes_files[..], &["MEDIA_LEASE"]].concat()));
    let sends_files = [
        "MEDIA_LEASE",
        "STAGING_BUCKET",
        "UPLOADS_TABLE",
        "UPLOAD_QUEUE_URL",
        "UPLOAD_SECRETS",
        "UPLOAD_SECRETS_ID",
    ];
    assert_eq!(names("UploadWorker"), of_accounts(&sends_files).replace("ALLOWED_ORIGINS ", ""));
    for function in ["GetSavedMessagesMedia", "MediaTickets"] {
        assert_eq!(names(function), of_accounts(&["MEDIA_TABLE"]), "{function}");
    }
    assert_eq!(names("StreamThumbnail"), of_accounts(&["MEDIA_LEASE", "MEDIA_TABLE"]));
    assert_eq!(
        names("StreamMedia"),
        of_accounts(&["LIMITS_TABLE", "MEDIA_LEASE", "MEDIA_TABLE", "STREAMS_PER_SESSION"])
    );
    assert_eq!(names("Fallback"), "ALLOWED_ORIGINS");
    let worker = &function(&model, "BotWorker").environment;
    assert_eq!(worker["BOT_QUEUE_URL"], "http://127.0.0.1:9324/123456789012/lambdagram-local-bot.fifo");
    assert_eq!(worker["SECRETS_ID"], "lambdagram/bot");
    assert_eq!(worker["UNRESOLVED_SENDS"], "retry");
}

#[test]
fn what_serves_accounts_knows_nothing_of_the_bot_and_the_other_way_round() {
    for function in model().functions {
        let resources = function.policy.iter().flat_map(|statement| &statement.resources);
        let has = |part: &str| resources.clone().any(|resource| resource.contains(part));
        let of_accounts = function.environment.contains_key("ACCOUNT_SECRETS_ID");
        assert_eq!(has("secret:lambdagram/account-"), of_accounts, "{}", function.logical_id);
        assert_eq!(has("lambdagram-local-sessionstable"), of_accounts, "{}", function.logical_id);
        assert_eq!(
            has("secret:lambdagram/bot-"),
            function.environment.contains_key("SECRETS_ID"),
            "{}",
            function.logical_id
        );
        assert!(!(has("secret:lambdagram/bot-") && has("secret:lambdagram/account-")));
    }
}

#[test]
fn what_asks_services_knows_its_own_secret_alone() {
    for function in model().functions {
        let resources = function.policy.iter().flat_map(|statement| &statement.resources);
        let has = |part: &str| resources.clone().any(|resource| resource.contains(part));
        let asks = function.logical_id == "DispatchWorker";
        assert_eq!(has("secret:lambdagram/dispatch-"), asks, "{}", function.logical_id);
        assert_eq!(has("lambdagram-service-"), asks, "{}", function.logical_id);
        assert!(!asks || !has("secret:lambdagram/bot-"));
    }
}

#[test]
fn each_function_of_accounts_may_do_to_a_session_what_it_does() {
    let model = model();
    let may = |logical_id: &str| may_do(&model, logical_id, "sessionstable");
    // A token that is replaced is a new item; a login that is dead is deleted.
    for begins_or_ends_a_login in ["SendCode", "SignIn", "CheckPassword"] {
        assert_eq!(may(begins_or_ends_a_login), "PutItem UpdateItem DeleteItem");
    }
    assert_eq!(may("QrLogin"), "GetItem PutItem UpdateItem DeleteItem");
    assert_eq!(may("ResendCode"), "UpdateItem DeleteItem");
    assert_eq!(may("IsAuthenticated"), "GetItem UpdateItem DeleteItem");
    assert_eq!(may("Logout"), "UpdateItem DeleteItem");
    assert_eq!(may("GetSavedMessagesMedia"), "UpdateItem DeleteItem");
    assert_eq!(may("Uploads"), "GetItem");
    for finds_or_sends_files in
        ["StreamMedia", "StreamThumbnail", "MediaTickets", "UploadFile", "UploadWorker"]
    {
        assert_eq!(may(finds_or_sends_files), "GetItem UpdateItem DeleteItem");
    }
}

#[test]
fn functions_read_api_keys_and_make_none() {
    let model = model();
    for function in &model.functions {
        let expected = match function.logical_id.as_str() {
            // The write notes when a key was last used.
            "EnqueueCommand" | "GetCommand" => "GetItem UpdateItem",
            _ => "",
        };
        assert_eq!(may_do(&model, &function.logical_id, "keystable"), expected, "{}", function.logical_id);
    }
    assert_eq!(may_do(&model, "GetCommand", "jobstable"), "GetItem");
    assert_eq!(may_do(&model, "EnqueueCommand", "jobstable"), "GetItem PutItem UpdateItem");
    for (function, expected) in [
        ("TelegramWebhook", "PutItem UpdateItem"),
        ("EnqueueCommand", "GetItem"),
        ("DispatchWorker", "UpdateItem"),
        ("BotWorker", ""),
    ] {
        assert_eq!(may_do(&model, function, "dispatchestable"), expected, "{function}");
    }
}

#[test]
fn what_was_seen_is_written_by_who_sees_it_and_read_by_who_serves_it() {
    let model = model();
    for function in &model.functions {
        let expected = match function.logical_id.as_str() {
            "GetSavedMessagesMedia" => "PutItem",
            "StreamMedia" | "StreamThumbnail" | "MediaTickets" => "PutItem Query",
            _ => "",
        };
        assert_eq!(may_do(&model, &function.logical_id, "mediatable"), expected, "{}", function.logical_id);
    }
    assert_eq!(may_do(&model, "StreamMedia", "limitstable"), "UpdateItem");
}

/// The actions that a function may do to a table.
pub(super) fn may_do(model: &Model, logical_id: &str, table: &str) -> String {
    let table = format!("table/lambdagram-local-{table}");
    let statements = function(model, logical_id).policy.iter();
    let of_table = statements.filter(|statement| statement.resources.iter().any(|it| it.ends_with(&table)));
    let actions = of_table.flat_map(|statement| &statement.actions);
    actions.filter_map(|action| action.strip_prefix("dynamodb:")).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_alarm_rings_for_the_errors_of_every_function_and_holds_no_more_than_ten_metrics() {
    // An alarm over an expression takes ten metrics (AWS, PutMetricAlarm).
    let text = std::fs::read_to_string(repository().join("template.yaml")).expect("the template");
    let expressions = text.lines().filter_map(|line| line.trim().strip_prefix("Expression: "));
    let summed: Vec<Vec<&str>> = expressions.map(|sum| sum.split(" + ").collect()).collect();
    assert!(summed.iter().all(|alarm| alarm.len() <= 10), "{summed:?}");
    let mut rung_for = summed.concat();
    rung_for.sort_unstable();
    let model = model();
    let mut binaries: Vec<_> = model.functions.iter().map(|function| function.binary.as_str()).collect();
    binaries.sort_unstable();
    assert_eq!(rung_for, binaries);
}

#[test]
fn each_policy_names_its_resources() {
    for function in model().functions {
        for statement in function.policy {
            assert!(statement.allow, "{}", function.logical_id);
            for resource in statement.resources {
                assert_ne!(resource, "*", "{}", function.logical_id);
            }
            for action in statement.actions {
                assert!(!action.contains('*'), "{} {action}", function.logical_id);
            }
        }
    }
}

#[test]
fn the_gateway_answers_in_our_words() {
    let api = model().api;
    assert_eq!(api.stage, "prod");
    assert_eq!(api.binary_media_types, ["multipart/form-data"]);
    let headers = parameters([
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", "method.request.header.Origin"),
        (
            "Access-Control-Expose-Headers",
            "Content-Range, Accept-Ranges, ETag, Content-Disposition, Retry-After, Location, Link, x-request-id",
        ),
        ("Cache-Control", "no-store"),
        ("Vary", "Origin"),
        ("x-request-id", "context.requestId"),
    ]);
    let mut throttled = headers.clone();
    throttled.insert("Retry-After".to_owned(), "1".to_owned());
    let response = |status, headers: &std::collections::BTreeMap<_, _>, body| GatewayResponse {
        status,
        headers: headers.clone(),
        templates: parameters([("application/json", body)]),
    };
    let expected = [
        (
            "DEFAULT_4XX",
            response(
                None,
                &headers,
                r#"{"error":$context.error.messageString,"details":"Request id: $context.requestId"}"#,
            ),
        ),
        (
            "DEFAULT_5XX",
            response(
                None,
                &headers,
                r#"{"error":"Internal server error.","details":"Request id: $context.requestId"}"#,
            ),
        ),
        (
            "INTEGRATION_TIMEOUT",
            response(
                Some(504),
                &headers,
                r#"{"error":"The request took too long. Please try again.","details":"Request id: $context.requestId"}"#,
            ),
        ),
        (
            "REQUEST_TOO_LARGE",
            response(
                Some(413),
                &headers,
                r#"{"error":"Request body is too large. Files go through POST /uploads."}"#,
            ),
        ),
        (
            "THROTTLED",
            response(
                Some(429),
                &throttled,
                r#"{"error":"Too many requests. Please try again later.","retry_after":1}"#,
            ),
        ),
    ];
    let expected = expected.map(|(kind, response)| (kind.to_owned(), response));
    assert_eq!(api.gateway_responses, std::collections::BTreeMap::from(expected));
}

#[test]
fn every_function_has_an_event_and_overrides_only_variables_it_has() {
    let events = repository().join("events");
    let read = |name: String| -> serde_json::Value {
        let text = std::fs::read_to_string(events.join(&name)).expect("the event exists");
        serde_json::from_str(&text).expect("the event is JSON")
    };
    let overrides = read("env.json".to_owned());
    for function in model().functions {
        assert!(read(format!("{}.json", function.binary)).is_object());
        let variables = overrides[&function.logical_id].as_object().expect("variables").keys();
        for variable in variables {
            assert!(function.environment.contains_key(variable), "{} {variable}", function.logical_id);
        }
    }
}

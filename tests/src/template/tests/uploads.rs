//! The repository's own template, where it speaks of uploads.

use std::collections::BTreeSet;

use serde_json::json;

use super::repository::{function, may_do, model};
use crate::template::model::QueueSource;

/// The functions that may do this to a resource whose name holds `part`.
fn who_may(action: &str, part: &str) -> BTreeSet<String> {
    let does = |statement: &crate::template::model::Statement| {
        statement.actions.iter().any(|it| it == action)
            && statement.resources.iter().any(|resource| resource.contains(part))
    };
    let may = model().functions.into_iter().filter(|function| function.policy.iter().any(does));
    may.map(|function| function.logical_id).collect()
}

fn named<const N: usize>(functions: [&str; N]) -> BTreeSet<String> {
    functions.map(str::to_owned).into()
}

#[test]
fn the_private_key_of_delegations_is_the_workers_alone() {
    let readers = who_may("secretsmanager:GetSecretValue", "secret:lambdagram/uploads-");
    assert_eq!(readers, named(["UploadWorker"]));
    for function in model().functions {
        let is_worker = function.logical_id == "UploadWorker";
        for variable in ["UPLOAD_SECRETS", "UPLOAD_SECRETS_ID"] {
            assert_eq!(function.environment.contains_key(variable), is_worker, "{}", function.logical_id);
        }
    }
    assert_eq!(function(&model(), "UploadWorker").environment["UPLOAD_SECRETS"], "");
}

#[test]
fn each_function_may_do_to_uploads_what_it_does() {
    let model = model();
    for function in &model.functions {
        let expected = match function.logical_id.as_str() {
            "Uploads" | "UploadFile" => "GetItem PutItem UpdateItem DeleteItem",
            "UploadWorker" => "GetItem UpdateItem DeleteItem",
            "Logout" => "GetItem Query UpdateItem DeleteItem",
            _ => "",
        };
        assert_eq!(may_do(&model, &function.logical_id, "uploadstable"), expected, "{}", function.logical_id);
    }
    let of_files = |action: &str| who_may(action, "lambdagram-local-stagingbucket/uploads/*");
    assert_eq!(of_files("s3:PutObject"), named(["UploadFile", "Uploads"]));
    assert_eq!(of_files("s3:GetObject"), named(["UploadFile", "UploadWorker", "Uploads"]));
    assert_eq!(of_files("s3:DeleteObject"), named(["Logout", "UploadFile", "UploadWorker", "Uploads"]));
    assert_eq!(of_files("s3:AbortMultipartUpload"), named(["Logout", "Uploads"]));
    let of_pictures = who_may("s3:GetObject", "lambdagram-local-stagingbucket/photos/*");
    assert_eq!(of_pictures, named(["BotWorker"]));
    let queue = "lambdagram-local-uploads.fifo";
    assert_eq!(who_may("sqs:SendMessage", queue), named(["UploadFile", "Uploads"]));
    assert_eq!(who_may("sqs:ReceiveMessage", queue), named(["UploadWorker"]));
}

#[test]
fn the_worker_takes_one_file_at_a_time() {
    let expected = QueueSource {
        queue: "lambdagram-local-uploads.fifo".to_owned(),
        batch_size: 1,
        maximum_concurrency: Some(5),
        report_batch_item_failures: true,
    };
    assert_eq!(function(&model(), "UploadWorker").queue_sources, [expected]);
}

#[test]
fn pages_of_listed_origins_bring_files_and_the_bucket_forgets_them() {
    let model = model();
    let [staging] = &model.buckets[..] else { panic!("one bucket, not {}", model.buckets.len()) };
    let rule = json!({
        "AllowedOrigins": ["https://app.example", "http://127.0.0.1:3000"],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["*"],
        "ExposedHeaders": ["ETag"],
        "MaxAge": 3600,
    });
    assert_eq!(staging.cors, json!([rule]));
    let forget = &staging.lifecycle[0];
    assert_eq!((&forget["Prefix"], &forget["ExpirationInDays"]), (&json!("uploads/"), &json!(5)));
}

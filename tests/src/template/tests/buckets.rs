//! Rules of buckets.

use serde_json::json;

use super::read;
use crate::template::model::Bucket;

/// The bucket of the template beside this file.
pub(crate) fn bucket() -> Bucket {
    read(include_str!("buckets.yaml")).expect("the template loads").buckets.remove(0)
}

#[test]
fn a_buckets_rules_are_as_the_template_writes_them() {
    let Bucket { name, cors, lifecycle } = bucket();
    assert_eq!(name, "lambdagram-local-stagingbucket");
    let rule = json!({
        "AllowedOrigins": ["https://app.example"],
        "AllowedMethods": ["PUT"],
        "ExposedHeaders": ["ETag"],
        "MaxAge": 3600,
    });
    assert_eq!(cors, json!([rule]));
    let rule = json!({
        "Id": "forget-unfinished-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    });
    assert_eq!(lifecycle, json!([rule]));
}

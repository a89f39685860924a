//! The staging bucket, through the store that the functions use.

use std::time::{Duration, SystemTime};

use lambdagram_aws::{Completed, Connection, StagedPart, StagingBucket};

use super::{PERSON, Services, ask, config, services};

const KEY: &str = "uploads/a";

const MIB: usize = 1024 * 1024;

const HOUR: Duration = Duration::from_hours(1);

fn bucket(services: &Services) -> StagingBucket {
    let connection = Connection::new(config(PERSON, &services.aws.endpoints().s3));
    StagingBucket::new(&connection, services.bucket().to_owned())
}

/// Does what a browser does with the URL of a part; the status and the entity tag.
async fn put(url: &str, body: &str) -> (u16, String) {
    let request = http::Request::put(url).header("content-length", body.len());
    let answer = ask(request, body).await;
    let etag = answer.headers().get("etag").map(|etag| etag.to_str().expect("text").to_owned());
    (answer.status().as_u16(), etag.unwrap_or_default())
}

#[tokio::test]
async fn a_browser_brings_parts_and_they_become_one_object() {
    let services = services().await;
    let bucket = bucket(&services);
    let upload = bucket.begin_multipart(KEY, "application/octet-stream").await.unwrap();
    let (first, second) = ("a".repeat(5 * MIB), "b".repeat(3));
    let mut parts = Vec::new();
    for (number, content) in [(1, &first), (2, &second)] {
        let length = content.len() as u64;
        let now = SystemTime::now();
        let url = bucket.presign_part(KEY, &upload, number, length, HOUR, now).await.unwrap();
        let (status, etag) = put(&url, content).await;
        assert_eq!(status, 200);
        parts.push((number, etag));
    }
    let there = bucket.parts(KEY, &upload).await.unwrap().expect("an upload");
    let there: Vec<_> = there.iter().map(|part| (part.number, part.size)).collect();
    assert_eq!(there, [(1, 5 * MIB as u64), (2, 3)]);
    assert_eq!(bucket.size(KEY).await.unwrap(), None);
    assert_eq!(bucket.complete(KEY, &upload, &parts).await.unwrap(), Completed::Done);
    assert_eq!(bucket.size(KEY).await.unwrap(), Some(5 * MIB as u64 + 3));
    assert_eq!(bucket.parts(KEY, &upload).await.unwrap(), None);
    assert_eq!(bucket.complete(KEY, &upload, &parts).await.unwrap(), Completed::NoSuchUpload);
    bucket.abort(KEY, &upload).await.unwrap();

    let mut bytes = bucket.read(KEY, 5 * MIB as u64 - 2, 4).await.unwrap().expect("an object");
    let mut read = Vec::new();
    while let Some(some) = bytes.next().await.unwrap() {
        read.extend(some);
    }
    assert_eq!(read, b"aabb");
    assert!(bucket.read(KEY, 6 * MIB as u64, 1).await.is_err());
    bucket.delete(KEY).await.unwrap();
    assert!(bucket.read(KEY, 0, 1).await.unwrap().is_none());
}

#[tokio::test]
async fn a_url_takes_one_part_of_one_length_for_its_time() {
    let services = services().await;
    let bucket = bucket(&services);
    let upload = bucket.begin_multipart(KEY, "application/octet-stream").await.unwrap();
    let sign =
        async |number, now| bucket.presign_part(KEY, &upload, number, 3, HOUR, now).await.expect("a URL");
    let url = sign(1, SystemTime::now()).await;
    assert!(url.contains("content-length"), "{url}");
    assert!(!url.to_lowercase().contains("checksum"), "{url}");
    assert_eq!(put(&url, "abcd").await.0, 403);
    assert_eq!(put(&url, "ab").await.0, 403);
    assert_eq!(put(&url.replace("partNumber=1", "partNumber=2"), "abc").await.0, 403);
    let past = SystemTime::now() - Duration::from_hours(2);
    assert_eq!(put(&sign(1, past).await, "abc").await.0, 403);
    assert_eq!(bucket.parts(KEY, &upload).await.unwrap(), Some(vec![]));
    assert_eq!(put(&url, "abc").await.0, 200);
    let there = bucket.parts(KEY, &upload).await.unwrap().expect("an upload");
    let etag = "900150983cd24fb0d6963f7d28e17f72".to_owned();
    assert_eq!(there, [StagedPart { number: 1, etag, size: 3 }]);
}

#[tokio::test]
async fn what_s3_refuses_to_put_together_is_told_by_name_and_an_aborted_upload_is_gone() {
    let services = services().await;
    let bucket = bucket(&services);
    let upload = bucket.begin_multipart(KEY, "application/octet-stream").await.unwrap();
    let wrong = [(1, "900150983cd24fb0d6963f7d28e17f72".to_owned())];
    let refused = Completed::Refused { reason: "InvalidPart".to_owned() };
    assert_eq!(bucket.complete(KEY, &upload, &wrong).await.unwrap(), refused);
    for _repeat in 0..2 {
        bucket.abort(KEY, &upload).await.unwrap();
    }
    assert_eq!(bucket.parts(KEY, &upload).await.unwrap(), None);
}

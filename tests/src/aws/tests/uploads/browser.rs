//! What a browser does: it asks leave, sends parts to presigned URLs, and reads their tags.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use axum::http::Request;
use http::Response;
use tempfile::TempDir;

use super::{Begun, PERSON, Services, ask, begin, services_with};
use crate::template::tests::{buckets, repository};

const PAGE: &str = "https://app.example";

/// Services whose bucket takes parts from a page, and the folder that they are in.
async fn with_page() -> (TempDir, Services) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut model = repository::model();
    model.buckets[0].cors = buckets::bucket().cors;
    let services = services_with(folder.path(), model).await;
    (folder, services)
}

/// A URL for a part of exactly this length, good for ten minutes from now on by the stack's clock.
async fn part_url(services: &Services, begun: &Begun, signer: &str, length: i64) -> String {
    let start = std::time::UNIX_EPOCH + Duration::from_secs(services.clock.now_s());
    let config = PresigningConfig::builder().start_time(start).expires_in(Duration::from_mins(10));
    let part = services.s3(signer).upload_part().bucket(&begun.bucket).key(begun.key).upload_id(&begun.id);
    let part = part.part_number(1).content_length(length);
    let presigned = part.presigned(config.build().expect("a time")).await.expect("a URL");
    presigned.uri().to_owned()
}

async fn put(url: &str, content: &str) -> Response<String> {
    ask(Request::put(url).header("origin", PAGE), content).await
}

#[tokio::test]
async fn a_page_sends_a_part_and_reads_its_tag() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, PERSON, 7).await;
    assert!(
        url.starts_with(&format!("{}/{}/uploads/a?", services.aws.endpoints().s3, begun.bucket)),
        "{url}"
    );
    let preflight =
        Request::options(&url).header("origin", PAGE).header("access-control-request-method", "PUT");
    let leave = ask(preflight, "").await;
    assert_eq!(
        (leave.status().as_u16(), &leave.headers()["access-control-allow-origin"]),
        (200, &PAGE.parse().unwrap())
    );
    let answer = put(&url, "content").await;
    assert_eq!((answer.status().as_u16(), answer.body().as_str()), (200, ""));
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers()["access-control-expose-headers"], "ETag");
    let etag = answer.headers()["etag"].to_str().expect("text").to_owned();
    // The MD5 checksum of the part, in quotes.
    assert_eq!(etag, "\"9a0364b9e99bb480dd25e1f0284c8555\"");
    assert!(begun.complete(&[(1, &etag)]).await.is_ok());
}

#[tokio::test]
async fn a_part_of_another_length_is_refused() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, PERSON, 7).await;
    for content in ["", "conten", "content!"] {
        let answer = put(&url, content).await;
        assert_eq!(answer.status(), 403, "{content}");
        assert!(answer.body().contains("<Code>SignatureDoesNotMatch</Code>"), "{}", answer.body());
        // The page can read why.
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    }
    let chunked = http_body_util::StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(
        hyper::body::Frame::data(bytes::Bytes::from_static(b"content")),
    )]));
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = Request::put(&url).body(chunked).expect("a request");
    assert_eq!(client.request(request).await.expect("an answer").status(), 403);
    assert_eq!(begun.parts().await, Ok(Vec::new()));
    assert_eq!(put(&url, "content").await.status(), 200);
}

#[tokio::test]
async fn a_url_for_one_part_is_none_for_another() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, PERSON, 7).await;
    for (from, to) in [
        ("partNumber=1", "partNumber=2"),
        ("uploads/a", "uploads/b"),
        ("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        ("SignedHeaders=content-length%3Bhost", "SignedHeaders=host"),
    ] {
        let other = url.replace(from, to);
        assert_ne!(other, url);
        assert_eq!(put(&other, "content").await.status(), 403, "{to}");
    }
    let answer = ask(Request::get(&url), "").await;
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn a_url_ends_by_the_stacks_clock() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, PERSON, 7).await;
    services.clock.advance(Duration::from_mins(9));
    assert_eq!(put(&url, "content").await.status(), 200);
    services.clock.advance(Duration::from_mins(2));
    let answer = put(&url, "content").await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body().contains("<Message>Request has expired</Message>"), "{}", answer.body());
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    // A stack whose clock runs days ahead still signs for itself.
    services.clock.advance(Duration::from_hours(10));
    let url = part_url(&services, &begun, PERSON, 7).await;
    assert_eq!(put(&url, "content").await.status(), 200);
}

#[tokio::test]
async fn a_url_for_an_upload_that_is_over_is_good_for_nothing() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, PERSON, 7).await;
    assert_eq!(begun.abort().await, Ok(()));
    let answer = put(&url, "content").await;
    assert_eq!(answer.status(), 404);
    assert!(answer.body().contains("<Code>NoSuchUpload</Code>"), "{}", answer.body());
}

#[tokio::test]
async fn a_url_can_do_no_more_than_its_signer() {
    let (_folder, services) = with_page().await;
    let begun = begin(&services, "uploads/a").await;
    let url = part_url(&services, &begun, "GetPost-1", 7).await;
    let answer = put(&url, "content").await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body().contains("<Code>AccessDenied</Code>"), "{}", answer.body());
}

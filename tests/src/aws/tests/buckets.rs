use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use axum::http::Request;

use super::{PERSON, Services, ask, services};

async fn bytes(services: &Services, key: &str) -> Vec<u8> {
    let get = services.s3(PERSON).get_object().bucket(services.bucket()).key(key).send().await;
    get.expect("an answer").body.collect().await.expect("bytes").to_vec()
}

#[tokio::test]
async fn objects_are_kept_with_their_type_and_read_in_ranges() {
    let services = services().await;
    let put =
        services.s3(PERSON).put_object().bucket(services.bucket()).key("photos/a").content_type("image/png");
    put.body(b"0123456789".to_vec().into()).send().await.expect("a write");
    let get = services.s3(PERSON).get_object().bucket(services.bucket()).key("photos/a").range("bytes=2-4");
    let got = get.send().await.expect("an answer");
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(got.content_range(), Some("bytes 2-4/10"));
    assert_eq!(got.body.collect().await.expect("bytes").to_vec(), b"234");
}

#[tokio::test]
async fn large_objects_are_read_in_ranges_of_any_place() {
    let services = services().await;
    let (client, bucket) = (services.s3(PERSON), services.bucket());
    let whole: Vec<u8> = (0..700_001_u32).map(|at| u8::try_from(at / 3 % 251).expect("small")).collect();
    let put = client.put_object().bucket(bucket).key("uploads/a").body(whole.clone().into());
    put.send().await.expect("a write");
    assert!(bytes(&services, "uploads/a").await == whole);
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=262143-262144", 262_143..262_145),
        ("bytes=100-600099", 100..600_100),
        ("bytes=699000-", 699_000..700_001),
        ("bytes=-5", 699_996..700_001),
        ("bytes=700000-999999", 700_000..700_001),
    ] {
        let got = client.get_object().bucket(bucket).key("uploads/a").range(range).send().await;
        let got = got.expect("an answer").body.collect().await.expect("bytes").to_vec();
        assert!(got == whole[expected], "{range}");
    }
}

#[tokio::test]
async fn reading_may_depend_on_the_entity_tag() {
    let services = services().await;
    let (client, bucket) = (services.s3(PERSON), services.bucket());
    let put = client.put_object().bucket(bucket).key("uploads/a").body(b"content".to_vec().into());
    let etag = put.send().await.expect("a write").e_tag.expect("a tag");
    let get = || client.get_object().bucket(bucket).key("uploads/a");
    assert!(get().if_match(&etag).send().await.is_ok());
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    let status = async |get: aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder| {
        let refused = get.send().await.expect_err("it is refused");
        refused.raw_response().expect("an answer").status().as_u16()
    };
    assert_eq!(status(get().if_match("\"other\"")).await, 412);
    assert_eq!(status(get().if_none_match(&etag)).await, 304);
    let head = client.head_object().bucket(bucket).key("uploads/a").if_match("\"other\"").send().await;
    assert_eq!(head.expect_err("it is refused").raw_response().expect("an answer").status().as_u16(), 412);
}

#[tokio::test]
async fn a_missing_object_is_no_such_key_and_can_be_deleted() {
    let services = services().await;
    let get = services.s3(PERSON).get_object().bucket(services.bucket()).key("photos/none").send().await;
    assert!(get.expect_err("nothing is there").into_service_error().is_no_such_key());
    let delete =
        services.s3(PERSON).delete_object().bucket(services.bucket()).key("photos/none").send().await;
    assert!(delete.is_ok());
}

#[tokio::test]
async fn a_presigned_url_writes_what_it_names_and_nothing_else() {
    let services = services().await;
    let expiry = PresigningConfig::expires_in(Duration::from_mins(1)).expect("a minute");
    let put = services.s3("PostPhoto-1").put_object().bucket(services.bucket()).key("photos/signed");
    let url = put.presigned(expiry).await.expect("a URL").uri().to_owned();
    assert_eq!(ask(Request::put(&url), "picture").await.status(), 200);
    assert_eq!(bytes(&services, "photos/signed").await, b"picture");
    let tampered = url.replace("photos/signed", "photos/other");
    assert_eq!(ask(Request::put(&tampered), "picture").await.status(), 403);
}

#[tokio::test]
async fn a_presigned_url_can_do_no_more_than_its_signer() {
    let services = services().await;
    let expiry = PresigningConfig::expires_in(Duration::from_mins(1)).expect("a minute");
    let put = services.s3("GetPost-1").put_object().bucket(services.bucket()).key("photos/signed");
    let url = put.presigned(expiry).await.expect("a URL").uri().to_owned();
    let answer = ask(Request::put(&url), "picture").await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body().contains("<Code>AccessDenied</Code>"));
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    let services = services().await;
    let url = format!("{}/{}/photos/a", services.aws.endpoints().s3, services.bucket());
    assert_eq!(ask(Request::get(&url), "").await.status(), 403);
}

#[tokio::test]
async fn parts_become_one_object() {
    let services = services().await;
    let client = services.s3(PERSON);
    let (bucket, key) = (services.bucket(), "uploads/large");
    let upload = client.create_multipart_upload().bucket(bucket).key(key).send().await.expect("an upload");
    let id = upload.upload_id().expect("an id");
    let mut parts = Vec::new();
    for (number, size) in [(1, 5 * 1024 * 1024), (2, 10)] {
        let body = vec![b'a'; size];
        let part = client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number);
        let part = part.body(body.into()).send().await.expect("a part");
        let part = CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build();
        parts.push(part);
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(id);
    complete.multipart_upload(parts).send().await.expect("an object");
    assert_eq!(bytes(&services, key).await.len(), 5 * 1024 * 1024 + 10);
}

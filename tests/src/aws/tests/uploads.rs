//! Multipart uploads as functions make them with AWS's SDK and browsers with presigned URLs.

mod browser;
mod rules;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{PERSON, Services, ask, services, services_with};

const MIB: usize = 1024 * 1024;

/// An upload that has begun.
struct Begun {
    client: Client,
    bucket: String,
    key: &'static str,
    id: String,
}

async fn begin(services: &Services, key: &'static str) -> Begun {
    let (client, bucket) = (services.s3(PERSON), services.bucket().to_owned());
    let create = client.create_multipart_upload().bucket(&bucket).key(key).content_type("video/mp4");
    let id = create.send().await.expect("an upload").upload_id.expect("an id");
    Begun { client, bucket, key, id }
}

impl Begun {
    /// Saves a part and returns its entity tag.
    async fn part(&self, number: i32, content: Vec<u8>) -> String {
        let part = self.client.upload_part().bucket(&self.bucket).key(self.key).upload_id(&self.id);
        let part = part.part_number(number).body(content.into()).send().await.expect("a part");
        part.e_tag.expect("a tag")
    }

    /// Makes an object of parts; what S3 calls the refusal otherwise.
    async fn complete(&self, parts: &[(i32, &str)]) -> Result<String, String> {
        let parts = parts
            .iter()
            .map(|(number, etag)| CompletedPart::builder().part_number(*number).e_tag(*etag).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(self.key);
        let completed = complete.upload_id(&self.id).multipart_upload(parts).send().await;
        completed.map(|done| done.e_tag.expect("a tag")).map_err(|error| code(&error))
    }

    async fn abort(&self) -> Result<(), String> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(self.key);
        abort.upload_id(&self.id).send().await.map(drop).map_err(|error| code(&error))
    }

    /// Numbers and sizes of the parts that are there.
    async fn parts(&self) -> Result<Vec<(i32, i64)>, String> {
        let list = self.client.list_parts().bucket(&self.bucket).key(self.key).upload_id(&self.id);
        let listed = list.send().await.map_err(|error| code(&error))?;
        let parts = listed.parts().iter();
        Ok(parts.map(|part| (part.part_number.unwrap(), part.size.unwrap())).collect())
    }
}

fn code(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap_or_default().to_owned()
}

/// The keys of the uploads that are under way.
async fn under_way(services: &Services) -> Vec<String> {
    let list = services.s3(PERSON).list_multipart_uploads().bucket(services.bucket());
    let listed = list.send().await.expect("a list");
    listed.uploads().iter().map(|upload| upload.key().expect("a key").to_owned()).collect()
}

#[tokio::test]
async fn what_is_wrong_with_parts_is_told_as_s3_tells_it_and_the_upload_goes_on() {
    let services = services().await;
    let begun = begin(&services, "uploads/a").await;
    let first = begun.part(1, vec![1; 5 * MIB]).await;
    let second = begun.part(2, vec![2; 100]).await;
    let third = begun.part(3, vec![3; 100]).await;
    let (one, two, three) = ((1, first.as_str()), (2, second.as_str()), (3, third.as_str()));
    for (parts, code) in [
        (&[][..], "MalformedXML"),
        (&[two, one], "InvalidPartOrder"),
        (&[one, one], "InvalidPartOrder"),
        (&[one, (2, &third)], "InvalidPart"),
        (&[one, two, three, (4, &third)], "InvalidPart"),
        (&[one, two, three], "EntityTooSmall"),
    ] {
        assert_eq!(begun.complete(parts).await, Err(code.to_owned()), "{parts:?}");
    }
    assert_eq!(begun.parts().await, Ok(vec![(1, 5 * 1024 * 1024), (2, 100), (3, 100)]));
    let etag = begun.complete(&[one, three]).await.expect("an object");
    assert!(etag.ends_with("-2\""), "{etag}");
    let get = begun.client.get_object().bucket(&begun.bucket).key(begun.key);
    let got = get.if_match(&etag).send().await.expect("an object");
    assert_eq!((got.e_tag(), got.content_type()), (Some(etag.as_str()), Some("video/mp4")));
    let content = got.body.collect().await.expect("bytes").to_vec();
    assert!(content == [vec![1; 5 * MIB], vec![3; 100]].concat());
    for over in [begun.complete(&[one]).await.map(drop), begun.abort().await, begun.parts().await.map(drop)] {
        assert_eq!(over, Err("NoSuchUpload".to_owned()));
    }
    assert_eq!(under_way(&services).await, [""; 0]);
}

#[tokio::test]
async fn an_upload_is_everybodys_who_may_write_and_no_other_key_has_it() {
    let services = services().await;
    let begun = begin(&services, "uploads/a").await;
    let other =
        Begun { client: services.s3("AKIDOTHER"), key: "uploads/a", ..begin(&services, "uploads/b").await };
    let other = Begun { id: begun.id.clone(), ..other };
    let etag = other.part(1, vec![1; 10]).await;
    let elsewhere = Begun {
        key: "uploads/b",
        client: other.client.clone(),
        bucket: other.bucket.clone(),
        id: begun.id.clone(),
    };
    assert_eq!(elsewhere.parts().await, Err("NoSuchUpload".to_owned()));
    for id in ["", "no id", "../s3", "00000000-0000-4000-8000-000000000000"] {
        let unknown = Begun {
            id: id.to_owned(),
            client: other.client.clone(),
            bucket: other.bucket.clone(),
            key: "uploads/a",
        };
        assert!(unknown.parts().await.is_err(), "{id}");
    }
    assert!(other.complete(&[(1, &etag)]).await.is_ok());
}

#[tokio::test]
async fn a_part_that_is_sent_again_takes_the_place_of_the_first() {
    let services = services().await;
    let begun = begin(&services, "uploads/a").await;
    let first = begun.part(1, b"first".to_vec()).await;
    let second = begun.part(1, b"again".to_vec()).await;
    assert_eq!(begun.parts().await, Ok(vec![(1, 5)]));
    assert_eq!(begun.complete(&[(1, &first)]).await, Err("InvalidPart".to_owned()));
    assert!(begun.complete(&[(1, &second)]).await.is_ok());
}

#[tokio::test]
async fn parts_and_uploads_are_listed_in_pages() {
    let services = services().await;
    let begun = begin(&services, "uploads/b").await;
    for number in [3, 1, 2] {
        begun.part(number, vec![1; 1]).await;
    }
    let list = begun.client.list_parts().bucket(&begun.bucket).key(begun.key).upload_id(&begun.id);
    let page = list.max_parts(2).send().await.expect("a page");
    assert_eq!((page.is_truncated(), page.next_part_number_marker()), (Some(true), Some("2")));
    let list = begun.client.list_parts().bucket(&begun.bucket).key(begun.key).upload_id(&begun.id);
    let page = list.part_number_marker("2").send().await.expect("a page");
    let numbers: Vec<_> = page.parts().iter().map(|part| part.part_number.unwrap()).collect();
    assert_eq!((numbers, page.is_truncated()), (vec![3], Some(false)));

    begin(&services, "uploads/a").await;
    begin(&services, "photos/a").await;
    assert_eq!(under_way(&services).await, ["photos/a", "uploads/a", "uploads/b"]);
    let list = begun.client.list_multipart_uploads().bucket(&begun.bucket).prefix("uploads/").max_uploads(1);
    let page = list.send().await.expect("a page");
    assert_eq!((page.is_truncated(), page.next_key_marker()), (Some(true), Some("uploads/a")));
    assert_eq!(begun.abort().await, Ok(()));
    assert_eq!(under_way(&services).await, ["photos/a", "uploads/a"]);
}

#[tokio::test]
async fn uploads_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = services_with(folder.path(), super::repository::model()).await;
    let Begun { key, id, bucket, .. } = begin(&services, "uploads/a").await;
    let begun = Begun { client: services.s3(PERSON), bucket, key, id };
    let etag = begun.part(1, b"content".to_vec()).await;
    services.aws.stop().await;
    let services = services_with(folder.path(), super::repository::model()).await;
    let begun = Begun { client: services.s3(PERSON), ..begun };
    assert!(begun.complete(&[(1, &etag)]).await.is_ok());
    begin(&services, "uploads/b").await;
    services.aws.stored().clear().expect("a clear");
    assert_eq!(under_way(&services).await, [""; 0]);
}

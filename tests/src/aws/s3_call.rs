//! What a request asks of S3: its operation is in the method, the path, and the names in the query.
//!
//! Buckets are in the path (`/bucket/key`): a bucket in the host name would need name resolution that one machine
//! does not have.

use axum::http::Method;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::call::{ANYTHING, Call, Need, form_field};

/// A call of S3's REST protocol.
pub(super) fn s3(parts: &Parts) -> Call {
    let path = percent_decode_str(parts.uri.path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    let query = Query(parts.uri.query().unwrap_or_default());
    match (bucket, key) {
        ("", _) => call("ListBuckets", "s3:ListAllMyBuckets", ANYTHING.to_owned()),
        (bucket, "") => of_bucket(&parts.method, query, bucket),
        (bucket, key) => of_object(parts, query, bucket, key),
    }
}

/// The ARN of the bucket that a request's path names.
pub(super) fn bucket_arn(parts: &Parts) -> String {
    let bucket = parts.uri.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    format!("arn:aws:s3:::{bucket}")
}

fn of_bucket(method: &Method, query: Query<'_>, bucket: &str) -> Call {
    let arn = format!("arn:aws:s3:::{bucket}");
    let (operation, action) = match *method {
        Method::GET if query.has("uploads") => ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
        Method::GET if query.has("versions") => ("ListObjectVersions", "s3:ListBucketVersions"),
        Method::GET if query.has("location") => ("GetBucketLocation", "s3:GetBucketLocation"),
        Method::GET if query.has("list-type") => ("ListObjectsV2", "s3:ListBucket"),
        Method::GET if query.is_plain() => ("ListObjects", "s3:ListBucket"),
        Method::HEAD => ("HeadBucket", "s3:ListBucket"),
        Method::PUT if query.is_plain() => ("CreateBucket", "s3:CreateBucket"),
        Method::DELETE if query.is_plain() => ("DeleteBucket", "s3:DeleteBucket"),
        Method::POST if query.has("delete") => {
            // The keys stand in the body; only a policy that covers the whole bucket passes.
            return call("DeleteObjects", "s3:DeleteObject", format!("{arn}/*"));
        }
        Method::POST => return call("PostObject", "s3:PutObject", format!("{arn}/*")),
        _ => return of_subresource(method, query, "Bucket", arn),
    };
    call(operation, action, arn)
}

fn of_object(parts: &Parts, query: Query<'_>, bucket: &str, key: &str) -> Call {
    let arn = format!("arn:aws:s3:::{bucket}/{key}");
    let part = query.has("uploadId");
    let (operation, action) = match parts.method {
        Method::GET if part => ("ListParts", "s3:ListMultipartUploadParts"),
        Method::GET if query.is_plain() => ("GetObject", "s3:GetObject"),
        Method::HEAD => ("HeadObject", "s3:GetObject"),
        Method::PUT if part => ("UploadPart", "s3:PutObject"),
        Method::PUT if query.is_plain() => ("PutObject", "s3:PutObject"),
        Method::POST if query.has("uploads") => ("CreateMultipartUpload", "s3:PutObject"),
        Method::POST if part => ("CompleteMultipartUpload", "s3:PutObject"),
        Method::DELETE if part => ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
        Method::DELETE if query.is_plain() => ("DeleteObject", "s3:DeleteObject"),
        _ => return of_subresource(&parts.method, query, "Object", arn),
    };
    let mut call = call(operation, action, arn);
    if let Some(source) = parts.headers.get("x-amz-copy-source").and_then(|value| value.to_str().ok()) {
        let source = percent_decode_str(source.trim_start_matches('/')).decode_utf8_lossy();
        let source = source.split('?').next().unwrap_or_default();
        call.needs.push(Need::new("s3:GetObject", format!("arn:aws:s3:::{source}")));
        call.operation = String::from(if part { "UploadPartCopy" } else { "CopyObject" });
    }
    call
}

/// `?tagging`, `?acl` and the like: `s3:GetObjectTagging`, `s3:PutBucketAcl`.
fn of_subresource(method: &Method, query: Query<'_>, of: &str, arn: String) -> Call {
    let name = query.subresource().unwrap_or_default();
    let verb = match *method {
        Method::GET => "Get",
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        _ => "Unknown",
    };
    let name: String =
        name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
    let operation = format!("{verb}{of}{name}");
    call(&operation, &format!("s3:{operation}"), arn)
}

fn call(operation: &str, action: &str, resource: String) -> Call {
    Call { operation: operation.to_owned(), needs: vec![Need::new(action, resource)] }
}

/// A query string; its names, more than its values, tell operations apart.
#[derive(Clone, Copy)]
struct Query<'a>(&'a str);

/// Names in the query that change no operation: signatures, answer headers, listing, SDK notes.
const PLAIN: &[&str] =
    &["delimiter", "encoding-type", "marker", "max-keys", "partNumber", "prefix", "versionId", "x-id"];

impl<'a> Query<'a> {
    fn has(self, name: &str) -> bool {
        form_field(self.0, name).is_some()
    }

    fn is_plain(self) -> bool {
        self.subresource().is_none()
    }

    fn subresource(self) -> Option<&'a str> {
        let mut names = self.0.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        names.find(|name| {
            let lower = name.to_lowercase();
            !name.is_empty()
                && !PLAIN.contains(name)
                && !lower.starts_with("x-amz-")
                && !lower.starts_with("response-")
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn read(method: &str, uri: &str) -> (String, String, String) {
        let request = Request::builder().method(method).uri(uri).body(()).expect("a request");
        let mut call = s3(&request.into_parts().0);
        let need = call.needs.remove(0);
        (call.operation, need.action, need.resource)
    }

    #[test]
    fn operations_are_told_by_method_path_and_query() {
        let (bucket, object) = ("arn:aws:s3:::b", "arn:aws:s3:::b/k/1");
        for (method, uri, operation, action, resource) in [
            ("GET", "/", "ListBuckets", "s3:ListAllMyBuckets", "*"),
            ("GET", "/b?list-type=2&prefix=k", "ListObjectsV2", "s3:ListBucket", bucket),
            ("GET", "/b/?prefix=k", "ListObjects", "s3:ListBucket", bucket),
            ("HEAD", "/b", "HeadBucket", "s3:ListBucket", bucket),
            ("GET", "/b?uploads", "ListMultipartUploads", "s3:ListBucketMultipartUploads", bucket),
            ("GET", "/b?cors", "GetBucketCors", "s3:GetBucketCors", bucket),
            ("POST", "/b?delete", "DeleteObjects", "s3:DeleteObject", "arn:aws:s3:::b/*"),
            ("GET", "/b/k/1?x-id=GetObject", "GetObject", "s3:GetObject", object),
            (
                "GET",
                "/b/k%2F1?response-content-type=a&X-Amz-Signature=c",
                "GetObject",
                "s3:GetObject",
                object,
            ),
            ("HEAD", "/b/k/1", "HeadObject", "s3:GetObject", object),
            ("PUT", "/b/k/1?x-id=PutObject", "PutObject", "s3:PutObject", object),
            ("PUT", "/b/k/1?partNumber=1&uploadId=u", "UploadPart", "s3:PutObject", object),
            ("POST", "/b/k/1?uploads", "CreateMultipartUpload", "s3:PutObject", object),
            ("POST", "/b/k/1?uploadId=u", "CompleteMultipartUpload", "s3:PutObject", object),
            ("DELETE", "/b/k/1?uploadId=u", "AbortMultipartUpload", "s3:AbortMultipartUpload", object),
            ("DELETE", "/b/k/1", "DeleteObject", "s3:DeleteObject", object),
            ("GET", "/b/k/1?tagging", "GetObjectTagging", "s3:GetObjectTagging", object),
        ] {
            let expected = (operation.to_owned(), action.to_owned(), resource.to_owned());
            assert_eq!(read(method, uri), expected, "{method} {uri}");
        }
    }

    #[test]
    fn a_copy_needs_to_read_its_source() {
        let request = Request::put("/b/k").header("x-amz-copy-source", "/other/a%20b?versionId=1").body(());
        let call = s3(&request.expect("a request").into_parts().0);
        assert_eq!(call.operation, "CopyObject");
        assert_eq!(
            call.needs,
            [
                Need::new("s3:PutObject", "arn:aws:s3:::b/k"),
                Need::new("s3:GetObject", "arn:aws:s3:::other/a b")
            ]
        );
    }
}

//! What answers for S3: `s3s-fs` for objects, and [`Multipart`] for the uploads that it does not keep as S3 does.

use std::future::ready;
use std::pin::Pin;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    ListPartsInput, ListPartsOutput, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;

use super::multipart::Multipart;

/// The buckets.
pub(super) struct Buckets {
    pub(super) files: FileSystem,
    pub(super) multipart: Multipart,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = S3Result<S3Response<T>>> + Send + 'a>>;

/// Operations that others answer, in the form that the trait has them.
macro_rules! operations {
    (
        objects { $($object:ident($object_input:ty) -> $object_output:ty;)+ }
        uploads { $($name:ident = $upload:ident($upload_input:ty) -> $upload_output:ty;)+ }
        transfers { $($transfer:ident = $moved:ident($transfer_input:ty) -> $transfer_output:ty;)+ }
    ) => {
        impl S3 for Buckets {
            $(
                fn $object<'a, 'b>(&'a self, request: S3Request<$object_input>) -> Answer<'b, $object_output>
                where
                    'a: 'b,
                    Self: 'b,
                {
                    self.files.$object(request)
                }
            )+
            $(
                fn $name<'a, 'b>(&'a self, request: S3Request<$upload_input>) -> Answer<'b, $upload_output>
                where
                    'a: 'b,
                    Self: 'b,
                {
                    Box::pin(ready(self.multipart.$upload(request.input).map(S3Response::new)))
                }
            )+
            $(
                fn $transfer<'a, 'b>(&'a self, request: S3Request<$transfer_input>) -> Answer<'b, $transfer_output>
                where
                    'a: 'b,
                    Self: 'b,
                {
                    Box::pin(async move { self.multipart.$moved(request.input).await.map(S3Response::new) })
                }
            )+
        }
    };
}

operations! {
    objects {
        copy_object(CopyObjectInput) -> CopyObjectOutput;
        create_bucket(CreateBucketInput) -> CreateBucketOutput;
        delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
        delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        get_object(GetObjectInput) -> GetObjectOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        head_object(HeadObjectInput) -> HeadObjectOutput;
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
        list_objects(ListObjectsInput) -> ListObjectsOutput;
        list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
        put_object(PutObjectInput) -> PutObjectOutput;
    }
    uploads {
        create_multipart_upload = create(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
        list_multipart_uploads = list(ListMultipartUploadsInput) -> ListMultipartUploadsOutput;
        list_parts = list_parts(ListPartsInput) -> ListPartsOutput;
    }
    transfers {
        abort_multipart_upload = abort(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
        complete_multipart_upload = complete(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
        upload_part = upload_part(UploadPartInput) -> UploadPartOutput;
    }
}

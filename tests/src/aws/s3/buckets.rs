//! What answers for S3: `s3s-fs` for objects, and [`Multipart`] for the uploads that it does not keep as S3 does.

use std::future::ready;
use std::path::PathBuf;
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
use super::reading::{Conditions, quicken};

/// The buckets.
pub(super) struct Buckets {
    pub(super) files: FileSystem,
    /// The folder of the buckets' folders.
    pub(super) folder: PathBuf,
    pub(super) multipart: Multipart,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = S3Result<S3Response<T>>> + Send + 'a>>;

impl Buckets {
    async fn read(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let path = self.folder.join(&request.input.bucket).join(&request.input.key);
        let GetObjectInput { if_match, if_none_match, .. } = &request.input;
        let conditions = Conditions { matches: if_match.clone(), differs: if_none_match.clone() };
        let mut answer = self.files.get_object(request).await?;
        conditions.check(answer.output.e_tag.as_ref())?;
        quicken(&mut answer.output, path).await;
        Ok(answer)
    }

    async fn look(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let HeadObjectInput { if_match, if_none_match, .. } = &request.input;
        let conditions = Conditions { matches: if_match.clone(), differs: if_none_match.clone() };
        let answer = self.files.head_object(request).await?;
        conditions.check(answer.output.e_tag.as_ref())?;
        Ok(answer)
    }
}

/// Operations that others answer, in the form that the trait has them.
macro_rules! operations {
    (
        objects { $($object:ident($object_input:ty) -> $object_output:ty;)+ }
        uploads { $($name:ident = $upload:ident($upload_input:ty) -> $upload_output:ty;)+ }
        transfers { $($transfer:ident = $moved:ident($transfer_input:ty) -> $transfer_output:ty;)+ }
    ) => {
        impl S3 for Buckets {
            fn get_object<'a, 'b>(&'a self, request: S3Request<GetObjectInput>) -> Answer<'b, GetObjectOutput>
            where
                'a: 'b,
                Self: 'b,
            {
                Box::pin(self.read(request))
            }

            fn head_object<'a, 'b>(&'a self, request: S3Request<HeadObjectInput>) -> Answer<'b, HeadObjectOutput>
            where
                'a: 'b,
                Self: 'b,
            {
                Box::pin(self.look(request))
            }

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
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
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

//! Lists of uploads and of their parts, in pages.

use s3s::dto::{
    ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput,
    MultipartUpload, StorageClass, Timestamp,
};
use s3s::{S3Result, s3_error};

use super::multipart::{Multipart, broken, gone_or_broken, timestamp};
use super::uploads::{Part, Upload};

/// Entries of a list at most (AWS, `ListParts`).
const LONGEST_LIST: i32 = 1000;

impl Multipart {
    pub(super) fn list_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let upload = self.find(&input.bucket, &input.key, &input.upload_id)?;
        let most = input.max_parts.unwrap_or(LONGEST_LIST).clamp(0, LONGEST_LIST);
        let marker = input.part_number_marker.unwrap_or(0);
        let mut parts = self.uploads.parts(&input.upload_id).map_err(gone_or_broken)?;
        parts.retain(|part| part.number > marker);
        let is_truncated = parts.len() > usize::try_from(most).unwrap_or_default();
        parts.truncate(usize::try_from(most).unwrap_or_default());
        let (abort_date, abort_rule_id) = self.abort_date(&upload).unzip();
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(most),
            part_number_marker: Some(marker),
            next_part_number_marker: parts.last().map(|part| part.number).filter(|_| is_truncated),
            is_truncated: Some(is_truncated),
            parts: Some(parts.iter().map(listed).collect()),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            abort_date,
            abort_rule_id: abort_rule_id.flatten(),
            ..Default::default()
        })
    }

    pub(super) fn list(&self, input: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        if !self.uploads.has_bucket(&input.bucket) {
            return Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"));
        }
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "Uploads are listed without a delimiter here."));
        }
        self.sweep()?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let key_marker = input.key_marker.clone().unwrap_or_default();
        let mut all = self.uploads.all().map_err(broken)?;
        all.retain(|(_, upload)| upload.bucket == input.bucket && upload.key.starts_with(&prefix));
        all.sort_by(|(id, a), (other, b)| (&a.key, a.initiated_s, id).cmp(&(&b.key, b.initiated_s, other)));
        if let Some(marker) = &input.upload_id_marker {
            let passed = all.iter().position(|(id, _)| id == marker).map_or(0, |position| position + 1);
            all.drain(..passed);
        } else if !key_marker.is_empty() {
            all.retain(|(_, upload)| upload.key > key_marker);
        }
        let most = input.max_uploads.unwrap_or(LONGEST_LIST).clamp(0, LONGEST_LIST);
        let is_truncated = all.len() > usize::try_from(most).unwrap_or_default();
        all.truncate(usize::try_from(most).unwrap_or_default());
        let last = all.last().filter(|_| is_truncated);
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(most),
            is_truncated: Some(is_truncated),
            next_key_marker: last.map(|(_, upload)| upload.key.clone()),
            next_upload_id_marker: last.map(|(id, _)| id.clone()),
            uploads: Some(all.into_iter().map(|(id, upload)| listed_upload(id, upload)).collect()),
            ..Default::default()
        })
    }
}

fn listed(part: &Part) -> s3s::dto::Part {
    s3s::dto::Part {
        part_number: Some(part.number),
        e_tag: Some(ETag::Strong(part.etag.clone())),
        size: Some(i64::try_from(part.size).unwrap_or(i64::MAX)),
        last_modified: Some(Timestamp::from(part.modified)),
        ..Default::default()
    }
}

fn listed_upload(id: String, upload: Upload) -> MultipartUpload {
    MultipartUpload {
        key: Some(upload.key),
        upload_id: Some(id),
        initiated: Some(timestamp(upload.initiated_s)),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        ..Default::default()
    }
}

//! `upload.*`: the bytes of files that are there, in parts.

use grammers_tl_types::{Identifiable, Serializable as _, enums, functions, types};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::super::files::bytes::Bytes;
use super::super::files::{File, Kind, references};
use super::{Answered, Call, Me, Services, date, refused};

/// What addresses for files answer.
pub(super) const MEDIA_METHODS: &[u32] = &[
    functions::upload::GetFile::CONSTRUCTOR_ID,
    functions::upload::GetFileHashes::CONSTRUCTOR_ID,
    functions::upload::SaveFilePart::CONSTRUCTOR_ID,
    functions::upload::SaveBigFilePart::CONSTRUCTOR_ID,
    functions::auth::ImportAuthorization::CONSTRUCTOR_ID,
    functions::help::GetConfig::CONSTRUCTOR_ID,
];

/// The most bytes of one answer, and the border that no answer crosses (core.telegram.org/api/files).
const FRAGMENT: i64 = 1024 * 1024;

/// What offsets and limits are multiples of, in bytes.
const GRAIN: i64 = 4096;

/// The same for a client that asks precisely.
const PRECISE_GRAIN: i64 = 1024;

/// Bytes that one hash is of.
const HASHED: i64 = 128 * 1024;

/// How often bytes of files were asked for, or sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCalls {
    /// Over main connections.
    pub main: u64,
    /// Over connections to addresses for files.
    pub media: u64,
}

impl FileCalls {
    /// All of them.
    pub const fn all(self) -> u64 {
        self.main + self.media
    }
}

#[derive(Default)]
pub(super) struct Counts(watch::Sender<FileCalls>);

impl Counts {
    pub(super) fn get(&self) -> FileCalls {
        *self.0.borrow()
    }

    pub(super) fn reset(&self) {
        self.0.send_replace(FileCalls::default());
    }

    pub(super) fn count(&self, media: bool) {
        self.0.send_modify(|calls| *(if media { &mut calls.media } else { &mut calls.main }) += 1);
    }

    /// Returns once there were so many.
    pub(super) async fn reach(&self, number: u64) {
        let mut calls = self.0.subscribe();
        // The sender lives as long as `self`, so the wait can only end by being met.
        let _ = calls.wait_for(|calls| calls.all() >= number).await;
    }
}

/// A part of a file that a client may have.
pub(super) struct Slice {
    bytes: Bytes,
    kind: enums::storage::FileType,
    date: u64,
    offset: u64,
    limit: u64,
}

impl Slice {
    /// Reads it as the answer to `upload.getFile`.
    pub(super) fn read(self, services: &Services) -> rusqlite::Result<Vec<u8>> {
        let Self { bytes, kind, date: changed, offset, limit } = self;
        let bytes = match bytes.read_without(&services.0.disk, offset, limit)? {
            Some(bytes) => bytes,
            None => bytes.read(&services.store(), offset, limit)?,
        };
        let file = types::upload::File { r#type: kind, mtime: date(changed), bytes };
        Ok(enums::upload::File::from(file).to_bytes())
    }
}

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::upload::GetFileHashes::CONSTRUCTOR_ID => call.signed_in(get_file_hashes),
        _ => return None,
    })
}

/// Behind the end of a file there are no bytes, which is no error.
pub(super) fn get_file(call: &Call<'_>) -> Answered<Slice> {
    call.services.0.file_calls.count(call.caller.media);
    let me = call.me()?;
    let request: functions::upload::GetFile = call.request()?;
    let (offset, limit) = check_range(&request)?;
    let found = find(call, &me, &request.location)?;
    Ok(Slice { bytes: found.bytes, kind: file_type(&found.mime_type), date: found.date, offset, limit })
}

/// The hashes of the fragment that the offset lies in.
fn get_file_hashes(
    call: &Call<'_>,
    me: &Me,
    request: &functions::upload::GetFileHashes,
) -> Answered<Vec<enums::FileHash>> {
    let first = request.offset - request.offset.rem_euclid(FRAGMENT);
    let start = u64::try_from(first).map_err(|_| refused("OFFSET_INVALID"))?;
    let found = find(call, me, &request.location)?;
    let content = found.bytes.read(call.store, start, FRAGMENT.unsigned_abs())?;
    let parts = content.chunks(usize::try_from(HASHED).unwrap_or(usize::MAX));
    let hashes = (0..).zip(parts).map(|(number, part)| {
        let offset = first + number * HASHED;
        let limit = i32::try_from(part.len()).unwrap_or(i32::MAX);
        types::FileHash { offset, limit, hash: Sha256::digest(part).to_vec() }.into()
    });
    Ok(hashes.collect())
}

fn check_range(request: &functions::upload::GetFile) -> Answered<(u64, u64)> {
    let (offset, limit) = (request.offset, i64::from(request.limit));
    let grain = if request.precise { PRECISE_GRAIN } else { GRAIN };
    if offset < 0 || offset % grain != 0 {
        return Err(refused("OFFSET_INVALID"));
    }
    let fits = limit > 0
        && limit <= FRAGMENT
        && limit % grain == 0
        && (request.precise || FRAGMENT % limit == 0)
        && offset % FRAGMENT + limit <= FRAGMENT;
    if !fits {
        return Err(refused("LIMIT_INVALID"));
    }
    Ok((offset.unsigned_abs(), limit.unsigned_abs()))
}

/// What a location names.
struct Found {
    bytes: Bytes,
    mime_type: String,
    date: u64,
}

/// Finds what is here and may be had with the reference.
fn find(call: &Call<'_>, me: &Me, location: &enums::InputFileLocation) -> Answered<Found> {
    let invalid = || refused("LOCATION_INVALID");
    let (id, access_hash, reference, thumb_size, is_photo) = match location {
        enums::InputFileLocation::InputPhotoFileLocation(it) => {
            (it.id, it.access_hash, &it.file_reference, &it.thumb_size, true)
        }
        enums::InputFileLocation::InputDocumentFileLocation(it) => {
            (it.id, it.access_hash, &it.file_reference, &it.thumb_size, false)
        }
        _ => return Err(invalid()),
    };
    let file = File::get(call.store, id)?.filter(|file| {
        file.access_hash == access_hash
            && file.owner == me.account.id
            && matches!(file.kind, Kind::Photo(_)) == is_photo
    });
    let file = file.ok_or_else(|| refused("FILE_ID_INVALID"))?;
    if file.dc != call.caller.dc {
        return Err(refused(format!("FILE_MIGRATE_{}", file.dc)));
    }
    references::check(&file, reference, call.now_s()).map_err(|bad| refused(bad.name()))?;
    let (bytes, mime_type) = file.part(thumb_size).ok_or_else(invalid)?;
    Ok(Found { bytes: bytes.clone(), mime_type: mime_type.to_owned(), date: file.date })
}

fn file_type(mime_type: &str) -> enums::storage::FileType {
    use enums::storage::FileType;

    match mime_type {
        "image/jpeg" => FileType::FileJpeg,
        "image/gif" => FileType::FileGif,
        "image/png" => FileType::FilePng,
        "image/webp" => FileType::FileWebp,
        "application/pdf" => FileType::FilePdf,
        "audio/mpeg" => FileType::FileMp3,
        "video/quicktime" => FileType::FileMov,
        "video/mp4" => FileType::FileMp4,
        _ => FileType::FileUnknown,
    }
}

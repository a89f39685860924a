//! Multipart uploads on disk: a folder for each, with a description and a file for each part. An upload that becomes an
//! object is put where `s3s-fs` keeps objects, in the form that it keeps them in.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The description of an upload.
const DESCRIPTION: &str = "upload.json";

/// What the folder of an upload that becomes an object ends with: nobody finds it any more.
const COMPLETING: &str = "completing";

/// The folders of uploads and of objects.
#[derive(Clone, Debug)]
pub(super) struct Uploads {
    uploads: PathBuf,
    objects: PathBuf,
}

/// An upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    /// When it began, in Unix seconds of the stack's clock.
    pub(super) initiated_s: u64,
    /// The object's attributes, as `s3s-fs` keeps them.
    pub(super) attributes: Value,
}

/// A part that was received.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    /// Its MD5 checksum in hexadecimal digits.
    pub(super) etag: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    path: PathBuf,
}

impl Uploads {
    pub(super) fn new(uploads: PathBuf, objects: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&uploads)?;
        // An object that was being made when the process ended: its upload goes on.
        for entry in fs::read_dir(&uploads)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == COMPLETING) {
                fs::rename(&path, path.with_extension(""))?;
            }
        }
        Ok(Self { uploads, objects })
    }

    pub(super) fn has_bucket(&self, bucket: &str) -> bool {
        is_plain(bucket) && self.objects.join(bucket).is_dir()
    }

    /// Begins an upload and returns its id.
    pub(super) fn begin(&self, upload: &Upload) -> io::Result<String> {
        if !is_plain(&upload.key) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let id = Uuid::new_v4().to_string();
        let folder = self.uploads.join(&id);
        fs::create_dir(&folder)?;
        write_json(&folder, &folder.join(DESCRIPTION), &serde_json::to_value(upload)?)?;
        Ok(id)
    }

    /// An upload by its id; `None` if there is none, or it is over.
    pub(super) fn find(&self, id: &str) -> io::Result<Option<Upload>> {
        match Uuid::parse_str(id) {
            Ok(uuid) => read(&self.uploads.join(uuid.to_string()).join(DESCRIPTION)),
            Err(_) => Ok(None),
        }
    }

    /// All uploads that are not over, with their ids.
    pub(super) fn all(&self) -> io::Result<Vec<(String, Upload)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.uploads)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(upload) = self.find(&name)? {
                all.push((name, upload));
            }
        }
        Ok(all)
    }

    /// Where to write a part that is being received.
    pub(super) fn incoming(&self, id: &str) -> PathBuf {
        self.uploads.join(id).join(format!("incoming-{}", Uuid::new_v4()))
    }

    /// Keeps a part that was received, in place of the one of the same number.
    pub(super) fn keep(&self, id: &str, number: i32, etag: &str, received: &Path) -> io::Result<()> {
        let name = format!("part-{number}-{etag}");
        let earlier = self.parts(id)?.into_iter().filter(|part| part.number == number);
        let earlier: Vec<_> = earlier.map(|part| part.path).collect();
        let path = self.uploads.join(id).join(name);
        fs::rename(received, &path)?;
        earlier
            .iter()
            .filter(|earlier| **earlier != path)
            .try_for_each(|earlier| absent_is_fine(fs::remove_file(earlier)))
    }

    /// The parts of an upload by number; the later one of two with the same.
    pub(super) fn parts(&self, id: &str) -> io::Result<Vec<Part>> {
        parts_in(&self.uploads.join(id))
    }

    /// Makes an object of these parts and returns its entity tag.
    pub(super) fn complete(&self, id: &str, upload: &Upload, parts: &[Part]) -> io::Result<String> {
        let folder = self.uploads.join(id);
        let taken = folder.with_extension(COMPLETING);
        fs::rename(&folder, &taken)?;
        let made = self.make(&taken, upload, parts);
        match made {
            Ok(_) => fs::remove_dir_all(&taken)?,
            Err(_) => fs::rename(&taken, &folder)?,
        }
        made
    }

    /// Removes an upload and its parts.
    pub(super) fn abort(&self, id: &str) -> io::Result<()> {
        absent_is_fine(fs::remove_dir_all(self.uploads.join(id)))
    }

    fn make(&self, folder: &Path, upload: &Upload, parts: &[Part]) -> io::Result<String> {
        let path = folder.join("object");
        let mut object = File::create(&path)?;
        let mut hash = Md5::new();
        for part in parts {
            let name = part.path.file_name().unwrap_or_default();
            // The system copies from file to file; no byte comes by here.
            io::copy(&mut File::open(folder.join(name))?, &mut object)?;
            hash.update(hex::decode(&part.etag).map_err(io::Error::other)?);
        }
        drop(object);
        let etag = format!("{}-{}", hex::encode(hash.finalize()), parts.len());
        let name = |kind: &str| {
            let [bucket, key] = [&upload.bucket, &upload.key].map(|name| URL_SAFE_NO_PAD.encode(name));
            self.objects.join(format!(".bucket-{bucket}.object-{key}.{kind}.json"))
        };
        let place = self.objects.join(&upload.bucket).join(&upload.key);
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        write_json(folder, &name("metadata"), &upload.attributes)?;
        write_json(folder, &name("internal"), &json!({"e_tag": etag}))?;
        fs::rename(path, place)?;
        Ok(etag)
    }
}

fn parts_in(folder: &Path) -> io::Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let named = name.strip_prefix("part-").and_then(|rest| rest.split_once('-'));
        let Some((Ok(number), etag)) = named.map(|(number, etag)| (number.parse(), etag.to_owned())) else {
            continue;
        };
        let metadata = entry.metadata()?;
        let (size, modified, path) = (metadata.len(), metadata.modified()?, entry.path());
        parts.push(Part { number, etag, size, modified, path });
    }
    parts.sort_by_key(|part| (part.number, std::cmp::Reverse(part.modified)));
    parts.dedup_by_key(|part| part.number);
    Ok(parts)
}

/// Whether a name stays below the folder that it is looked for in.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn read(path: &Path) -> io::Result<Option<Upload>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a value as a whole or not at all.
fn write_json(folder: &Path, path: &Path, value: &Value) -> io::Result<()> {
    let draft = folder.join(format!("draft-{}", Uuid::new_v4()));
    fs::write(&draft, serde_json::to_vec(value)?)?;
    fs::rename(draft, path)
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

//! `upload.save*`: parts of files that clients send.

use grammers_tl_types::{Identifiable, enums, functions};

use super::super::files::bytes::Bytes;
use super::super::limits::file_parts;
use super::super::uploads::{self, Name, Part, Wanted};
use super::{Answered, Call, Me, refused};

/// What a client says in place of the number of parts while it does not know it.
const UNKNOWN: i32 = -1;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::upload::SaveFilePart::CONSTRUCTOR_ID => call.signed_in(save_file_part),
        functions::upload::SaveBigFilePart::CONSTRUCTOR_ID => call.signed_in(save_big_file_part),
        _ => return None,
    })
}

fn save_file_part(call: &Call<'_>, me: &Me, request: &functions::upload::SaveFilePart) -> Answered<bool> {
    let part = Part { number: request.file_part, total: None, bytes: &request.bytes };
    save(call, me, name(call, me, request.file_id, false), &part)
}

fn save_big_file_part(
    call: &Call<'_>,
    me: &Me,
    request: &functions::upload::SaveBigFilePart,
) -> Answered<bool> {
    let total = Some(request.file_total_parts).filter(|total| *total != UNKNOWN);
    let part = Part { number: request.file_part, total, bytes: &request.bytes };
    save(call, me, name(call, me, request.file_id, true), &part)
}

fn save(call: &Call<'_>, me: &Me, name: Name, part: &Part<'_>) -> Answered<bool> {
    call.services.0.part_calls.count(call.caller.media);
    let saved = uploads::save(call.store, name, file_parts(&me.account), part, call.now_s())?;
    saved.map(|()| true).map_err(refused)
}

/// A file that a client has uploaded: its bytes and its name.
pub(super) struct Uploaded {
    pub(super) bytes: Bytes,
    pub(super) name: String,
}

/// Makes a file of what a client has uploaded.
pub(super) fn uploaded(call: &Call<'_>, me: &Me, file: &enums::InputFile) -> Answered<Uploaded> {
    let (name, parts, md5, file_name) = match file {
        enums::InputFile::File(it) => {
            (name(call, me, it.id, false), it.parts, it.md5_checksum.as_str(), &it.name)
        }
        enums::InputFile::Big(it) => (name(call, me, it.id, true), it.parts, "", &it.name),
        enums::InputFile::StoryDocument(_) => return Err(refused("INPUT_FILE_INVALID")),
    };
    let wanted = Wanted { parts, md5 };
    let made = uploads::assemble(call.store, name, file_parts(&me.account), &wanted, call.now_s())?;
    Ok(Uploaded { bytes: made.map_err(refused)?, name: file_name.clone() })
}

fn name(call: &Call<'_>, me: &Me, file_id: i64, big: bool) -> Name {
    Name { account: me.account.id, dc: call.caller.dc, big, file_id }
}

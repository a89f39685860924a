//! What is sent for a part.

use grammers_client::tl::{Deserializable, Identifiable, enums, functions, types};
use lambdagram_domain::upload::UploadPlan;

use crate::mtproto::TelegramError;

/// The longest string of bytes whose length has one byte in TL (core.telegram.org/mtproto/serialize#base-types).
const SHORT: usize = 253;

/// The call that saves a part, with one copy of its bytes.
pub(super) fn save_part(plan: &UploadPlan, file_id: i64, number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(bytes.len() + 32);
    let id = if plan.is_big() {
        functions::upload::SaveBigFilePart::CONSTRUCTOR_ID
    } else {
        functions::upload::SaveFilePart::CONSTRUCTOR_ID
    };
    body.extend(id.to_le_bytes());
    body.extend(file_id.to_le_bytes());
    body.extend(number.to_le_bytes());
    if plan.is_big() {
        body.extend(plan.parts().to_le_bytes());
    }
    match u8::try_from(bytes.len()) {
        Ok(length) if usize::from(length) <= SHORT => body.push(length),
        // Three bytes hold it: a part has half a mebibyte at most.
        _ => body.extend([[254].as_slice(), &bytes.len().to_le_bytes()[..3]].concat()),
    }
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

/// Reads its answer.
///
/// # Errors
///
/// [`TelegramError::Protocol`] for what is no answer. A part that was not saved for no reason is Telegram's own failure.
pub(super) fn saved(answer: &[u8]) -> Result<(), TelegramError> {
    match bool::from_bytes(answer) {
        Ok(true) => Ok(()),
        Ok(false) => Err(TelegramError::refusal(500, "FILE_PART_NOT_SAVED")),
        Err(_) => Err(TelegramError::Protocol("an answer cannot be read")),
    }
}

/// How a message refers to a file whose parts are all there.
pub(in crate::mtproto) fn input_file(plan: &UploadPlan, file_id: i64, name: String) -> enums::InputFile {
    let parts = i32::try_from(plan.parts()).unwrap_or(i32::MAX);
    if plan.is_big() {
        types::InputFileBig { id: file_id, parts, name }.into()
    } else {
        types::InputFile { id: file_id, parts, name, md5_checksum: String::new() }.into()
    }
}

#[cfg(test)]
mod tests {
    use grammers_client::tl::Serializable;

    use super::*;

    #[test]
    fn a_part_is_written_as_the_schema_says() {
        let big = UploadPlan::of(10 * 1024 * 1024 + 1, false).unwrap();
        for length in [1, 252, 253, 254, 255, 256, 1_023, 524_288] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let small = UploadPlan::of(length, false).unwrap();
            let expected =
                functions::upload::SaveFilePart { file_id: -5, file_part: 3, bytes: bytes.clone() };
            assert_eq!(save_part(&small, -5, 3, &bytes), expected.to_bytes(), "{length}");
            let expected = functions::upload::SaveBigFilePart {
                file_id: -5,
                file_part: 20,
                file_total_parts: 21,
                bytes: bytes.clone(),
            };
            assert_eq!(save_part(&big, -5, 20, &bytes), expected.to_bytes(), "{length}");
        }
    }

    #[test]
    fn a_part_is_saved_when_telegram_says_so() {
        assert_eq!(saved(&true.to_bytes()), Ok(()));
        assert!(saved(&false.to_bytes()).unwrap_err().is("FILE_PART_NOT_SAVED"));
        assert!(matches!(saved(&[]), Err(TelegramError::Protocol(_))));
    }
}

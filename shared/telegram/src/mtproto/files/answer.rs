//! Answers to `upload.getFile`, read without a copy.

use bytes::{Buf, Bytes};
use grammers_client::tl::{Identifiable, types};
use lambdagram_domain::media::Part;

use super::ReadError;
use crate::mtproto::TelegramError;

const BROKEN: ReadError = ReadError::Telegram(TelegramError::Protocol("a part of a file cannot be read"));

/// What of an answer belongs to the range. It lives in the packet that came.
///
/// # Errors
///
/// [`ReadError::Short`] where the file ends before that, [`ReadError::Telegram`] for what is no answer, or refers to
/// servers that were not asked for.
pub(super) fn bytes_of(mut answer: Bytes, part: Part) -> Result<Bytes, ReadError> {
    match answer.try_get_u32_le().map_err(|_| BROKEN)? {
        types::upload::File::CONSTRUCTOR_ID => {}
        types::upload::FileCdnRedirect::CONSTRUCTOR_ID => {
            return Err(ReadError::Telegram(TelegramError::Protocol("a file is handed out by others")));
        }
        _ => return Err(BROKEN),
    }
    // What Telegram takes it for, and when it was changed.
    if answer.remaining() < 8 {
        return Err(BROKEN);
    }
    answer.advance(8);
    let bytes = byte_string(answer).ok_or(BROKEN)?;
    let end = part.skip.saturating_add(part.take);
    if bytes.len() < end { Err(ReadError::Short) } else { Ok(bytes.slice(part.skip..end)) }
}

/// A string of bytes as TL writes it (core.telegram.org/mtproto/serialize#base-types).
fn byte_string(mut from: Bytes) -> Option<Bytes> {
    let length = match from.try_get_u8().ok()? {
        254 => usize::try_from(from.try_get_uint_le(3).ok()?).ok()?,
        255 => return None,
        short => usize::from(short),
    };
    (length <= from.len()).then(|| from.split_to(length))
}

#[cfg(test)]
mod tests {
    use grammers_client::tl::{Serializable, enums};

    use super::*;

    fn part(skip: usize, take: usize) -> Part {
        Part { offset: 0, limit: 524_288, skip, take }
    }

    fn answer(bytes: Vec<u8>) -> Bytes {
        let file = types::upload::File { r#type: enums::storage::FileType::FileUnknown, mtime: 7, bytes };
        enums::upload::File::File(file).to_bytes().into()
    }

    #[test]
    fn the_bytes_of_the_range_are_cut_out_of_an_answer_of_any_length() {
        for length in [1, 252, 253, 254, 255, 1024, 524_288, 1_048_576] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let whole = answer(bytes.clone());
            assert_eq!(bytes_of(whole.clone(), part(0, length)), Ok(bytes.clone().into()));
            assert_eq!(bytes_of(whole.clone(), part(length - 1, 1)), Ok(vec![bytes[length - 1]].into()));
            assert_eq!(bytes_of(whole, part(1, length)), Err(ReadError::Short));
        }
        assert_eq!(bytes_of(answer(Vec::new()), part(0, 1)), Err(ReadError::Short));
    }

    #[test]
    fn what_is_handed_out_lies_in_the_answer_itself() {
        let whole = answer(vec![1; 2048]);
        let cut = bytes_of(whole.clone(), part(100, 50)).unwrap();
        assert!(whole.as_ptr_range().contains(&cut.as_ptr()));
    }

    #[test]
    fn what_is_no_part_of_a_file_is_refused() {
        let redirect = enums::upload::File::CdnRedirect(types::upload::FileCdnRedirect {
            dc_id: 203,
            file_token: vec![1],
            encryption_key: vec![0; 32],
            encryption_iv: vec![0; 16],
            file_hashes: Vec::new(),
        });
        for wrong in [redirect.to_bytes().into(), Bytes::new(), Bytes::from_static(&[1; 64])] {
            assert!(matches!(bytes_of(wrong, part(0, 1)), Err(ReadError::Telegram(_))));
        }
        let whole = answer(vec![1; 300]);
        for length in 0..whole.len() - 3 {
            assert!(bytes_of(whole.slice(..length), part(0, 300)).is_err(), "{length}");
        }
    }
}

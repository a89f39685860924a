//! What a sender wrote about a file on its way, sealed for the requests that follow and for the worker that sends it.
//!
//! It is sealed as a session is, under a key of its own that also takes the master secret and the session's token. The
//! upload's id is sealed along with it: no upload can carry another's name or caption. Its form is one byte that numbers
//! it, then postcard, as that of a session; uploads live for days, so an older form is read for as long.

use super::cipher;
use super::seal::{OpenError, Sealed, Sealer};
use crate::upload::{UploadDetails, UploadId};

/// The number of the form.
const FORM: u8 = 1;

impl Sealer {
    /// Seals what was written about the upload `id`. With the longest caption that is about 9 kB.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn seal_upload(&self, id: &UploadId, details: &UploadDetails) -> Sealed {
        let keys = self.current();
        let content = postcard::to_allocvec(details).expect("memory takes what is written");
        let content = [&[FORM][..], &content].concat();
        let bytes = cipher::seal(&keys.upload, &self.upload_data(id, &keys.master_id), &content);
        Sealed { key_id: keys.master_id.clone(), bytes }
    }

    /// Opens what was sealed for this session and that upload.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_upload(&self, id: &UploadId, sealed: &Sealed) -> Result<UploadDetails, OpenError> {
        let keys = self.keys_of(sealed)?;
        let associated = self.upload_data(id, &keys.master_id);
        let content = cipher::open(&keys.upload, &associated, &sealed.bytes).ok_or(OpenError::Forged)?;
        let content = content.strip_prefix(&[FORM]).ok_or(OpenError::UnknownForm)?;
        match postcard::take_from_bytes(content) {
            Ok((details, [])) => Ok(details),
            _ => Err(OpenError::UnknownForm),
        }
    }

    fn upload_data(&self, id: &UploadId, master_id: &str) -> Vec<u8> {
        format!("lambdagram upload\n{}\n{id}\n{master_id}", self.id().as_str()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::session::{MasterKeys, SessionToken};
    use crate::upload::SendAs;

    fn keys() -> MasterKeys {
        MasterKeys::new(&Secret::new("a master secret of the tests"), None)
    }

    fn details() -> UploadDetails {
        UploadDetails {
            name: Some("Отчёт.pdf".to_owned()),
            mime_type: None,
            caption: "A caption".to_owned(),
            send_as: SendAs::Document,
        }
    }

    #[test]
    fn what_was_written_opens_for_its_session_and_upload_alone() {
        let (token, id) = (SessionToken::random(), UploadId::random());
        let sealed = keys().sealer(&token).seal_upload(&id, &details());
        assert_eq!(keys().sealer(&token).open_upload(&id, &sealed), Ok(details()));
        let other = keys().sealer(&SessionToken::random());
        assert_eq!(other.open_upload(&id, &sealed), Err(OpenError::Forged));
        let another = UploadId::random();
        assert_eq!(keys().sealer(&token).open_upload(&another, &sealed), Err(OpenError::Forged));
        let older =
            MasterKeys::new(&Secret::new("a newer one"), Some(&Secret::new("a master secret of the tests")));
        assert_eq!(older.sealer(&token).open_upload(&id, &sealed), Ok(details()));
    }

    #[test]
    fn nothing_but_what_was_sealed_opens() {
        let owner = keys().sealer(&SessionToken::random());
        let id = UploadId::random();
        let sealed = owner.seal_upload(&id, &details());
        for at in 0..sealed.bytes.len() {
            let mut forged = sealed.clone();
            forged.bytes[at] ^= 1;
            assert_eq!(owner.open_upload(&id, &forged), Err(OpenError::Forged), "{at}");
        }
        let keys = MasterKeys::new(&Secret::new("a newer one"), None);
        let newer = keys.sealer(&SessionToken::random());
        assert_eq!(newer.open_upload(&id, &sealed), Err(OpenError::UnknownKey));
    }

    #[test]
    fn what_is_sealed_shows_nothing_of_what_was_written() {
        let sealed = keys().sealer(&SessionToken::random()).seal_upload(&UploadId::random(), &details());
        let shows = |part: &str| sealed.bytes.windows(part.len()).any(|bytes| bytes == part.as_bytes());
        assert!(!shows("Отчёт") && !shows("caption"));
        assert_eq!(format!("{:?}", details()), "UploadDetails(..)");
    }

    #[test]
    fn the_form_stays_as_it_is() {
        let content = postcard::to_allocvec(&details()).unwrap();
        assert_eq!(hex::encode(content), "010ed09ed182d187d191d1822e7064660009412063617074696f6e02");
    }
}

//! The message that is made of a file whose parts are all at Telegram.

use std::time::Duration;

use lambdagram_domain::media::MessageId;
use lambdagram_domain::picture::thumbnail;
use lambdagram_domain::upload::{Content, Form, SendAs, UploadFailure};
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::uploads::{Outgoing, UploadError, UploadedFile, send_media};
use tokio::time::{Instant, timeout};

use super::claim::Progress;
use super::place::PATIENCE;
use super::staged::Staged;
use super::stop::Refusal;
use super::{Errand, Sending, Stop};
use crate::session::{Trouble, within};

/// The time for the message, with the 9 s in which the session must be given back: Telegram takes a while with the parts
/// of a large file. The lease of a worker that died lasts that long, too.
const MESSAGE: Duration = Duration::from_secs(35);

/// With less time than this, the message is left to the next invocation: a connection and an answer.
const SHORTEST: Duration = Duration::from_secs(3);

/// Bytes of a picture at most of which a thumbnail is made: all of it is held for that.
const LARGEST_PICTURE: u64 = 16 * 1024 * 1024;

/// The time for a thumbnail: reading and drawing the largest picture takes two seconds.
const DRAWING: Duration = Duration::from_secs(5);

impl Sending {
    /// Makes the message, once, however often it is asked to.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub(super) async fn send_message(
        &self,
        errand: Errand<'_>,
        outgoing: &Outgoing<'_>,
    ) -> Result<MessageId, Refusal> {
        let term = errand.claimed.term.at_most(MESSAGE, self.accounts.time());
        let deadline = self.accounts.end_of(term);
        if Instant::now() + SHORTEST > deadline {
            return Err(Stop::OutOfTime.into());
        }
        let held = self.accounts.hold_owner(errand.caller, term, PATIENCE).await;
        let mut held = held.map_err(|error| Stop::session(&error))?;
        if let Err(stop) = self.commit(errand.claimed).await {
            self.put_back(held).await;
            return Err(stop.into());
        }
        let mut link = self.accounts.link(&mut held.session, deadline);
        let sending = async { Ok::<_, TelegramError>(send_media(&mut link, outgoing).await) };
        let sent = within(deadline, sending).await;
        link.close().await;
        let error = match sent {
            Ok(Ok(message_id)) => {
                if let Err(error) = self.accounts.store_proved(held, self.accounts.now()).await {
                    tracing::warn!(cause = %error, "The session is given back by its time alone");
                }
                return Ok(message_id);
            }
            Ok(Err(error)) => error,
            Err(trouble) => {
                self.put_back(held).await;
                return Err(Stop::trouble(trouble).into());
            }
        };
        if let UploadError::NotSignedIn(name) = error {
            let dead = Trouble::from(TelegramError::Dead(name));
            return Err(Stop::session(&self.accounts.put_back_after(held, self.what, dead).await).into());
        }
        self.put_back(held).await;
        let refusal = Refusal::from(error);
        if !matches!(refusal, Refusal::Other(Stop::Trouble(_))) {
            // Telegram has answered that it made none.
            self.uncommit(errand.claimed).await;
        }
        Err(refusal)
    }

    /// The thumbnail of a picture that goes as a file, at Telegram; `None` where there is none or that fails. Telegram
    /// makes those of photos itself. A video's would have to be decoded.
    pub(super) async fn send_thumbnail(
        &self,
        errand: Errand<'_>,
        progress: &Progress,
        content: &Content,
        staged: &Staged,
    ) -> Option<UploadedFile> {
        if !has_thumbnail(content) {
            return None;
        }
        let drawing = async {
            let picture = staged.range(0..content.size).await.ok()?;
            tokio::task::spawn_blocking(move || thumbnail(&picture)).await.ok()?
        };
        let small = timeout(DRAWING, drawing).await.ok()??;
        self.send_along(errand, progress, small).await
    }
}

/// Whether a thumbnail can be made of it.
fn has_thumbnail(content: &Content) -> bool {
    let is_decoded = matches!(content.mime_type.as_str(), "image/jpeg" | "image/png" | "image/webp");
    is_decoded && content.size <= LARGEST_PICTURE && matches!(content.form, Form::Picture { .. })
}

/// The file as a document, which goes where Telegram does not take it as a photo.
///
/// # Errors
///
/// [`Stop::Failed`] for what was none.
pub(super) fn as_document(content: &Content, error: &str) -> Result<Content, Stop> {
    let refused = || Stop::Failed(UploadFailure::refused(error));
    match content.form {
        Form::Photo { .. } => content.clone().sent_as(SendAs::Document).map_err(|_| refused()),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(form: Form, mime_type: &str, size: u64) -> Content {
        Content { form, mime_type: mime_type.to_owned(), name: "a".to_owned(), size, plain: false }
    }

    #[test]
    fn thumbnails_are_made_of_pictures_that_go_as_files() {
        let picture = || Form::Picture { width: 3, height: 2, moves: false };
        let moving = Form::Picture { width: 3, height: 2, moves: true };
        for (content, expected) in [
            (content(picture(), "image/png", 5), true),
            (content(picture(), "image/png", LARGEST_PICTURE + 1), false),
            (content(picture(), "image/heic", 5), false),
            (content(moving, "image/gif", 5), false),
            (content(Form::Photo { width: 3, height: 2 }, "image/jpeg", 5), false),
            (content(Form::Document, "image/jpeg", 5), false),
        ] {
            assert_eq!(has_thumbnail(&content), expected, "{content:?}");
        }
    }

    #[test]
    fn a_photo_that_is_refused_goes_as_a_document_and_nothing_else_does() {
        let photo = content(Form::Photo { width: 3, height: 2 }, "image/jpeg", 5);
        let document = as_document(&photo, "PHOTO_INVALID_DIMENSIONS").unwrap();
        assert!(document.plain && matches!(document.form, Form::Picture { .. }));
        let refused = Stop::Failed(UploadFailure::refused("PHOTO_INVALID_DIMENSIONS"));
        assert_eq!(as_document(&document, "PHOTO_INVALID_DIMENSIONS"), Err(refused));
    }
}

//! A walk through the chat, from the newest message to the oldest, several pages a step.
//!
//! The pages of a step are asked for at once, each by how many messages to skip. Meanwhile messages may be sent and
//! deleted, which shifts the later pages; so each begins with the message the page before must end with. A page that
//! begins with an older one may have missed something, and is asked for again in the next step.

use lambdagram_domain::media::MessageId;

use super::history::{Entry, LARGEST_PAGE, Page, page_of, request};
use crate::mtproto::{Link, TelegramError};

/// Messages a page has of its own, beyond the one that joins it to the page before.
const STRIDE: i32 = LARGEST_PAGE - 1;

/// Pages asked for at once at most: 793 messages. Telegram's own apps ask for a few; who asks for too many is told to
/// wait.
const MOST_PAGES: i32 = 8;

/// Where a walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    position: Option<MessageId>,
    has_ended: bool,
}

impl Walk {
    /// Through the messages older than that one, or all.
    pub fn before(position: Option<MessageId>) -> Self {
        Self { position, has_ended: false }
    }

    /// The last message that was passed: everything newer was, too.
    pub fn position(&self) -> Option<MessageId> {
        self.position
    }

    /// Whether there is nothing older.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Reads on in one round trip, and gives what comes next without a gap: at least one message, unless the chat ends.
    /// `wanted` is how many messages would be welcome.
    ///
    /// # Errors
    ///
    /// [`TelegramError`]; the walk is where it was.
    pub async fn step(&mut self, link: &mut Link<'_>, wanted: usize) -> Result<Vec<Entry>, TelegramError> {
        let requests: Vec<_> =
            (0..pages_for(wanted)).map(|page| request(self.position, page * STRIDE, LARGEST_PAGE)).collect();
        let answers = link.invoke_all(&requests).await;
        self.take(answers.into_iter().map(|answer| answer.and_then(page_of)))
    }

    /// Joins the pages of one step.
    fn take(
        &mut self,
        pages: impl IntoIterator<Item = Result<Page, TelegramError>>,
    ) -> Result<Vec<Entry>, TelegramError> {
        let mut taken = Vec::new();
        let mut was_short = false;
        for (number, page) in pages.into_iter().enumerate() {
            let entries = match page {
                Ok(page) => page.entries,
                Err(error) if number == 0 => return Err(error),
                Err(_) => break,
            };
            let Some(newest) = entries.first().map(|entry| entry.id) else {
                // Past the end; or past what was deleted since, where the page before was full.
                self.has_ended |= number == 0 || was_short;
                break;
            };
            let joins = number == 0 || self.position.is_some_and(|position| newest >= position);
            if !joins {
                break;
            }
            was_short = entries.len() < LARGEST_PAGE.unsigned_abs() as usize;
            let position = self.position;
            let older = |entry: &Entry| position.is_none_or(|position| entry.id < position);
            taken.extend(entries.into_iter().filter(older));
            self.position = taken.last().map(|entry| entry.id).or(self.position);
        }
        if taken.is_empty() && !self.has_ended {
            return Err(TelegramError::Protocol("a page of messages leads nowhere"));
        }
        Ok(taken)
    }
}

/// How many pages are asked for: one more than needed, which says whether the chat is over.
fn pages_for(wanted: usize) -> i32 {
    let wanted = i32::try_from(wanted).unwrap_or(i32::MAX / 2);
    (wanted.saturating_add(STRIDE - 1) / STRIDE).saturating_add(1).clamp(2, MOST_PAGES)
}

#[cfg(test)]
mod tests;

//! A receipt as a DynamoDB item.

use lambdagram_domain::ids::{ChatId, JobId, UserId};
use lambdagram_domain::receipt::{Receipt, State};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, read_number, read_text, text};

/// There while a request may be on its way to Telegram. Expressions spell it out.
pub(super) const IN_DOUBT: &str = "in_doubt";

pub(super) fn item_of(receipt: &Receipt) -> Item {
    let always = [
        ("id", text(receipt.id.as_str())),
        ("state", text(receipt.state.name())),
        ("chat_id", number(receipt.chat_id)),
        ("attempts", number(receipt.attempts)),
        ("calls_done", number(receipt.calls_done)),
        ("accepted_at", number(receipt.accepted_at.0)),
        ("expires_at", number(receipt.expires_at.0)),
    ];
    let sometimes = [
        ("owner", receipt.owner.map(number)),
        ("fingerprint", receipt.fingerprint.as_deref().map(text)),
        ("message_id", receipt.message_id.map(number)),
        ("reason", receipt.reason.as_deref().map(text)),
    ];
    let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
    always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads an item; `None` when it is not a receipt.
pub(super) fn receipt_of(item: &Item) -> Option<Receipt> {
    Some(Receipt {
        id: JobId::parse(read_text(item, "id")?)?,
        owner: read_number(item, "owner").map(UserId),
        chat_id: ChatId(read_number(item, "chat_id")?),
        state: State::parse(read_text(item, "state")?)?,
        attempts: read_number(item, "attempts")?,
        calls_done: read_number(item, "calls_done")?,
        fingerprint: read_text(item, "fingerprint").map(str::to_owned),
        message_id: read_number(item, "message_id"),
        reason: read_text(item, "reason").map(str::to_owned),
        accepted_at: UnixTime(read_number(item, "accepted_at")?),
        expires_at: UnixTime(read_number(item, "expires_at")?),
    })
}

/// When the claim on it ends, if it is claimed.
pub(super) fn claim_end(item: &Item) -> Option<UnixTime> {
    read_number(item, "claim_until").map(UnixTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_survives_being_an_item() {
        let mut receipt = Receipt::new(JobId::parse("1f").unwrap(), None, ChatId(-7), UnixTime(1000));
        assert_eq!(receipt_of(&item_of(&receipt)), Some(receipt.clone()));
        receipt.owner = Some(UserId(9));
        receipt.fingerprint = Some("ab".to_owned());
        receipt.message_id = Some(3);
        receipt.reason = Some("Forbidden: bot was blocked by the user".to_owned());
        assert_eq!(receipt_of(&item_of(&receipt)), Some(receipt));
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_receipt() {
        let receipt = Receipt::new(JobId::parse("1f").unwrap(), None, ChatId(7), UnixTime(1000));
        for name in ["id", "state", "chat_id", "attempts", "calls_done", "accepted_at", "expires_at"] {
            let mut item = item_of(&receipt);
            item.remove(name);
            assert_eq!(receipt_of(&item), None, "{name}");
        }
    }
}

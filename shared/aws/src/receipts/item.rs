//! A receipt as a DynamoDB item.

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_domain::api_key::ApiKeyId;
use lambdagram_domain::ids::{ChatId, JobId, UserId};
use lambdagram_domain::receipt::{CommandResult, Owner, Receipt, State};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, read_number, read_text, text};

/// There while a request may be on its way to Telegram. Expressions spell it out.
pub(super) const IN_DOUBT: &str = "in_doubt";

pub(super) fn item_of(receipt: &Receipt) -> Item {
    let always = [
        ("id", text(receipt.id.as_str())),
        ("state", text(receipt.state.name())),
        ("attempts", number(receipt.attempts)),
        ("calls_done", number(receipt.calls_done)),
        ("accepted_at", number(receipt.accepted_at.0)),
        ("expires_at", number(receipt.expires_at.0)),
    ];
    let sometimes = [
        ("owner", receipt.owner.as_ref().map(owner_value)),
        ("chat_id", receipt.chat_id.map(number)),
        ("failed_after", receipt.failed_after.map(number)),
        ("fingerprint", receipt.fingerprint.as_deref().map(text)),
        ("message_id", receipt.message_id.map(number)),
        ("reason", receipt.reason.as_deref().map(text)),
        ("command", receipt.command.as_deref().map(text)),
        ("result", receipt.result.as_ref().map(result_value)),
        ("callback_url", receipt.callback_url.as_deref().map(text)),
        ("finished_at", receipt.finished_at.map(|time| number(time.0))),
    ];
    let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
    always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads an item; `None` when it is not a receipt.
pub(super) fn receipt_of(item: &Item) -> Option<Receipt> {
    Some(Receipt {
        id: JobId::parse(read_text(item, "id")?)?,
        owner: item.get("owner").and_then(owner_of),
        chat_id: read_number(item, "chat_id").map(ChatId),
        state: State::parse(read_text(item, "state")?)?,
        attempts: read_number(item, "attempts")?,
        failed_after: read_number(item, "failed_after"),
        calls_done: read_number(item, "calls_done")?,
        fingerprint: read_text(item, "fingerprint").map(str::to_owned),
        message_id: read_number(item, "message_id"),
        reason: read_text(item, "reason").map(str::to_owned),
        command: read_text(item, "command").map(str::to_owned),
        result: item.get("result").and_then(result_of),
        callback_url: read_text(item, "callback_url").map(str::to_owned),
        accepted_at: UnixTime(read_number(item, "accepted_at")?),
        finished_at: read_number(item, "finished_at").map(UnixTime),
        expires_at: UnixTime(read_number(item, "expires_at")?),
    })
}

/// A person is a number, a key a text.
fn owner_value(owner: &Owner) -> AttributeValue {
    match owner {
        Owner::Person(user) => number(user),
        Owner::Key(key) => text(key.as_str()),
    }
}

fn owner_of(value: &AttributeValue) -> Option<Owner> {
    match value {
        AttributeValue::N(user) => user.parse().ok().map(UserId).map(Owner::Person),
        AttributeValue::S(key) => ApiKeyId::parse(key).map(Owner::Key),
        _ => None,
    }
}

/// A result is a text, and `true` where it lies elsewhere.
pub(super) fn result_value(result: &CommandResult) -> AttributeValue {
    match result {
        CommandResult::Here(json) => text(json),
        CommandResult::Staged => AttributeValue::Bool(true),
    }
}

fn result_of(value: &AttributeValue) -> Option<CommandResult> {
    match value {
        AttributeValue::S(json) => Some(CommandResult::Here(json.clone())),
        AttributeValue::Bool(true) => Some(CommandResult::Staged),
        _ => None,
    }
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
        let mut receipt = Receipt::new(JobId::parse("1f").unwrap(), None, Some(ChatId(-7)), UnixTime(1000));
        assert_eq!(receipt_of(&item_of(&receipt)), Some(receipt.clone()));
        receipt.owner = Some(Owner::Person(UserId(9)));
        receipt.fingerprint = Some("ab".to_owned());
        receipt.message_id = Some(3);
        receipt.reason = Some("Forbidden: bot was blocked by the user".to_owned());
        assert_eq!(receipt_of(&item_of(&receipt)), Some(receipt));
    }

    #[test]
    fn a_receipt_of_a_command_survives_being_an_item() {
        let mut receipt = Receipt::new(JobId::parse("1f").unwrap(), None, None, UnixTime(1000));
        receipt.owner = Some(Owner::Key(ApiKeyId::parse("0123456789ab").unwrap()));
        receipt.command = Some("send_message".to_owned());
        receipt.callback_url = Some("https://a.example/done".to_owned());
        receipt.finished_at = Some(UnixTime(1001));
        receipt.failed_after = Some(12);
        for result in [CommandResult::Here("true".to_owned()), CommandResult::Staged] {
            receipt.result = Some(result);
            assert_eq!(receipt_of(&item_of(&receipt)), Some(receipt.clone()));
        }
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_receipt() {
        let receipt = Receipt::new(JobId::parse("1f").unwrap(), None, Some(ChatId(7)), UnixTime(1000));
        for name in ["id", "state", "attempts", "calls_done", "accepted_at", "expires_at"] {
            let mut item = item_of(&receipt);
            item.remove(name);
            assert_eq!(receipt_of(&item), None, "{name}");
        }
    }
}

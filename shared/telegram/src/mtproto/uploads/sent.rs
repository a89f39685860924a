//! Which message came of a random id, as updates tell it.

use grammers_client::tl::{enums, types};
use lambdagram_domain::media::MessageId;

/// The message that an answer to a call with that random id names.
pub(super) fn message_of(answer: enums::Updates, random_id: i64) -> Option<MessageId> {
    match answer {
        enums::Updates::UpdateShortSentMessage(sent) => MessageId::new(sent.id),
        enums::Updates::UpdateShort(short) => message_among(&[short.update], random_id),
        enums::Updates::Updates(updates) => message_among(&updates.updates, random_id),
        enums::Updates::Combined(updates) => message_among(&updates.updates, random_id),
        _ => None,
    }
}

/// The message that one of the updates gives to that random id.
pub(super) fn message_among(updates: &[enums::Update], random_id: i64) -> Option<MessageId> {
    updates.iter().find_map(|update| match update {
        enums::Update::MessageId(types::UpdateMessageId { id, random_id: of }) if *of == random_id => {
            MessageId::new(*id)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: i32, random_id: i64) -> enums::Update {
        types::UpdateMessageId { id, random_id }.into()
    }

    #[test]
    fn an_answer_names_the_message_in_each_of_its_forms() {
        let (updates, users, chats) = (vec![named(1, 8), named(2, 9)], Vec::new(), Vec::new());
        let plain = types::Updates {
            updates: updates.clone(),
            users: users.clone(),
            chats: chats.clone(),
            date: 0,
            seq: 0,
        };
        let combined = types::UpdatesCombined { updates, users, chats, date: 0, seq_start: 0, seq: 0 };
        let sent = types::UpdateShortSentMessage {
            out: true,
            id: 2,
            pts: 1,
            pts_count: 1,
            date: 0,
            media: None,
            entities: None,
            ttl_period: None,
        };
        let answers: Vec<enums::Updates> = vec![
            plain.into(),
            combined.into(),
            types::UpdateShort { update: named(2, 9), date: 0 }.into(),
            sent.into(),
        ];
        for answer in answers {
            assert_eq!(message_of(answer, 9), MessageId::new(2));
        }
        assert_eq!(message_of(enums::Updates::TooLong, 9), None);
        assert_eq!(message_of(types::UpdateShort { update: named(2, 8), date: 0 }.into(), 9), None);
    }
}

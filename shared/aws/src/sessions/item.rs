//! A session as a DynamoDB item.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_domain::session::{Kind, Sealed, SessionId};
use lambdagram_domain::time::UnixTime;

use super::{LeaseToken, SessionRow};
use crate::attributes::{Item, number, read_bytes, read_number, read_text, text};

/// The lease in a row. It may have ended.
pub(super) struct Held<'a> {
    pub(super) token: &'a str,
    pub(super) until: UnixTime,
}

pub(super) fn item_of(row: &SessionRow) -> Item {
    let always = [
        ("id", text(row.id.as_str())),
        ("kind", text(row.kind.name())),
        ("version", number(row.version)),
        ("key_id", text(&row.sealed.key_id)),
        ("sealed", AttributeValue::B(Blob::new(row.sealed.bytes.clone()))),
        ("expires_at", number(row.expires_at.0)),
        ("checked_at", number(row.checked_at.0)),
        ("attempts", number(row.attempts)),
    ];
    let mark = row.mark.as_deref().map(|mark| ("mark", text(mark)));
    always.into_iter().chain(mark).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads an item; `None` when it is not a session.
pub(super) fn row_of(item: &Item) -> Option<SessionRow> {
    Some(SessionRow {
        id: SessionId::parse(read_text(item, "id")?)?,
        kind: Kind::parse(read_text(item, "kind")?)?,
        version: read_number(item, "version")?,
        sealed: Sealed {
            key_id: read_text(item, "key_id")?.to_owned(),
            bytes: read_bytes(item, "sealed")?.to_owned(),
        },
        expires_at: UnixTime(read_number(item, "expires_at")?),
        checked_at: UnixTime(read_number(item, "checked_at")?),
        attempts: read_number(item, "attempts")?,
        mark: read_text(item, "mark").map(str::to_owned),
    })
}

pub(super) fn held_lease(item: &Item) -> Option<Held<'_>> {
    Some(Held { token: read_text(item, "lease")?, until: UnixTime(read_number(item, "lease_until")?) })
}

/// Whether the lease that ended last is this one.
pub(super) fn was_released_by(item: &Item, token: &LeaseToken) -> bool {
    read_text(item, "released_by") == Some(&token.0)
}

/// Whether the mark was set when this lease was taken.
pub(super) fn was_marked_by(item: &Item, token: &LeaseToken) -> bool {
    read_text(item, "marked_by") == Some(&token.0)
}

/// Whether this very content is there: each seal is another, even of the same session.
pub(super) fn is_sealed_as(item: &Item, sealed: &Sealed) -> bool {
    read_bytes(item, "sealed") == Some(&sealed.bytes)
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::session::SessionToken;

    use super::*;

    fn row() -> SessionRow {
        SessionRow {
            id: SessionToken::random().id(),
            kind: Kind::Pending,
            version: 3,
            sealed: Sealed { key_id: "0123abcd".to_owned(), bytes: vec![0, 255, 7] },
            expires_at: UnixTime(2000),
            checked_at: UnixTime(1000),
            attempts: 2,
            mark: None,
        }
    }

    #[test]
    fn a_session_survives_being_an_item() {
        let row = row();
        assert_eq!(row_of(&item_of(&row)), Some(row.clone()));
        let row = SessionRow { kind: Kind::Account, mark: Some("ab".to_owned()), ..row };
        assert_eq!(row_of(&item_of(&row)), Some(row));
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_session() {
        for name in ["id", "kind", "version", "key_id", "sealed", "expires_at", "checked_at", "attempts"] {
            let mut item = item_of(&row());
            item.remove(name);
            assert_eq!(row_of(&item), None, "{name}");
        }
    }
}

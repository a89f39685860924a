//! The table of sessions, through the store that the functions use.

mod contention;
mod leases;
mod repeats;
mod rows;

use std::collections::HashMap;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use lambdagram_aws::{Attempt, Connection, Forward, Lease, LeaseToken, Leased, SessionRow, Sessions};
use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::{Kind, MasterKeys, Sealed, Sealer, Session, SessionId, SessionToken, Stage};
use lambdagram_domain::time::UnixTime;

use super::{PERSON, Services, config, services, string};
use crate::aws::Service;
use crate::aws::faults::{Effect, Fault, When};

/// When everything in these tests happens, unless a test says otherwise.
const NOW: UnixTime = UnixTime(1_000_000);

/// When a lease that is taken at [`NOW`] ends.
const UNTIL: UnixTime = UnixTime(NOW.0 + 40);

/// When sessions end.
const END: UnixTime = UnixTime(NOW.0 + 600);

const TABLE: &str = "sessions-of-a-test";

/// An empty table, and the store on it.
struct Store {
    services: Services,
    sessions: Sessions,
}

async fn store() -> Store {
    let services = services().await;
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
    let id =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
    let create = services.dynamodb(PERSON).create_table().table_name(TABLE);
    let create = create.billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(key.expect("a key")).attribute_definitions(id.expect("a definition"));
    create.send().await.expect("the table is made");
    let sessions = Sessions::new(&services.connection(), TABLE.to_owned());
    Store { services, sessions }
}

impl Services {
    /// A connection that sends a call again at once when it got no answer.
    pub(super) fn connection(&self) -> Connection {
        let retries = RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1));
        let config = config(PERSON, &self.aws.endpoints().dynamodb).into_builder().retry_config(retries);
        Connection::new(config.build())
    }

    /// Loses the answers of the next calls of this operation, whose effects happen.
    pub(super) fn lose_answers(&self, operation: &str, times: u32) {
        self.faults.add(Fault {
            function: None,
            service: Service::DynamoDb,
            operation: operation.to_owned(),
            after_calls: 0,
            times,
            when: When::After,
            effect: Effect::Error { status: 500, code: "InternalServerError".to_owned() },
        });
    }
}

impl Store {
    /// Writes a pending session, and returns its row.
    async fn created(&self) -> SessionRow {
        let row = new_row();
        self.sessions.create(&row, None).await.expect("a new session");
        row
    }

    /// Takes the lease at [`NOW`] for a call that must get it.
    async fn leased(&self, id: &SessionId, token: &LeaseToken) -> Lease {
        let leased = self.sessions.lease(id, token, NOW, UNTIL, None).await.expect("an answer");
        let Leased::Granted(row) = leased else { panic!("{leased:?}") };
        Lease { id: id.clone(), token: token.clone(), version: row.version }
    }

    async fn lease_at(&self, id: &SessionId, token: &str, now: u64, attempt: Option<&Attempt>) -> Leased {
        let until = UnixTime(now + 40);
        let leased = self.sessions.lease(id, &lease_token(token), UnixTime(now), until, attempt).await;
        leased.expect("an answer")
    }

    async fn row(&self, id: &SessionId) -> Option<SessionRow> {
        self.sessions.get(id, NOW).await.expect("an answer")
    }

    /// The item as it is stored.
    async fn item(&self, id: &SessionId) -> Option<HashMap<String, AttributeValue>> {
        let get = self.services.dynamodb(PERSON).get_item().table_name(TABLE).key("id", string(id.as_str()));
        get.send().await.expect("an answer").item
    }

    async fn is_leased(&self, id: &SessionId) -> bool {
        self.item(id).await.expect("an item").contains_key("lease")
    }
}

/// What stays in the place of a session that moves.
fn forward() -> Forward {
    Forward { sealed: content(), mark: Some("m".to_owned()), expires_at: UnixTime(END.0 - 1) }
}

fn new_row() -> SessionRow {
    let token = SessionToken::random();
    SessionRow {
        id: token.id(),
        kind: Kind::Pending,
        version: 1,
        sealed: sealer(&token).seal(Kind::Pending, 1, &counting(0)),
        expires_at: END,
        checked_at: UnixTime(0),
        attempts: 0,
        mark: None,
    }
}

/// Content that no other call gives.
fn content() -> Sealed {
    new_row().sealed
}

fn sealer(token: &SessionToken) -> Sealer {
    MasterKeys::new(&Secret::new("the master secret of these tests"), None).sealer(token)
}

/// A session that holds a number.
fn counting(number: i32) -> Session {
    Session::new(number, Stage::Qr)
}

fn lease_token(name: &str) -> LeaseToken {
    LeaseToken(name.to_owned())
}

fn attempt(mark: &str) -> Attempt {
    Attempt { mark: mark.to_owned(), most: 3 }
}

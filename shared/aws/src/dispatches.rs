//! The table of deliveries to services: that each was accepted once, how it goes, and where an answer belongs.
//!
//! A worker needs no claim here. A delivery that is made twice carries the same id, by which the service knows it, and
//! what is answered to it has ids that are made of it, so that the person gets one answer.

use std::fmt::Write as _;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use lambdagram_domain::answer::Origin;
use lambdagram_domain::dispatch::{ROW_KEPT, Row, Stage};
use lambdagram_domain::ids::{ChatId, DispatchId};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, read_number, read_text, text};
use crate::client::Connection;
use crate::error::{AwsError, is_condition};

/// The rows of all deliveries.
#[derive(Clone, Debug)]
pub struct Dispatches {
    client: Client,
    table: String,
}

impl Dispatches {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Writes a new row, or finds how far the delivery is that has one.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the row may have been written.
    pub async fn accept(&self, row: &Row, now: UnixTime) -> Result<Option<Stage>, AwsError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(row)))
            .condition_expression("attribute_not_exists(id) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = call.send().await else { return Ok(None) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let stage = refused.item().and_then(|item| Stage::parse(read_text(item, "stage")?));
                stage.map(Some).ok_or_else(|| AwsError::unreadable("PutItem", "delivery"))
            }
            _ => Err(AwsError::new("PutItem", &error)),
        }
    }

    /// Notes that the queue has the delivery. A worker may already be further; then nothing changes.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the delivery is in the queue all the same.
    pub async fn mark_queued(&self, id: &DispatchId) -> Result<(), AwsError> {
        let call = self
            .update(id)
            .update_expression("SET stage = :queued")
            .condition_expression("stage = :accepting")
            .expression_attribute_values(":queued", text(Stage::Queued.name()))
            .expression_attribute_values(":accepting", text(Stage::Accepting.name()));
        match call.send().await {
            Err(error) if !is_condition(&error) => Err(AwsError::new("UpdateItem", &error)),
            _ => Ok(()),
        }
    }

    /// Counts a try, and returns its number from 1; `None` when it has been delivered before. `row` is what is known of
    /// a delivery whose own row is gone.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn begin(&self, row: &Row, now: UnixTime) -> Result<Option<u32>, AwsError> {
        let mut set = "SET stage = :queued, attempts = if_not_exists(attempts, :zero) + :one, \
                       expires_at = :expires_at"
            .to_owned();
        let mut call = self
            .update(&row.id)
            .condition_expression("attribute_not_exists(stage) OR stage <> :delivered")
            .expression_attribute_values(":queued", text(Stage::Queued.name()))
            .expression_attribute_values(":delivered", text(Stage::Delivered.name()))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires_at", number(now.plus(ROW_KEPT).0))
            .return_values(ReturnValue::AllNew);
        for (name, value) in asked_of(row) {
            let _ = write!(set, ", {name} = :{name}");
            call = call.expression_attribute_values(format!(":{name}"), value);
        }
        match call.update_expression(set).send().await {
            Ok(answer) => {
                let attempts = answer.attributes.and_then(|item| read_number(&item, "attempts"));
                attempts.map(Some).ok_or_else(|| AwsError::unreadable("UpdateItem", "delivery"))
            }
            Err(error) if is_condition(&error) => Ok(None),
            Err(error) => Err(AwsError::new("UpdateItem", &error)),
        }
    }

    /// Records that it is delivered.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; it is delivered once more then.
    pub async fn deliver(&self, id: &DispatchId, now: UnixTime) -> Result<(), AwsError> {
        let call = self
            .update(id)
            .update_expression("SET stage = :stage, expires_at = :expires_at")
            .expression_attribute_values(":stage", text(Stage::Delivered.name()))
            .expression_attribute_values(":expires_at", number(now.plus(ROW_KEPT).0));
        call.send().await.map(drop).map_err(|error| AwsError::new("UpdateItem", &error))
    }

    /// Records that it is given up. A redrive has all its tries before it.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; a redrive then has none.
    pub async fn fail(&self, id: &DispatchId) -> Result<(), AwsError> {
        let call = self
            .update(id)
            .update_expression("SET stage = :stage, attempts = :zero")
            .expression_attribute_values(":stage", text(Stage::Failed.name()))
            .expression_attribute_values(":zero", number(0));
        call.send().await.map(drop).map_err(|error| AwsError::new("UpdateItem", &error))
    }

    /// The row of that id, unless there is none or its time is over.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn get(&self, id: &DispatchId, now: UnixTime) -> Result<Option<Row>, AwsError> {
        let call =
            self.client.get_item().table_name(&self.table).key("id", text(id.as_str())).consistent_read(true);
        let answer = call.send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let row = row_of(&item).ok_or_else(|| AwsError::unreadable("GetItem", "delivery"))?;
        Ok((row.expires_at > now).then_some(row))
    }

    fn update(&self, id: &DispatchId) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("id", text(id.as_str()))
    }
}

fn item_of(row: &Row) -> Item {
    let always = [
        ("id", text(row.id.as_str())),
        ("stage", text(row.stage.name())),
        ("attempts", number(row.attempts)),
        ("expires_at", number(row.expires_at.0)),
    ];
    always.into_iter().chain(asked_of(row)).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The attributes that say from where a service was asked. Expressions take their names as they are.
fn asked_of(row: &Row) -> Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)> {
    let Some((origin, service)) = &row.asked else { return Vec::new() };
    let all = [
        ("chat_id", Some(number(origin.chat))),
        ("message_thread_id", origin.message_thread_id.map(number)),
        ("callback_query", origin.callback_query.as_deref().map(text)),
        ("service", Some(text(service))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn row_of(item: &Item) -> Option<Row> {
    let asked = read_text(item, "service").and_then(|service| {
        let origin = Origin {
            chat: ChatId(read_number(item, "chat_id")?),
            message_thread_id: read_number(item, "message_thread_id"),
            callback_query: read_text(item, "callback_query").map(str::to_owned),
        };
        Some((origin, service.to_owned()))
    });
    Some(Row {
        id: DispatchId::parse(read_text(item, "id")?)?,
        stage: Stage::parse(read_text(item, "stage")?)?,
        attempts: read_number(item, "attempts")?,
        asked,
        expires_at: UnixTime(read_number(item, "expires_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_being_an_item() {
        let origin = Origin { chat: ChatId(-7), message_thread_id: None, callback_query: None };
        let mut row = Row {
            id: DispatchId::of_update(9, 5),
            stage: Stage::Queued,
            attempts: 2,
            asked: Some((origin, "reports".to_owned())),
            expires_at: UnixTime(1000),
        };
        assert_eq!(row_of(&item_of(&row)), Some(row.clone()));
        let origin =
            Origin { chat: ChatId(7), message_thread_id: Some(3), callback_query: Some("55".to_owned()) };
        row.asked = Some((origin, "reports".to_owned()));
        assert_eq!(row_of(&item_of(&row)), Some(row.clone()));
        row.asked = None;
        assert_eq!(row_of(&item_of(&row)), Some(row));
    }
}

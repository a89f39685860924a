//! Limits on what goes on at the same time, counted in DynamoDB so that all processes of a function share them.
//!
//! The places of a subject are one item: a set of holders, each with the end of its time in front. A place is taken with
//! one conditional write. The end is for holders that die: when all places seem taken, what came back with the refusal
//! tells which of them are over, and they are replaced at once.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, text};
use crate::client::Connection;
use crate::error::AwsError;

/// Writes of one take at most. Each that fails after the first means that somebody else came between.
const TRIES: u32 = 10;

/// How long an item is kept after the last place that was taken, in seconds: longer than any place is held beyond it.
const KEPT: u64 = 3600;

/// A place that is held.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot {
    subject: String,
    /// The end and the holder, as in the set.
    place: String,
}

/// The places of all subjects, in the table of counters.
#[derive(Clone, Debug)]
pub struct Slots {
    client: Client,
    table: String,
}

impl Slots {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Takes one of the `most` places of `subject` until `until`, at most an hour. `None` when all of them are held,
    /// or others come between again and again.
    /// `holder` is a name that no other take has; one that comes twice with the same end has one place.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; a place may have been taken, and then ends by itself.
    pub async fn take(
        &self,
        subject: &str,
        most: u32,
        holder: &str,
        until: UnixTime,
        now: UnixTime,
    ) -> Result<Option<Slot>, AwsError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if most == 0 {
            return Ok(None);
        }
        let place = format!("{} {holder}", until.0);
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..TRIES {
            let living: Vec<String> = seen.iter().filter(|place| ends_after(place, now)).cloned().collect();
            if living.len() >= most {
                return Ok(None);
            }
            let update = if seen.len() < most {
                self.add(subject, most, &place)
            } else {
                self.replace(subject, seen, [living, vec![place.clone()]].concat())
            };
            let update = update.expression_attribute_values(":expires_at", number(until.0 + KEPT));
            let Err(error) = update.send().await else {
                return Ok(Some(Slot { subject: subject.to_owned(), place }));
            };
            seen = places_of_refusal(&error)?;
            if seen.contains(&place) {
                return Ok(Some(Slot { subject: subject.to_owned(), place }));
            }
        }
        Ok(None)
    }

    /// Gives a place back. One whose time was over is given back already.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the place may still be held, and then ends by itself.
    pub async fn release(&self, slot: Slot) -> Result<(), AwsError> {
        let update = self
            .update(&slot.subject)
            .update_expression("DELETE holders :own")
            .expression_attribute_values(":own", AttributeValue::Ss(vec![slot.place]));
        update.send().await.map(drop).map_err(|error| AwsError::new("UpdateItem", &error))
    }

    /// Takes a place that was never held, or was given back.
    fn add(&self, subject: &str, most: usize, place: &str) -> UpdateItemFluentBuilder {
        self.update(subject)
            .update_expression("ADD holders :own SET expires_at = :expires_at")
            .condition_expression(
                "attribute_not_exists(holders) OR size(holders) < :most OR contains(holders, :place)",
            )
            .expression_attribute_values(":own", AttributeValue::Ss(vec![place.to_owned()]))
            .expression_attribute_values(":place", text(place))
            .expression_attribute_values(":most", number(most))
    }

    /// Puts `after` where still nothing but `before` is.
    fn replace(&self, subject: &str, before: Vec<String>, after: Vec<String>) -> UpdateItemFluentBuilder {
        self.update(subject)
            .update_expression("SET holders = :after, expires_at = :expires_at")
            .condition_expression("holders = :before")
            .expression_attribute_values(":before", AttributeValue::Ss(before))
            .expression_attribute_values(":after", AttributeValue::Ss(after))
    }

    /// An update that tells what is there when its condition fails.
    fn update(&self, subject: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("key", text(subject))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

fn places_of_refusal(error: &SdkError<UpdateItemError>) -> Result<Vec<String>, AwsError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
            Ok(refused.item().map(places_of).unwrap_or_default())
        }
        _ => Err(AwsError::new("UpdateItem", error)),
    }
}

/// The set is gone when its last place was given back.
fn places_of(item: &Item) -> Vec<String> {
    item.get("holders").and_then(|holders| holders.as_ss().ok()).cloned().unwrap_or_default()
}

/// Whether the time of `place` is not over. One that cannot be read holds nothing.
fn ends_after(place: &str, now: UnixTime) -> bool {
    let until = place.split_once(' ').and_then(|(until, _holder)| until.parse().ok());
    until.is_some_and(|until: u64| until > now.0)
}

//! What loads, what it becomes, and each complaint word for word.

pub(crate) mod buckets;
mod complaints;
mod intrinsics;
pub(crate) mod repository;
mod streams;
mod uploads;

use std::collections::BTreeMap;

use super::{Environment, Model, Problem, parse};

pub(crate) fn environment() -> Environment {
    Environment {
        sqs_endpoint: "http://127.0.0.1:9324".to_owned(),
        api_url: "http://127.0.0.1:3000".to_owned(),
    }
}

pub(crate) fn parameters<const N: usize>(given: [(&str, &str); N]) -> BTreeMap<String, String> {
    given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn read(text: &str) -> Result<Model, Problem> {
    parse(text, &BTreeMap::new(), &environment())
}

/// The smallest template that loads, with lines of a function's properties and of further resources.
fn template(head: &str, properties: &str, resources: &str) -> String {
    format!(
        "{head}
Resources:
  Api: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod }} }}
  Work:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: work }} }}
    Properties:
      Runtime: provided.al2023
{properties}
{resources}
"
    )
}

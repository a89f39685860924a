//! What CloudFormation would call each resource: names, ARNs and the values of `Ref` and `Fn::GetAtt`.

use crate::aws::{ACCOUNT, REGION};

/// The stack's name on this machine; names that the template leaves to CloudFormation begin with it.
pub(super) const STACK: &str = "lambdagram-local";

/// How the name of every FIFO queue ends (AWS, SQS).
pub(super) const FIFO: &str = ".fifo";

/// The id that `Ref` of the REST API gives.
pub(super) const API_ID: &str = "local";

/// The resource types whose names and ARNs are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Api,
    Bucket,
    Function,
    Queue,
    Table,
}

impl Kind {
    pub(super) fn of(resource_type: &str) -> Option<Self> {
        Some(match resource_type {
            "AWS::Serverless::Api" => Self::Api,
            "AWS::S3::Bucket" => Self::Bucket,
            "AWS::Serverless::Function" => Self::Function,
            "AWS::SQS::Queue" => Self::Queue,
            "AWS::DynamoDB::Table" => Self::Table,
            _ => return None,
        })
    }

    /// The property that may name the resource.
    pub(super) fn name_property(self) -> &'static str {
        match self {
            Self::Api => "Name",
            Self::Bucket => "BucketName",
            Self::Function => "FunctionName",
            Self::Queue => "QueueName",
            Self::Table => "TableName",
        }
    }

    /// The value of `Fn::GetAtt`, where this kind has the attribute.
    pub(super) fn attribute(self, name: &str, attribute: &str, sqs_endpoint: &str) -> Option<String> {
        match (self, attribute) {
            (Self::Bucket, "Arn") => Some(format!("arn:aws:s3:::{name}")),
            (Self::Function, "Arn") => Some(format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")),
            (Self::Queue, "Arn") => Some(queue_arn(name)),
            (Self::Queue, "QueueName") => Some(name.to_owned()),
            (Self::Queue, "QueueUrl") => Some(queue_url(sqs_endpoint, name)),
            (Self::Table, "Arn") => Some(format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")),
            _ => None,
        }
    }

    /// The value of `Ref`.
    pub(super) fn reference(self, name: &str, sqs_endpoint: &str) -> String {
        match self {
            Self::Api => API_ID.to_owned(),
            Self::Queue => queue_url(sqs_endpoint, name),
            Self::Bucket | Self::Function | Self::Table => name.to_owned(),
        }
    }
}

/// The name of a resource that the template does not name: in small letters, which every service takes.
pub(super) fn derived(logical_id: &str) -> String {
    format!("{STACK}-{}", logical_id.to_lowercase())
}

pub(super) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

fn queue_url(sqs_endpoint: &str, name: &str) -> String {
    format!("{}/{ACCOUNT}/{name}", sqs_endpoint.trim_end_matches('/'))
}

/// The value of a pseudo parameter, where a stack on one machine has it.
pub(super) fn pseudo_parameter(name: &str) -> Option<String> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT.to_owned(),
        "AWS::Partition" => "aws".to_owned(),
        "AWS::Region" => REGION.to_owned(),
        "AWS::StackId" => format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/local"),
        "AWS::StackName" => STACK.to_owned(),
        "AWS::URLSuffix" => "amazonaws.com".to_owned(),
        _ => return None,
    })
}

//! `AWS::Serverless::Api`: the stage and what API Gateway answers by itself.

use std::collections::BTreeMap;

use super::error::Problem;
use super::model::{Api, GatewayResponse};
use super::node::Node;
use super::resolver::Resolver;

const READ: &[&str] = &["BinaryMediaTypes", "GatewayResponses", "StageName"];

/// Properties without an effect on one machine: how it is deployed, throttled, logged and measured.
const LEFT_ALONE: &[&str] = &[
    "AccessLogSetting",
    "AlwaysDeploy",
    "Description",
    "EndpointConfiguration",
    "FailOnWarnings",
    "MethodSettings",
    "Name",
    "OpenApiVersion",
    "Tags",
    "TracingEnabled",
];

pub(super) fn read(properties: &Node, resolver: &Resolver<'_>) -> Result<Api, Problem> {
    properties.only(&[READ, LEFT_ALONE])?;
    let media_types = match resolver.get(properties, "BinaryMediaTypes")? {
        // CloudFormation wants the slash as `~1`.
        Some(list) => {
            list.items()?.iter().map(|item| Ok(item.text()?.replace("~1", "/"))).collect::<Result<_, _>>()?
        }
        None => Vec::new(),
    };
    let gateway_responses = match resolver.get(properties, "GatewayResponses")? {
        Some(responses) => responses
            .entries()?
            .into_iter()
            .map(|(kind, response)| Ok((kind, gateway_response(&response)?)))
            .collect::<Result<_, _>>()?,
        None => BTreeMap::new(),
    };
    Ok(Api {
        stage: resolver.require(properties, "StageName")?.text()?,
        binary_media_types: media_types,
        gateway_responses,
    })
}

fn gateway_response(response: &Node) -> Result<GatewayResponse, Problem> {
    response.only(&[&["StatusCode", "ResponseParameters", "ResponseTemplates"]])?;
    let headers = match response.get("ResponseParameters") {
        Some(parameters) => {
            parameters.only(&[&["Headers"]])?;
            parameters.get("Headers")
        }
        None => None,
    };
    Ok(GatewayResponse {
        status: response.get("StatusCode").map(|status| status.number(100..=599)).transpose()?,
        headers: texts(headers, unquoted)?,
        templates: texts(response.get("ResponseTemplates"), str::to_owned)?,
    })
}

fn texts(node: Option<Node>, read: fn(&str) -> String) -> Result<BTreeMap<String, String>, Problem> {
    let entries = node.map_or(Ok(Vec::new()), |node| node.entries())?;
    entries.into_iter().map(|(name, value)| Ok((name, read(&value.text()?)))).collect()
}

/// A static value without its quotes; a mapping expression (`method.request.header.Origin`) has none.
fn unquoted(text: &str) -> String {
    text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text).to_owned()
}

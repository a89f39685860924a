use super::{environment, parameters, parse, read, template};
use crate::template::load;

fn complaint(head: &str, properties: &str, resources: &str) -> String {
    read(&template(head, properties, resources)).expect_err("the template is refused").to_string()
}

#[test]
fn the_line_names_the_file_and_the_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("template.yaml");
    std::fs::write(&path, template("", "      Timeout: 0", "")).expect("a file");
    let error = load(&path, &parameters([]), &environment()).expect_err("the template is refused");
    assert_eq!(
        error.to_string(),
        "template.yaml: Resources.Work.Properties.Timeout: `0` is no whole number from 1 to 900"
    );
}

#[test]
fn a_missing_file_is_one_line() {
    let error = load("no/such/template.yaml".as_ref(), &parameters([]), &environment())
        .expect_err("there is no such file");
    assert_eq!(error.to_string(), "template.yaml: is not here; start in the folder of the project");
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let error = read("Resources: [").expect_err("the template is refused");
    assert_eq!(error.at, "");
    assert!(error.message.contains("line 2"), "{}", error.message);
}

#[test]
fn parameters_are_checked_as_cloudformation_checks_them() {
    let text = |rule: &str| template(&format!("Parameters: {{ P: {{ {rule} }} }}"), "", "");
    for (rule, value, expected) in [
        ("Type: String, AllowedValues: [a, b]", "c", "`c` is none of a, b"),
        ("Type: String, AllowedPattern: '[a-z]+'", "abc1", "`abc1` does not match [a-z]+"),
        ("Type: String, NoEcho: true, AllowedPattern: '[a-z]+'", "1", "the value does not match [a-z]+"),
        ("Type: String, MinLength: 2", "a", "`a` is too short"),
        ("Type: String, MaxLength: 2", "abc", "`abc` is too long"),
        ("Type: Number", "many", "`many` is no number"),
        ("Type: Number, MinValue: 3", "2", "`2` is less than 3"),
        ("Type: Number, MaxValue: 3", "4", "`4` is more than 3"),
        ("Type: CommaDelimitedList, AllowedValues: [a]", "a,b", "`b` is none of a"),
    ] {
        let error = parse(&text(rule), &parameters([("P", value)]), &environment())
            .expect_err("the value is refused");
        assert_eq!(error.to_string(), format!("Parameters.P: {expected}"));
    }
    let error = read(&text("Type: String")).expect_err("a value is missing");
    assert_eq!(error.to_string(), "Parameters.P: has no default, so it needs a value");
    let error = read(&text("Type: 'List<Number>', Default: '1'")).expect_err("the type is refused");
    assert_eq!(error.to_string(), "Parameters.P.Type: the local stack does not know the type List<Number>");
}

#[test]
fn an_unknown_parameter_is_refused() {
    let error = parse(&template("", "", ""), &parameters([("Botid", "1")]), &environment())
        .expect_err("there is no such parameter");
    assert_eq!(error.to_string(), "Parameters: there is no parameter Botid");
}

#[test]
fn what_cannot_be_resolved_is_named() {
    let variable = |expression: &str| {
        complaint("", &format!("      Environment: {{ Variables: {{ V: {expression} }} }}"), "")
    };
    let at = "Resources.Work.Properties.Environment.Variables.V";
    for (expression, expected) in [
        ("!Ref Nothing", ".Ref: there is no parameter or resource Nothing"),
        ("!ImportValue x", ".Fn::ImportValue: the local stack cannot resolve Fn::ImportValue"),
        ("!GetAtt Work.Version", ".Fn::GetAtt: the local stack knows no Work.Version"),
        ("!Select [2, [a]]", ".Fn::Select: there is no such item"),
        ("!Join ['-']", ".Fn::Join: has 1 arguments in place of 2"),
        ("!Sub 'a${b'", ".Fn::Sub: has a `${` without its `}`"),
        ("[a]", ": is no string"),
    ] {
        assert_eq!(variable(expression), format!("{at}{expected}"));
    }
    assert_eq!(
        complaint(
            "",
            "      Environment: { Variables: { V: !GetAtt Logs.Arn } }",
            "  Logs: { Type: AWS::Logs::LogGroup }"
        ),
        format!("{at}.Fn::GetAtt: Logs is an AWS::Logs::LogGroup, which does not run here")
    );
}

#[test]
fn names_in_a_circle_are_found() {
    let resources = "  A: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt B.QueueName } }
  B: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt A.QueueName } }";
    assert_eq!(complaint("", "", resources), "Resources.A.Properties: refers to itself");
}

#[test]
fn what_the_stack_would_have_to_obey_and_does_not_know_is_refused() {
    for (properties, expected) in [
        (
            "      ReservedConcurrentExecutions: 1",
            "ReservedConcurrentExecutions: the local stack does not know this property",
        ),
        (
            "      Policies: [AmazonS3FullAccess]",
            "Policies.0: the local stack enforces inline statements only",
        ),
        (
            "      Policies: [{ Statement: { Effect: Allow, Action: a, Resource: b, Condition: {} } }]",
            "Policies.0.Statement.Condition: the local stack does not know this property",
        ),
        (
            "      Policies: [{ Statement: { Effect: Maybe, Action: a, Resource: b } }]",
            "Policies.0.Statement.Effect: `Maybe` is neither Allow nor Deny",
        ),
        (
            "      Events: { Nightly: { Type: Schedule, Properties: {} } }",
            "Events.Nightly.Type: the local stack serves no event of type Schedule",
        ),
        (
            "      Events: { Get: { Type: Api, Properties: { RestApiId: other, Method: GET, Path: / } } }",
            "Events.Get.Properties.RestApiId: is not the API of this template",
        ),
        (
            "      Events: { Get: { Type: Api, Properties: { RestApiId: !Ref Api, Method: LOOK, Path: / } } }",
            "Events.Get.Properties.Method: LOOK is no method of API Gateway",
        ),
        (
            "      Events: { Get: { Type: Api, Properties: { RestApiId: !Ref Api, Method: GET, Path: a } } }",
            "Events.Get.Properties.Path: does not begin with a slash",
        ),
    ] {
        assert_eq!(complaint("", properties, ""), format!("Resources.Work.Properties.{expected}"));
    }
    assert_eq!(
        complaint("", "", "  Clock: { Type: AWS::Scheduler::Schedule }"),
        "Resources.Clock.Type: the local stack cannot run AWS::Scheduler::Schedule"
    );
    assert_eq!(
        complaint(
            "",
            "",
            "  Files: { Type: AWS::S3::Bucket, Properties: { NotificationConfiguration: {} } }"
        ),
        "Resources.Files.Properties.NotificationConfiguration: the local stack does not know this property"
    );
    assert_eq!(
        complaint("Globals: { HttpApi: {} }", "", ""),
        "Globals.HttpApi: the local stack does not know this property"
    );
    assert_eq!(
        complaint("", "", "  Another: { Type: AWS::Serverless::Api, Properties: { StageName: prod } }"),
        "Resources: has 2 of AWS::Serverless::Api, not one"
    );
}

#[test]
fn two_functions_cannot_have_one_route() {
    let event = "Events: { Get: { Type: Api, Properties: { RestApiId: !Ref Api, Method: GET, Path: /a } } }";
    let resources = format!(
        "  Second:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: second }} }}
    Properties: {{ Runtime: provided.al2023, {event} }}"
    );
    assert_eq!(
        complaint("", &format!("      {event}"), &resources),
        "Resources.Second.Properties.Events: GET /a already belongs to Work"
    );
}

#[test]
fn a_queue_source_must_fit_its_queue() {
    let resources = |mapping: &str, queue: &str| {
        format!(
            "  Queue: {{ Type: AWS::SQS::Queue, Properties: {{ FifoQueue: true, {queue} }} }}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{ FunctionName: !Ref Work, EventSourceArn: !GetAtt Queue.Arn, {mapping} }}"
        )
    };
    let complaint = |mapping, queue| complaint("", "      Timeout: 60", &resources(mapping, queue));
    for (mapping, queue, expected) in [
        (
            "BatchSize: 1",
            "VisibilityTimeout: 59",
            ": the queue's visibility timeout of 59 s is shorter than the function's timeout of 60 s",
        ),
        ("BatchSize: 11", "VisibilityTimeout: 360", ": a FIFO queue gives at most 10 messages at once"),
        (
            "ScalingConfig: { MaximumConcurrency: 1 }",
            "VisibilityTimeout: 360",
            ".ScalingConfig.MaximumConcurrency: `1` is no whole number from 2 to 1000",
        ),
        (
            "FilterCriteria: {}",
            "VisibilityTimeout: 360",
            ".FilterCriteria: the local stack does not know this property",
        ),
    ] {
        assert_eq!(complaint(mapping, queue), format!("Resources.Source.Properties{expected}"));
    }
}

#[test]
fn a_queues_name_must_fit_its_kind() {
    let resources = "  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: plain, FifoQueue: true } }";
    assert_eq!(complaint("", "", resources), "Resources.Queue: the name plain does not fit FifoQueue: true");
}

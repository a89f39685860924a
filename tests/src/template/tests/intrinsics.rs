use super::{read, template};

/// What the environment variable `VALUE: <expression>` becomes.
fn value(head: &str, expression: &str) -> String {
    let properties = format!("      Environment: {{ Variables: {{ VALUE: {expression} }} }}");
    let resources = "  Jobs:
    Type: AWS::DynamoDB::Table
    Properties: { KeySchema: [], AttributeDefinitions: [] }
  Files: { Type: AWS::S3::Bucket }
  Slow: { Type: AWS::SQS::Queue }
  Fast: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
  Named: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub '${AWS::StackName}-named' } }";
    let model = read(&template(head, &properties, resources)).expect("the template loads");
    model.functions[0].environment["VALUE"].clone()
}

#[test]
fn ref_gives_what_cloudformation_gives() {
    assert_eq!(value("Parameters: { P: { Type: String, Default: x } }", "!Ref P"), "x");
    assert_eq!(value("", "{ Ref: Jobs }"), "lambdagram-local-jobs");
    assert_eq!(value("", "!Ref Files"), "lambdagram-local-files");
    assert_eq!(value("", "!Ref Slow"), "http://127.0.0.1:9324/123456789012/lambdagram-local-slow");
    assert_eq!(value("", "!Ref Fast"), "http://127.0.0.1:9324/123456789012/lambdagram-local-fast.fifo");
    assert_eq!(value("", "!Ref Named"), "http://127.0.0.1:9324/123456789012/lambdagram-local-named");
    assert_eq!(value("", "!Ref Work"), "lambdagram-local-work");
}

#[test]
fn pseudo_parameters_have_the_values_of_this_machine() {
    assert_eq!(
        value(
            "",
            "!Sub '${AWS::AccountId} ${AWS::Partition} ${AWS::Region} ${AWS::StackName} ${AWS::URLSuffix}'"
        ),
        "123456789012 aws us-east-1 lambdagram-local amazonaws.com"
    );
}

#[test]
fn get_att_gives_arns_in_short_and_long_form() {
    assert_eq!(
        value("", "!GetAtt Jobs.Arn"),
        "arn:aws:dynamodb:us-east-1:123456789012:table/lambdagram-local-jobs"
    );
    assert_eq!(value("", "{ 'Fn::GetAtt': [Files, Arn] }"), "arn:aws:s3:::lambdagram-local-files");
    assert_eq!(value("", "!GetAtt Fast.QueueName"), "lambdagram-local-fast.fifo");
    assert_eq!(
        value("", "!GetAtt Fast.Arn"),
        "arn:aws:sqs:us-east-1:123456789012:lambdagram-local-fast.fifo"
    );
}

#[test]
fn sub_knows_variables_attributes_and_literals() {
    assert_eq!(
        value("", "!Sub ['${a}/${Files.Arn}/${!b}', { a: !Ref Files }]"),
        "lambdagram-local-files/arn:aws:s3:::lambdagram-local-files/${b}"
    );
}

#[test]
fn lists_are_joined_split_and_selected() {
    assert_eq!(value("", "!Join ['-', [a, !Ref Files, c]]"), "a-lambdagram-local-files-c");
    assert_eq!(value("", "!Select [1, !Split [',', 'a,b,c']]"), "b");
    assert_eq!(
        value("Parameters: { P: { Type: CommaDelimitedList, Default: 'a, b' } }", "!Select ['1', !Ref P]"),
        "b"
    );
}

#[test]
fn mappings_are_looked_up() {
    assert_eq!(value("Mappings: { Sizes: { small: { mb: 128 } } }", "!FindInMap [Sizes, small, mb]"), "128");
}

#[test]
fn conditions_choose() {
    let head = "Parameters: { P: { Type: String, Default: yes } }
Conditions:
  IsYes: !Equals [!Ref P, 'yes']
  IsNo: !Not [!Condition IsYes]
  Both: !And [!Condition IsYes, !Condition IsNo]
  Either: { 'Fn::Or': [{ Condition: IsYes }, { Condition: IsNo }] }";
    for (condition, expected) in [("IsYes", "a"), ("IsNo", "b"), ("Both", "b"), ("Either", "a")] {
        assert_eq!(value(head, &format!("!If [{condition}, a, b]")), expected, "{condition}");
    }
}

#[test]
fn no_value_leaves_the_variable_out() {
    let head = "Conditions: { Never: !Equals [a, b] }";
    let properties = "      Environment: { Variables: { A: '1', B: !If [Never, '2', !Ref 'AWS::NoValue'] } }";
    let model = read(&template(head, properties, "")).expect("the template loads");
    assert_eq!(model.functions[0].environment, super::parameters([("A", "1")]));
}

#[test]
fn a_resource_with_a_false_condition_does_not_exist() {
    let head = "Conditions: { Never: !Equals [a, b] }";
    let resources = "  Files: { Type: AWS::S3::Bucket, Condition: Never }";
    let model = read(&template(head, "", resources)).expect("the template loads");
    assert_eq!(model.buckets, []);
}

#[test]
fn globals_are_merged_as_sam_merges_them() {
    let head = "Globals:
  Function:
    Timeout: 7
    MemorySize: 512
    Environment: { Variables: { A: global, B: global } }";
    let properties = "      MemorySize: 256
      Environment: { Variables: { B: own } }";
    let model = read(&template(head, properties, "")).expect("the template loads");
    let function = &model.functions[0];
    assert_eq!((function.timeout.as_secs(), function.memory_mb), (7, 256));
    assert_eq!(function.environment, super::parameters([("A", "global"), ("B", "own")]));
}

#[test]
fn the_apis_own_address_is_this_machines() {
    assert_eq!(
        value("", "!Sub 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/post'"),
        "http://127.0.0.1:3000/post"
    );
}

#[test]
fn what_only_matters_in_the_cloud_is_not_even_resolved() {
    let resources = "  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmActions: [!ImportValue elsewhere] }";
    assert!(read(&template("", "", resources)).is_ok());
}
